"""Applies the table: which events are allowed next, and the case that a history results in. Wraps `transitions`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, cast

from transitions import Event as Trigger
from transitions import EventData, Machine, Transition

from ungdom.workflow import law, table, table_index
from ungdom.workflow import payloads as d
from ungdom.workflow.answers import Decision as Decision  # noqa: PLC0414
from ungdom.workflow.answers import Option as Option  # noqa: PLC0414
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, StateInterval, Youth, derived_once
from ungdom.workflow.decisions import decision_in, start_given_by
from ungdom.workflow.errors import IllegalHistory, UnknownMachine
from ungdom.workflow.events import SHAPE, Event
from ungdom.workflow.guards.core import (
    Guard,
    ProposedEvent,
    UnmetCondition,
    case_had_begun,
    day_has_come,
    follows_the_last_move,
)
from ungdom.workflow.guards.dates import DATE_GUARDS
from ungdom.workflow.guards.plan import coordinator_is_cleared, graded_case_is_assigned_by_a_leader
from ungdom.workflow.history import effective as effective  # noqa: PLC0414  # part of the interface of this module
from ungdom.workflow.no_move import newer_details, no_such_move
from ungdom.workflow.rules.permissions import acts_for
from ungdom.workflow.table import BY_DECISION, ROWS, Move, PreviousState
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Role, Sanction, State

E = EventType
CONTROL_OUTLIVES = "2026-11-30"
"""First version of the table in which electronic control outlives a breach talk, a petition and an interruption."""
NOT_RECORDED_DIRECTLY = (E.CASE_REGISTERED, E.CORRECTED, E.RULES_MIGRATED)
"""Recorded by functions of their own: opening a case, correcting an event, and migrating cases to a newer table."""

_DERIVED = ("by_type", "derived")
"""What a case derives from its events when it is first asked for; a changed copy derives it anew."""

_CLOCK_RUNS = frozenset(
    {
        State.INTERIM_CONDITIONS,
        State.EXECUTING,
        State.ELECTRONIC_CONTROL,
        State.BREACH_TALK,
        State.TIGHTENED,
        State.REFERRED,
        State.RESUMPTION_REVIEW,
        State.TERM_EXPIRED,
    }
)


EVERY_ROW = (day_has_come, case_had_begun, *DATE_GUARDS)
"""The conditions of every row, beside its own."""

Key = tuple[Sanction, Regime, State, EventType]


@dataclass(frozen=True)
class Rules:
    """One version of the table: its rows, an index of them, and a state machine per sanction and regime.

    `conditions`: by `id` of the row, every condition of it, those of all rows first.
    """

    version: str
    rows: tuple[Move, ...]
    at: Mapping[Key, tuple[Move, ...]]
    conditions: Mapping[int, tuple[Guard, ...]]
    machines: Mapping[tuple[Sanction, Regime], "Workflow"]


@cache
def rules(version: str = table.VERSION) -> Rules:
    """The table of this version. Raises `UnknownMachine`."""
    if version not in table.VERSIONS:
        raise UnknownMachine(version)
    rows = table_index.rows(version)
    conditions = {id(row): _conditions_of(row, version) for row in rows}
    return Rules(
        version, rows, _index(rows), conditions, {(s, r): Workflow(rows, s, r) for s in Sanction for r in Regime}
    )


def _index(rows: tuple[Move, ...]) -> dict[Key, tuple[Move, ...]]:
    index: dict[Key, tuple[Move, ...]] = {}
    keys = ((row, s, r, source) for row in rows for s in row.sanctions for r in row.regimes for source in row.sources)
    for row, sanction, regime, source in keys:
        key = (sanction, regime, source, row.event)
        index[key] = (*index.get(key, ()), row)
    return index


_ACTORS = {
    (sanction, event): tuple(
        dict.fromkeys(a for row in ROWS if row.event is event and sanction in row.sanctions for a in row.actors)
    )
    for sanction in Sanction
    for event in EventType
}


class Attempt:
    """The model object of `transitions` for one attempt; not reused."""

    __slots__ = ("case", "row", "state", "step", "unmet")

    def __init__(self, case: Case, step: ProposedEvent, row: Move, source: State) -> None:
        self.state = source
        self.case = case
        self.step = step
        self.row = row
        self.unmet: tuple[UnmetCondition, ...] = ()


class Workflow:
    """The state machine of one sanction and regime, with its transition per row and source state."""

    def __init__(self, rows: tuple[Move, ...], sanction: Sanction, regime: Regime) -> None:
        self.machine = Machine(
            model=None, states=list(State), initial=State.REGISTERED, auto_transitions=False, send_event=True
        )
        self._transitions: dict[tuple[int, State], tuple[Trigger, Transition]] = {}
        for row in rows:
            if sanction in row.sanctions and regime in row.regimes:
                self._add(row)

    def _add(self, row: Move) -> None:
        target = row.target if isinstance(row.target, State) else None
        for source in row.sources:
            self.machine.add_transition(row.event.value, source, target, conditions=_holds)
            trigger = self.machine.events[row.event.value]
            self._transitions[id(row), source] = trigger, trigger.transitions[source.name][-1]

    def fires(self, attempt: Attempt) -> bool:
        """Whether the attempt succeeds. Executes the transition of its row directly, without a search by name."""
        trigger, transition = self._transitions[id(attempt.row), attempt.state]
        return bool(transition.execute(EventData(None, trigger, self.machine, attempt, (), {})))


def _holds(data: EventData) -> bool:
    attempt = cast(Attempt, data.model)
    attempt.unmet = _unmet_conditions(attempt.row, attempt.case, attempt.step)
    return not attempt.unmet


def _unmet_conditions(row: Move, case: Case, step: ProposedEvent) -> tuple[UnmetCondition, ...]:
    newer = newer_details(case, step, row.law) if case.table != table.VERSION else ()
    return (*newer, *(unmet for guard in rules(case.table).conditions[id(row)] if (unmet := guard(case, step))))


def _conditions_of(row: Move, version: str) -> tuple[Guard, ...]:
    order = (follows_the_last_move,) if row.target is not None else ()
    secrecy = (graded_case_is_assigned_by_a_leader, coordinator_is_cleared) if row.event is E.ASSIGNED else ()
    return (day_has_come, case_had_begun, *order, *_date_guards(version), *secrecy, *row.guards)


@cache
def _date_guards(version: str) -> tuple[Guard, ...]:
    return tuple(guard for guard in DATE_GUARDS if law.holds(version, guard.since, guard.until))


def rows_of(sanction: Sanction, regime: Regime, version: str = table.VERSION) -> tuple[Move, ...]:
    """The rows of one workflow, in the order of the table. Raises `UnknownMachine`."""
    if (sanction, regime) not in rules(version).machines:
        raise UnknownMachine(f"{sanction}/{regime}")
    return table_index.rows_in(version, sanction, regime)


def actors_of(sanction: Sanction, event: EventType) -> tuple[Actor, ...]:
    """The actors in whose name this event can occur in a case of this sanction."""
    return _ACTORS[sanction, event]


def regime_for(case: Case, event: EventType, day: date) -> Regime:
    """The regime for this step: that of the decision for conditions and terms, that of the day for other steps."""
    return case.decision_regime(day) if event in BY_DECISION else case.execution_regime(day)


def decide(case: Case, step: ProposedEvent) -> Decision:
    """Whether this step is allowed, with every unmet condition, not only the first."""
    regime = regime_for(case, step.type, step.on)
    source, row = _matching_row(case, regime, step.type, step.details, step.on)
    if row is None:
        unmet = (no_such_move(case, step, regime), *_unmet_elsewhere(case, step, regime))
        return Decision(step.type, case.state, None, regime, unmet[0].law, unmet)
    attempt = Attempt(case, step, row, source)
    fired = rules(case.table).machines[case.sanction, regime].fires(attempt)
    after = _target(case, row, step.details) if fired else None
    return Decision(step.type, case.state, after, regime, row.law, attempt.unmet)


@derived_once
def options(case: Case, role: Role, step: ProposedEvent) -> tuple[Option, ...]:
    """`decide` for every event type that this role may record. `step`: its day, person and external facts are used."""
    return tuple(
        Option(
            event,
            actors,
            decide(case, replace(step, type=event, details=d.Details() if SHAPE[event] is d.Details else None)),
        )
        for event, actors in _recordable(role, case.sanction)
    )


@cache
def _recordable(role: Role, sanction: Sanction) -> tuple[tuple[EventType, tuple[Actor, ...]], ...]:
    """Every event type that the role may record in a case of this sanction, with those in whose name."""
    acts = acts_for(role)
    candidates = (
        (event, tuple(a for a in actors_of(sanction, event) if a in acts))
        for event in EventType
        if event not in NOT_RECORDED_DIRECTLY
    )
    return tuple((event, actors) for event, actors in candidates if actors)


def decide_registration(youth: Youth, event: Event, version: str | None = None) -> Decision:
    """Whether this case may be opened. `version`: the version of the table, as in `fold`."""
    initial = initial_case(youth, event, version)
    step = ProposedEvent(event.type, event.occurred_on, oslo_date(event.recorded_at), event.details)
    row = next(row for row in rules(initial.table).rows if row.event is E.CASE_REGISTERED)
    guards = (day_has_come, *_date_guards(initial.table), *row.guards)
    unmet = tuple(condition for guard in guards if (condition := guard(initial, step)))
    after = None if unmet else State.REGISTERED
    return Decision(event.type, None, after, law.REGIME.on(event.occurred_on), row.law, unmet)


def fold(youth: Youth, events: Sequence[Event], version: str | None = None) -> Case:
    """The case that results from this history, with corrections applied. Raises `IllegalHistory`.

    `version`: the version of the table; None: the version that the history names.
    """
    history = effective(events)
    if not history or history[0].type is not E.CASE_REGISTERED:
        raise IllegalHistory(history[0].seq if history else 0, history[0].type if history else "none", None)
    case = initial_case(youth, history[0], version or version_of(history))
    for event in history[1:]:
        case = with_event(case, event)
    return case


def version_of(events: Sequence[Event]) -> str:
    """The version of the table that this history runs under: that of its last migration, or of its registration."""
    versions = (e.details.table for e in reversed(events) if isinstance(e.details, d.RulesMigrated | d.CaseRegistered))
    return next(filter(None, versions), table.FIRST_VERSION)


def apply(case: Case, event: Event) -> Case:
    """The case after one more event, without checking conditions. Raises `IllegalHistory` if no row matches."""
    moves = isinstance(event.details, d.RulesMigrated)
    return fold(case.youth, (*case.events, event)) if moves else with_event(case, event)


def with_event(case: Case, event: Event) -> Case:
    """The case after one more event under its own version of the table. Raises `IllegalHistory` if no row matches."""
    regime = regime_for(case, event.type, event.occurred_on)
    _, row = _matching_row(case, regime, event.type, event.details, event.occurred_on)
    if row is None:
        raise IllegalHistory(event.seq, event.type, case.state)
    by_type = {**case.by_type, event.type: (*case.by_type.get(event.type, ()), event)}
    changes: dict[str, Any] = {"events": (*case.events, event), "by_type": by_type, **_projected(case, event)}
    target = _target(case, row, event.details)
    if target is not None:
        previous = case.intervals[-2] if isinstance(row.target, PreviousState) else None
        conditions_run = case.state is State.INTERIM_CONDITIONS
        changes["intervals"] = (*case.intervals, _interval(target, event, previous, conditions_run))
        changes["start"] = case.start or start_given_by(event)
    return with_changes(case, changes)


def initial_case(youth: Youth, event: Event, version: str | None = None) -> Case:
    """The case after its registration. Raises `IllegalHistory` for any other event."""
    registration = event.details
    if not isinstance(registration, d.CaseRegistered):
        raise IllegalHistory(event.seq, event.type, None)
    return Case(
        youth=youth,
        events=(event,),
        intervals=(_interval(State.REGISTERED, event),),
        sanction=registration.sanction,
        konfliktrad=registration.konfliktrad,
        person=registration.person,
        offences=registration.offences,
        table=version or version_of([event]),
    )


def _projected(case: Case, event: Event) -> dict[str, Any]:
    details = event.details
    changes: dict[str, Any] = {}
    if decision := decision_in(event):
        same_regime = case.sanction_in_force if case.has(E.FOLLOW_UP_BY_JUDGMENT) else None
        changes["sanction_in_force"] = replace(decision, regime=same_regime.regime) if same_regime else decision
    if isinstance(details, d.AppealDecided) and details.outcome is d.AppealOutcome.SENT_BACK:
        changes["sanction_in_force"] = None
    if isinstance(details, d.OffenceAdded):
        changes["offences"] = (*case.offences, details.offence)
    elif isinstance(details, d.ExecutionRegimePinned):
        changes["regime_overrides"] = (*case.regime_overrides, (event.occurred_on, details.regime))
    elif event.type is E.TRANSFER_ACCEPTED:
        decided = case.last(E.TRANSFER_DECIDED)
        if decided and isinstance(decided.details, d.TransferDecided):
            changes["konfliktrad"] = decided.details.to
    return changes


def _interval(
    state: State, event: Event, previous: StateInterval | None = None, conditions_run: bool = False
) -> StateInterval:
    details = event.details
    control = isinstance(details, d.PetitionSent) and details.for_ is d.Recommendation.ELECTRONIC_CONTROL
    goes_on = conditions_run and isinstance(details, d.Appealed) and details.conditions_continue
    runs = previous.clock if previous else state in _CLOCK_RUNS or control or goes_on
    return StateInterval(state, event.occurred_on, event.seq, runs)


def with_changes(case: Case, changes: dict[str, Any]) -> Case:
    """A copy of the case with these attributes replaced, without running `__init__`."""
    new = object.__new__(Case)
    new.__dict__.update(case.__dict__)
    for name in _DERIVED:
        new.__dict__.pop(name, None)
    new.__dict__.update(changes)
    return new


def _matching_row(
    case: Case, regime: Regime, event: EventType, details: d.Details | None, day: date
) -> tuple[State, Move | None]:
    """The matching row: for a move by the current state, for a fact by the states of the day on which it occurred."""
    rows = _rows_at(case, regime, case.state, event)
    current_row = next((row for row in rows if row.condition is None or row.condition(details)), None)
    late = case.registered_on <= day < case.entered_on
    if current_row is not None and not late and not _is_the_closings_own(current_row):
        return case.state, current_row
    then = ((state, row) for state in case.states_on(day) for row in _rows_at(case, regime, state, event))
    facts = [(state, row) for state, row in then if row.target is None]
    fact = min(facts, key=lambda fact: _is_the_closings_own(fact[1]), default=None)
    return fact or (case.state, current_row if current_row and current_row.target is not None else None)


def _is_the_closings_own(row: Move) -> bool:
    """Whether only the system records it: what a closing ends. A fact of the day before goes before it."""
    return row.target is None and row.actors == (Actor.SYSTEM,)


def _rows_at(case: Case, regime: Regime, state: State, event: EventType) -> tuple[Move, ...]:
    rows = rules(case.table).at.get((case.sanction, regime, state, event), ())
    return rows if all(row.only_for is None for row in rows) else tuple(row for row in rows if _is_for(row, case))


def _is_for(row: Move, case: Case) -> bool:
    return row.only_for is None or row.only_for(case)


def _target(case: Case, row: Move, details: d.Details | None) -> State | None:
    """The state that the row leads to in this case.

    Where the table says executing: `interim_conditions` before the plan meeting, `electronic_control` while a period
    runs (strl § 52 c). A reopened case returns there only if the control that its closing ended goes on.
    """
    target = case.intervals[-2].state if isinstance(row.target, PreviousState) else row.target
    if row.event is E.REOPENED and target is State.ELECTRONIC_CONTROL:
        goes_on = details.goes_on if isinstance(details, d.Reopened) else ()
        ended = case.last(E.ELECTRONIC_CONTROL_ENDED)
        stays_ended = not case.control_runs and ended is not None and ended.seq not in goes_on
        return State.EXECUTING if stays_ended and law.holds(case.table, CONTROL_OUTLIVES, None) else target
    if target is not State.EXECUTING or row.event is E.REOPENED:
        return target
    runs = case.control_runs and row.event is not E.ELECTRONIC_CONTROL_ENDED
    if runs and law.holds(case.table, CONTROL_OUTLIVES, None):
        return State.ELECTRONIC_CONTROL
    planned = case.plan_made or row.event in (E.PLAN_MEETING_HELD, E.PLAN_SIGNED)
    return target if planned else State.INTERIM_CONDITIONS


def _unmet_elsewhere(case: Case, step: ProposedEvent, regime: Regime) -> tuple[UnmetCondition, ...]:
    """The other conditions that would be unmet if the case were in a state that allows the event."""
    known = table_index.rows_with(case.table, step.type)
    of_case = (row for row in known if case.sanction in row.sanctions and regime in row.regimes)
    rows = (row for row in of_case if _is_for(row, case))
    fits = next((row for row in rows if row.condition is None or row.condition(step.details)), None)
    return _unmet_conditions(fits, case, step) if fits else ()
