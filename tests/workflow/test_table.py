"""The table beside the published description, and everything that has to hold of every row of it."""

import csv
import dataclasses
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from enum import Enum
from itertools import product
from threading import Barrier
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

from tests.data import WORKFLOW
from ungdom.workflow import engine, table, table_index
from ungdom.workflow.calendar import Length
from ungdom.workflow.diagram import mermaid
from ungdom.workflow.errors import UnknownMachine
from ungdom.workflow.events import SHAPE, details_schema
from ungdom.workflow.rules.permissions import acts_for
from ungdom.workflow.table import FACTS, MOVES, VERSIONS, Move, PreviousState
from ungdom.workflow.vocabulary import CLOSED, PHASE, Actor, EventType, Regime, Role, Sanction, State

E, S, F = EventType, Sanction.YOUTH_SANCTION, Sanction.YOUTH_FOLLOW_UP
R0, R1, R2 = Regime
ROWS = MOVES + FACTS


class Arrow(NamedTuple):
    """One move of one workflow. `target` `before`: the state it was in before it was closed."""

    event: EventType
    source: str
    target: str
    sanction: Sanction
    regime: Regime


# --- the published table ----------------------------------------------------------------------------------------

SCOPES: dict[str, dict[Sanction, tuple[Regime, ...]]] = {
    "both": {S: tuple(Regime), F: tuple(Regime)},
    "S": {S: tuple(Regime)},
    "F": {F: tuple(Regime)},
    "S (F in R0)": {S: tuple(Regime), F: (R0,)},
    "F; S in R0": {F: tuple(Regime), S: (R0,)},
}
EXEC = ("executing", "electronic_control", "breach_talk", "tightened")
CLOSINGS = tuple(str(state) for state in State if state in CLOSED)
OPENS = tuple(str(state) for state in State if state not in CLOSED)
GROUPS = {"exec*": EXEC, "any open state": OPENS, "any closed state": CLOSINGS, "the state before": ("before",)}


