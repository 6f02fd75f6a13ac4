"""Person records as schemas, as far as the viewer may learn of them."""

from collections.abc import Sequence
from datetime import date

from ungdom import texts
from ungdom.api.http.present import from_source, in_the_way_out
from ungdom.api.persons.record_schemas import (
    CaseChangeOut,
    CorrectedCaseOut,
    FormerNumberOut,
    PersonAccessOut,
    PersonCaseOut,
    PersonChangeOut,
    PersonCorrectionOut,
    PersonFactsOut,
    PersonHitOut,
    PersonRecordOut,
)
from ungdom.api.persons.schemas import ReachOut
from ungdom.message.national_id import check_national_id
from ungdom.persons.correct import CorrectedPerson
from ungdom.persons.sight import PersonSight
from ungdom.store.access_queries import LoggedAccess
from ungdom.store.people import StoredPerson
from ungdom.store.person_history import PersonChange, PersonSnapshot
from ungdom.store.personalia import Personalia
from ungdom.store.schema.persons import PersonChangeKind
from ungdom.workflow.rules.permissions import NATIONAL, Disclosure, Viewer


def person_record_out(
    person: StoredPerson, sight: PersonSight, history: Sequence[PersonChange], viewer: Viewer, today: date
) -> PersonRecordOut:
    known, number = person.personalia or Personalia(), person.number
    reach = Disclosure.REACH in sight.disclosures
    return PersonRecordOut(
        id=person.person_id,
        revision=person.revision,
        given_name=known.given_name,
        family_name=known.family_name,
        born=person.youth.born,
        died_on=known.died_on,
        sex=known.sex,
        national_id=known.national_id if reach else None,
        d_number=number.d_number if number else None,
        flags=sorted(str(flag) for flag in number.flags) if number else [],
        former_numbers=[
            FormerNumberOut(
                number=former.number if reach else None,
                d_number=check_national_id(former.number).d_number,
                until=former.until,
            )
            for former in known.former_numbers
        ],
        interpreter=known.interpreter,
        guardians=person.youth.guardians_on(today),
        protection=person.protection,
        review_protection=person.review_protection,
        reach=ReachOut.of(known) if reach else None,
        erased_at=person.erased_at,
        cases=person_cases_out(sight),
        history=[_change_out(change, reach, sight.may_learn_place(person), viewer) for change in history],
    )


def person_cases_out(sight: PersonSight) -> list[PersonCaseOut]:
    return [PersonCaseOut(id=case.case_id, reference=case.reference) for case in sight.cases]


def correction_out(
    result: CorrectedPerson, person: PersonRecordOut, dry_run: bool, language: texts.Language
) -> PersonCorrectionOut:
    return PersonCorrectionOut(
        dry_run=dry_run,
        fields=list(result.fields),
        person=person,
        cases=[
            CorrectedCaseOut(
                case_id=impact.case_id,
                reference=impact.reference,
                changes=[
                    CaseChangeOut(field=name, before=_text(before), after=_text(after))
                    for name, (before, after) in impact.changes.items()
                ],
            )
            for impact in result.impacts
        ],
        in_the_way=in_the_way_out(language, result.impacts),
        elsewhere=result.hidden_in_the_way,
    )


def person_hit_out(person: StoredPerson, sight: PersonSight) -> PersonHitOut:
    known = person.personalia or Personalia()
    return PersonHitOut(
        id=person.person_id,
        given_name=known.given_name,
        family_name=known.family_name,
        born=person.youth.born,
        protection=person.protection,
        erased=person.personalia is None,
        cases=person_cases_out(sight),
    )


def person_access_out(entry: LoggedAccess, may_learn_place: bool) -> PersonAccessOut:
    """`may_learn_place`: whether the office from which the record was read may be shown."""
    return from_source(
        PersonAccessOut,
        entry,
        id=entry.access_id,
        criteria=(entry.criteria or "").split(),
        konfliktrad=entry.konfliktrad if may_learn_place else None,
    )


def _change_out(change: PersonChange, reach: bool, may_learn_place: bool, viewer: Viewer) -> PersonChangeOut:
    """`may_learn_place`: whether the office that changed the record, and its reason, may be shown."""
    author = change.author
    national = author.role in NATIONAL or (viewer.role in NATIONAL and may_learn_place)
    own = national or author.konfliktrad == viewer.konfliktrad or change.kind is PersonChangeKind.REGISTERED
    own = own or author.subject == viewer.subject
    shows_reason = may_learn_place or author.subject == viewer.subject or author.role is None
    return PersonChangeOut(
        kind=change.kind,
        fields=list(change.fields),
        changed_at=change.changed_at,
        changed_by=author.subject if own else None,
        role=author.role,
        konfliktrad=author.konfliktrad if own else None,
        reason=change.before.reason if change.before and shows_reason else None,
        before=_facts_out(change.before, reach) if change.before else None,
    )


def _facts_out(before: PersonSnapshot, reach: bool) -> PersonFactsOut:
    known = before.personalia or Personalia()
    facts = {"born": before.born, "guardians": before.guardians, "protection": before.protection}
    of_reach = (known.national_id, ReachOut.of(known)) if reach else (None, None)
    return from_source(PersonFactsOut, known, **facts, national_id=of_reach[0], reach=of_reach[1])


def _text(value: date | str | None) -> str | None:
    return None if value is None else str(value)
