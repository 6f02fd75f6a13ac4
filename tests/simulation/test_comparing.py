"""One case under two sets of clocks, and what is counted of many. Dates counted by hand; no database."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from random import Random
from uuid import uuid4

import pytest

from tests.workflow.roads import case_at
from ungdom.demo.load import generate_cases
from ungdom.simulation import RuleOverride, SimulatedCase, SimulationResult, Turn, mondays, rule_comparison, week_name
from ungdom.simulation.tally import median
from ungdom.workflow.calendar import Length
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import RULES, deadlines
from ungdom.workflow.rules.rule_overrides import with_overrides
from ungdom.workflow.vocabulary import Regime, Sanction

TODAY = date(2026, 11, 20)


def counted(changes: list[RuleOverride], day: date, *cases: Case) -> SimulationResult:
    tally = SimulationResult(rule_comparison(changes, day), 10_000)
    for case in cases:
        tally.add(SimulatedCase(uuid4(), "R-1", case.konfliktrad), case)
    return tally


def turns(change: RuleOverride, day: date, case: Case) -> dict[str, Turn]:
    return {line.code: line.turn for line in counted([change], day, case).lines if line.turn}


# --- one case ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "turned"),
    [
        (date(2025, 4, 3), None),  # 45 days from 17 February: the last day, not late yet
        (date(2025, 4, 4), Turn.OVERDUE),
        (date(2025, 4, 18), Turn.OVERDUE),  # 60 days: the last day as it is now
        (date(2025, 4, 19), None),  # late under both
    ],
)
def test_a_shorter_norm_turns_a_case_overdue_between_the_two_due_dates(day: date, turned: Turn | None) -> None:
    found = turns(RuleOverride(code="plan_meeting", length=Length(days=45)), day, case_at("F R2", "received"))

    assert found == ({"plan_meeting": turned} if turned else {})


@pytest.mark.parametrize(
    ("day", "turned"),
    [
        (date(2025, 7, 17), None),  # 180 days from 18 January: in time under both
        (date(2025, 7, 18), Turn.GREEN),
        (date(2025, 10, 15), Turn.GREEN),  # 270 days: the last day
        (date(2025, 10, 16), None),
    ],
)
def test_a_longer_norm_turns_a_case_green_between_the_two_due_dates(day: date, turned: Turn | None) -> None:
    found = turns(RuleOverride(code="lead_time", length=Length(days=270)), day, case_at("F R2", "received"))

    assert found == ({"lead_time": turned} if turned else {})


def test_a_clock_that_is_stopped_moot_or_closed_is_not_counted() -> None:
    change, day = RuleOverride(code="first_contact", length=Length(days=1)), date(2025, 7, 1)
    made = case_at("F R2", "received", "2025-02-20 first_contact")
    moved_past = case_at("F R2", "plan_meeting_held")
    closed = case_at("F R2", "received", "2025-02-20 lapsed {reason: death}")
    waits = case_at("F R2", "received")

    tally = counted([change], day, made, moved_past, closed, waits)

    assert (tally.cases, tally.changed, tally.clocks["first_contact"].live) == (4, 1, 1)


def test_a_statutory_clock_still_moves_off_holidays_when_it_is_tried() -> None:
    case = case_at("S R2", "suspect_set")  # 20 January 2025
    [line] = counted([RuleOverride(code="charge_decision", length=Length(days=61))], date(2025, 2, 1), case).lines

    assert (line.before, line.after) == (date(2025, 3, 3), date(2025, 3, 24))  # 61 days end on Saturday 22 March


def test_a_deadline_of_the_parties_that_is_past_is_neither_overdue_nor_load() -> None:
    case = case_at("S R2", "judgment_given")  # served on 24 April 2025, two weeks: 8 May
    tally = counted([RuleOverride(code="appeal", length=Length(days=5))], date(2025, 5, 5), case)

    assert (tally.clocks["appeal"].live, tally.clocks["appeal"].turned.total()) == (1, 0)
    assert tally.clocks["appeal"].days == (-9, -9, -9)  # 29 April
    assert [(both.before, both.after) for both in tally.offices["oslo"].weeks[:1]] == [(0, 0)]


# --- many -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some() -> list[Case]:
    cases = [told.case for told in generate_cases(250, 5, TODAY)]
    assert len(cases) == 250
    return cases


def test_rules_as_they_are_give_an_empty_report(some: list[Case], figure: Callable[[str], None]) -> None:
    """For every clock with a length: said again, for all, from its last day on, and for a part of the cases."""
    tried, cases = 0, [case for case in some if not case.is_closed] + some[:60]
    for rule in (rule for rule in RULES if rule.length):
        since, same = rule.length.values[-1] if rule.length else (None, None)
        part = {"sanctions": rule.sanctions[:1], "regimes": rule.regimes[-1:]}
        for more in ({}, {"since": since}, part, {"warn_days": rule.warn_days}):
            change = RuleOverride(code=rule.code, length=same, **more)  # type: ignore[arg-type]  # chosen above
            tally = counted([change], TODAY, *cases)
            assert (tally.changed, tally.lines) == (0, [])
            assert all(load.overdue.before == load.overdue.after for load in tally.offices.values())
            assert all(both.before == both.after for load in tally.offices.values() for both in load.weeks)
            tried += 1
    assert tried == 4 * sum(bool(rule.length) for rule in RULES) > 0
    figure(f"simulation: {tried} sets of rules that say what holds, {len(cases)} cases each, 0 differences")


def test_what_is_compared_is_what_the_changed_rules_give(some: list[Case]) -> None:
    """Random changes, in parts: the pairs together are the deadlines of either set, none lost and none twice."""
    rng, compared = Random(7), 0  # noqa: S311  # chosen cases, the same ones every time
    for _ in range(20):
        changes = random_changes(rng)
        ours, theirs = rule_comparison(changes, TODAY), with_overrides(RULES, changes)
        for case in rng.sample(some, 40):
            pairs = ours.compare(case)
            compared += len(pairs)
            assert Counter(pair.before for pair in pairs) == Counter(deadlines(case, TODAY))
            assert Counter(pair.after for pair in pairs) == Counter(deadlines(case, TODAY, theirs))
            assert all(
                (pair.before.code, pair.before.begun_on, pair.before.known_on, pair.before.stopped_on)
                == (pair.after.code, pair.after.begun_on, pair.after.known_on, pair.after.stopped_on)
                for pair in pairs
            )
    assert compared > 1_000


def random_changes(rng: Random) -> list[RuleOverride]:
    chosen = rng.sample(sorted({rule.code for rule in RULES if rule.length and len(rule.sanctions) > 1}), 3)
    return [
        RuleOverride(
            code=code,
            length=Length(days=rng.randint(0, 200)),
            since=rng.choice([None, date(2024, 10, 1), date(2026, 6, 1)]),
            sanctions=tuple(rng.sample(list(Sanction), rng.randint(1, 2))),
            regimes=(Regime.R1, *rng.sample([Regime.R0, Regime.R2], rng.randint(0, 2))),
        )
        for code in chosen
    ]


def test_the_counts_of_a_load_add_up(some: list[Case]) -> None:
    tally = counted([RuleOverride(code="team_meeting", length=Length(days=21))], TODAY, *some)
    runs = sum(pair.live and pair.before.delay for case in some for pair in tally.comparison.compare(case))
    counts = [both for load in tally.offices.values() for both in (load.overdue, *load.weeks, load.later)]

    assert sum(load.cases for load in tally.offices.values()) == tally.cases == len(some)
    assert sum(both.before for both in counts) == sum(both.after for both in counts) == runs > 40
    clock = tally.clocks["team_meeting"]
    assert clock.live == clock.moved.total() == tally.moved_clocks
    assert clock.turned[Turn.OVERDUE] == sum(line.turn is Turn.OVERDUE for line in tally.lines) > 0


def test_lines_that_turn_come_first_and_end_at_the_limit(some: list[Case]) -> None:
    tally = counted([RuleOverride(code="team_meeting", length=Length(days=21))], TODAY, *some)
    whole, turned = tally.lines, len(tally.turned)
    assert [bool(line.turn) for line in whole] == [True] * turned + [False] * (len(whole) - turned)

    for limit in (0, 1, turned, turned + 2):
        short = SimulationResult(tally.comparison, limit)
        for case in some:
            short.add(SimulatedCase(uuid4(), "R-1", case.konfliktrad), case)
        assert [line[1:] for line in short.lines] == [line[1:] for line in whole[:limit]]
        assert short.moved_clocks == len(whole)


# --- weeks and the middle ---------------------------------------------------------------------------------------


def test_weeks_go_from_monday_to_sunday_and_over_new_year() -> None:
    days = mondays(date(2027, 1, 2))

    assert [day.isoformat() for day in days[:3]] == ["2026-12-28", "2027-01-04", "2027-01-11"]
    assert [week_name(day) for day in days[:3]] == ["2026-W53", "2027-W01", "2027-W02"]
    assert week_name(date(2027, 1, 3)) == "2026-W53"
    assert week_name(date(2024, 12, 30)) == "2025-W01"
    assert len(days) == 12


@pytest.mark.parametrize(
    ("due", "week"),
    [
        (date(2026, 12, 24), 0),  # the day itself
        (date(2026, 12, 27), 0),  # Sunday
        (date(2026, 12, 28), 1),  # Monday of the last week of 2026
        (date(2027, 1, 3), 1),  # Sunday, of the same week
        (date(2027, 1, 4), 2),
        (date(2027, 3, 14), 11),  # the last Sunday that is told by its week
        (date(2027, 3, 15), None),
    ],
)
def test_a_due_date_falls_into_its_week_around_new_year(due: date, week: int | None) -> None:
    case = case_at("F R2", "received")  # received on 17 February 2025; by Christmas 2026 every norm is long past
    length = Length(days=(due - date(2025, 2, 17)).days)

    load = counted([RuleOverride(code="plan_meeting", length=length)], date(2026, 12, 24), case).offices["oslo"]

    assert [at for at, both in enumerate(load.weeks) if both.after] == ([] if week is None else [week])
    assert load.later.after == (week is None)
    assert load.overdue.before - load.overdue.after == 1


@pytest.mark.parametrize(("values", "middle"), [([5], 5), ([1, 9], 1), ([1, 2, 9], 2), ([-15, -15, 3, 4], -15)])
def test_the_median_is_the_value_in_the_middle_of_two_the_lesser(values: list[int], middle: int) -> None:
    assert median(Counter(values)) == middle


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="nothing"):
        median(Counter())
