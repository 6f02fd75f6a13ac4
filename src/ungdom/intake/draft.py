"""What becomes of the case: the steps of a message decided one after the other, and written only when all of them hold.

Everything goes through the door that coordinators use (`casework`): the same permissions, conditions and promises.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from uuid import UUID, uuid5

from ungdom import cases
from ungdom.cases import NewCase, Recorder, RecordResult
from ungdom.intake import mapping
from ungdom.intake.identity import PersonMatch
from ungdom.intake.mapping import PlannedStep
from ungdom.intake.models import Draft, MessageNotApplied, Outcome, Reason, Sender, wait_key
from ungdom.message import DecisionMessage, Opening, Person
from ungdom.store import identity as questions
from ungdom.store import journal, people, records, reference
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import uuid7
from ungdom.store.journal import EventBatch, StoredCase
from ungdom.store.people import NewPerson
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.rules.permissions import OtherOffice, Viewer
from ungdom.workflow.vocabulary import Actor, Protection, Regime, Role, Sanction, State

NOT_YET = frozenset({"wrong_state", "case_is_closed"})
NOT_TWICE = frozenset({"wrong_state", "not_recorded_yet"})


def principal_of(sender: Sender) -> Recorder:
    """The sending system as a recorder of events."""
    return Recorder(Viewer(Role.SYSTEM, sender.source, None), sender.source)


def draft_of(stored: StoredCase) -> Draft:
    """A draft of the case as it stands."""
    case = engine.fold(stored.youth, stored.events)
    return Draft(persisted=stored, stored=stored, before=case, case=case)


def draft_of_new_case(
    tx: Connection,
    keys: EncryptionKeys,
    sender: Sender,
    message: DecisionMessage,
    match: PersonMatch | None,
    message_id: UUID,
    now: datetime,
) -> Draft:
    """A draft of a new case, with the steps that the sender told of. The person is created when not known.

    `match`: how the person of the message compares with those stored, as `matching.find` has it. Raises `Held` when the
    place is not known or a condition is not met.
    """
    opening, person = message.opening, message.person
    if opening is None or person is None or match is None:
        raise MessageNotApplied(Reason.UNKNOWN_CASE)
    case_id = uuid7(message.sent_at, uuid5(message_id, "case").int & (1 << 74) - 1)
    newcomer, person_id, youth = _person_for(tx, keys, person, opening, match, uuid5(message_id, "person"))
    try:
        done = cases.open_case(
            tx, principal_of(sender), case_id, _new_case(message, opening, person_id, youth), now, dry_run=True
        )
    except cases.UnknownReferenceValue:
        raise MessageNotApplied(Reason.UNKNOWN_PLACE) from None
    except cases.Refused as error:
        unmet = error.decision.unmet
        raise MessageNotApplied(Reason.CONDITIONS_UNMET, days_of(unmet), unmet) from None
    first = replace(done.stored, events=[], version=0)
    draft = Draft(persisted=first, stored=first, before=None, case=done.after, newcomer=newcomer, doubts=match.doubts)
    return with_recorded(draft, done)


def with_steps(tx: Connection, sender: Sender, draft: Draft, steps: Sequence[PlannedStep], now: datetime) -> Draft:
    """The draft with these steps, each found in the history or decided anew. Raises `Held`."""
    for place, planned in enumerate(steps):
        draft = with_step(tx, sender, draft, planned, place, now)
    return draft


def with_step(tx: Connection, sender: Sender, draft: Draft, planned: PlannedStep, place: int, now: datetime) -> Draft:
    """The draft with this step, found in the history or decided anew. Raises `Held`."""
    recorded = recorded_event(draft, planned)
    if recorded is None:
        return with_recorded(draft, _record_step(tx, sender, draft, planned, now), place)
    return replace(draft, places={**draft.places, place: recorded.seq})


def write_draft(
    tx: Connection, keys: EncryptionKeys, draft: Draft, numbers: Iterable[tuple[NumberKind, str]], now: datetime
) -> None:
    """Write what the draft holds: person, events, the current row, promises and numbers together. Raises `Stale`."""
    if draft.newcomer is not None:
        people.create_people(tx, keys, [draft.newcomer], now)
    if draft.persisted.version == 0:
        batch = EventBatch(
            draft.persisted, draft.events, draft.case, draft.outgoing_messages, list(dict.fromkeys(numbers))
        )
        journal.append_many(tx, [batch])
        stored = draft.persisted
        questions.raise_questions(tx, stored.person_id, draft.doubts, stored.case_id, draft.events[0].subject, now)
        return
    if len(draft.events) == 1:
        journal.append(tx, draft.persisted, draft.events[0], draft.case, draft.outgoing_messages)
    elif draft.events:
        journal.append_many(tx, [EventBatch(draft.persisted, draft.events, draft.case, draft.outgoing_messages)])
    journal.add_numbers(tx, draft.persisted.case_id, list(dict.fromkeys(numbers)))


def check_authority(sender: Sender, steps: Sequence[PlannedStep], *sanctions: Sanction) -> None:
    """A system tells only of what its own authority does, in a case of one of these sanctions. Raises `Held`."""
    reportable = mapping.reportable_actors(sender.authorities)
    for planned in steps:
        actors = {actor for sanction in sanctions for actor in engine.actors_of(sanction, planned.entry.type)}
        if planned.own and actors and not reportable & actors:
            raise MessageNotApplied(Reason.NOT_YOUR_AUTHORITY, outcome=Outcome.REJECTED)


# --- one step -----------------------------------------------------------------------------------------------


def recorded_event(draft: Draft, planned: PlannedStep) -> Event | None:
    """The event of the history that says this already; one event is one step."""
    known = [event for event in draft.case.all(planned.entry.type) if event.seq not in draft.places.values()]
    if planned.once:
        return known[-1] if known else None
    return next((event for event in known if is_event_of(event, planned)), None)


def is_event_of(event: Event, planned: PlannedStep) -> bool:
    """The event is what this step tells of."""
    entry = planned.entry
    alike = (event.type, event.occurred_on) == (entry.type, entry.occurred_on)
    return alike and mapping.same_details(event.details, entry.details)


def _record_step(tx: Connection, sender: Sender, draft: Draft, planned: PlannedStep, now: datetime) -> RecordResult:
    entry = replace(planned.entry, on_behalf_of=_acting_authority(sender, draft, planned))
    try:
        return cases.record_loaded(tx, principal_of(sender), draft.stored, draft.case, entry, now, dry_run=True)
    except cases.Refused as error:
        raise _not_applied(draft, planned, error.decision.unmet) from None
    except (cases.NotPermitted, OtherOffice):
        raise MessageNotApplied(Reason.CONTRADICTS_STATE, (wait_key("case", draft.persisted.case_id),)) from None


def _acting_authority(sender: Sender, draft: Draft, planned: PlannedStep) -> Actor | None:
    actors = engine.actors_of(draft.case.sanction, planned.entry.type)
    reportable = mapping.reportable_actors(sender.authorities)
    return next((actor for actor in actors if actor in reportable), None)


def with_recorded(draft: Draft, done: RecordResult, place: int | None = None) -> Draft:
    places = draft.places if place is None else {**draft.places, place: done.event.seq}
    return replace(
        draft,
        stored=done.stored_after,
        case=done.after,
        events=(*draft.events, done.event),
        outgoing_messages=(*draft.outgoing_messages, *cases.messages_for(done.stored, done.after, done.event)),
        places=places,
    )


def _not_applied(draft: Draft, planned: PlannedStep, unmet: tuple[UnmetCondition, ...]) -> MessageNotApplied:
    waits = (wait_key("case", draft.persisted.case_id), *days_of(unmet))
    state = next((condition for condition in unmet if condition.code in NOT_YET), None)
    already_recorded = not draft.case.is_closed and _is_recorded_otherwise(draft, planned, unmet)
    if already_recorded and planned.entry.type in _ONCE_PER_CASE:
        return MessageNotApplied(Reason.RECORDED_OTHERWISE, waits, unmet)
    if state is not None and _is_reachable(draft.case, state.needed):
        return MessageNotApplied(Reason.TOO_EARLY, waits, unmet)
    if already_recorded:
        return MessageNotApplied(Reason.RECORDED_OTHERWISE, waits, unmet)
    return MessageNotApplied(Reason.CONTRADICTS_STATE if state else Reason.CONDITIONS_UNMET, waits, unmet)


_ONCE_PER_CASE = frozenset(
    row.event for row in engine.ROWS if any(guard.code == "not_recorded_yet" for guard in row.guards)
)
"""What happens once in a case, in whatever state it is."""


def days_of(unmet: Iterable[UnmetCondition]) -> tuple[str, ...]:
    """The days on which these conditions can be met."""
    return tuple(sorted({wait_key("day", condition.earliest) for condition in unmet if condition.earliest is not None}))


def _is_reachable(case: Case, needed: object) -> bool:
    """The case is open and can still come into one of these states."""
    states = {State(name) for name in needed} if isinstance(needed, list) else set()
    terms = case.sanction_in_force.terms if case.sanction_in_force else None
    interim = case.sanction_in_force is None or bool(terms and terms.interim_conditions)
    return (
        not case.is_closed
        and case.state not in states
        and bool(states & _reachable_states(case.sanction, interim)[case.state])
    )


def _is_recorded_otherwise(draft: Draft, planned: PlannedStep, unmet: Iterable[UnmetCondition]) -> bool:
    """The case has this step, with another day or content, and has no room for a second one."""
    full = any(condition.code in NOT_TWICE for condition in unmet)
    known = (event.seq for event in draft.case.all(planned.entry.type))
    return full and any(seq not in draft.places.values() for seq in known)


@cache
def _reachable_states(sanction: Sanction, interim: bool) -> dict[State, frozenset[State]]:
    """The states that can come after each, under any regime; closed cases opened again left out.

    `interim`: the judgment holds conditions that run before the plan, or may hold some.
    """
    rows = [row for regime in Regime for row in engine.rows_of(sanction, regime)]
    onward = {(source, row.target) for row in rows if isinstance(row.target, State) for source in row.sources}
    onward |= {(source, State.INTERIM_CONDITIONS) for source, target in onward if target is State.EXECUTING}
    onward = {(s, t) for s, t in onward if interim or t is not State.INTERIM_CONDITIONS}
    reachable: dict[State, frozenset[State]] = {state: frozenset() for state in State}
    for _ in State:
        reachable = {
            origin: frozenset({t for s, t in onward if s is origin for t in (t, *reachable[t])}) for origin in State
        }
    return reachable


# --- opening ------------------------------------------------------------------------------------------------


def _person_for(
    tx: Connection, keys: EncryptionKeys, given: Person, opening: Opening, match: PersonMatch, person_id: UUID
) -> tuple[NewPerson | None, UUID, Youth]:
    person = people.read_person(tx, keys, records.lock_canonical(tx, match.known)) if match.known else None
    if person is not None:
        return None, person.person_id, person.youth
    new = NewPerson(
        person_id=person_id,
        personalia=people.personalia_of(given, opening.municipality),
        born=given.born,
        guardians=len(given.guardians),
        protection=Protection(given.protection),
    )
    return new, person_id, Youth(new.born, new.guardians)


def _new_case(message: DecisionMessage, opening: Opening, person_id: UUID, youth: Youth) -> NewCase:
    return NewCase(
        sanction=opening.sanction,
        occurred_on=opening.registered_on,
        person=person_id,
        youth=youth,
        offences=opening.offences,
        municipality=opening.municipality,
        konfliktrad=opening.konfliktrad,
        repeated_or_serious=opening.repeated_or_serious,
        numbers=numbers_of(message),
    )


def numbers_of(message: DecisionMessage) -> tuple[tuple[NumberKind, str], ...]:
    """The numbers of police and court that the message gives the case."""
    police = [(NumberKind.POLICE, number) for number in message.police_case_numbers]
    court = [(NumberKind.COURT, message.court_case_number)] if message.court_case_number else []
    return tuple(dict.fromkeys([*police, *court]))


def office_of(tx: Connection, message: DecisionMessage) -> str | None:
    """The konfliktråd that a message about an unknown case names, or whose municipality it names."""
    opening = message.opening
    if opening is None:
        return None
    serving = reference.konfliktrad_of(tx, opening.municipality) if opening.municipality else None
    named = opening.konfliktrad if opening.konfliktrad in reference.konfliktrad_codes(tx) else None
    return named or serving
