"""Survival estimators for durations with censoring: Kaplan–Meier and Aalen–Johansen on counts of days.

A case is at risk in the half-open span (entry, time]: one that enters late (left truncation) counts from the day after
it came under observation, and one that has not ended (censored) counts until it was last observed. Where an exit and a
censoring fall on the same day the exit comes first. Source: Kaplan and Meier 1958, Greenwood 1926, Aalen and Johansen
1978; the tests compare with R's `survival`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")


Days: TypeAlias = "NDArray[np.int64]"
Shares: TypeAlias = "NDArray[np.float64]"

CONFIDENCE = 0.95
CENSORED = 0
"""The code of a case that has not ended; every other code is a way of ending."""
_NEAR = 1e-9
"""Two shares closer than this are treated as equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Cases under observation, one index each: days at entry and when last observed, and how it ended (0: not yet)."""

    entry: Days
    time: Days
    ending: Days

    @classmethod
    def of(cls, rows: list[tuple[int, int, int]]) -> Spans:
        """From rows of (entry, time, ending)."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])

    def ever_at_risk(self) -> Spans:
        """Without those that were never at risk: they ended before they came under observation."""
        mask = self.time > self.entry
        return Spans(self.entry[mask], self.time[mask], self.ending[mask])


@dataclass(frozen=True, slots=True, eq=False)
class RiskSetCounts:
    """Counts that curves are computed from: per group and day, how many entered, ended in each way, were last observed.

    One index per group and day with any count, by group, then day; `ended` by the code of the ending. Cases never at
    risk (ended before they came under observation) are in none of them.
    """

    group: Days
    day: Days
    entered: Days
    ended: dict[int, Days]
    censored: Days

    @classmethod
    def of(cls, spans: Spans, group: Days | None = None) -> RiskSetCounts:
        """Counted from cases; `group`: the code of the group of each, small whole numbers from 0; None: one group."""
        seen = spans.time > spans.entry
        entry, time, ending = spans.entry[seen], spans.time[seen], spans.ending[seen]
        first = int(entry.min(initial=0))
        width = int(time.max(initial=0)) - first + 1
        at = np.zeros(len(time), np.int64) if group is None else group[seen] * width
        cells = int(at.max(initial=0)) + width
        entered = np.bincount(at + entry - first, minlength=cells)
        left = np.bincount(ending * cells + at + time - first, minlength=cells * (int(ending.max(initial=0)) + 1))
        ways = left.reshape(-1, cells)
        nonempty = np.flatnonzero(entered + ways.sum(axis=0))
        ended = {code: ways[code][nonempty] for code in range(1, len(ways)) if ways[code].any()}
        return cls(nonempty // width, nonempty % width + first, entered[nonempty], ended, ways[CENSORED][nonempty])

    @property
    def ended_total(self) -> Days:
        """How many ended, in any way."""
        total: Days = np.sum([np.zeros_like(self.day), *self.ended.values()], axis=0, dtype=np.int64)
        return total

    @property
    def at_risk(self) -> Days:
        """How many were at risk: entered before the day, and not ended or last observed before it."""
        change = self.entered - self.ended_total - self.censored
        before: Days = np.cumsum(change) - change  # a case that enters a group leaves it: each begins with 0
        return before

    def groups(self) -> Iterator[tuple[int, RiskSetCounts]]:
        """The counts of each group, by its code; groups without cases at risk are absent."""
        cuts = np.flatnonzero(np.diff(self.group, prepend=-1, append=-1))
        for first, end in pairwise(cuts):
            rows = slice(first, end)
            ended = {code: counts[rows] for code, counts in self.ended.items() if counts[rows].any()}
            alone = RiskSetCounts(self.group[rows], self.day[rows], self.entered[rows], ended, self.censored[rows])
            yield int(self.group[first]), alone


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Kaplan–Meier curve: the days on which a case ended, how many were at risk, how many ended.

    `last`: the last day on which any case was under observation; beyond it nothing is known.
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

    def limits(self, confidence: float = CONFIDENCE) -> tuple[Shares, Shares]:
        """Lower and upper limit of the survival, on the scale of log(-log); NaN where the survival is 0."""
        return log_log_limits(self.survival, self.hazard_variance, confidence)

    def after(self, day: int) -> int:
        """The number of days at or before that day: the index in the curve."""
        return int(np.searchsorted(self.days, day, side="right"))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the time in days, with its limits; None where the curve does not reach that level."""

    days: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ConditionalShare:
    """The share that still waits after one day, of those that did after an earlier one, with its limits.

    `at_risk`: how many were waiting when the next of them ended; 0 when none did any more.
    """

    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Aalen–Johansen: on each day the share that has ended in each way, by the code of the ending."""

    days: Days
    at_risk: Days
    ended: dict[int, Shares]


def kaplan_meier(cases: Spans | RiskSetCounts, ending: int | None = None) -> Curve:
    """The curve of the time until that ending, every other one censored; None: until any. Counts: of one group."""
    counts = RiskSetCounts.of(cases) if isinstance(cases, Spans) else cases
    ended = counts.ended_total if ending is None else counts.ended.get(ending, np.zeros_like(counts.day))
    on = ended > 0
    gone = counts.day[counts.ended_total + counts.censored > 0]
    return Curve(counts.day[on], counts.at_risk[on], ended[on], int(gone.max(initial=0)))


def aalen_johansen(cases: Spans | RiskSetCounts) -> Incidence:
    """The share that has ended in each way, with competing endings: none of them is treated as censoring."""
    counts = RiskSetCounts.of(cases) if isinstance(cases, Spans) else cases
    any_way = kaplan_meier(counts)
    before = np.concatenate([[1.0], any_way.survival[:-1]])
    on = counts.ended_total > 0
    shares = {code: np.cumsum(before * ended[on] / any_way.at_risk) for code, ended in counts.ended.items()}
    return Incidence(any_way.days, any_way.at_risk, shares)


def quantile(curve: Curve, share: float, confidence: float = CONFIDENCE) -> Quantile:
    """The day by which that share has ended: the first on which the curve is at or below 1 minus the share.

    Where the curve is exactly at that level for an interval, the middle of the interval.
    """
    return quantiles(curve, (share,), confidence)[0]


def quantiles(curve: Curve, shares: Sequence[float], confidence: float = CONFIDENCE) -> list[Quantile]:
    """Several quantiles of one curve, with its limits computed once."""
    lines = (curve.survival, *curve.limits(confidence))
    return [Quantile(*(_day_reached(curve.days, line, 1 - share) for line in lines)) for share in shares]


def conditional_share(curve: Curve, after: int, until: int) -> ConditionalShare | None:
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
    return ConditionalShare(share, float(low[0]), float(high[0]), waiting)


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


def _day_reached(days: Days, line: Shares, level: float) -> float | None:
    below = np.flatnonzero(line <= level + _NEAR)
    if not len(below):
        return None
    first = int(below[0])
    on_it = abs(float(line[first]) - level) <= _NEAR
    further = np.flatnonzero(line < level - _NEAR)
    return (float(days[first]) + float(days[further[0]])) / 2 if on_it and len(further) else float(days[first])
