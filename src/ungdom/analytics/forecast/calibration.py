"""Calibration of past forecasts: predicted against observed shares, and the Brier score. Pure.

A forecast is evaluated only when its limit is within the period known by now, whether or not the wait ended before:
quick endings are then not over-represented. A case that left in another way before its limit is censored, as in the
curves: the observed share of a bin is the Kaplan–Meier estimate, on the share of the time that was left at the
forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from ungdom.analytics.forecast.curves import FEWEST
from ungdom.analytics.forecast.durations import ClockSpell, ForecastQuery
from ungdom.analytics.survival import CENSORED, Spans, kaplan_meier
from ungdom.lazy import lazy
from ungdom.workflow.calendar import days_between

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

BINS = 10
"""Maximum number of bins, with equally many forecasts each and none with fewer than `FEWEST`."""

FULL_TIME_LEFT = 1000
"""All of the time left at the forecast, in thousandths."""


class Ending(StrEnum):
    """How it came out. `LEFT`: in another way before the limit."""

    IN_TIME = "in_time"
    PASSED = "passed"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class ForecastOutcome:
    """The outcome of a wait that was forecast. `at`: when, in thousandths of the time that was left, rounded up."""

    ending: Ending
    at: int


@dataclass(frozen=True, slots=True)
class JudgedForecast:
    """One forecast and its outcome."""

    clock: str
    day: date
    probability: float
    outcome: ForecastOutcome


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Forecasts with similar probability: their mean, the share that passed the limit, and their number."""

    predicted: float
    observed: float
    forecasts: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of the forecasts of a clock; `clock` None: of all clocks.

    `share`: that passed, with those that left censored. `brier`: the mean square of probability minus outcome, over
    those that did not leave (0 is perfect); `brier_of_share`: the same if every forecast had been `share`, known
    afterwards.
    """

    clock: str | None
    first_asked: date
    last_asked: date
    forecasts: int
    left: int
    share: float
    brier: float
    brier_of_share: float
    bins: tuple[CalibrationBin, ...]


def forecast_outcome(query: ForecastQuery, now: Sequence[ClockSpell], until: date) -> ForecastOutcome | None:
    """The outcome of the wait, as the case is known now; None when it cannot be evaluated.

    That is: the limit is after `until`, or a correction has removed the clock.
    """
    wait = next((spell for spell in now if (spell.clock, spell.begun) == (query.clock, query.begun)), None)
    if wait is None or query.due > until:
        return None
    if wait.stopped is not None and wait.stopped <= query.due:
        return ForecastOutcome(Ending.IN_TIME, _share_of_time_left(query, wait.stopped))
    if wait.stopped is None and wait.ended is not None and wait.ended <= query.due:
        return ForecastOutcome(Ending.LEFT, _share_of_time_left(query, wait.ended))
    return ForecastOutcome(Ending.PASSED, FULL_TIME_LEFT)


def _share_of_time_left(query: ForecastQuery, day: date) -> int:
    """The share of the time left that had elapsed at the end of that day, in thousandths, rounded up.

    A day before the query, which became known late, counts as the first day.
    """
    elapsed = max(0, days_between(query.day, day)) + 1
    return -(-FULL_TIME_LEFT * elapsed // (query.days_left + 1))


def calibrate(judged: Sequence[JudgedForecast], clock: str | None) -> Calibration | None:
    """Calibration of these forecasts; None with fewer than `FEWEST`, or when all of them left."""
    known = [forecast for forecast in judged if forecast.outcome.ending is not Ending.LEFT]
    if len(judged) < FEWEST or not known:
        return None
    predicted = np.array([forecast.probability for forecast in known])
    passed = np.array([forecast.outcome.ending is Ending.PASSED for forecast in known], dtype=float)
    share = observed_share(judged)
    return Calibration(
        clock=clock,
        first_asked=min(forecast.day for forecast in judged),
        last_asked=max(forecast.day for forecast in judged),
        forecasts=len(judged),
        left=len(judged) - len(known),
        share=share,
        brier=float(np.mean((predicted - passed) ** 2)),
        brier_of_share=float(np.mean((share - passed) ** 2)),
        bins=_bins(judged),
    )


def observed_share(judged: Sequence[JudgedForecast]) -> float:
    """The share that passed its limit, with those that left in another way censored."""
    spans = Spans.of(
        [(0, forecast.outcome.at, 1 if forecast.outcome.ending is Ending.IN_TIME else CENSORED) for forecast in judged]
    )
    survival = kaplan_meier(spans).survival
    return float(survival[-1]) if len(survival) else 1.0


def _bins(judged: Sequence[JudgedForecast]) -> tuple[CalibrationBin, ...]:
    ordered = sorted(judged, key=lambda forecast: forecast.probability)
    count = min(BINS, len(ordered) // FEWEST)
    ends = [len(ordered) * place // count for place in range(count + 1)]
    groups = [ordered[low:high] for low, high in pairwise(ends)]
    means = [float(np.mean([forecast.probability for forecast in group])) for group in groups]
    return tuple(
        CalibrationBin(mean, observed_share(group), len(group)) for mean, group in zip(means, groups, strict=True)
    )
