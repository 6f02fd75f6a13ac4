"""Applying a message to a case: each step is recorded by `cases.record`, the function that coordinators use.

A step that cannot be recorded gives a `ProcessingResult` that says why. The caller applies all steps of a message in
one savepoint (`in_savepoint`), which is rolled back then: a message is applied with all its steps or with none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from uuid import UUID

from ungdom import cases
from ungdom.cases import NewCase, PendingEvents, Recorder
from ungdom.intake import mapping, matching
from ungdom.intake.identity import PersonMatch
from ungdom.intake.mapping import PlannedStep
from ungdom.intake.models import CaseChange, MessageContext, Outcome, ProcessingResult, Reason, Sender, parked
from ungdom.intake.wait_keys import day_wait_keys, wait_key
from ungdom.message import DecisionMessage, Opening, Person
from ungdom.store import identity as questions
from ungdom.store import people, records
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.journal import StoredCase
from ungdom.store.people import NewPerson
from ungdom.store.personalia import personalia_of
from ungdom.store.replaying import current_case
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow import engine, table
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.guards import finality
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.rules.permissions import OtherOffice, Viewer
from ungdom.workflow.vocabulary import EventType, Protection, Regime, Role, Sanction, State

Applied = CaseChange | ProcessingResult
"""The case with the steps of a message, or why these cannot be applied."""

NewCasePerson = tuple[NewPerson | None, UUID, Youth]
"""The person of a case to be opened: the record to be created, if any, the id, and what the rules need to know."""

NOT_YET = frozenset({"wrong_state", "case_is_closed"})
NOT_TWICE = frozenset({"wrong_state", "not_recorded_yet"})


def in_savepoint(tx: Connection, work: Callable[[], Applied]) -> Applied:
    """The result of `work`; what it wrote is rolled back when the message cannot be applied."""
    with tx.begin_nested() as savepoint:
        applied = work()
        if isinstance(applied, ProcessingResult):
            savepoint.rollback()
    return applied


def recorder_of(sender: Sender) -> Recorder:
    """The sending system as a recorder of events."""
    return Recorder(Viewer(Role.SYSTEM, sender.source, None), sender.source)


def unchanged(stored: StoredCase) -> CaseChange:
    """The case as it stands, with no step recorded yet."""
    case = current_case(stored)
    return CaseChange(original=stored, stored=stored, before=case, case=case)


def apply_steps(
    tx: Connection, sender: Sender, change: CaseChange, steps: Sequence[PlannedStep], now: datetime
) -> Applied:
    """The case with these steps, each found in the history or recorded. Steps with a place already are skipped."""
    pending = PendingEvents()
    applied = _apply_pending(tx, sender, change, steps, now, pending)
    if not isinstance(applied, ProcessingResult):
        pending.write(tx)
    return applied


def _apply_pending(
    tx: Connection,
    sender: Sender,
    change: CaseChange,
    steps: Sequence[PlannedStep],
    now: datetime,
    pending: PendingEvents,
) -> Applied:
    """As `apply_steps`; the events are left to `pending`."""
    for place, planned in enumerate(steps):
        if place not in change.places:
            applied = _apply_step(tx, sender, change, planned, place, now, pending)
            if isinstance(applied, ProcessingResult):
                return applied
            change = applied
    return change


def recorded_event(change: CaseChange, planned: PlannedStep) -> Event | None:
    """The event of the history that is this step already. One event is one step."""
    known = [event for event in change.case.all(planned.entry.type) if event.seq not in change.places.values()]
    if planned.once:
        return known[-1] if known else None
    return next((event for event in known if is_event_of(event, planned)), None)


def is_event_of(event: Event, planned: PlannedStep) -> bool:
    """Whether the event is this step: type, day, and every detail that the message gives."""
    entry = planned.entry
    alike = (event.type, event.occurred_on) == (entry.type, entry.occurred_on)
    return alike and mapping.same_details(event.details, entry.details)


def with_recorded(change: CaseChange, done: cases.RecordResult) -> CaseChange:
    """The case with the event that has just been recorded."""
    return replace(change, stored=done.stored_after, case=done.after, events=(*change.events, done.event))


def with_place(change: CaseChange, place: int, seq: int) -> CaseChange:
    """The same change, with event `seq` noted as the step at this place of the message."""
    return replace(change, places={**change.places, place: seq})


# --- one step -----------------------------------------------------------------------------------------------


def _apply_step(
    tx: Connection,
    sender: Sender,
    change: CaseChange,
    planned: PlannedStep,
    place: int,
    now: datetime,
    pending: PendingEvents,
) -> Applied:
    recorded = recorded_event(change, planned)
    if recorded is not None:
        return with_place(change, place, recorded.seq)
    reportable = mapping.reportable_actors(sender.authorities)
    actors = engine.actors_of(change.case.sanction, planned.entry.type)
    entry = replace(planned.entry, on_behalf_of=next((actor for actor in actors if actor in reportable), None))
    if cases.looks_outside(entry.type):  # the rows of the case itself are looked at as well
        pending.write(tx)
    try:
        done = cases.record_loaded(tx, recorder_of(sender), change.stored, change.case, entry, now, write=pending.add)
    except cases.Refused as error:
        unmet = error.decision.unmet
        return parked_until_changed(change, _reason_of_refusal(change, planned, unmet), unmet, day_wait_keys(unmet))
    except (cases.NotPermitted, OtherOffice):
        return parked_until_changed(change, Reason.CONTRADICTS_STATE)
    return with_place(with_recorded(change, done), place, done.event.seq)


def parked_until_changed(
    change: CaseChange, why: Reason, unmet: tuple[UnmetCondition, ...] = (), days: tuple[str, ...] = ()
) -> ProcessingResult:
    """Parked until the case changes. `days`: keys of days on which the message is to be tried as well."""
    if why is Reason.NEVER_POSSIBLE:
        return impossible(unmet)
    waits = (wait_key("case", change.original.case_id), *days)
    return parked(why, waits, unmet=unmet)


def impossible(unmet: tuple[UnmetCondition, ...]) -> ProcessingResult:
    """The result of a message that can never be applied as it was sent."""
    return ProcessingResult(outcome=Outcome.REJECTED, reason=Reason.NEVER_POSSIBLE, unmet=unmet)


NEVER_MET = frozenset(
    {
        "acts_lie_in_the_past",
        "changed_judgment_has_terms",
        "condition_of_a_suspended_sentence",
        "court_received_after_indictment",
        "follow_up_length_within_law",
        "found_a_suitable_reaction",
        "guilt_is_proven",
        "interim_conditions_allowed",
        "judged_follow_up_length_within_law",
        "lives_in_norway",
        "sanction_length_within_law",
        "subsidiary_prison_is_fixed",
        "unconditional_prison_allowed",
    }
)
"""Conditions on the content of a message alone: what happens in the case never meets them."""


def _reason_of_refusal(change: CaseChange, planned: PlannedStep, unmet: tuple[UnmetCondition, ...]) -> Reason:
    state = next((condition for condition in unmet if condition.code in NOT_YET), None)
    already_recorded = not change.case.is_closed and _is_recorded_otherwise(change, planned, unmet)
    if already_recorded and (planned.entry.type in _ONCE_PER_CASE or _leads_to(planned.entry.type, change.case.state)):
        return Reason.RECORDED_OTHERWISE
    if state is not None and _is_reachable(change.case, planned.entry.type, state.needed):
        return Reason.TOO_EARLY
    if already_recorded:
        return Reason.RECORDED_OTHERWISE
    if state is not None:
        return Reason.CONTRADICTS_STATE
    never = NEVER_MET.intersection(condition.code for condition in unmet)
    return Reason.NEVER_POSSIBLE if never else Reason.CONDITIONS_UNMET


_ONCE_PER_CASE = frozenset(
    row.event for row in table.ROWS if any(guard.code == "not_recorded_yet" for guard in row.guards)
)
"""Events that occur at most once in a case, whatever its state."""


def _leads_to(event: EventType, state: State) -> bool:
    """Whether this event leads to that state: a case that stands there has had it, and awaits no second one."""
    return any(row.event is event and row.target is state for row in table.ROWS)


def _is_recorded_otherwise(change: CaseChange, planned: PlannedStep, unmet: Iterable[UnmetCondition]) -> bool:
    """Whether the case has this event with another day or content, and takes no second one."""
    full = any(condition.code in NOT_TWICE for condition in unmet)
    known = (event.seq for event in change.case.all(planned.entry.type))
    return full and any(seq not in change.places.values() for seq in known)


def _is_reachable(case: Case, event: EventType, needed: object) -> bool:
    """Whether the case is open and can still come into one of these states, from which the event leads on.

    A final judgment is not appealed, wherever the case goes from there.
    """
    final = finality.finality_of(case) is not None
    states = {State(name) for name in needed} if isinstance(needed, list) else set()
    terms = case.sanction_in_force.terms if case.sanction_in_force else None
    interim = case.sanction_in_force is None or bool(terms and terms.interim_conditions)
    return (
        not case.is_closed
        and case.state not in states
        and not (final and event is EventType.APPEALED)
        and bool(states & _reachable_states(case.sanction, interim, final)[case.state])
    )


@cache
def _reachable_states(sanction: Sanction, interim: bool, final: bool) -> dict[State, frozenset[State]]:
    """By state, the states that can follow it under any regime. Reopened cases are left out.

    `interim`: whether the judgment has, or may have, conditions that run before the plan. `final`: whether it is final,
    so that it is not appealed.
    """
    rows = [row for regime in Regime for row in engine.rows_of(sanction, regime)]
    rows = [row for row in rows if not (final and row.event is EventType.APPEALED)]
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


def person_of_new_case(
    tx: Connection, keys: EncryptionKeys, given: Person, opening: Opening, match: PersonMatch, person_id: UUID
) -> NewCasePerson:
    """The person of a case to be opened: to be created as `person_id`, or None with the id of the known person."""
    person = people.read_person(tx, keys, records.lock_canonical(tx, match.known)) if match.known else None
    if person is not None:
        return None, person.person_id, person.youth
    new = NewPerson(
        person_id=person_id,
        personalia=personalia_of(given, opening.municipality),
        born=given.born,
        guardians=len(given.guardians),
        protection=Protection(given.protection),
    )
    return new, person_id, Youth(new.born, new.guardians)


def open_case(
    tx: Connection,
    context: MessageContext,
    opening: Opening,
    match: PersonMatch,
    whose: NewCasePerson,
    with_steps: bool = True,
) -> Applied:
    """A new case with the steps that the sender gave days for before this message, and those of the message itself.

    Without `with_steps` the case is opened and nothing else is recorded.
    """
    message, now, (newcomer, person_id, youth) = context.message, context.intake.now, whose
    if newcomer is not None:
        people.create_people(tx, context.intake.keys, [(newcomer, now)])
    case_id = matching.case_opened_by(message, context.arrival)
    new = _new_case(message, opening, person_id, youth)
    pending = PendingEvents(new.numbers)
    try:
        done = cases.open_case(tx, recorder_of(context.sender), case_id, new, now, write=pending.add)
    except cases.UnknownReferenceValue:
        return parked(Reason.UNKNOWN_PLACE)
    except cases.Refused as error:
        unmet = error.decision.unmet
        return (
            impossible(unmet)
            if NEVER_MET.intersection(c.code for c in unmet)
            else parked(Reason.CONDITIONS_UNMET, unmet=unmet)
        )
    original = replace(done.stored, events=[], version=0)
    opened = CaseChange(original=original, stored=done.stored_after, before=None, case=done.after, events=(done.event,))
    change = _with_steps(tx, context, opened, opening, pending) if with_steps else opened
    if not isinstance(change, ProcessingResult):
        pending.write(tx)
        questions.raise_questions(tx, person_id, match.doubts, case_id, done.event.subject, now)
    return change


def _with_steps(
    tx: Connection, context: MessageContext, opened: CaseChange, opening: Opening, pending: PendingEvents
) -> Applied:
    """The new case with the steps before this message, and those of the message itself."""
    sender, message, now = context.sender, context.message, context.intake.now
    earlier = mapping.steps_before(opening, message.kind)
    before = _apply_pending(tx, sender, opened, earlier, now, pending)
    if isinstance(before, ProcessingResult):
        return before
    steps = mapping.steps_for(message, before.case, oslo_date(context.arrival.received_at))
    return _apply_pending(tx, sender, replace(before, places={}), steps, now, pending)


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
    """The numbers of police and court that the message gives the case, without repeats."""
    police = [(NumberKind.POLICE, number) for number in message.police_case_numbers]
    court = [(NumberKind.COURT, message.court_case_number)] if message.court_case_number else []
    return tuple(dict.fromkeys([*police, *court]))
