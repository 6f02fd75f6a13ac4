"""Opening a case as by hand: the person is compared with the stored people, and questions of identity are raised."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from ungdom import cases
from ungdom.cases import NewCase, Recorder, RecordResult
from ungdom.intake.identity import match_person
from ungdom.intake.models import IntakeContext
from ungdom.intake.wait_keys import lock_keys_for_case, lock_keys_of_person
from ungdom.message import Person
from ungdom.store import identity as questions
from ungdom.store import named_locks, people, records
from ungdom.store.case_queries import disclosable_to
from ungdom.store.ids import uuid7
from ungdom.store.people import StoredPerson
from ungdom.store.personalia import personalia_of
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow.case import Youth
from ungdom.workflow.payloads import Offence
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.vocabulary import Actor, Protection, Sanction


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpening:
    """What a case is opened with. `konfliktrad` None: the one that serves the municipality."""

    sanction: Sanction
    occurred_on: date
    occurred_at: datetime | None
    person: Person
    offences: tuple[Offence, ...]
    municipality: str | None = None
    konfliktrad: str | None = None
    repeated_or_serious: bool = False
    police_case_numbers: tuple[str, ...] = ()
    court_case_number: str | None = None
    on_behalf_of: Actor | None = None


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """The opened case, and its person as stored."""

    result: RecordResult
    person: StoredPerson


def open_by_hand(
    tx: Connection, context: IntakeContext, recorder: Recorder, opening: CaseOpening, viewer: Viewer
) -> OpenedCase:
    """Open a case. `viewer`: whose sight decides which known people it may be opened on.

    What is parked and waits for the case is not retried: the caller does so. Raises what `cases.open_case` raises.
    """
    given, numbers = opening.person, opening.police_case_numbers
    named_locks.lock(tx, [*lock_keys_for_case(numbers, given.national_id), *lock_keys_of_person(given)])
    may_see = disclosable_to(viewer, Disclosure.PERSON)
    match = match_person(tx, context.keys, given, numbers, may_see)
    person = _find_or_create_person(tx, context, opening, match.known, recorder.viewer.subject)
    case_id = uuid7(context.now)
    new = _new_case(opening, person)
    result = cases.open_case(tx, recorder, case_id, new, context.now)
    subject = recorder.viewer.subject
    questions.raise_questions(tx, person.person_id, match.doubts, case_id, subject, context.now)
    return OpenedCase(result, person)


def _find_or_create_person(
    tx: Connection, context: IntakeContext, opening: CaseOpening, known_id: UUID | None, by: str
) -> StoredPerson:
    """The person of the new case; a known person with the stricter of the old and new address protection.

    `known_id`: a known person whom the viewer may see; for other viewers a new person is stored.

    `by`: whoever opens the case.
    """
    given, level = opening.person, Protection(opening.person.protection)
    known_id = records.lock_canonical(tx, known_id) if known_id else None
    if known_id:
        people.protect(tx, known_id, level, context.now, by)
    youth = Youth(given.born, len(given.guardians))
    personalia = personalia_of(given, opening.municipality)
    person_id = known_id or people.create_person(tx, context.keys, personalia, youth, context.now, level)
    return cast(StoredPerson, people.read_person(tx, context.keys, person_id))  # found or made in this transaction


def _new_case(opening: CaseOpening, person: StoredPerson) -> NewCase:
    police = [(NumberKind.POLICE, number) for number in opening.police_case_numbers]
    court = [(NumberKind.COURT, opening.court_case_number)] if opening.court_case_number else []
    return NewCase(
        sanction=opening.sanction,
        occurred_on=opening.occurred_on,
        occurred_at=opening.occurred_at,
        person=person.person_id,
        youth=person.youth,
        offences=opening.offences,
        municipality=opening.municipality,
        konfliktrad=opening.konfliktrad,
        repeated_or_serious=opening.repeated_or_serious,
        numbers=tuple(dict.fromkeys(police + court)),
        on_behalf_of=opening.on_behalf_of,
    )
