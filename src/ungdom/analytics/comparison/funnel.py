"""Control limits of a funnel plot, and Holm's adjustment for many comparisons. Pure.

An office outside the limits of 95 % differs from what was expected by more than 1 in 20 offices would by chance alone.
Source: Spiegelhalter 2005, Stat. Med. 24, 1185–1202; Holm 1979.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from ungdom.analytics.comparison.distributions import binomial
from ungdom.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

INNER, OUTER = 0.95, 0.998
"""The two levels of the limits."""


class ControlReading(StrEnum):
    """Where an office lies. `TOO_FEW`: it has too few cases to be compared.

    `NOT_ESTIMABLE`: its value has no limits: none of its cases, or all on one day, ended within the days compared, or
    none was under observation for so long. How many ended beside how many were expected to is tested all the same.
    """

    WITHIN = "within"
    OUTSIDE_INNER = "outside_95"
    OUTSIDE_OUTER = "outside_998"
    TOO_FEW = "too_few"
    NOT_ESTIMABLE = "not_estimable"


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """The limits of both levels, for a number of cases."""

    cases: int
    low_95: float
    high_95: float
    low_998: float
    high_998: float

    def reading(self, value: float) -> ControlReading:
        """Where a value lies; on a limit is within it."""
        if not self.low_998 <= value <= self.high_998:
            return ControlReading.OUTSIDE_OUTER
        return ControlReading.WITHIN if self.low_95 <= value <= self.high_95 else ControlReading.OUTSIDE_INNER


def share_limits(target: float, cases: int) -> ControlLimits:
    """The limits of an observed share of so many cases where the true one is `target`: exact binomial, interpolated.

    A number of successes lies outside a level where so few, or so many, have a smaller probability than half of what
    the level leaves out. The upper limits are the lower ones of the failures, mirrored.
    """
    if not 0 < target < 1:
        return ControlLimits(cases, target, target, target, target)
    probabilities = binomial(cases, target)
    successes, failures = np.cumsum(probabilities), np.cumsum(probabilities[::-1])
    inner, outer = (1 - INNER) / 2, (1 - OUTER) / 2
    return ControlLimits(
        cases=cases,
        low_95=_quantile(successes, inner) / cases,
        high_95=(cases - _quantile(failures, inner)) / cases,
        low_998=_quantile(successes, outer) / cases,
        high_998=(cases - _quantile(failures, outer)) / cases,
    )


def mean_limits(target: float, cases: int, error: float) -> ControlLimits:
    """The limits of an estimate with this standard error where the true value is `target`: normal."""
    from statistics import NormalDist  # noqa: PLC0415

    inner, outer = (NormalDist().inv_cdf((1 + level) / 2) * error for level in (INNER, OUTER))
    return ControlLimits(cases, target - inner, target + inner, target - outer, target + outer)


def holm(values: Sequence[float]) -> list[float]:
    """The P values adjusted for their number: the chance that any of them is at most so low by chance alone."""
    order = sorted(range(len(values)), key=values.__getitem__)
    steps = (min(1.0, (len(values) - rank) * values[place]) for rank, place in enumerate(order))
    adjusted = dict(zip(order, accumulate(steps, max), strict=True))
    return [adjusted[place] for place in range(len(values))]


def funnel(target: float, most: int, steps: int = 20) -> Iterator[ControlLimits]:
    """The limits around a share at evenly spaced numbers of cases up to `most`, to draw the funnel by."""
    sizes = dict.fromkeys(max(1, round(most * (step + 1) / steps)) for step in range(steps))
    return (share_limits(target, size) for size in sizes)


def _quantile(cumulative: np.ndarray, level: float) -> float:
    """The interpolated number of successes at this level; 0 where none at all has a greater probability."""
    place = int(np.searchsorted(cumulative, level))
    if not place:
        return 0.0
    before = float(cumulative[place - 1])
    return place - (float(cumulative[place]) - level) / (float(cumulative[place]) - before)
