"""Offices by their number of cases, with the limits of chance around them. Geometry alone: the figures are given."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1_000, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 14, 44
MOST_TICKS = 10
LEVELS = ("low_998", "low_95", "high_95", "high_998")

Figure = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """An office. `place`: its number in the table; `bars`: from and to of its own limits, the outer and the inner."""

    place: int
    x: float
    y: float
    office: Figure
    bars: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class FunnelDrawing:
    """The offices on their axes. `lines`: the limits by number of cases, by level; `country`: where its value is.

    `cases`, `values`: the ticks, each with its place.
    """

    points: Sequence[FunnelPoint]
    lines: Mapping[str, str]
    cases: Sequence[tuple[int, float]]
    values: Sequence[tuple[float, float]]
    country: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class _Axes:
    """From figures to places. `step`: between two ticks of the values, `low` and `high` are whole numbers of it."""

    most: int
    low: float
    high: float
    step: float

    def x(self, cases: float) -> float:
        return round(LEFT + cases / self.most * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        held = min(max(value, self.low), self.high)
        return round(TOP + (self.high - held) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM), 1)

    def ticks(self) -> list[tuple[float, float]]:
        values = [
            round(self.low + place * self.step, 6) for place in range(round((self.high - self.low) / self.step) + 1)
        ]
        return [(value, self.y(value)) for value in values]


def draw_funnel(offices: Sequence[Figure], funnel: Sequence[Figure], country: float | None) -> FunnelDrawing | None:
    """The drawing of the offices that have a value; None where none has. `funnel`: the limits by number of cases."""
    shown = [(place, office) for place, office in enumerate(offices, 1) if office["value"] and office["limits"]]
    if not shown:
        return None
    axes = _axes([office for _, office in shown], funnel)
    return FunnelDrawing(
        [_point(axes, place, office, bool(funnel)) for place, office in shown],
        {level: _line(axes, funnel, level) for level in LEVELS} if funnel else {},
        [(tick, axes.x(tick)) for tick in range(0, axes.most + 1, max(1, round(_step(axes.most))))],
        axes.ticks(),
        None if country is None else axes.y(country),
    )


def _axes(offices: Sequence[Figure], funnel: Sequence[Figure]) -> _Axes:
    """The axes on which every office lies, and the limits from the smallest of them on."""
    fewest = min(office["cases"] for office in offices)
    limits = [office["limits"] for office in offices] + [entry for entry in funnel if entry["cases"] >= fewest]
    values = [office["value"]["value"] for office in offices]
    low = min(*values, *(entry["low_998"] for entry in limits))
    high = max(*values, *(entry["high_998"] for entry in limits))
    step = _step(high - low or 1.0)
    lines = math.floor(round(low / step, 6)), math.ceil(round(high / step, 6))
    most = max(office["cases"] for office in offices)
    return _Axes(most, lines[0] * step, max(lines[1], lines[0] + 1) * step, step)


def _step(width: float) -> float:
    """The distance of the ticks: 1, 2 or 5 times a power of ten."""
    sizes = (size * 10.0**power for power in range(-3, 9) for size in (1, 2, 5))
    return next(size for size in sizes if width / size <= MOST_TICKS)


def _point(axes: _Axes, place: int, office: Figure, has_funnel: bool) -> FunnelPoint:
    limits = office["limits"]
    pairs = [("low_998", "high_998"), ("low_95", "high_95")]
    bars = [] if has_funnel else [(axes.y(limits[high]), axes.y(limits[low])) for low, high in pairs]
    return FunnelPoint(place, axes.x(office["cases"]), axes.y(office["value"]["value"]), office, bars)


def _line(axes: _Axes, funnel: Sequence[Figure], level: str) -> str:
    return "M" + "L".join(f"{axes.x(entry['cases'])} {axes.y(entry[level])}" for entry in funnel)
