"""How forecasts come out: by hand, and against waits whose true probability is known."""

from datetime import date, timedelta
from math import exp
from random import Random

import pytest

from tests.statistics.waits import LIMIT, ask, spell
from ungdom.analytics.forecast.backtest import calibrations, evaluation_days, judge
from ungdom.analytics.forecast.calibration import (
    Ending,
    ForecastOutcome,
    JudgedForecast,
    calibrate,
    forecast_outcome,
    observed_share,
)
from ungdom.analytics.forecast.durations import ClockSpell, ForecastQuery, forecast_query, morning_after

DAY = date(2024, 1, 11)
"""The wait began on 1 January; its limit is 12 February."""
UNTIL = date(2025, 1, 1)


def came(now: list[ClockSpell], until: date = UNTIL) -> ForecastOutcome | None:
    return forecast_outcome(forecast_query(spell(), DAY, "oslo"), now, until)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (spell(stopped=10), ForecastOutcome(Ending.IN_TIME, 31)),  # 1 of 33 days
        (spell(stopped=LIMIT), ForecastOutcome(Ending.IN_TIME, 1000)),
        (spell(stopped=LIMIT + 1), ForecastOutcome(Ending.PASSED, 1000)),
        (spell(), ForecastOutcome(Ending.PASSED, 1000)),
        (spell(ended=20), ForecastOutcome(Ending.LEFT, 334)),  # 11 of 33 days
        (spell(ended=LIMIT + 1), ForecastOutcome(Ending.PASSED, 1000)),
        (spell(stopped=3), ForecastOutcome(Ending.IN_TIME, 31)),  # it was over before it was asked, and nobody knew
    ],
)
def test_what_became_of_a_wait(now: ClockSpell, expected: ForecastOutcome) -> None:
    assert came([now]) == expected


def test_a_wait_whose_limit_is_yet_to_come_is_not_judged_even_when_it_is_over() -> None:
    assert came([spell(stopped=10)], date(2024, 2, 11)) is None
    assert came([spell(stopped=10)], date(2024, 2, 12)) is not None


def test_a_wait_that_was_corrected_away_is_not_judged() -> None:
    assert came([spell(clock="first_contact")]) is None


def judged(ending: Ending, at: int, probability: float = 0.5) -> JudgedForecast:
    return JudgedForecast("plan_meeting", DAY, probability, ForecastOutcome(ending, at))


def test_those_that_left_are_censored_in_the_observed_share() -> None:
    """Four: one in time at 250, one left at 500, one in time at 750, one passed: 3/4 × 1/2."""
    four = [
        judged(Ending.IN_TIME, 250),
        judged(Ending.LEFT, 500),
        judged(Ending.IN_TIME, 750),
        judged(Ending.PASSED, 1000),
    ]
    assert observed_share(four) == pytest.approx(0.375)
    assert observed_share([judged(Ending.PASSED, 1000)] * 3) == 1


def test_brier_scores_by_hand() -> None:
    """30 told 0.9 of which 27 pass, 30 told 0.2 of which 6 pass: squares 0.09 and 0.16; of the share 0.55: 0.2475."""
    high = [judged(Ending.PASSED, 1000, 0.9)] * 27 + [judged(Ending.IN_TIME, 500, 0.9)] * 3
    low = [judged(Ending.PASSED, 1000, 0.2)] * 6 + [judged(Ending.IN_TIME, 500, 0.2)] * 24
    found = calibrate(high + low, "plan_meeting")
    assert found is not None
    assert (found.share, found.brier, found.brier_of_share) == (
        pytest.approx(0.55), pytest.approx((0.09 + 0.16) / 2), pytest.approx(0.2475)
    )  # fmt: skip
    assert [(b.predicted, b.observed, b.forecasts) for b in found.bins] == [
        (pytest.approx(0.2), pytest.approx(0.2), 30), (pytest.approx(0.9), pytest.approx(0.9), 30)
    ]  # fmt: skip


def test_of_fewer_than_thirty_forecasts_nothing_is_said() -> None:
    assert calibrate([judged(Ending.PASSED, 1000)] * 29, None) is None
    assert calibrate([judged(Ending.LEFT, 10)] * 30, None) is None


# --- known truth ------------------------------------------------------------------------------------------------

MEANS = {"oslo": 30.0, "troms": 75.0}
LEAVE = 150.0
FIRST, LAST = date(2019, 1, 1), date(2026, 1, 1)


def simulated(random: Random) -> list[tuple[ClockSpell, float]]:
    """4,000 waits, exponential with another mean in each office, some left in another way; each with its true rate."""
    made = []
    for _ in range(4_000):
        office = random.choice(sorted(MEANS))
        begun = FIRST + timedelta(days=random.randrange((LAST - FIRST).days))
        stop, leave = random.expovariate(1 / MEANS[office]), random.expovariate(1 / LEAVE)
        end = {"stopped": int(stop) + 1} if stop <= leave else {"ended": int(leave) + 1}
        made.append((spell(begun=begun, konfliktrad=office, **end), 1 / MEANS[office]))
    return made


def as_known(wait: ClockSpell, day: date) -> ClockSpell:
    """The wait as it was known at the end of that day."""
    if wait.over is None or wait.over <= day:
        return wait
    return spell(begun=wait.begun, konfliktrad=wait.konfliktrad)


def test_forecasts_of_waits_with_a_known_truth_are_true_and_calibrated(figure) -> None:  # type: ignore[no-untyped-def]
    waits, all_judged, apart = simulated(Random(20)), [], []  # noqa: S311  # no secret hangs on it
    for day in evaluation_days(LAST):
        then = [as_known(wait, day) for wait, _ in waits if wait.begun <= day]
        asked: list[tuple[ForecastQuery, ForecastOutcome]] = []
        truth = []
        for wait, rate in waits:
            seen = as_known(wait, day)
            put = forecast_query(seen, morning_after(day), wait.konfliktrad)
            result = (
                forecast_outcome(put, [wait], LAST) if wait.begun <= day and seen.waits and put.days_left >= 0 else None
            )
            if result is not None:
                asked.append((put, result))
                truth.append(exp(-rate * (put.days_left + 1)))
        found = list(judge(then, asked, day))
        assert len(found) == len(asked)
        apart += [abs(one.probability - true) for one, true in zip(found, truth, strict=True)]
        all_judged += found
    total = next(iter(calibrations(all_judged)))
    worst = max(abs(one.predicted - one.observed) for one in total.bins)
    figure(
        f"forecasts of simulated waits: {total.forecasts}, {sum(apart) / len(apart):.3f} from the truth on average, "
        f"bins at most {worst:.3f} apart, Brier {total.brier:.3f} (of the share {total.brier_of_share:.3f})"
    )
    assert total.forecasts > 500
    assert sum(apart) / len(apart) < 0.03
    assert worst < 0.13  # about 2.5 standard errors of a share of some 80 cases
    assert total.brier < total.brier_of_share


def test_it_is_asked_each_quarter_of_four_years() -> None:
    days = evaluation_days(LAST)
    assert (len(days), days[0], days[-1]) == (16, date(2022, 1, 6), date(2025, 10, 2))
    assert ask(0).days_left == LIMIT
