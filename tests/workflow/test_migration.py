"""What becomes of a case when a newer version of the table reads it: every history there is, and every outcome."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.stories import histories
from tests.workflow.build import event
from tests.workflow.candidate import CANDIDATE, candidate
from tests.workflow.roads import RECORDED_BY, ROADS, YOUTH, Line, events, lines, read, registration, youth_of
from ungdom.demo import case_generator
from ungdom.workflow import engine, law, legality
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Youth
from ungdom.workflow.events import Event, plain_details
from ungdom.workflow.migration import MigrationOutcome, MigrationVerdict, preview
from ungdom.workflow.table import FIRST_VERSION, VERSION, rows
from ungdom.workflow.vocabulary import EventType, State

__all__ = ["candidate"]
"""The fixture that the tests below ask for by name."""

E = EventType
TODAY = date(2026, 11, 25)
DEMO_CASES = 200
KNOWN_FIRST = {row.event for row in rows(FIRST_VERSION)}


def under_the_first(history: list[Event]) -> list[Event]:
    """The same history, of a case that began before there were versions: without what nobody could record then."""
    told = [one for one in history[1:] if one.type in KNOWN_FIRST]
    return [replace(history[0], details=replace(history[0].details, table=None)), *told]


def road(name: str, until: str | None = None, *more: str) -> list[Event]:
    return under_the_first(events(name, [*lines(name, until), *map(read, more)]))


OF_THE_FIRST = tuple(name for name in histories.NAMES if name != "omicron")
"""The worked histories that could begin under the first table; the other appeals while interim conditions run."""


def worked(name: str, version: str = FIRST_VERSION) -> tuple[Youth, list[Event]]:
    """A worked history of `tests/data/cases`, as events of a case that began under that version."""
    history = histories.read(name)
    first = histories.registration(history)
    kind = "S" if history["sanction"] == "youth_sanction" else "F"
    told = [first, *histories.events(history)]
    begun = registration(kind, Line(first.type, first.occurred_on, first.recorded_on, first.details))
    told[0] = replace(first, details=begun | {"konfliktrad": history["konfliktrad"]})
    made: list[Event] = []
    for one in told:
        on, details = (
            (one.recorded_on, _corrected(one, made)) if one.type == "corrected" else (one.occurred_on, one.details)
        )
        made.append(event(len(made) + 1, one.type, on, details, one.recorded_on, *RECORDED_BY.get(one.type, ())))
    if version == FIRST_VERSION:
        return _youth(history), under_the_first(made)
    return _youth(history), [replace(made[0], details=replace(made[0].details, table=version)), *made[1:]]


def _corrected(one: histories.Told, made: list[Event]) -> dict[str, Any]:
    """The event that is named happened on that day, or was forgotten."""
    if "inserts" in one.details:
        forgotten = {"type": one.details["inserts"], "occurred_on": one.occurred_on.isoformat(), "details": {}}
        return {"reason": "forgotten", "insert": forgotten | {"actor": "prosecution"}}
    old = next(event for event in made if event.type == one.details["corrects"])
    new = {
        "type": old.type,
        "occurred_on": one.occurred_on.isoformat(),
        "details": plain_details(old.type, old.details),
    }
    return {"corrects": old.seq, "reason": "wrong_date", "replacement": new}


def _youth(history: dict[str, Any]) -> Youth:
    return Youth(history["person"]["born"], history["person"]["guardians"])


def every_history() -> Iterator[tuple[str, Youth, list[Event]]]:
    """The ready roads, the worked cases, and a national load."""
    yield from ((name, youth_of(name), road(name)) for name in ROADS)
    for name in OF_THE_FIRST:
        yield (name, *worked(name))
    for number in range(DEMO_CASES):
        rng = random.Random(f"migration:{number}")  # noqa: S311 - a case that can be told again
        told = case_generator.generate_case(number, rng, TODAY, DEMO_CASES)
        yield f"demo {number}", told.case.youth, list(told.events)


# --- every stored history ---------------------------------------------------------------------------------------


def test_every_history_is_legal_in_the_newest_table_or_blocked_with_reasons(
    figure: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_generator, "VERSION", FIRST_VERSION)
    found: Counter[MigrationVerdict] = Counter()
    for name, youth, history in every_history():
        assert engine.version_of(history) == FIRST_VERSION, name
        assert legality.first_illegal_step(youth, history) is None, name

        outcome = preview(youth, history, VERSION, TODAY)

        found[outcome.verdict] += 1
        assert (outcome.after is None) is bool(outcome.broken) is (outcome.verdict is MigrationVerdict.BLOCKED), name
        assert all(one.unmet and all(no.law and no.code for no in one.unmet) for one in outcome.broken), name
        assert outcome.broken or engine.fold(youth, history, VERSION).table == VERSION
    assert found.total() == len(ROADS) + len(OF_THE_FIRST) + DEMO_CASES
    assert found.keys() >= {MigrationVerdict.UNCHANGED, MigrationVerdict.SHIFTS, MigrationVerdict.BLOCKED}
    told = ", ".join(f"{verdict} {found[verdict]}" for verdict in MigrationVerdict)
    figure(f"{found.total()} histories of {FIRST_VERSION} read by {VERSION}: {told}")


@pytest.mark.parametrize("name", histories.NAMES)
def test_the_worked_histories_are_legal_in_the_newest_table(name: str) -> None:
    assert tuple(legality.illegal_steps(*worked(name, VERSION))) == ()


# --- every outcome ----------------------------------------------------------------------------------------------

MOVED = "{to: vest, parties_heard: true, prosecution_told_on: 2025-05-20}"


def test_a_case_that_nothing_new_speaks_of_is_unchanged() -> None:
    outcome = preview(YOUTH, road("S R2", "plan_meeting_held"), VERSION, TODAY)

    assert (outcome.verdict, outcome.before, outcome.shifts) == (MigrationVerdict.UNCHANGED, outcome.after, ())


def test_a_transfer_that_waits_gets_the_clock_that_came_later() -> None:
    outcome = preview(YOUTH, road("S R2", "assigned", f"2025-05-20 transfer_decided {MOVED}"), VERSION, TODAY)

    [shift] = outcome.shifts
    assert (outcome.verdict, outcome.before) == (MigrationVerdict.SHIFTS, outcome.after)
    assert (shift.code, shift.before, shift.after) == ("transfer_accept", None, date(2025, 5, 27))


def test_an_acceptance_dated_before_its_decision_blocks_the_case_and_names_the_event() -> None:
    history = road(
        "S R2", "assigned", f"2025-05-20 transfer_decided {MOVED}", "2025-05-19/2025-05-21 transfer_accepted"
    )

    outcome = preview(YOUTH, history, VERSION, TODAY)

    [broken] = outcome.broken
    assert (outcome.verdict, outcome.after, broken.seq) == (MigrationVerdict.BLOCKED, None, len(history))
    assert broken.event is E.TRANSFER_ACCEPTED
    assert [(no.code, no.law) for no in broken.unmet] == [("transfer_goes_in_order", "krl § 13")]


def asked(name: str, until: str | None = None, *more: str) -> MigrationOutcome:
    return preview(youth_of(name), road(name, until, *more), CANDIDATE, TODAY)


@pytest.mark.usefixtures("candidate")
def test_a_candidate_moves_the_cases_it_judges_otherwise_and_says_from_where_to_where() -> None:
    outcome = asked("F R2", "breach_talk_held")

    assert outcome.verdict is MigrationVerdict.MOVES
    assert outcome.after is not None
    assert (outcome.before.stints[-1].state, outcome.after.stints[-1].state) == (State.EXECUTING, State.TIGHTENED)


@pytest.mark.usefixtures("candidate")
def test_a_candidate_blocks_the_cases_with_a_move_that_it_does_not_know() -> None:
    outcome = asked("S R2 interim")

    assert outcome.verdict is MigrationVerdict.BLOCKED
    assert (outcome.broken[0].event, outcome.broken[0].unmet[0].code) == (E.INTERIM_CONDITIONS_STARTED, "wrong_table")


@pytest.mark.usefixtures("candidate")
def test_a_candidate_leaves_the_others_as_they_are() -> None:
    assert asked("S R1").verdict is MigrationVerdict.UNCHANGED
    assert asked("S R2", "assigned", f"2025-05-20 transfer_decided {MOVED}").verdict is MigrationVerdict.SHIFTS


def test_a_case_that_was_moved_is_read_by_the_newer_table_from_its_first_event() -> None:
    history = road("S R2", "assigned", f"2025-05-20 transfer_decided {MOVED}")
    moved = [*history, event(len(history) + 1, "rules_migrated", TODAY, {"table": VERSION}, role="system")]

    case = engine.fold(YOUTH, moved)

    assert (case.table, legality.first_illegal_step(YOUTH, moved)) == (VERSION, None)
    assert case == engine.apply(engine.fold(YOUTH, history), moved[-1])
    assert law.holds(case.table, VERSION, None)
    assert isinstance(moved[-1].details, d.RulesMigrated)
