"""Seeded random draws: shares, weighted choices, durations, and working days."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import TypeVar

from ungdom.demo import parameters
from ungdom.demo.parameters import Spread
from ungdom.workflow.calendar import is_working_day

T = TypeVar("T")


class RandomDraws:
    """The random draws of one case, from one generator."""

    __slots__ = ("rng",)

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def happens(self, share: float) -> bool:
        """True with this probability."""
        return self.rng.random() < share

    def pick(self, weighted: Sequence[tuple[T, float]]) -> T:
        """One of these values, drawn by weight."""
        left = self.rng.random() * sum(weight for _, weight in weighted)
        for value, weight in weighted:
            left -= weight
            if left < 0:
                return value
        return weighted[-1][0]

    def days(self, spread: Spread, pace: float = 1.0) -> int:
        """A duration in days."""
        return max(spread.least, round(self.rng.lognormvariate(spread.mu, spread.sigma) * pace))

    def later(self, since: date, spread: Spread, pace: float = 1.0) -> date:
        """A working day that long after, or after the holidays when it falls in them."""
        day = since + timedelta(days=self.days(spread, pace))
        over = _slow_until(day)
        if over and self.happens(parameters.SLOW_SHARE):
            day = max(since, over + timedelta(days=self.rng.randrange(1, 15)))
        return working(day)

    def between(self, low: date, high: date) -> date:
        """A working day between two days, or the first one after."""
        return working(low + timedelta(days=int(self.rng.random() * max(1, (high - low).days))))


@lru_cache(maxsize=8192)
def working(day: date) -> date:
    """That day, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def _slow_until(day: date) -> date | None:
    for month, first, last in parameters.SLOW:
        if day.month == month and first <= day.day <= last:
            return date(day.year, month, last)
    return None
