"""Lead times as tables: what Kaplan–Meier and Aalen–Johansen say of the passages in each cell. Pure.

Nobody who still waits is left out: the median of those that have ended is lower than what a case has to expect, as is
their mean, which stands beside the estimate and is named `mean_of_ended`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.statistics.cubes import Cell, Cube
from ungdom.statistics.definitions import LeadTime
from ungdom.statistics.frames import Places
from ungdom.statistics.gathering import Counted, Gathering
from ungdom.statistics.passages import ENDED, UNSEEN, WAITING
from ungdom.statistics.survival import (
    CENSORED,
    Curve,
    Spans,
    aalen_johansen,
    conditional,
    kaplan_meier,
    quantiles,
)

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

QUANTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75, "p90": 0.9}
"""The names of the quantiles, and the share that has ended by then."""
MEAN = "mean_of_ended"
OVER = "over"
BY_THEN = "_by"
WEEK = 7


def estimates_of(one: LeadTime, threshold: int | None) -> tuple[str, ...]:
    """The names of the estimates: quantiles with 95 % limits, and the naive mean.

    Where there is a threshold also the share that waits longer (Kaplan–Meier), and the shares that have ended in each
    way by then (Aalen–Johansen), which with `waiting_by` make 1.
    """
    named = [f"{name}{limit}" for name in QUANTILES for limit in ("", "_low", "_high")] + [MEAN]
    if threshold is not None:
        ways = [ending for ending in one.outcomes if ending != UNSEEN]
        named += [OVER, f"{OVER}_low", f"{OVER}_high", *(f"{ending}{BY_THEN}" for ending in ways)]
    return tuple(named)


def table(gathered: Gathering[LeadTime], code: str, by: Sequence[str], threshold: int | None = None) -> Cube:
    """The lead time of this code by these dimensions. `threshold`: in days; None: the norm, where there is one."""
    found = gathered.table(code, by)
    days = threshold if threshold is not None else found.counted.one.norm_days(gathered.day)
    made = {key: _cell(found.counted, members, days) for key, members in found.cells()}
    return found.cube(estimates_of(found.counted.one, days), made)


def _cell(counted: Counted[LeadTime], members: Places, threshold: int | None) -> Cell:
    spans = counted.spans(members)
    return Cell(_counts(counted, spans), _estimates(counted, spans, threshold))


def _counts(counted: Counted[LeadTime], spans: Spans) -> dict[str, int]:
    """How many by way of ending; those that were never under observation apart."""
    seen = spans.seen()
    found = np.bincount(seen.ending, minlength=len(counted.one.outcomes) + 1)
    told = {ending: int(found[counted.code(ending)]) for ending in counted.one.outcomes}
    return told | {UNSEEN: len(spans.time) - len(seen.time)}


def _estimates(counted: Counted[LeadTime], spans: Spans, threshold: int | None) -> dict[str, float | None]:
    curve = curve_of(counted, spans)
    told: dict[str, float | None] = {}
    for name, found in zip(QUANTILES, quantiles(curve, tuple(QUANTILES.values())), strict=True):
        told |= {name: found.days, f"{name}_low": found.low, f"{name}_high": found.high}
    told[MEAN] = _mean(counted, spans)
    return told if threshold is None else told | _over(curve, threshold) | _by_then(counted, spans, threshold)


def curve_of(counted: Counted[LeadTime], spans: Spans) -> Curve:
    """The curve of the passages: until they end by what was waited for, or in any way where the definition says so."""
    return kaplan_meier(spans, None if counted.one.any_end else counted.code(ENDED))


def _mean(counted: Counted[LeadTime], spans: Spans) -> float | None:
    """The naive mean, of those that ended: it leaves out who still waits, and knows nothing of late entry."""
    ends = spans.ending != CENSORED if counted.one.any_end else spans.ending == counted.code(ENDED)
    ended = spans.time[ends]
    return float(ended.mean()) if len(ended) else None


def _over(curve: Curve, threshold: int) -> dict[str, float | None]:
    found = conditional(curve, -1, threshold)
    values = (found.share, found.low, found.high) if found else (None, None, None)
    return {f"{OVER}{limit}": _number(one) for limit, one in zip(("", "_low", "_high"), values, strict=True)}


def _by_then(counted: Counted[LeadTime], spans: Spans, threshold: int) -> dict[str, float | None]:
    """The share that has ended in each way by the threshold, none of them censored, and what is left of 1."""
    ways = [ending for ending in counted.one.outcomes if ending not in (WAITING, UNSEEN)]
    seen = spans.seen()
    if not len(seen.time) or (int(seen.time.max()) < threshold and bool((seen.ending == CENSORED).any())):
        return dict.fromkeys(f"{ending}{BY_THEN}" for ending in (*ways, WAITING))
    found = aalen_johansen(seen)
    place = int(np.searchsorted(found.days, threshold, side="right")) - 1
    shares = {code: float(line[place]) if place >= 0 else 0.0 for code, line in found.ended.items()}
    told: dict[str, float | None] = {f"{way}{BY_THEN}": shares.get(counted.code(way), 0.0) for way in ways}
    return told | {f"{WAITING}{BY_THEN}": max(0.0, 1 - sum(shares.values()))}


def _number(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else value


# --- curves -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """The share that waits longer than so many days, with its 95 % limits; how many were at risk, and ended, then."""

    days: int
    share: float
    low: float | None
    high: float | None
    at_risk: int
    ended: int


def points(curve: Curve) -> Iterator[Point]:
    """Every step of a curve: exact, not to be published."""
    low, high = curve.limits()
    for row in zip(curve.days, curve.survival, low, high, curve.at_risk, curve.ended, strict=True):
        yield Point(
            int(row[0]), float(row[1]), _number(float(row[2])), _number(float(row[3])), int(row[4]), int(row[5])
        )


def weekly(curve: Curve) -> list[tuple[int, float]]:
    """The curve at the end of each week, without counts: no single case can be read from where it steps."""
    line = np.concatenate([[1.0], curve.survival])
    return [(days, float(line[curve.after(days)])) for days in range(0, curve.last + 1, WEEK)]
