"""How long things take when not everything has ended yet: Kaplan–Meier and Aalen–Johansen on counts of days.

A case is at risk in the half-open span (entry, time]: one that enters late (left truncation) counts from the day after
it came into view, and one that has not ended (censored) counts until it was seen last. Where an exit and a censoring
fall on the same day the exit comes first. Source: Kaplan and Meier 1958, Greenwood 1926, Aalen and Johansen 1978;
held against R's `survival` by the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
Shares = NDArray[np.float64]

CONFIDENCE = 0.95
CENSORED = 0
"""The code of a case that has not ended; every other code is a way of ending."""
_NEAR = 1e-9
"""Two shares that are closer than this are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Cases under observation, one place each: days at entry, days when seen last, and how it ended (0: not yet)."""

    entry: Days
    time: Days
    ending: Days

    @classmethod
    def of(cls, rows: list[tuple[int, int, int]]) -> "Spans":
        """From rows of (entry, time, ending)."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])

    def seen(self) -> "Spans":
        """Without those that were never at risk: they ended before they came into view."""
        kept = self.time > self.entry
        return Spans(self.entry[kept], self.time[kept], self.ending[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Kaplan–Meier: the days on which something ended, how many were at risk, how many ended.

    `last`: the last day on which anybody was under observation; beyond it nothing is known.
    """

    days: Days
    at_risk: Days
    ended: Days
    last: int

    @property
    def survival(self) -> Shares:
        """The share that still waits after each of the days."""
        return np.cumprod(1 - self.ended / self.at_risk, dtype=np.float64)

    @property
    def hazard_variance(self) -> Shares:
        """Greenwood's sum: the variance of the logarithm of the survival. Infinite once nobody is left."""
        with np.errstate(divide="ignore"):
            return np.cumsum(self.ended / (self.at_risk * (self.at_risk - self.ended)), dtype=np.float64)

    @property
    def standard_error(self) -> Shares:
        """Greenwood's standard error of the survival; no number (NaN) once nobody is left."""
        with np.errstate(invalid="ignore"):
            return self.survival * np.sqrt(self.hazard_variance)

    def limits(self, confidence: float = CONFIDENCE) -> tuple[Shares, Shares]:
        """Lower and upper limit of the survival, on the scale of log(-log); NaN where the survival is 0."""
        return log_log_limits(self.survival, self.hazard_variance, confidence)

    def after(self, day: int) -> int:
        """How many of the days are at or before that day: the place in the curve."""
        return int(np.searchsorted(self.days, day, side="right"))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the time in days, with its limits; None where the curve does not come down so far."""

    days: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Conditional:
    """The share that still waits after one day, of those that did after an earlier one, with its limits.

    `at_risk`: how many were waiting when the next of them ended; 0 when none did any more.
    """

    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Aalen–Johansen: on each day the share that has ended in each way, by the code of the way."""

    days: Days
    at_risk: Days
    ended: dict[int, Shares]


def kaplan_meier(spans: Spans, ending: int | None = None) -> Curve:
    """The curve of the time until that ending, every other one censored; None: until any."""
    spans = spans.seen()
    ends = spans.ending != CENSORED if ending is None else spans.ending == ending
    days, ended = np.unique(spans.time[ends], return_counts=True)
    last = int(spans.time.max(initial=0))
    return Curve(days, at_risk(spans, days), ended.astype(np.int64), last)


def at_risk(spans: Spans, days: Days) -> Days:
    """How many are under observation on each of these days: entered before it, and not ended before it."""
    entered = np.searchsorted(np.sort(spans.entry), days, side="left")
    gone = np.searchsorted(np.sort(spans.time), days, side="left")
    return (entered - gone).astype(np.int64)


def aalen_johansen(spans: Spans) -> Incidence:
    """The share that has ended in each way, when ways of ending compete: none of them is treated as censoring."""
    spans = spans.seen()
    any_way = kaplan_meier(spans)
    before = np.concatenate([[1.0], any_way.survival[:-1]])
    codes = [int(code) for code in np.unique(spans.ending) if code != CENSORED]
    shares = {code: np.cumsum(before * _on(spans, code, any_way.days) / any_way.at_risk) for code in codes}
    return Incidence(any_way.days, any_way.at_risk, shares)


def quantile(curve: Curve, share: float, confidence: float = CONFIDENCE) -> Quantile:
    """The day by which that share has ended: the first on which the curve is at or below what is left of 1.

    Where the curve lies exactly on that level for a stretch, the middle of the stretch.
    """
    return quantiles(curve, (share,), confidence)[0]


def quantiles(curve: Curve, shares: Sequence[float], confidence: float = CONFIDENCE) -> list[Quantile]:
    """Several quantiles of one curve, its limits counted once."""
    lines = (curve.survival, *curve.limits(confidence))
    return [Quantile(*(_reached(curve.days, line, 1 - share) for line in lines)) for share in shares]


def conditional(curve: Curve, after: int, until: int) -> Conditional | None:
    """S(until) / S(after): the share that waits longer than `until` days, of those that wait longer than `after`.

    None where the observations do not reach so far. The limits are those of log(-log), NaN where the share is 0.
    """
    span = slice(curve.after(after), curve.after(until))
    at_risk, ended = curve.at_risk[span], curve.ended[span]
    share = float(np.prod(1 - ended / at_risk))
    if until > curve.last and share > 0:
        return None
    with np.errstate(divide="ignore"):
        variance = np.array([np.sum(ended / (at_risk * (at_risk - ended)))])
    low, high = log_log_limits(np.array([share]), variance)
    waiting = int(curve.at_risk[span.start]) if span.start < len(curve.days) else 0
    return Conditional(share, float(low[0]), float(high[0]), waiting)


def log_log_limits(survival: Shares, variance: Shares, confidence: float = CONFIDENCE) -> tuple[Shares, Shares]:
    """Limits of shares whose logarithm has this variance, on the scale of log(-log); NaN where the share is 0."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = z * np.sqrt(variance) / np.abs(np.log(survival))
        low, high = survival ** np.exp(width), survival ** np.exp(-width)
    whole = survival == 1
    gone = survival == 0
    nothing = np.where(gone, np.nan, 1.0)
    return np.where(whole, 1.0, low) * nothing, np.where(whole, 1.0, high) * nothing


def _on(spans: Spans, ending: int, days: Days) -> Days:
    """How many ended so on each of these days."""
    times, counts = np.unique(spans.time[spans.ending == ending], return_counts=True)
    found = np.zeros(len(days), dtype=np.int64)
    found[np.searchsorted(days, times)] = counts
    return found


def _reached(days: Days, line: Shares, level: float) -> float | None:
    below = np.flatnonzero(line <= level + _NEAR)
    if not len(below):
        return None
    first = int(below[0])
    on_it = abs(float(line[first]) - level) <= _NEAR
    further = np.flatnonzero(line < level - _NEAR)
    return (float(days[first]) + float(days[further[0]])) / 2 if on_it and len(further) else float(days[first])
