"""Correcting a person record, with a reason and its history. Cases follow the corrected birth date and guardians."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from ungdom import cases
from ungdom.cases import Precondition
from ungdom.cases import youth as youths
from ungdom.cases.youth import YouthImpact
from ungdom.intake import IntakeContext, retry_parked
from ungdom.intake.wait_keys import person_wait_keys, wait_key
from ungdom.persons import doubts
from ungdom.persons.errors import (
    BornAfterOffence,
    EventsInTheWay,
    NotCleared,
    PersonErased,
    PersonOutdated,
    PersonUnchanged,
)
from ungdom.persons.guardians import with_references, youth_of
from ungdom.persons.sight import PersonSight, working_sight
from ungdom.store import case_queries, journal, people, person_history, records
from ungdom.store.errors import KeyLost, Stale
from ungdom.store.people import StoredPerson
from ungdom.store.person_history import ChangeAuthor, PersonChange
from ungdom.store.personalia import FormerNumber, Personalia
from ungdom.store.schema.persons import PersonChangeKind
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Youth
from ungdom.workflow.rules.permissions import RoleNotAllowed, Viewer, may_lower_protection, roles_that
from ungdom.workflow.vocabulary import Protection, strictest

_PERSONALIA = frozenset(field.name for field in fields(Personalia))


@dataclass(frozen=True, slots=True)
class PersonCorrection:
    """New values by the name of the field: of `Personalia`, `born` or `protection`. Fields not named stay.

    `number_was_wrong`: the identity number was never the person's, so that it is not kept as a former one.
    """

    reason: str
    values: Mapping[str, Any]
    number_was_wrong: bool = False


@dataclass(frozen=True, slots=True)
class YouthChange:
    """The facts of one record for the rules, before and after."""

    before: Youth
    after: Youth


@dataclass(frozen=True, slots=True)
class CorrectedPerson:
    """The record before and after, and what follows in the cases. `fields`: the names of those that changed.

    `moved`: by id, the records of the person whose facts for the rules change. `impacts`: in the cases that the caller
    may see; `hidden_in_the_way`: another case stands in the way, by an event that would not be legal or by an act
    before the birth.
    """

    before: StoredPerson
    after: StoredPerson
    moved: Mapping[UUID, YouthChange]
    fields: tuple[str, ...]
    impacts: tuple[YouthImpact, ...]
    hidden_in_the_way: bool
    sight: PersonSight


def correct(
    tx: Connection,
    context: IntakeContext,
    viewer: Viewer,
    person_id: UUID,
    expected: Precondition | None,
    correction: PersonCorrection,
    dry_run: bool = False,
) -> CorrectedPerson:
    """Correct a person record. In a dry run nothing is written, and what stands in the way is in the result.

    Raises NotVisible, KeyLost, PersonErased, VersionRequired, PersonOutdated, NotCleared, UnknownGuardian,
    BornAfterOffence, RoleNotAllowed, PersonUnchanged or EventsInTheWay, in that order.
    """
    sight = working_sight(tx, viewer, person_id)
    if not dry_run:
        sight = _locked(tx, context, viewer, sight.person_id, correction)
    before = _not_erased(tx, context, sight.person_id)
    if expected is None:
        raise cases.VersionRequired
    if not expected.holds(before.revision):
        raise PersonOutdated(before.revision)
    if not sight.may_correct(viewer, before):
        raise NotCleared
    after = corrected(before, correction, oslo_date(context.now))
    hidden_act = _hidden_act_before_birth(tx, sight, correction)
    if strictest(before.protection, after.protection) is not after.protection and not may_lower_protection(viewer.role):
        raise RoleNotAllowed(roles_that(may_lower_protection))
    result = preview(tx, context, before, after, correction, sight)
    result = replace(result, hidden_in_the_way=result.hidden_in_the_way or hidden_act)
    if not dry_run:
        author = ChangeAuthor(subject=viewer.subject, role=viewer.role, konfliktrad=viewer.konfliktrad)
        apply(tx, context, result, correction, author, PersonChangeKind.CORRECTED)
    return result


def _not_erased(tx: Connection, context: IntakeContext, person_id: UUID) -> StoredPerson:
    """The record to correct. Raises NotVisible, KeyLost or PersonErased."""
    stored = people.read_person(tx, context.keys, person_id)
    if stored is None:
        raise cases.NotVisible
    if stored.lost_key is not None:
        raise KeyLost(stored.lost_key)
    if stored.personalia is None:
        raise PersonErased
    return stored


def _locked(
    tx: Connection, context: IntakeContext, viewer: Viewer, person_id: UUID, correction: PersonCorrection
) -> PersonSight:
    """What the viewer may learn of the person, who is locked with what other people would find them by.

    Raises the store's `Stale` if the record changed before it was locked.
    """
    before = people.read_person(tx, context.keys, person_id)
    if before is not None:
        doubts.lock(tx, before, correction.values)
    sight = working_sight(tx, viewer, records.lock_canonical(tx, person_id))
    locked = people.read_person(tx, context.keys, sight.person_id)
    if before is None or locked is None or before.revision != locked.revision:
        raise Stale(before.revision if before else None, locked.revision if locked else None)
    return sight


def _hidden_act_before_birth(tx: Connection, sight: PersonSight, correction: PersonCorrection) -> bool:
    """Whether the first act of a case that the caller may not see does not lie after the corrected birth date.

    Raises `BornAfterOffence` for a case that they see.
    """
    born = correction.values.get("born")
    if born is None:
        return False
    rows = case_queries.read_cases(tx, journal.cases_of_person(tx, sight.person_id))
    too_late = {case_id for case_id, row in rows.items() if row.first_offence <= born}
    if too_late.intersection(case.case_id for case in sight.cases):
        raise BornAfterOffence
    return bool(too_late)


def corrected(before: StoredPerson, correction: PersonCorrection, today: date) -> StoredPerson:
    """The record with these values. Raises `UnknownGuardian`. `today`: until which a replaced number was current."""
    known = before.personalia or Personalia()
    values = dict(correction.values)
    personal = {name: value for name, value in values.items() if name in _PERSONALIA}
    if "guardians" in personal:
        personal["guardians"] = with_references(personal["guardians"], known.guardians)
    if "national_id" in personal and known.national_id and personal["national_id"] != known.national_id:
        former = () if correction.number_was_wrong else (FormerNumber(number=known.national_id, until=today),)
        earlier = tuple(old for old in known.former_numbers if old.number != personal["national_id"])
        personal["former_numbers"] = (*earlier, *former)
    personalia = replace(known, **personal)
    born = values.get("born", before.youth.born)
    youth = youth_of(born, personalia.guardians) if "guardians" in personal else replace(before.youth, born=born)
    protection = Protection(values.get("protection", before.protection))
    return replace(before, personalia=personalia, youth=youth, protection=protection)


def preview(
    tx: Connection,
    context: IntakeContext,
    before: StoredPerson,
    after: StoredPerson,
    correction: PersonCorrection,
    sight: PersonSight | None = None,
) -> CorrectedPerson:
    """What the change would mean; writes nothing. `sight` None: of a system, which sees every case of the person.

    Raises `PersonUnchanged`.
    """
    moved = _moved_records(tx, context, after, correction)
    changed = _changed_fields(before, after, moved)
    reviewed = before.review_protection and "protection" in correction.values
    if not changed and not reviewed:
        raise PersonUnchanged
    sight = sight or PersonSight(before.person_id, (), frozenset(), works=True)
    by_case = records.records_by_case(tx, before.person_id) if moved else {}
    corrected_youths = {case_id: moved[record_id].after for case_id, record_id in by_case.items() if record_id in moved}
    impacts = youths.impact(tx, corrected_youths)
    seen = {case.case_id for case in sight.cases}
    return CorrectedPerson(
        before=before,
        after=after,
        moved=moved,
        fields=changed or ("protection",),
        impacts=tuple(impact for impact in impacts if impact.case_id in seen),
        hidden_in_the_way=any(impact.broken for impact in impacts if impact.case_id not in seen),
        sight=sight,
    )


def apply(
    tx: Connection,
    context: IntakeContext,
    result: CorrectedPerson,
    correction: PersonCorrection,
    author: ChangeAuthor,
    kind: PersonChangeKind,
) -> None:
    """Writes the change: record, history, facts for the rules, cases; messages that waited for the person are retried.

    A record that has become like another person's raises a question of identity. Raises `EventsInTheWay`, or the
    store's `Stale`.
    """
    broken = tuple(impact for impact in result.impacts if impact.broken)
    if broken or result.hidden_in_the_way:
        raise EventsInTheWay(broken, result.hidden_in_the_way)
    before, after = result.before, result.after
    personalia, level = after.personalia or Personalia(), Protection(after.protection)
    reviewed = "protection" in correction.values
    revision = people.change_person(tx, context.keys, before, personalia, level, context.now, reviewed)
    people.protect(tx, before.person_id, level, context.now, author.subject)  # the person's other records
    change = PersonChange(
        person_id=before.person_id,
        revision=revision,
        kind=kind,
        fields=result.fields,
        changed_at=context.now,
        author=author,
        before=person_history.snapshot(before, correction.reason, oslo_date(context.now)),
    )
    person_history.add(tx, context.keys, change)
    own_cases = journal.cases_of_person(tx, before.person_id)
    for record_id, facts in result.moved.items():
        people.add_version(tx, record_id, facts.after, context.now)
    if result.moved:
        youths.recompute(tx, own_cases, context.now)
    if doubts.IDENTITY.intersection(result.fields):
        doubts.raise_about(tx, context, after, author.subject)
    numbers = (stored.national_id for stored in (before.personalia, personalia) if stored)
    person_keys = [key for number in numbers for key in person_wait_keys(context.keys, number)]
    retry_parked(tx, context, [*(wait_key("case", case_id) for case_id in own_cases), *dict.fromkeys(person_keys)])


def _changed_fields(before: StoredPerson, after: StoredPerson, moved: Mapping[UUID, YouthChange]) -> tuple[str, ...]:
    """The names of the fields that differ: in the canonical record, or birth date and guardians in another one."""
    old, new = before.personalia or Personalia(), after.personalia or Personalia()
    changes = moved.values()
    born = any(change.before.born != change.after.born for change in changes)
    guardians = any(change.before != replace(change.after, born=change.before.born) for change in changes)
    names = [
        field.name
        for field in fields(Personalia)
        if getattr(old, field.name) != getattr(new, field.name) or (guardians and field.name == "guardians")
    ]
    protection = ["protection"] if before.protection is not after.protection else []
    return (*names, *(["born"] if born else []), *protection)


def _moved_records(
    tx: Connection, context: IntakeContext, after: StoredPerson, correction: PersonCorrection
) -> dict[UUID, YouthChange]:
    """By id, the records of the person whose facts change: a value that is named holds for every record."""
    stored = people.read_records(tx, context.keys, after.person_id)
    changes = {record.person_id: YouthChange(record.youth, _facts(record, after, correction)) for record in stored}
    return {record_id: change for record_id, change in changes.items() if change.before != change.after}


def _facts(record: StoredPerson, after: StoredPerson, correction: PersonCorrection) -> Youth:
    """The facts of this record of the person: the corrected ones, and its own where they were not named."""
    born = after.youth.born if "born" in correction.values else record.youth.born
    return replace(after.youth if "guardians" in correction.values else record.youth, born=born)