def published(name: str) -> list[dict[str, str]]:
    """The rows of one table of the published workflow."""
    with (WORKFLOW / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_moves() -> set[Arrow]:
    """Every move of the published table, spelt out state by state."""
    return {arrow for row in published("moves") for arrow in _spelt_out(row)}


def _spelt_out(row: dict[str, str]) -> Iterator[Arrow]:
    regimes = set(Regime) if row["regime"] == "all" else {Regime(word) for word in row["regime"].split("|")}
    for kind, sanction in product(row["event"].split("|"), SCOPES[row["sanction"]]):
        for regime in sorted(regimes & set(SCOPES[row["sanction"]][sanction])):
            for source, target in product(_states(row["from"]), _states(row["to"])):
                yield Arrow(EventType(kind), source, target, sanction, regime)


def _states(cell: str) -> list[str]:
    states = [state for word in cell.split("|") for state in GROUPS.get(word, (word,))]
    assert set(states) <= {*State, "–", "before"}, cell
    return states


def moves() -> set[Arrow]:
    """Every move of the table in use, spelt out the same way."""
    return {
        Arrow(
            row.event,
            str(source),
            "before" if isinstance(row.target, PreviousState) else str(row.target),
            sanction,
            regime,
        )
        for row in MOVES
        for source in row.sources or ("–",)
        for sanction in row.sanctions
        for regime in row.regimes
    }


class Extra(NamedTuple):
    """Moves in use that the published table does not show, and why they are there."""

    event: EventType
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    why: str


SECOND_VERSION = "the second version of the published workflow (docs/decisions/0040-second-version.md)"
INTERIM_TOO = "interim conditions run: 'the breach moves of `executing` are open there too'"
EXTRAS = (
    Extra(E.BREACH_CONDITIONS_LIFTED, ("tightened",), ("executing",), (S, F), (R0, R1, R2),
          "what a complaint that was upheld undoes; the coordinator may do it too"),
    Extra(E.BREACH_TALK_ORDERED, ("interim_conditions",), ("breach_talk",), (S,), (R0, R1, R2), INTERIM_TOO),
    Extra(E.INTERRUPTED, ("interim_conditions",), ("interrupted",), (S,), (R0, R1, R2), INTERIM_TOO),
    Extra(E.REPLAN_MEETING_HELD, ("interim_conditions",), ("executing",), (S,), (R0, R1, R2), INTERIM_TOO),
    Extra(E.REFERRED_FOR_BREACH, ("interim_conditions",), ("referred",), (S,), (R0, R1, R2), INTERIM_TOO),
    Extra(E.PETITION_SENT, ("interim_conditions",), ("breach_in_court",), (S,), (R0, R1, R2), INTERIM_TOO),
    Extra(E.PLAN_MEETING_HELD, ("tightened",), ("executing",), (S,), (R1, R2),
          "a breach talk under interim conditions may come before the first plan meeting"),
    Extra(E.PROSECUTION_RESUMED, ("term_expired",), ("breach_closed",), (F,), (R0, R1, R2),
          "the review may still be open when the term is over; the way out of `term_expired` for a follow-up"),
    Extra(E.APPEALED, ("interim_conditions",), ("appealed",), (S,), (R0, R1, R2), SECOND_VERSION),
    Extra(E.APPEALED, ("final", "dispatched", "received", "preparing", "postponed"), ("appealed",), (S,), (R0, R1, R2),
          SECOND_VERSION + ", after early execution"),
    Extra(E.APPEAL_DECIDED, ("appealed",), ("in_court",), (S,), (R0, R1, R2), SECOND_VERSION),
    Extra(E.APPEAL_DECIDED, ("appealed",), ("in_court",), (F,), (R0,), SECOND_VERSION),
    Extra(E.EARLY_EXECUTION_ALLOWED, ("judged",), ("final",), (S,), (R0, R1, R2), SECOND_VERSION),
    Extra(E.DECISION_SET_ASIDE, ("referred", "breach_in_court", "resumption_review", "term_expired"),
          ("other_decision",), (S, F), (R0, R1, R2), SECOND_VERSION),
    Extra(E.CLOSED_AFTER_NEW_OFFENCE, ("interim_conditions", "referred", "resumption_review"), ("breach_closed",),
          (S, F), (R0, R1, R2), SECOND_VERSION),
    Extra(E.OTHER_OUTCOME, ("interim_conditions",), ("other_decision",), (S, F), (R0, R1, R2), SECOND_VERSION),
    Extra(E.PROSECUTION_NOT_RESUMED, ("term_expired",), ("completed",), (F,), (R0, R1, R2),
          "the same, when the prosecution does not take the case up again"),
)  # fmt: skip
"""The only rows beyond the published table."""

NOT_SHOWN_APART = (
    Extra(E.PLAN_MEETING_HELD, ("interim_conditions",), ("executing",), (F,), (R1, R2),
          "a follow-up has no interim conditions"),
    Extra(E.PLAN_FAILED, ("interim_conditions",), ("no_plan",), (F,), (R0, R1, R2),
          "a follow-up has no interim conditions"),
)  # fmt: skip
"""Moves of the published table between states that this sanction cannot be in: they are left out."""


def _arrows(extras: tuple[Extra, ...]) -> set[Arrow]:
    return {
        Arrow(x.event, source, target, sanction, regime)
        for x in extras
        for source in x.sources
        for target in x.targets
        for sanction in x.sanctions
        for regime in x.regimes
    }


def test_every_published_move_is_in_the_table() -> None:
    missing = published_moves() - moves() - _arrows(NOT_SHOWN_APART)

    assert sorted(missing) == []


def test_the_table_holds_no_move_that_is_neither_published_nor_explained() -> None:
    extra = moves() - published_moves()

    assert sorted(extra) == sorted(_arrows(EXTRAS)), (
        "EXTRAS in tests/workflow/test_table.py names each move that is not published, and why"
    )
    assert all(x.why for x in EXTRAS + NOT_SHOWN_APART)


def test_what_is_left_out_is_published_and_not_in_the_table() -> None:
    left_out = _arrows(NOT_SHOWN_APART)

    assert left_out <= published_moves()
    assert not left_out & moves()


BESIDE = {
    "reopening_approved",  # two people for a reopening
    "assigned",  # "may be repeated as a fact"
    "rules_migrated",  # cases move to a new version of the table
    "measure_attended",  # whether the youth met for a measure
    "youth_heard",  # before a negative step of the office
    "stay_abroad_refused",  # a single decision as the permission is
    "transfer_declined",  # a transfer that is not taken does not hang
    "became_final",  # after early execution it follows as a fact
    "electronic_control_ended",  # a period runs on during a talk, a petition and an interruption
}
"""Facts beside the published ones: docs/decisions/0007-rows-beside-the-published-table.md."""


def test_every_published_fact_is_a_fact_of_the_table() -> None:
    whole = {row["event"] for row in published("facts")}
    facts = {str(row.event) for row in FACTS}

    assert whole <= facts
    assert facts - whole == BESIDE, (
        "BESIDE in tests/workflow/test_table.py names each fact that is not published, and why"
    )


def test_the_published_states_and_phases_are_those_in_use() -> None:
    rows = [(row["phase"], row["state"]) for row in published("states")]

    assert [(str(PHASE[state]), str(state)) for state in State] == rows


# --- every row --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.event}-{row.sources[:1]}")
def test_every_row_has_its_law_its_actors_and_guards_that_can_be_put_right(row: Move) -> None:
    assert row.law
    assert row.actors
    assert row.sanctions
    assert row.regimes
    assert all(guard.law and guard.fixers and guard.doc for guard in row.guards)
    assert len(set(row.sources)) == len(row.sources)


def test_rows_and_conditions_come_and_go_with_a_version_of_the_table() -> None:
    items = [*ROWS, *(guard for row in ROWS for guard in row.guards)]
    versions = {version for item in items for version in (item.since, item.until) if version}

    assert versions <= {*VERSIONS}, (
        f"add {', '.join(sorted(versions - {*VERSIONS}))} to VERSIONS in src/ungdom/workflow/table.py"
    )
    assert versions == {*VERSIONS}


@pytest.mark.parametrize("kind", EventType)
def test_every_event_type_has_a_row_and_a_shape(kind: EventType) -> None:
    assert [row for row in ROWS if row.event is kind], f"no row of src/ungdom/workflow/table.py has {kind}"
    assert kind in SHAPE, f"SHAPE in src/ungdom/workflow/events.py does not name the payload of {kind}"
    assert details_schema(kind)["type"] == "object"


def test_closed_states_offer_only_facts_and_reopening() -> None:
    out = {row.event for row in MOVES if set(row.sources) & CLOSED}

    assert out == {E.REOPENED}


def test_facts_leave_the_state_alone_and_moves_have_a_target() -> None:
    assert {row.target for row in FACTS} == {None}
    assert None not in {row.target for row in MOVES}


@pytest.mark.parametrize("version", VERSIONS)
def test_two_rows_for_one_event_and_state_are_told_apart_by_their_details_or_by_the_case(version: str) -> None:
    places: dict[tuple[Any, ...], list[Move]] = {}
    for row in table.rows(version):
        for key in ((s, r, source, row.event) for s in row.sanctions for r in row.regimes for source in row.sources):
            places.setdefault(key, []).append(row)

    twice = [rows for rows in places.values() if len(rows) > 1]

    assert twice
    assert all(row.condition is not None or row.only_for is not None for rows in twice for row in rows[:-1])
    assert all(rows[-1].condition is None for rows in twice)


@pytest.mark.parametrize("sanction", Sanction)
@pytest.mark.parametrize("regime", Regime)
def test_the_library_and_the_index_hold_the_same_moves(sanction: Sanction, regime: Regime) -> None:
    machine = engine.rules().machines[sanction, regime].machine
    arrows = {
        (EventType(name), State[source], State[transition.dest] if transition.dest else None)
        for name, trigger in machine.events.items()
        for source, transitions in trigger.transitions.items()
        for transition in transitions
    }

    index = {
        (kind, source, row.target if isinstance(row.target, State) else None)
        for (s, r, source, kind), rows in engine.rules().at.items()
        if (s, r) == (sanction, regime)
        for row in rows
    }

    assert arrows == index


def test_rows_of_gives_one_workflow_in_the_order_of_the_table() -> None:
    rows = engine.rows_of(F, R2)

    assert rows == tuple(row for row in ROWS if F in row.sanctions and R2 in row.regimes)
    with pytest.raises(UnknownMachine):
        engine.rows_of(F, "R3")  # type: ignore[arg-type]


@pytest.mark.parametrize("sanction", Sanction)
@pytest.mark.parametrize("regime", Regime)
def test_every_state_that_can_be_reached_can_be_left_for_a_closed_one(sanction: Sanction, regime: Regime) -> None:
    arrows = [row for row in engine.rows_of(sanction, regime) if isinstance(row.target, State)]
    reached = {State.REGISTERED}
    while more := {row.target for row in arrows if set(row.sources) & reached} - reached:
        reached |= {state for state in more if isinstance(state, State)}

    ways_out = {state: {row.target for row in arrows if state in row.sources and row.event is not E.LAPSED}
                for state in reached - CLOSED}  # fmt: skip

    assert len(ways_out) > 10
    assert all(targets - {state} for state, targets in ways_out.items())


@pytest.mark.parametrize("sanction", Sanction)
@pytest.mark.parametrize("regime", Regime)
def test_the_diagram_draws_every_arrow_but_lapse_and_reopening(sanction: Sanction, regime: Regime) -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+) : (.+)$", mermaid(sanction, regime), re.MULTILINE))
    told = {(source, target, name) for source, target, names in drawn for name in names.split(", ")}

    arrows = {(a.source, a.target, str(a.event)) for a in moves() if (a.sanction, a.regime) == (sanction, regime)}

    assert told == {arrow for arrow in arrows if arrow[1] not in ("lapsed", "before") and arrow[0] != "–"}
    assert "[*] --> registered : case_registered" in mermaid(sanction, regime)


