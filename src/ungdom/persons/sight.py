"""What a viewer may learn and do about a person: it follows from the cases of the person that they may see."""

from dataclasses import dataclass
from uuid import UUID

from ungdom import cases
from ungdom.store import person_proposals, person_search, records
from ungdom.store.access_queries import OfficeScope
from ungdom.store.people import StoredPerson
from ungdom.store.person_search import PersonCase
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import NATIONAL, Disclosure, Viewer, may_work_on
from ungdom.workflow.vocabulary import Protection


@dataclass(frozen=True, slots=True)
class PersonSight:
    """What a viewer may learn of a person. `person_id`: the canonical id; `works`: they work on a case of theirs."""

    person_id: UUID
    cases: tuple[PersonCase, ...]
    disclosures: frozenset[Disclosure]
    works: bool

    def may_correct(self, viewer: Viewer, person: StoredPerson) -> bool:
        """Whether the viewer is cleared for the person: where the address is protected, they may know it.

        The secretariat corrects without learning the address. frl § 10-4.
        """
        if person.protection is Protection.NONE or viewer.role in NATIONAL:
            return True
        return Disclosure.REACH in self.disclosures


def sight_of(tx: Connection, viewer: Viewer, person_id: UUID) -> PersonSight:
    """What the viewer may learn of the person of this id or record. Raises `NotVisible`."""
    canonical = records.canonical_id(tx, person_id)
    seen = person_search.cases_of(tx, viewer, canonical)
    if not seen:
        raise cases.NotVisible
    return PersonSight(
        person_id=canonical,
        cases=seen,
        disclosures=frozenset({Disclosure.PERSON, *([Disclosure.REACH] if any(case.reach for case in seen) else [])}),
        works=any(may_work_on(viewer, case.konfliktrad) for case in seen),
    )


def working_sight(tx: Connection, viewer: Viewer, person_id: UUID) -> PersonSight:
    """As `sight_of`, for those who work on a case of the person. Raises `NotVisible`."""
    sight = sight_of(tx, viewer, person_id)
    if not sight.works:
        raise cases.NotVisible
    return sight


def sees_both_sides(tx: Connection, viewer: Viewer, sight: PersonSight) -> bool:
    """Whether the viewer sees a case on every record of the person, and every person split from it or merged with it.

    Only they learn that persons were merged or split, and why. National roles do.
    """
    if viewer.role in NATIONAL:
        return True
    own = {case.record_id for case in sight.cases}
    if not own.issuperset(records.records_by_case(tx, sight.person_id).values()):
        return False
    others = {records.canonical_id(tx, named_id) for named_id in person_proposals.counterparts(tx, sight.person_id)}
    return all(person_search.cases_of(tx, viewer, other_id) for other_id in others - {sight.person_id})


def access_scope(tx: Connection, viewer: Viewer, sight: PersonSight) -> OfficeScope | None:
    """Which accesses to the person the viewer is shown; None: all."""
    if viewer.role in NATIONAL:
        return None
    own = frozenset(case.record_id for case in sight.cases)
    return OfficeScope(viewer.konfliktrad, own, sees_both_sides(tx, viewer, sight))
