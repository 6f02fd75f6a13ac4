"""Lead time and completion over many cases: known truth, hand-made histories, and cells that add up."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from tests.statistics import waits
from tests.workflow.build import event
from tests.workflow.roads import case_at, events, lines, read
from ungdom.analytics import completions, lead_times
from ungdom.analytics.case_cache import summarise
from ungdom.analytics.case_facts import CaseFacts, facts_of
from ungdom.analytics.cohort_columns import cohort_collector
from ungdom.analytics.cubes import TOTAL, Cube, CubeCell
from ungdom.analytics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE, all_definitions
from ungdom.analytics.dimensions import DIMENSION_READERS, Subject
from ungdom.analytics.durations import NEVER_AT_RISK, offence_to_receipt, offence_to_start, receipt_to_start
from ungdom.analytics.indicators.figures import IndicatorAccumulator
from ungdom.analytics.survival import Spans, kaplan_meier, quantile
from ungdom.demo.case_generator import GeneratedCase
from ungdom.release.plan import RELEASE_PLAN, ReleaseInput
from ungdom.workflow.calendar import days_between, last_moment
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import Party, State

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
TODAY = date(2026, 6, 30)
ROAD = "F R2"
RUNNING = case_at(ROAD, "plan_meeting_held")


def lead_time(code: str, rows: Iterable[CaseFacts], day: date = TODAY, *by: str, threshold: int | None = None) -> Cube:
    gathered = cohort_collector([LEAD_TIME_BY_CODE[code]], by, day)
    for one in rows:
        gathered.add(Subject(one))
    return lead_times.table(gathered, code, by, threshold)


def completion(code: str, rows: Iterable[CaseFacts], *by: str) -> Cube:
    gathered = cohort_collector([COMPLETION_BY_CODE[code]], by, TODAY)
    for one in rows:
        gathered.add(Subject(one))
    return completions.table(gathered, code, by)


def known(history: list[Event], day: date) -> CaseFacts | None:
    """The case as it was known at the end of that day; None: it was not."""
    told = effective([one for one in history if one.recorded_at <= last_moment(day)])
    opened = history[0].recorded_at.date()
    return facts_of(fold(RUNNING.youth, told), day, opened=opened) if told else None


def history(until: str, *more: str) -> list[Event]:
    """A youth follow-up of 2025, received on 17 February, up to that step."""
    return events(ROAD, [*lines(ROAD, until), *map(read, more)])


def told_late(until: str, day: str) -> list[Event]:
    """The same, all of it recorded on one later day."""
    return events(ROAD, [line._replace(known=date.fromisoformat(day)) for line in lines(ROAD, until)])


# --- figures that contradicted each other -------------------------------------------------------------------


def test_the_same_half_year_is_32_of_221_and_40_of_235_and_each_says_what_it_is(figure) -> None:  # type: ignore[no-untyped-def]
    completed = "2025-07-01 completed"
    histories = [
        *[history("plan_meeting_held", completed)] * 32,
        *[history("plan_meeting_held", completed.replace(" ", "/2026-02-01 ", 1))] * 8,  # told half a year later
        *[history("assigned", "2025-02-25 consent_withdrawn {by: youth}")] * 10,
        *[history("plan_meeting_held")] * 171,
        *[told_late("plan_meeting_held", "2026-01-15")] * 14,  # registered late
    ]
    found = {}
    for day in (date(2025, 12, 31), TODAY):
        rows = [one for one in (known(case, day) for case in histories) if one]
        for code in COMPLETION_BY_CODE:
            cell = completion(code, rows, "period").at(("2025",))
            whole = cell.total - cell.counts["died"] - cell.counts["lapsed"]
            found[code, day.year] = (cell.counts["completed"], whole)
            assert cell.estimates["share"] == cell.counts["completed"] / whole
    assert found["completion.received", 2025] == (32, 221)
    assert found["completion.received", 2026] == (40, 235)
    assert (found["completion.closed", 2025], found["completion.closed", 2026]) == ((32, 42), (40, 50))
    assert (found["completion.started", 2025], found["completion.started", 2026]) == ((32, 211), (40, 225))
    figure(
        "one year, completed of: " + ", ".join(f"{code} known {year} {a}/{b}" for (code, year), (a, b) in found.items())
    )


def test_death_and_what_lapsed_are_told_apart_and_stand_in_neither() -> None:
    rows = [
        facts_of(case_at(ROAD, "plan_meeting_held", *more), TODAY)
        for more in (
            ["2025-07-01 completed"],
            ["2025-04-10 lapsed {reason: death}"],
            ["2025-04-10 lapsed {reason: pardon}"],
            [],
        )
    ]
    for code in ("completion.received", "completion.started"):
        cell = completion(code, rows).at(())
        assert {name: count for name, count in cell.counts.items() if count} == {
            "completed": 1,
            "died": 1,
            "lapsed": 1,
            "open": 1,
        }
        assert cell.estimates["share"] == 1 / 2
    assert completion("completion.closed", rows).at(()).estimates["share"] == 1


def test_a_case_that_moved_counts_once_and_where_it_is() -> None:
    moved = case_at(
        "S R2",
        "assigned",
        "2025-06-10 transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-06-10}",
        "2025-06-16 transfer_accepted",
    )
    rows = [facts_of(moved, TODAY), facts_of(RUNNING, TODAY)]
    for made in (completion("completion.received", rows, "konfliktrad"), lead_time("p1", rows, TODAY, "konfliktrad")):
        assert {key: cell.total for key, cell in made.cells.items()} == {("oslo",): 1, ("vest",): 1, (TOTAL,): 2}


def test_a_corrected_start_is_35_and_81_days_as_known_then_and_36_and_82_now() -> None:
    days = [("case_registered", "2025-10-25"), ("suspect_set", "2025-10-27"), ("investigation_closed", "2025-12-01")]
    told = [
        *events(ROAD, [read(f"{day} {kind}") for kind, day in days[:1]]),
        *(event(n, kind, date.fromisoformat(day)) for n, (kind, day) in enumerate(days[1:], 2)),
        event(4, "transferred_to_follow_up", date(2025, 12, 5), {"length": {"months": 6}, "guilt_proven": True}),
        event(5, "received", date(2025, 12, 10)),
        event(6, "assigned", date(2025, 12, 11), {"coordinator": "anna"}),
        event(7, "plan_meeting_held", date(2026, 1, 14), {"present": ["youth", "guardian"]}, date(2026, 1, 16)),
    ]
    meeting = {"type": "plan_meeting_held", "details": {"present": ["youth", "guardian"]}}
    fix = {"corrects": 7, "reason": "wrong_date", "replacement": {**meeting, "occurred_on": "2026-01-15"}}
    theta = [*told, event(8, "corrected", date(2026, 1, 15), fix, date(2026, 2, 2))]
    for day, p2, p3 in ((date(2026, 1, 31), 35, 81), (TODAY, 36, 82)):
        one = known(theta, day)
        assert one is not None
        assert (one.p1, one.p2, one.p3) == (46, p2, p3)
        for code, expected in (("p2", p2), ("p3", p3)):
            assert lead_time(code, [one], day).at(()).estimates["median"] == expected


# --- passages ------------------------------------------------------------------------------------------------


def test_passages_are_counted_by_hand() -> None:
    one = facts_of(RUNNING, TODAY)
    assert (offence_to_receipt(one).ended_on, offence_to_receipt(one).ending) == (date(2025, 2, 17), "ended")
    start = receipt_to_start(one)
    assert start is not None
    assert (start.period_day, start.ended_on) == (date(2025, 2, 17), date(2025, 3, 3))
    assert days_between(offence_to_start(one).since, date(2025, 3, 3)) == one.p3 == 44
    assert receipt_to_start(facts_of(case_at("S R2 interim"), TODAY)) is None
    left = facts_of(case_at(ROAD, "assigned", "2025-02-25 consent_withdrawn {by: youth}"), TODAY)
    assert offence_to_start(left)[3:] == (date(2025, 2, 25), "consent_withdrawn")
    dead = facts_of(case_at(ROAD, "assigned", "2025-02-25 lapsed {reason: death}"), TODAY)
    assert offence_to_start(dead).ending == "died"


def test_a_stage_is_its_first_stay_and_a_wait_ends_with_the_start() -> None:
    breach = facts_of(case_at("S R2", "breach_talk_ordered"), TODAY)
    counted = lead_time(f"stage.{State.EXECUTING}", [breach]).at(())
    assert counted.estimates["median"] == days_between(date(2025, 6, 3), date(2025, 9, 3))
    assert counted.counts["ended"] == counted.total == 1
    waited = lead_time(f"wait.{Party.KONFLIKTRAD}", [facts_of(RUNNING, TODAY)]).at(())
    assert waited.total == 1
    first = next(wait for wait in facts_of(RUNNING, TODAY).wait_intervals if wait.kind is Party.KONFLIKTRAD)
    assert waited.estimates["median"] == days_between(first.since, min(first.until or TODAY, date(2025, 3, 3)))
    left = facts_of(case_at(ROAD, "assigned", "2025-02-25 consent_withdrawn {by: youth}"), TODAY)
    assert lead_time(f"stage.{State.PREPARING}", [left]).at(()).counts["closed"] == 1


def test_a_case_recorded_at_receipt_comes_into_view_there() -> None:
    late = known(told_late("plan_meeting_held", "2025-02-17"), TODAY)
    assert late is not None
    assert (late.in_view, facts_of(RUNNING, TODAY).in_view) == (date(2025, 2, 17), date(2025, 1, 18))
    cell = lead_time("p1", [late, facts_of(RUNNING, TODAY)]).at(())
    assert (cell.counts["ended"], cell.counts[NEVER_AT_RISK], cell.total) == (1, 1, 2)
    assert offence_to_start(late).entry == 29
    assert lead_time("p3", [late]).at(()).counts["ended"] == 1


# --- estimates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_t12_the_median_of_p3_is_found_with_late_entry_and_three_in_ten_not_ended(seed: int, figure) -> None:  # type: ignore[no-untyped-def]
    chance = np.random.default_rng(seed)
    shape, scale, day = 2.0, 240.0, date(2026, 1, 1)
    size = 16_000
    waited = np.ceil(scale * chance.weibull(shape, size)).astype(int)
    viewed = np.where(chance.random(size) < 0.5, chance.integers(20, 220, size), 0)
    ago = chance.integers(1, 620, size)
    template = facts_of(case_at(ROAD, "received"), day)
    rows = [
        _simulated(template, day, *map(int, one))
        for one in zip(waited, viewed, ago, strict=True)
        if one[1] <= min(one[0], one[2])  # otherwise it never came into view, or has not yet
    ]
    cell = lead_time("p3", rows, day).at(())
    true = scale * np.log(2) ** (1 / shape)
    found, naive = cell.estimates["median"], cell.estimates["mean_of_ended"]
    assert found is not None
    assert naive is not None
    blind = np.stack([np.full(size, -1), np.minimum(waited, ago), waited <= ago])[:, viewed <= np.minimum(waited, ago)]
    unaware = quantile(kaplan_meier(Spans(*blind.astype(np.int64))), 0.5).days
    assert unaware is not None
    censored = cell.counts["waiting"] / cell.total
    assert 0.25 < censored < 0.35
    assert abs(found - true) / true < 0.02 < abs(unaware - true) / true
    mean = float(waited.mean())
    figure(
        f"T12 P3 with late entry, seed {seed}: {censored:.0%} censored, median {found:.0f}, in truth {true:.1f}, "
        f"{unaware:.0f} without late entry; mean of ended {naive:.0f}, of all {mean:.0f}: {naive / mean - 1:+.0%}"
    )


def _simulated(template: CaseFacts, day: date, waited: int, viewed: int, ago: int) -> CaseFacts:
    offence = day - timedelta(days=ago)
    started = offence + timedelta(days=waited) if waited <= ago else None
    return replace(
        template,
        as_of=day,
        last_offence=offence,
        registered=offence,
        in_view=offence + timedelta(days=viewed),
        received=offence + timedelta(days=viewed) if viewed else None,
        started=started,
        p3=waited if started else None,
    )


def test_days_until_an_act_is_reported_are_part_of_the_wait() -> None:
    quick = [_simulated(facts_of(RUNNING, TODAY), TODAY, waited, 0, 1500) for waited in range(100, 140)]
    reported_late = [replace(_simulated(one, TODAY, waited, 0, 1500), registered=one.last_offence + timedelta(days=700))
                     for one, waited in zip(quick, range(800, 840), strict=True)]  # fmt: skip
    assert lead_time("p3", [*quick, *reported_late]).at(()).estimates["q3"] == 819.5


@cache
def stories() -> tuple[GeneratedCase, ...]:
    return tuple(waits.load(220, 3))


@cache
def loaded() -> tuple[CaseFacts, ...]:
    return tuple(facts_of(one.case, waits.TODAY) for one in stories())


def test_the_ways_of_ending_and_waiting_make_one_whole() -> None:
    for code in ("p1", "p2", "p3", "stage.preparing"):
        for days in (0, 30, 90, 180, 365):
            cells = lead_time(code, loaded(), waits.TODAY, "sanction", threshold=days).cells.values()
            assert cells
            for cell in cells:
                shares = [value for name, value in cell.estimates.items() if name.endswith("_by")]
                assert None in shares or sum(filter(None, shares)) == pytest.approx(1)


def test_the_median_of_an_indicator_and_of_its_statistic_are_one() -> None:
    period = IndicatorAccumulator(*YEAR, waits.TODAY)
    for one in stories():
        period.add(summarise(one.case))
    told = {one.indicator.code: one for one in period.figures([None])}
    pairs = {"offence_to_receipt": "p1", "receipt_to_start": "p2", "offence_to_start": "p3"}
    for indicator, code in pairs.items():
        cell = lead_time(code, loaded(), waits.TODAY, "period").at(("2025",))
        assert told[indicator].value == cell.estimates["median"]
        assert told[indicator].denominator == cell.total
        assert told[indicator].wait
        assert told[indicator].wait.mean_of_ended == cell.estimates["mean_of_ended"]
    for name in ("received", "started", "closed"):
        cell = completion(f"completion.{name}", loaded(), "period").at(("2025",))
        assert told[f"completed_of_{name}"].value == cell.estimates["share"]


def test_what_is_released_adds_up_along_every_dimension() -> None:
    known = {"konfliktrad": ["nowhere", "oslo"]}
    material = ReleaseInput([Subject(one) for one in loaded()[::4]], [])
    for figures in RELEASE_PLAN:
        for cube in list(figures.released_cubes(material, waits.TODAY, known))[::3]:
            for whole, parts in ((whole, parts) for whole, parts in cube.sums() if parts):  # some have no periods
                assert _counts(cube.at(whole)) == _summed(cube, parts), (cube.figure, whole)
    (p2,) = (one for one in RELEASE_PLAN if one.population == "p2")
    by_office = next(
        one for one in p2.released_cubes(material, waits.TODAY, known) if one.dimensions[1].code == "konfliktrad"
    )
    assert by_office.at((TOTAL, "nowhere", TOTAL)).total == 0


def _counts(cell: CubeCell) -> dict[str, int]:
    return {name: count for name, count in cell.counts.items() if count}


def _summed(cube: Cube, parts: Iterable[tuple[str, ...]]) -> dict[str, int]:
    cells = [cube.at(key).counts for key in parts]
    found = {name: sum(one.get(name, 0) for one in cells) for name in cube.outcomes}
    return {name: count for name, count in found.items() if count}


def test_each_definition_says_what_every_version_changed() -> None:
    told = list(all_definitions())
    assert len({one.code for one in told}) == len(told)
    for one in told:
        assert len(one.changed) == one.version - 1, one.code
        assert all((one.numerator, one.denominator, one.source)), one.code
    assert set(DIMENSION_READERS) == {
        "konfliktrad",
        "police_district",
        "sanction",
        "regime",
        "offence_group",
        "age",
        "sex",
    }
