"""The probability, counted by hand; and whose history it rests on when data are few."""

from datetime import date, timedelta

import pytest

from tests.statistics.waits import BEGUN, LATER, LIMIT, ask, spell
from ungdom.analytics.forecast.curves import (
    FEWEST,
    WINDOW,
    Forecast,
    ForecastBasis,
    ForecastStanding,
    curve_lookup,
    history,
    predict,
)
from ungdom.analytics.forecast.durations import ClockSpell, ForecastQuery
from ungdom.workflow.vocabulary import Sanction, State

NONE = (None, None)


def foretold(known: list[ClockSpell], asked: ForecastQuery, day: date = LATER) -> Forecast:
    return predict(asked, curve_lookup(history(known, day)))


def figure_of(found: Forecast) -> tuple[float | None, int | None]:
    return (round(found.estimate.share, 12), found.estimate.at_risk) if found.estimate else NONE


THIRDS = [spell(stopped=day) for day in (5, 30, 50) for _ in range(30)]
"""Ninety waits: a third of them over on day 5, a third on day 30, a third on day 50. The limit is day 42."""


@pytest.mark.parametrize(
    ("waited", "expected"),
    [(0, (1 / 3, 90)), (5, (1 / 3, 90)), (6, (1 / 2, 60)), (30, (1 / 2, 60)), (31, (1, 30)), (42, (1, 30))],
)
def test_of_those_that_waited_as_long_the_share_that_passed(waited: int, expected: tuple[float, int]) -> None:
    share, at_risk = figure_of(foretold(THIRDS, ask(waited)))
    assert (share, at_risk) == (pytest.approx(expected[0]), expected[1])


def test_what_ends_on_the_last_day_ends_in_time() -> None:
    known = [spell(stopped=LIMIT) for _ in range(30)] + [spell(stopped=LIMIT + 1) for _ in range(10)]
    assert figure_of(foretold(known, ask(0))) == (0.25, 40)


def test_who_leaves_in_another_way_is_counted_until_then() -> None:
    """40 wait: 10 stop on day 10, 10 leave on day 20, 10 stop on day 30, 10 on day 50: 3/4 × 1/2."""
    ends = [{"stopped": 10}, {"ended": 20}, {"stopped": 30}, {"stopped": 50}]
    known = [spell(**end) for end in ends for _ in range(10)]
    assert figure_of(foretold(known, ask(0))) == (0.375, 40)


def test_who_still_waits_is_counted_until_the_day_asked() -> None:
    """30 begun 20 days ago wait still; of 30 older ones all stopped on day 30: until day 20 all 60 are at risk."""
    day = BEGUN + timedelta(days=100)
    known = [spell(stopped=30) for _ in range(30)]
    known += [spell(begun=day - timedelta(days=20)) for _ in range(30)]
    known += [spell(stopped=50) for _ in range(30)]
    assert figure_of(foretold(known, ask(0), day)) == (0.5, 60)


def test_who_was_heard_of_late_counts_from_then() -> None:
    """30 stopped on day 10; 30 more were first heard of on day 20, when they could no longer have stopped earlier."""
    known = [spell(stopped=10) for _ in range(30)] + [spell(stopped=50) for _ in range(30)]
    known += [spell(stopped=30, known=20) for _ in range(30)]
    assert figure_of(foretold(known, ask(0))) == (0.25, 60)


def test_a_case_stuck_on_a_stage_is_not_held_against_those_that_moved_on() -> None:
    """60 left the stage on day 10 and stopped on day 35; 30 stayed until day 55 and stopped then."""
    known = [spell(left=10, stopped=35) for _ in range(60)] + [spell(stopped=55) for _ in range(30)]
    assert figure_of(foretold(known, ask(13))) == (pytest.approx(1 / 3), 90)
    assert figure_of(foretold(known, ask(14))) == (1, 30)


def test_what_was_waited_before_the_window_is_not_counted() -> None:
    day = BEGUN + timedelta(days=50) + WINDOW
    assert foretold(THIRDS, ask(0), day).standing is ForecastStanding.TOO_FEW


def test_a_limit_beyond_what_was_ever_seen_is_not_foretold() -> None:
    day = BEGUN + timedelta(days=30)
    known = [spell(stopped=10) for _ in range(30)] + [spell() for _ in range(30)]
    assert figure_of(foretold(known, ask(0, limit=30), day)) == (0.5, 60)
    assert figure_of(foretold(known, ask(0, limit=31), day)) == NONE


def test_a_limit_that_is_passed_is_said_to_be_passed() -> None:
    found = foretold(THIRDS, ask(LIMIT + 1))
    assert (found.standing, found.probability) == (ForecastStanding.PASSED, None)


# --- the ladder -------------------------------------------------------------------------------------------------

ELSEWHERE = [spell(stopped=50, konfliktrad="troms") for _ in range(FEWEST)]
BY_COURT = [spell(stopped=5, sanction=Sanction.YOUTH_SANCTION, konfliktrad="troms") for _ in range(FEWEST)]
HERE = [spell(stopped=20) for _ in range(FEWEST)]


@pytest.mark.parametrize(
    ("known", "basis", "expected"),
    [
        (HERE + ELSEWHERE + BY_COURT, ForecastBasis.OWN_OFFICE, (0, 30)),
        (HERE[1:] + ELSEWHERE + BY_COURT, ForecastBasis.COUNTRY, (30 / 59, 59)),
        (HERE[:10] + ELSEWHERE[:10] + BY_COURT, ForecastBasis.BOTH_SANCTIONS, (10 / 50, 50)),
        (HERE[:10] + ELSEWHERE[:10] + BY_COURT[:9], None, NONE),
        ([], None, NONE),
    ],
)
def test_the_first_rung_with_enough_answers(
    known: list[ClockSpell], basis: ForecastBasis | None, expected: tuple[float | None, int | None]
) -> None:
    found = foretold(known, ask(0))
    assert found.basis is basis
    assert figure_of(found) == (expected[0] if expected[0] is None else pytest.approx(expected[0]), expected[1])
    assert found.standing is (ForecastStanding.FORECAST if basis else ForecastStanding.TOO_FEW)


def test_a_rung_with_too_few_after_so_long_a_wait_gives_way() -> None:
    """In the office 40 began, and 29 of them were waiting after day 10; in the country there are more."""
    known = [spell(stopped=10) for _ in range(11)] + [spell(stopped=50) for _ in range(29)] + ELSEWHERE
    assert foretold(known, ask(10)).basis is ForecastBasis.OWN_OFFICE
    assert foretold(known, ask(11)).basis is ForecastBasis.COUNTRY


def test_the_office_is_not_asked_about_where_it_must_not_be_told() -> None:
    found = foretold(HERE + ELSEWHERE, ask(0, konfliktrad=None))
    assert (found.basis, figure_of(found)) == (ForecastBasis.COUNTRY, (0.5, 60))


def test_another_stage_and_another_clock_answer_nothing() -> None:
    assert foretold(HERE, ask(0, stage=State.RECEIVED)).standing is ForecastStanding.TOO_FEW
    assert foretold(HERE, ask(0, clock="lead_time")).standing is ForecastStanding.TOO_FEW
