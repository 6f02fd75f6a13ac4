"""Forecast of how many cases in the chain will be received per week, from the durations of earlier cases. Pure.

For every case that has not been received: the share of earlier cases received within the given number of further days,
among those that had waited as long in the same state. Cases that leave in another way are not censored, as they never
arrive: Aalen–Johansen. The numbers of a week are those of independent cases with these shares. Cases not registered yet
are not forecast; the uncertainty of the shares themselves is not included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from ungdom.analytics.case_summaries import CaseSummary
from ungdom.analytics.forecast.curves import FEWEST, LANDMARKS, WINDOW
from ungdom.analytics.survival import CENSORED, CONFIDENCE, Incidence, Spans, aalen_johansen
from ungdom.lazy import lazy
from ungdom.workflow.calendar import days_between
from ungdom.workflow.vocabulary import CLOSED, Sanction, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

RECEIVED, LEFT = 1, 2
WEEKS_AHEAD = 8

StayRow = tuple[int, int, int, int]
"""A stay: days in it, days at entry, days until last observed, and how it ended."""
IncidenceKey = tuple[State, Sanction | None, int]


@dataclass(frozen=True, slots=True)
class ArrivalWeek:
    """One week ahead; `since`: its first day. The expected number of cases and its 95 % prediction limits."""

    since: date
    expected: float
    low: int
    high: int


@dataclass(slots=True)
class ArrivalForecaster:
    """The stays of earlier cases before receipt, as known at the end of `day`."""

    day: date
    rows: defaultdict[tuple[State, Sanction], list[StayRow]] = field(default_factory=lambda: defaultdict(list))
    cache: dict[IncidenceKey, Incidence | None] = field(default_factory=dict)

    def add(self, summary: CaseSummary) -> None:
        """Add the stays of one more case that fall in the last three years."""
        over = summary.received or summary.closed
        ending = RECEIVED if summary.received else LEFT if summary.closed else CENSORED
        if over is not None and over <= self.day - WINDOW:
            return
        until = over or self.day
        before_receipt = summary.stays[:-1] if summary.received else summary.stays
        stays = [stay for stay in before_receipt if stay.state not in CLOSED]
        for place, stay in enumerate(stays):
            left = stays[place + 1].since if place + 1 < len(stays) else until
            entry = days_between(stay.since, max(stay.known, self.day - WINDOW))
            here = days_between(stay.since, min(left, until))
            self.rows[stay.state, summary.sanction].append((here, entry, days_between(stay.since, until), ending))

    def predict(self, waiting: Iterable[CaseSummary]) -> tuple[list[ArrivalWeek], int]:
        """The forecast per week for these cases, and the number of cases without one: too few came before them."""
        shares = [self._weekly_shares(summary) for summary in waiting]
        known = [each for each in shares if each is not None]
        table = np.array(known).reshape(-1, WEEKS_AHEAD)
        weeks = [
            ArrivalWeek(self.day + timedelta(days=7 * week + 1), float(column.sum()), *_prediction_limits(column))
            for week, column in enumerate(table.T)
        ]
        return weeks, len(shares) - len(known)

    def _weekly_shares(self, summary: CaseSummary) -> list[float] | None:
        """Probability that the case is received in each of the weeks."""
        stay = summary.stays[-1]
        waited = max(0, days_between(stay.since, self.day))
        landmark = max(mark for mark in LANDMARKS if mark <= waited)
        incidence = self._incidence(stay.state, summary.sanction, landmark) or self._incidence(
            stay.state, None, landmark
        )
        if incidence is None:
            return None
        ends = [waited - landmark + 7 * week for week in range(WEEKS_AHEAD + 1)]
        arrived = [_incidence_at(incidence, RECEIVED, end) for end in ends]
        there = 1 - arrived[0] - _incidence_at(incidence, LEFT, ends[0])
        return None if there <= 0 else [(b - a) / there for a, b in pairwise(arrived)]

    def _incidence(self, state: State, sanction: Sanction | None, landmark: int) -> Incidence | None:
        key = (state, sanction, landmark)
        if key not in self.cache:
            sanctions = [sanction] if sanction else list(Sanction)
            rows = [row for each in sanctions for row in self.rows.get((state, each), [])]
            at_landmark = [row for row in rows if row[0] >= landmark and row[2] >= landmark]
            moved = [(max(entry - landmark, -1), until - landmark, ending) for _, entry, until, ending in at_landmark]
            self.cache[key] = aalen_johansen(Spans.of(moved)) if len(moved) >= FEWEST else None
        return self.cache[key]


def _incidence_at(incidence: Incidence, ending: int, day: int) -> float:
    shares = incidence.ended.get(ending)
    place = int(np.searchsorted(incidence.days, day, side="right"))
    return float(shares[place - 1]) if shares is not None and place else 0.0


def _prediction_limits(shares: NDArray[np.float64]) -> tuple[int, int]:
    """Exact prediction limits for the number of arrivals among independent cases with these shares."""
    numbers = np.array([1.0])
    for share in shares:
        numbers = np.convolve(numbers, [1 - share, share])
    upto = np.cumsum(numbers)
    outside = (1 - CONFIDENCE) / 2
    low, high = (int(np.searchsorted(upto, share)) for share in (outside, 1 - outside))
    return low, min(high, len(shares))
