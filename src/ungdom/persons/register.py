"""Events of the population register: applied to the person, or put to a person as a question.

The sender gets the same receipt for every event, so that it does not learn who is stored. frl ch. 10, krl § 9.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from ungdom import cases
from ungdom.cases import Recorder
from ungdom.intake import IntakeContext
from ungdom.intake.identity import normalised_name
from ungdom.intake.wait_keys import wait_key
from ungdom.message.national_id import normalise
from ungdom.persons import correct, death, doubts
from ungdom.persons.correct import PersonCorrection
from ungdom.persons.errors import (
    EventsInTheWay,
    NoQuestion,
    NotCleared,
    PersonNotOfEvent,
    PersonUnchanged,
    PopulationEventDiffers,
)
from ungdom.persons.guardians import NamedGuardian, guardians_from
from ungdom.persons.sight import PersonSight, working_sight
from ungdom.store import (
    named_locks,
    people,
    person_history,
    person_search,
    population_events,
    records,
)
from ungdom.store.ids import uuid7
from ungdom.store.people import StoredPerson
from ungdom.store.person_history import ChangeAuthor
from ungdom.store.person_search import FoundRecord
from ungdom.store.personalia import GuardianKind
from ungdom.store.population_events import PopulationEvent
from ungdom.store.schema.persons import PersonChangeKind, PopulationOutcome
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import RoleNotAllowed, Viewer, may_lower_protection, roles_that
from ungdom.workflow.vocabulary import Protection, strictest


class PopulationKind(StrEnum):
    """What happened, as the population register says."""

    DEATH = "death"  # frl § 3-1 first paragraph
    PROTECTION = "protection"  # adressebeskyttelse, frl § 10-4
    GUARDIANS = "guardians"  # foreldreansvar and verge
    NAME = "name"
    NUMBER = "number"  # a number in place of a D-number, or a changed one


class QuestionReason(StrEnum):
    """Why an event of the register is not applied by itself."""

    PERSON_CONTRADICTS = "person_contradicts"
    SEVERAL_PERSONS = "several_persons"
    LOWERS_PROTECTION = "lowers_protection"
    NUMBER_OF_ANOTHER = population_events.NUMBER_OF_ANOTHER
    EVENTS_IN_THE_WAY = "events_in_the_way"
    OPEN_CASES = "open_cases"
    LATER_CHANGE = "later_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMessage:
    """An event as sent. `content`: person and new values as plain JSON values."""

    source: str
    register_id: str
    kind: PopulationKind
    occurred_on: date
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AppliedEvent:
    """An event with what a person decided. `lapsed`: the cases in which the death was recorded."""

    event: PopulationEvent
    lapsed: tuple[UUID, ...] = ()


def receive(tx: Connection, context: IntakeContext, message: RegisterMessage) -> PopulationEvent:
    """Store the event once, and apply it or put it as a question. A repeat returns what was stored first.

    Raises `PopulationEventDiffers` where another event was sent under this id.
    """
    named_locks.lock(tx, _lock_keys(tx, context, message))
    before = population_events.known(tx, context.keys, message.source, message.register_id, message.content)
    if before is not None:
        event, same = before
        if not same:
            raise PopulationEventDiffers(message.register_id)
        return event
    event = _settled(tx, context, message)
    population_events.add(tx, context.keys, event, message.content)
    return event


def apply_question(
    tx: Connection, context: IntakeContext, recorder: Recorder, event_id: UUID, person_id: UUID | None
) -> AppliedEvent:
    """A person decides that the event is applied. `person_id`: to whom, where it may be of several.

    After a death the open cases in which the recorder may do so are recorded as lapsed; while others are open,
    the event stays a question. Raises NotVisible, NoQuestion, PersonNotOfEvent, NotCleared, RoleNotAllowed or
    EventsInTheWay.
    """
    viewer = recorder.viewer
    event = _question(tx, context, viewer, event_id)
    sight = _sight_of_whom(tx, context, viewer, event, person_id)
    before = people.read_person(tx, context.keys, sight.person_id)
    if before is None or before.personalia is None:
        raise cases.NotVisible
    if not sight.may_correct(viewer, before):
        raise NotCleared
    correction = _correction(event, before)
    doubts.lock(tx, before, correction.values)
    after = correct.corrected(before, correction, event.occurred_on)
    if strictest(before.protection, after.protection) is not after.protection and not may_lower_protection(viewer.role):
        raise RoleNotAllowed(roles_that(may_lower_protection))
    author = ChangeAuthor(subject=viewer.subject, role=viewer.role, konfliktrad=viewer.konfliktrad)
    _apply(tx, context, before, correction, author, event, sight)
    lapsed = death.lapse(tx, recorder, context, sight, event) if event.kind == PopulationKind.DEATH else ()
    decided = replace(_decided(event, PopulationOutcome.APPLIED, context, viewer), person_id=sight.person_id)
    if event.kind == PopulationKind.DEATH and death.leaves_open(tx, sight.person_id):
        decided = replace(event, person_id=sight.person_id, reason=QuestionReason.OPEN_CASES)
    population_events.decide(tx, context.keys, decided)
    return AppliedEvent(decided, lapsed)


def dismiss_question(
    tx: Connection, context: IntakeContext, viewer: Viewer, event_id: UUID, reason: str
) -> AppliedEvent:
    """A person decides that the event is not applied. Raises NotVisible, NoQuestion or NotCleared."""
    event = _question(tx, context, viewer, event_id)
    if event.person_id is not None:
        sight = working_sight(tx, viewer, event.person_id)
        person = people.read_person(tx, context.keys, sight.person_id)
        if person is None or not sight.may_correct(viewer, person):
            raise NotCleared
    decided = _decided(event, PopulationOutcome.DISMISSED, context, viewer)
    decided = replace(decided, content={**(event.content or {}), "dismissed_because": reason})
    population_events.decide(tx, context.keys, decided)
    return AppliedEvent(decided)


# --- by itself ----------------------------------------------------------------------------------------------


def _lock_keys(tx: Connection, context: IntakeContext, message: RegisterMessage) -> list[str]:
    """What is locked before the event: its id, the number in it, and by what others would find a changed person."""
    content = message.content
    number = content["person"]["national_id"]
    new = content.get("name") or {name: content[name] for name in ("national_id",) if name in content}
    records_with_number = _candidates(tx, context, number).values() if new else ()
    found_by = [
        key
        for of_person in records_with_number
        for record in of_person
        for key in doubts.lock_keys(record.born, record.personalia, new)
    ]
    event = wait_key("register", f"{message.source}/{message.register_id}")
    return [event, wait_key("person", normalise(number)), *found_by]


def _settled(tx: Connection, context: IntakeContext, message: RegisterMessage) -> PopulationEvent:
    """The event with its outcome, applied where it is plain what it means."""
    event = PopulationEvent(
        event_id=uuid7(context.now),
        source=message.source,
        register_id=message.register_id,
        kind=message.kind,
        content=message.content,
        occurred_on=message.occurred_on,
        received_at=context.now,
        person_id=None,
        outcome=PopulationOutcome.QUESTION,
    )
    of_person = _candidates(tx, context, message.content["person"]["national_id"])
    if not of_person:
        return replace(event, outcome=PopulationOutcome.NOT_KNOWN, content=None)
    if len(of_person) > 1:
        return replace(event, reason=QuestionReason.SEVERAL_PERSONS)
    ((person_id, stored),) = of_person.items()
    others = _others_with_number(tx, context, message, person_id)
    event = replace(event, person_id=person_id, other_id=others[0] if len(others) == 1 else None)
    before = people.read_person(tx, context.keys, person_id)
    if others or before is None or not any(_agrees(message.content["person"], record) for record in stored):
        return replace(event, reason=QuestionReason.NUMBER_OF_ANOTHER if others else QuestionReason.PERSON_CONTRADICTS)
    reason = _doubt(tx, context, event, before)
    if reason is not None:
        return replace(event, reason=reason)
    try:
        _apply(tx, context, before, _correction(event, before), ChangeAuthor(subject=message.source), event, None)
    except EventsInTheWay:
        return replace(event, reason=QuestionReason.EVENTS_IN_THE_WAY)
    return replace(event, outcome=PopulationOutcome.APPLIED)


def _candidates(tx: Connection, context: IntakeContext, national_id: str) -> dict[UUID, list[FoundRecord]]:
    """The stored persons who have or had this identity number, each with their records that are not erased."""
    of_person: dict[UUID, list[FoundRecord]] = {}
    for record in person_search.records(tx, context.keys, None, national_id):
        if record.personalia is not None:
            of_person.setdefault(record.canonical_id, []).append(record)
    return of_person


def _others_with_number(
    tx: Connection, context: IntakeContext, message: RegisterMessage, person_id: UUID
) -> list[UUID]:
    """The other persons who have or had the new number of the event."""
    if message.kind is not PopulationKind.NUMBER:
        return []
    return [other for other in _candidates(tx, context, message.content["national_id"]) if other != person_id]


def _agrees(given: dict[str, Any], known: FoundRecord) -> bool:
    """Whether nothing that both sides have contradicts. A part that is missing neither agrees nor contradicts."""
    names = [(given.get(part), getattr(known.personalia, part)) for part in ("given_name", "family_name")]
    same_names = all(
        normalised_name(theirs) == normalised_name(stored) for theirs, stored in names if theirs and stored
    )
    return same_names and given.get("born") in (None, known.born.isoformat())


def _doubt(
    tx: Connection, context: IntakeContext, event: PopulationEvent, before: StoredPerson
) -> QuestionReason | None:
    """Why a person has to decide, although it is plain who it is."""
    content = event.content or {}
    if _changed_since(tx, context, event, before):
        return QuestionReason.LATER_CHANGE
    if event.kind == PopulationKind.PROTECTION:
        level = Protection(content["protection"])
        return QuestionReason.LOWERS_PROTECTION if strictest(before.protection, level) is not level else None
    if event.kind == PopulationKind.DEATH:
        return QuestionReason.OPEN_CASES if death.leaves_open(tx, before.person_id) else None
    return None


def _changed_since(tx: Connection, context: IntakeContext, event: PopulationEvent, before: StoredPerson) -> bool:
    """Whether what the event changes has changed after its day: by a later event, by hand, or to another number.

    Of guardians, names and numbers, whose newest value holds. A change by hand counts by the day it was made.
    """
    changed = _FIELDS.get(PopulationKind(event.kind))
    if changed is None:
        return False
    if event.kind == PopulationKind.NUMBER and before.personalia is not None:
        numbers = [(event.content or {})["person"]["national_id"], (event.content or {})["national_id"]]
        if normalise(before.personalia.national_id or "") not in {normalise(number) for number in numbers}:
            return True
    by_hand = (
        change
        for change in person_history.of_records(tx, context.keys, [before.person_id])
        if change.kind is PersonChangeKind.CORRECTED and oslo_date(change.changed_at) > event.occurred_on
    )
    later = population_events.applied_after(tx, before.person_id, event.kind, event.occurred_on)
    return later or any(changed.intersection(change.fields) for change in by_hand)


_FIELDS = {
    PopulationKind.GUARDIANS: frozenset({"guardians"}),
    PopulationKind.NAME: frozenset({"given_name", "family_name"}),
    PopulationKind.NUMBER: frozenset({"national_id"}),
}
"""The fields of the record that an event of the kind replaces, of those whose newest value holds."""


# --- what an event changes ----------------------------------------------------------------------------------


def _correction(event: PopulationEvent, before: StoredPerson) -> PersonCorrection:
    content, reason = event.content or {}, f"{event.source}: {event.kind}"
    known = before.personalia.guardians if before.personalia else ()
    values: dict[str, Any] = {}
    if event.kind == PopulationKind.DEATH:
        values = {"died_on": event.occurred_on}
    elif event.kind == PopulationKind.PROTECTION:
        values = {"protection": Protection(content["protection"])}
    elif event.kind == PopulationKind.GUARDIANS:
        values = {
            "guardians": guardians_from(
                [_named_guardian(given) for given in content["guardians"]], known, event.occurred_on
            )
        }
    elif event.kind == PopulationKind.NAME:
        values = dict(content["name"])
    elif event.kind == PopulationKind.NUMBER:
        values = {"national_id": content["national_id"]}
    return PersonCorrection(reason, values)


def _named_guardian(given: dict[str, Any]) -> NamedGuardian:
    kind = given.get("kind")
    return NamedGuardian(given["name"], given.get("contact"), GuardianKind(kind) if kind else None)


def _apply(
    tx: Connection,
    context: IntakeContext,
    before: StoredPerson,
    correction: PersonCorrection,
    author: ChangeAuthor,
    event: PopulationEvent,
    sight: PersonSight | None,
) -> None:
    """Writes the change with its history; of a death the observation as well. Raises `EventsInTheWay`."""
    after = correct.corrected(before, correction, event.occurred_on)
    with suppress(PersonUnchanged):
        result = correct.preview(tx, context, before, after, correction, sight)
        correct.apply(tx, context, result, correction, author, PersonChangeKind.REGISTERED)
    if event.kind == PopulationKind.DEATH:
        death.observe(tx, context, before.person_id, event)


def _question(tx: Connection, context: IntakeContext, viewer: Viewer, event_id: UUID) -> PopulationEvent:
    event = population_events.find(tx, context.keys, viewer, event_id)
    if event is None:
        raise cases.NotVisible
    if event.outcome is not PopulationOutcome.QUESTION:
        raise NoQuestion(event_id)
    return event


def _sight_of_whom(
    tx: Connection, context: IntakeContext, viewer: Viewer, event: PopulationEvent, named_id: UUID | None
) -> PersonSight:
    """Of the person the event is applied to: the only one it may be about, or the one named of those with the number.

    Raises `PersonNotOfEvent` or `NotVisible`.
    """
    person_id = event.person_id or named_id
    if person_id is None:
        raise PersonNotOfEvent
    sight = working_sight(tx, viewer, person_id)
    if named_id is not None and records.canonical_id(tx, named_id) != sight.person_id:
        raise PersonNotOfEvent
    number = (event.content or {})["person"]["national_id"]
    if event.person_id is None and sight.person_id not in _candidates(tx, context, number):
        raise PersonNotOfEvent
    return sight


def _decided(
    event: PopulationEvent, outcome: PopulationOutcome, context: IntakeContext, viewer: Viewer
) -> PopulationEvent:
    return replace(event, outcome=outcome, decided_at=context.now, decided_by=viewer.subject)
