"""How many of the cases in the chain will be received, week by week, counted from how long earlier ones took. Pure.

Of every case that has not been received: the share of earlier cases that were received within so many more days, of
those that had waited as long in the same state. Those that leave in another way are no censored cases here, they never
arrive: Aalen–Johansen. The numbers of a week are those of independent cases with these shares. Cases that are not
registered yet are not foretold; neither is the uncertainty of the shares themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.statistics.curves import FEWEST, LANDMARKS, WINDOW
from ungdom.statistics.digests import Digest, Stay
from ungdom.statistics.survival import CENSORED, CONFIDENCE, Incidence, Spans, aalen_johansen
from ungdom.workflow.daycount import days_between
from ungdom.workflow.vocabulary import CLOSED, Sanction, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

RECEIVED, LEFT = 1, 2
WEEKS_AHEAD = 8

Row = tuple[int, int, int, int]
"""Of a stay: days in it, days at entry, days until seen last, and how it ended."""
Key = tuple[State, Sanction | None, int]


@dataclass(frozen=True, slots=True)
class Week:
    """One week ahead, `since` its first day: how many are expected, and between which numbers they lie in 95 of 100."""

    since: date
    expected: float
    low: int
    high: int


@dataclass(slots=True)
class Chain:
    """The stays of earlier cases before receipt, as known at the end of `day`."""

    day: date
    rows: defaultdict[tuple[State, Sanction], list[Row]] = field(default_factory=lambda: defaultdict(list))
    made: dict[Key, Incidence | None] = field(default_factory=dict)

    def add(self, one: Digest) -> None:
        """The stays of one more case, those of the last three years."""
        over, ending = self._end(one)
        if over is not None and over <= self.day - WINDOW:
            return
        until = over or self.day
        stays = [stay for stay in one.stays if stay.state not in CLOSED and _before(stay, one)]
        for place, stay in enumerate(stays):
            left = stays[place + 1].since if place + 1 < len(stays) else until
            entry = days_between(stay.since, max(stay.known, self.day - WINDOW))
            here = days_between(stay.since, min(left, until))
            self.rows[stay.state, one.sanction].append((here, entry, days_between(stay.since, until), ending))

    def _end(self, one: Digest) -> tuple[date | None, int]:
        if one.received:
            return one.received, RECEIVED
        return (one.closed, LEFT) if one.closed else (None, CENSORED)

    def foretell(self, waiting: Iterable[Digest]) -> tuple[list[Week], int]:
        """The weeks ahead for these cases, and of how many of them nothing can be said: too few came before them."""
        shares = [self._shares(one) for one in waiting]
        known = [each for each in shares if each is not None]
        table = np.array(known).reshape(-1, WEEKS_AHEAD)
        weeks = [_week(self.day, week, table[:, week]) for week in range(WEEKS_AHEAD)]
        return weeks, len(shares) - len(known)

    def _shares(self, one: Digest) -> list[float] | None:
        """How likely the case is received in each of the weeks."""
        stay = one.stays[-1]
        waited = max(0, days_between(stay.since, self.day))
        landmark = max(mark for mark in LANDMARKS if mark <= waited)
        found = self._curve(stay.state, one.sanction, landmark) or self._curve(stay.state, None, landmark)
        if found is None:
            return None
        ends = [waited - landmark + 7 * week for week in range(WEEKS_AHEAD + 1)]
        arrived = [_at(found, RECEIVED, end) for end in ends]
        there = 1 - arrived[0] - _at(found, LEFT, ends[0])
        return None if there <= 0 else [(b - a) / there for a, b in pairwise(arrived)]

    def _curve(self, state: State, sanction: Sanction | None, landmark: int) -> Incidence | None:
        key = (state, sanction, landmark)
        if key not in self.made:
            sanctions = [sanction] if sanction else list(Sanction)
            rows = [row for each in sanctions for row in self.rows.get((state, each), [])]
            kept = [row for row in rows if row[0] >= landmark and row[2] >= landmark]
            moved = [(max(entry - landmark, -1), until - landmark, ending) for _, entry, until, ending in kept]
            self.made[key] = aalen_johansen(Spans.of(moved)) if len(moved) >= FEWEST else None
        return self.made[key]


def _before(stay: Stay, one: Digest) -> bool:
    """Whether the stay was before receipt: the last one of a case that was received is not."""
    return one.received is None or stay is not one.stays[-1]


def _at(found: Incidence, ending: int, day: int) -> float:
    shares = found.ended.get(ending)
    place = int(np.searchsorted(found.days, day, side="right"))
    return float(shares[place - 1]) if shares is not None and place else 0.0


def _week(day: date, week: int, shares: NDArray[np.float64]) -> Week:
    low, high = _between(shares)
    return Week(day + timedelta(days=7 * week + 1), float(shares.sum()), low, high)


def _between(shares: NDArray[np.float64]) -> tuple[int, int]:
    """The limits of how many of independent cases with these shares arrive, exactly."""
    numbers = np.array([1.0])
    for share in shares:
        numbers = np.convolve(numbers, [1 - share, share])
    upto = np.cumsum(numbers)
    outside = (1 - CONFIDENCE) / 2
    low, high = (int(np.searchsorted(upto, share)) for share in (outside, 1 - outside))
    return low, min(high, len(shares))
