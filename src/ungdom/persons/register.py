"""Events of the population register: applied to the person, or put to a person as a question.

The sender gets the same receipt for every event, so that it does not learn who is stored. frl ch. 10, krl § 9.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from ungdom import cases
from ungdom.cases import EventEntry, Precondition, Recorder
from ungdom.intake import IntakeContext, retry_parked_for_case
from ungdom.intake.identity import normalised_name
from ungdom.intake.wait_keys import wait_key
from ungdom.message.national_id import normalise
from ungdom.persons import correct
from ungdom.persons.correct import PersonCorrection
from ungdom.persons.errors import (
    EventsInTheWay,
    NoQuestion,
    NotCleared,
    PersonUnchanged,
    PopulationEventDiffers,
)
from ungdom.persons.sight import PersonSight, log_access, working_sight
from ungdom.store import case_queries, journal, named_locks, observations, people, person_search, population_events
from ungdom.store.ids import uuid7
from ungdom.store.observations import Observation
from ungdom.store.people import StoredPerson
from ungdom.store.person_history import ChangeAuthor
from ungdom.store.person_search import FoundRecord
from ungdom.store.personalia import ContactDetails, GuardianKind, PersonGuardian
from ungdom.store.population_events import PopulationEvent
from ungdom.store.schema.persons import PersonAccessKind, PersonChangeKind, PopulationOutcome
from ungdom.store.session import Connection
from ungdom.workflow import payloads as d
from ungdom.workflow.payloads.enums import LapseReason
from ungdom.workflow.rules.permissions import OtherOffice, RoleNotAllowed, Viewer, may_lower_protection, roles_that
from ungdom.workflow.vocabulary import EventType, ObservationKind, Protection, strictest


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
    number = normalise(message.content["person"]["national_id"])
    named_locks.lock(tx, [wait_key("register", f"{message.source}/{message.register_id}"), wait_key("person", number)])
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

    After a death the open cases in which the recorder may do so are recorded as lapsed. Raises NotVisible, NoQuestion,
    NotCleared, RoleNotAllowed or EventsInTheWay.
    """
    viewer = recorder.viewer
    event = _question(tx, context, viewer, event_id)
    sight = working_sight(tx, viewer, event.person_id or person_id or event_id)
    before = people.read_person(tx, context.keys, sight.person_id)
    if before is None or before.personalia is None:
        raise cases.NotVisible
    if not sight.may_correct(viewer, before):
        raise NotCleared
    correction = _correction(event, before)
    after = correct.corrected(before, correction, event.occurred_on)
    if strictest(before.protection, after.protection) is not after.protection and not may_lower_protection(viewer.role):
        raise RoleNotAllowed(roles_that(may_lower_protection))
    author = ChangeAuthor(subject=viewer.subject, role=viewer.role, konfliktrad=viewer.konfliktrad)
    _apply(tx, context, before, correction, author, event, sight)
    log_access(tx, viewer, PersonAccessKind.CORRECTED, context.now, sight.person_id)
    lapsed = _lapse(tx, recorder, context, sight, event) if event.kind == PopulationKind.DEATH else ()
    decided = replace(_decided(event, PopulationOutcome.APPLIED, context, viewer), person_id=sight.person_id)
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
    reason = _doubt(tx, event, before)
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


def _doubt(tx: Connection, event: PopulationEvent, before: StoredPerson) -> QuestionReason | None:
    """Why a person has to decide, although it is plain who it is."""
    content = event.content or {}
    if event.kind == PopulationKind.PROTECTION:
        level = Protection(content["protection"])
        return QuestionReason.LOWERS_PROTECTION if strictest(before.protection, level) is not level else None
    if event.kind == PopulationKind.DEATH:
        rows = case_queries.read_cases(tx, journal.cases_of_person(tx, before.person_id)).values()
        return QuestionReason.OPEN_CASES if any(row.closed_on is None for row in rows) else None
    return None


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
        values = {"guardians": _guardians(content["guardians"], known, event.occurred_on)}
    elif event.kind == PopulationKind.NAME:
        values = dict(content["name"])
    elif event.kind == PopulationKind.NUMBER:
        values = {"national_id": content["national_id"]}
    return PersonCorrection(reason, values)


def _guardians(
    given: Sequence[dict[str, Any]], known: Sequence[PersonGuardian], since: date
) -> tuple[PersonGuardian, ...]:
    """Those who are guardians from that day: known ones keep their reference, those left out end the day before."""
    by_name = {normalised_name(guardian.name): guardian for guardian in known}
    named = {normalised_name(guardian["name"]) for guardian in given}
    ended = [
        guardian
        if normalised_name(guardian.name) in named or (guardian.until is not None and guardian.until < since)
        else replace(guardian, until=since - timedelta(days=1))
        for guardian in known
    ]
    new = [
        PersonGuardian(
            reference="",
            name=guardian["name"],
            contact=ContactDetails(telephone=guardian.get("contact")),
            kind=GuardianKind(guardian.get("kind", GuardianKind.GUARDIAN)),
            since=since,
        )
        for guardian in given
        if normalised_name(guardian["name"]) not in by_name
    ]
    return (*ended, *new)


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
        _observe_death(tx, context, before.person_id, event)


def _observe_death(tx: Connection, context: IntakeContext, person_id: UUID, event: PopulationEvent) -> None:
    known = observations.of_people(tx, [person_id]).get(person_id, [])
    if any(observation.kind is ObservationKind.DEATH for observation in known):
        return
    new = Observation(
        observation_id=uuid4(),
        n=1,
        person_id=person_id,
        kind=ObservationKind.DEATH,
        occurred_on=event.occurred_on,
        recorded_at=context.now,
        source=event.source,
        subject=event.source,
    )
    observations.add(tx, new)


def _lapse(
    tx: Connection, recorder: Recorder, context: IntakeContext, sight: PersonSight, event: PopulationEvent
) -> tuple[UUID, ...]:
    """Records that the open cases have lapsed by the death, where the recorder may; the ids of these cases."""
    entry = EventEntry(EventType.LAPSED, event.occurred_on, d.Lapsed(reason=LapseReason.DEATH))
    lapsed = []
    rows = case_queries.read_cases(tx, [case.case_id for case in sight.cases])
    for case_id in (case_id for case_id, row in rows.items() if row.closed_on is None):
        with suppress(
            cases.CaseworkError, OtherOffice
        ):  # refused before anything is written: the office records it by hand
            cases.record(tx, recorder, case_id, Precondition(any_version=True), entry, context.now)
            retry_parked_for_case(tx, context, case_id)
            lapsed.append(case_id)
    return tuple(lapsed)


def _question(tx: Connection, context: IntakeContext, viewer: Viewer, event_id: UUID) -> PopulationEvent:
    event = population_events.find(tx, context.keys, viewer, event_id)
    if event is None:
        raise cases.NotVisible
    if event.outcome is not PopulationOutcome.QUESTION:
        raise NoQuestion(event_id)
    return event


def _decided(
    event: PopulationEvent, outcome: PopulationOutcome, context: IntakeContext, viewer: Viewer
) -> PopulationEvent:
    return replace(event, outcome=outcome, decided_at=context.now, decided_by=viewer.subject)
