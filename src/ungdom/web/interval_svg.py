"""Shares with their limits, one below the other on one scale: the label above, a dot on its line. Geometry alone."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, ROW, TOP, BOTTOM = 1_000, 46, 6, 28
LEFT, RIGHT = 8, 24
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """A share. `low`, `high`: its limits; None where there are none."""

    label: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DrawnInterval:
    """A share in its place. `line`: from and to; None without limits."""

    interval: ShareInterval
    y: int
    x: float
    line: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class IntervalDrawing:
    """The shares from nothing to all. `ticks`: each share of the scale with its place; `bottom`: where the scale is."""

    rows: Sequence[DrawnInterval]
    height: int
    ticks: Sequence[tuple[float, float]]
    bottom: int
    width: int = WIDTH
    top: int = TOP


def draw_intervals(intervals: Sequence[ShareInterval]) -> IntervalDrawing | None:
    """The drawing of these, in their order; None for none."""
    if not intervals:
        return None
    rows = [_drawn(interval, TOP + place * ROW) for place, interval in enumerate(intervals)]
    bottom = TOP + len(rows) * ROW
    return IntervalDrawing(rows, bottom + BOTTOM, [(tick, _x(tick)) for tick in TICKS], bottom)


def _drawn(interval: ShareInterval, y: int) -> DrawnInterval:
    has_limits = interval.low is not None and interval.high is not None
    line = (_x(interval.low or 0.0), _x(interval.high or 0.0)) if has_limits else None
    return DrawnInterval(interval, y, _x(interval.value), line)


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)
