"""Curves of waiting as a drawing: the share that still waits after so many days, with limits, drawn in steps.

Geometry alone: the figures are those of the interface. Positions are in units of a drawing that is `WIDTH` wide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

WIDTH, HEIGHT = 1_000, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 10, 12, 40
STEPS = (30, 90, 180, 365, 730)
"""Days between two ticks: the first of these with few enough of them."""
MOST_TICKS = 9
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)

Point = Mapping[str, Any]
WHOLE: Point = MappingProxyType({"share": 1.0, "low": None, "high": None, "at_risk": None})
"""Before the first step."""


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """One curve. `line`, `band`: paths; the band is empty where there are no limits. `row`: of the table, by tick."""

    label: str
    line: str
    band: str
    row: Sequence[Point | None]


@dataclass(frozen=True, slots=True)
class CurveDrawing:
    """The curves on their axes. `days`, `shares`: the ticks, each with its place. `norm`: where the norm is."""

    series: Sequence[DrawnCurve]
    days: Sequence[tuple[int, float]]
    shares: Sequence[tuple[float, float]]
    norm: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def draw_curves(curves: Mapping[str, Sequence[Point]], norm: int | None) -> CurveDrawing | None:
    """The drawing of these curves by label; None where none has a step. `norm`: a day marked on the axis."""
    shown = {label: points for label, points in curves.items() if points}
    if not shown:
        return None
    last = max(1, norm or 0, *(points[-1]["days"] for points in shown.values()))
    unit = (WIDTH - LEFT - RIGHT) / last
    step = next((x for x in STEPS if last / x <= MOST_TICKS), STEPS[-1])
    ticks = range(0, last + 1, step)

    def x(days: int) -> float:
        return round(LEFT + days * unit, 1)

    def series(label: str, points: Sequence[Point]) -> DrawnCurve:
        line = _steps([(x(point["days"]), _y(point["share"])) for point in points])
        return DrawnCurve(label, f"M{LEFT} {_y(1.0)}{line}", _band(points, x), [_at(points, tick) for tick in ticks])

    return CurveDrawing(
        [series(label, points) for label, points in shown.items()],
        [(tick, x(tick)) for tick in ticks],
        [(share, _y(share)) for share in SHARES],
        x(norm) if norm is not None else None,
    )


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def _steps(places: Sequence[tuple[float, float]]) -> str:
    """From place to place: first along, then up or down."""
    return "".join(f"H{x}V{y}" for x, y in places)


def _band(points: Sequence[Point], x: Any) -> str:
    """The area between the limits, out along the upper one and back along the lower one."""
    limited = [point for point in points if point["low"] is not None and point["high"] is not None]
    if not limited:
        return ""
    upper = _steps([(x(point["days"]), _y(point["high"])) for point in limited])
    back = "".join(f"V{_y(point['low'])}H{x(point['days'])}" for point in reversed(limited))
    return f"M{x(limited[0]['days'])} {_y(limited[0]['high'])}{upper}{back}Z"


def _at(points: Sequence[Point], days: int) -> Point | None:
    """The step that holds after so many days: all wait before the first one; None after the last one."""
    reached = [point for point in points if point["days"] <= days]
    return (reached[-1] if reached else WHOLE) if days <= points[-1]["days"] else None