# --- no free text -----------------------------------------------------------------------------------------------

PLAIN = (date, Enum, int, bool, UUID, Length)
PROSE = ("Ola Nordmann", "kom ikke til møtet", "ring mor", "ola@example.no", "+47 900 00 000", "")


def leaves(shape: Any) -> Iterator[Any]:
    """The types that values of this shape are made of; a text only when nothing keeps prose out of it."""
    origin = get_origin(shape)
    if shape is NoneType or _is_code(shape):
        return
    if origin is Annotated:
        yield from leaves(get_args(shape)[0])
    elif origin in (Union, UnionType, tuple, dict):
        for part in get_args(shape):
            yield from () if part is Ellipsis else leaves(part)
    elif dataclasses.is_dataclass(shape) and shape is not Length:
        for inner in get_type_hints(shape, include_extras=True).values():
            yield from leaves(inner)
    else:
        yield shape


def _is_code(shape: Any) -> bool:
    """A short text whose pattern lets no prose through."""
    patterns = [str(x.pattern) for x in getattr(shape, "__metadata__", ()) if getattr(x, "pattern", None)]
    return bool(patterns) and not any(re.search(pattern, prose) for pattern in patterns for prose in PROSE)


def test_no_event_has_room_for_free_text() -> None:
    found = [(kind, leaf) for kind in EventType if kind is not E.CORRECTED for leaf in leaves(SHAPE[kind])]

    assert len(found) > len(EventType)
    assert [one for one in found if not (isinstance(one[1], type) and issubclass(one[1], PLAIN))] == []


def test_a_correction_holds_free_details_only_until_they_are_read_as_those_of_their_type() -> None:
    found = {leaf for leaf in leaves(SHAPE[E.CORRECTED]) if not (isinstance(leaf, type) and issubclass(leaf, PLAIN))}

    assert found == {str, Any}  # the keys and values of `replacement.details`


# --- roles ----------------------------------------------------------------------------------------------------


def test_every_actor_has_a_role_that_acts_for_it() -> None:
    assert {actor for role in Role for actor in acts_for(role)} == set(Actor)


def test_two_threads_that_ask_first_get_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine finds the conditions of a row by its identity."""
    made, begin = table.rows, Barrier(2, timeout=10)

    def slowly(version: str) -> tuple[Move, ...]:
        time.sleep(0.05)
        return made(version)

    def first() -> tuple[Move, ...]:
        begin.wait()
        return table_index.rows(table.VERSION)

    monkeypatch.setattr(table_index, "_rows", {})
    monkeypatch.setattr(table, "rows", slowly)
    with ThreadPoolExecutor(2) as threads:
        one, other = (attempt.result() for attempt in [threads.submit(first) for _ in range(2)])

    assert one is other
