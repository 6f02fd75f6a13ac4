"""Why the table has no such step where a case stands, and which moves lead to a state in which it has."""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from ungdom.workflow import law, table_index
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.guards.core import Guard, ProposedEvent, UnmetCondition
from ungdom.workflow.table import BY_DECISION, ROWS, Move
from ungdom.workflow.vocabulary import CLOSED, Actor, EventType, Regime, Sanction, State

E = EventType


def no_such_move(case: Case, step: ProposedEvent, regime: Regime) -> UnmetCondition:
    """The unmet condition of a step that no row of the table has for this case. `regime`: that of the step."""
    known = table_index.rows_with(case.table, step.type)
    fitting = [row for row in known if row.only_for is None or row.only_for(case)]
    rows = [row for row in fitting if row.actors != (Actor.SYSTEM,)] or fitting
    if not rows:
        return _wrong_table(case, step, known)
    of_sanction = [row for row in rows if case.sanction in row.sanctions]
    of_regime = [row for row in of_sanction if regime in row.regimes]
    if not of_sanction:
        sanctions = sorted({str(s) for row in rows for s in row.sanctions})
        return UnmetCondition("wrong_sanction", rows[0].law, case.sanction, sanctions, ())
    if not of_regime:
        return _wrong_regime(case, step, regime, of_sanction)
    return _wrong_state(case, step, regime, of_regime)


NEWER_DETAILS: dict[object, str] = {
    d.AppealOutcome.WITHDRAWN: "2026-11-30",
    d.AppealOutcome.SENT_BACK: "2026-11-30",
    d.BreachKind.CONDITION: "2026-11-30",
    d.MeasureEnd.CASE_CLOSED: "2026-11-30",
    d.EndOfControl.CASE_CLOSED: "2026-11-30",
}
"""Values of details that came with a version of the table: an older one has no row for what they mean."""


def newer_details(case: Case, step: ProposedEvent, source: str) -> tuple[UnmetCondition, ...]:
    """The unmet condition of details that the table of the case does not have; empty if it has them."""
    names = getattr(step.details, "__dataclass_fields__", ())
    values = (getattr(step.details, name) for name in names)
    since = (NEWER_DETAILS[value] for value in values if isinstance(value, StrEnum) and value in NEWER_DETAILS)
    newer = next((version for version in since if case.table < version), None)
    return (UnmetCondition("wrong_table", source, case.table, newer, ()),) if newer else ()


def _wrong_table(case: Case, step: ProposedEvent, known: Sequence[Move]) -> UnmetCondition:
    """A step of a newer table; or one whose rows, `known`, are all for other cases."""
    newer = next(row for row in ROWS if row.event is step.type)
    if not known:
        return UnmetCondition("wrong_table", newer.law, case.table, newer.since, ())
    states = _named({state for row in known for state in row.sources})
    return UnmetCondition("wrong_state", known[0].law, case.state, states, known[0].actors)


def _wrong_regime(case: Case, step: ProposedEvent, regime: Regime, rows: Sequence[Move]) -> UnmetCondition:
    regimes = sorted({str(r) for row in rows for r in row.regimes})
    later = [since for since, r in law.REGIME.values if r in regimes and since > step.on]
    earliest = later[0] if later else None
    return UnmetCondition("wrong_regime", rows[0].law, regime, regimes, (), earliest, because=regime_reason(case, step))


def regime_reason(case: Case, step: ProposedEvent) -> str:
    """Why that regime applies to the step: `decided` (the day of the decision), `pinned`, or `day` (of the step)."""
    if step.type in BY_DECISION:
        return "decided" if case.sanction_in_force else "day"
    return "pinned" if case.regime_override(step.on) else "day"


def _wrong_state(case: Case, step: ProposedEvent, regime: Regime, rows: Sequence[Move]) -> UnmetCondition:
    sources = {state for row in rows for state in row.sources}
    is_fact = all(row.target is None for row in rows)
    state_then = next(iter(case.states_on(step.on)), case.state) if is_fact else case.state
    closed = state_then in CLOSED
    return UnmetCondition(
        "case_is_closed" if closed else "wrong_state",
        rows[0].law,
        state_then,
        _named(sources),
        rows[0].actors,
        leads_there=() if closed else _path_of(case, step, regime, state_then, sources),
    )


def _named(states: set[State]) -> list[str]:
    return list(_names_of(frozenset(states)))


@cache
def _names_of(states: frozenset[State]) -> tuple[str, ...]:
    return tuple(str(state) for state in State if state in states)


LASTING = frozenset({"judgment_holds_interim_conditions", "plan_was_not_made"})
"""Conditions that no later move of the case cures."""


def _path_of(case: Case, step: ProposedEvent, regime: Regime, state: State, goals: set[State]) -> tuple[EventType, ...]:
    """The fewest moves from this state of the case to one of the goals, in order; empty if none leads there.

    The ways from a state are found once per case and day: a list of options asks for many goals.
    """
    key = (_path_of, regime, state, step.on, step.today)
    ways: dict[State, tuple[EventType, ...]] | None = case.derived.get(key)
    if ways is None:  # another thread may drop what was derived at any time
        workflow = (case.table, case.sanction, regime)
        closed = frozenset(place for place, row in _depending(*workflow) if not _is_open(row, case, step))
        ways = case.derived[key] = _ways(*workflow, state, closed)
    return next((way for target, way in ways.items() if target in goals), ())


@cache
def _depending(version: str, sanction: Sanction, regime: Regime) -> tuple[tuple[int, Move], ...]:
    """The rows of a workflow that only some cases can go by, each with its place among all of them."""
    rows = enumerate(table_index.rows_in(version, sanction, regime))
    return tuple((place, row) for place, row in rows if row.only_for is not None or _lasting(row))


@cache
def _ways(
    version: str, sanction: Sanction, regime: Regime, state: State, closed: frozenset[int]
) -> dict[State, tuple[EventType, ...]]:
    """The ways from this state in a workflow without the rows at these places."""
    rows = enumerate(table_index.rows_in(version, sanction, regime))
    return ways_from(state, [row for place, row in rows if place not in closed])


def _is_open(row: Move, case: Case, step: ProposedEvent) -> bool:
    """Whether the row is for this case, and no lasting condition keeps the case from it."""
    proposed = ProposedEvent(row.event, step.on, step.today)
    is_for_case = row.only_for is None or row.only_for(case)
    return is_for_case and all(guard(case, proposed) is None for guard in _lasting(row))


def _lasting(row: Move) -> list[Guard]:
    return [guard for guard in row.guards if guard.code in LASTING]


def ways_from(state: State, table: Sequence[Move]) -> dict[State, tuple[EventType, ...]]:
    """The fewest moves from this state to each that can be reached, in order; the nearest state first.

    Whether the conditions of the moves hold is not looked at: what is missing for each is in its own refusal.
    """
    ways: dict[State, tuple[EventType, ...]] = {}
    open_states: deque[tuple[State, tuple[EventType, ...]]] = deque([(state, ())])
    while open_states:
        here, way = open_states.popleft()
        for row in table:
            if here not in row.sources or not isinstance(row.target, State) or row.target in (state, *ways):
                continue
            ways[row.target] = (*way, row.event)
            if row.target not in CLOSED:
                open_states.append((row.target, ways[row.target]))
    return ways
