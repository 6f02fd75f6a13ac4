"""The timeline of a case as a drawing of three rows: stages, waits and measures, with pins for events and due days.

Geometry alone: what is in it and what may be learnt of it is the answer of the interface. Positions are in units of a
drawing that is `WIDTH` wide; colours are classes of the style sheet, since the policy forbids style attributes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ungdom import texts
from ungdom.texts import Language
from ungdom.web import formats
from ungdom.workflow.vocabulary import Party

WIDTH, LEFT = 1_000, 96
"""Width of the drawing, and where the days begin: the names of the rows stand before."""
ROW, BAR, PINS, AXIS = 46, 26, 34, 26
"""Heights: of a row, of a bar in it, of the row of pins, of the axis."""
NARROWEST = 3.0
CHARACTER = 6.4
"""Width of a character of the labels, by which those that do not fit are left out."""
AHEAD = timedelta(days=90)
"""As much of what is to come is drawn, or half of what has been where that is more; the table has all of it."""
YEARS_FOR_MONTHS = 3
APART = 70
"""Least distance between two days of the axis."""

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """A span. `text`: None where the label does not fit in it; `title`: all of it in words."""

    x: float
    width: float
    y: float
    kind: str
    shade: int
    text: str | None
    title: str


@dataclass(frozen=True, slots=True)
class Pin:
    """A day with an event or a due day."""

    x: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A day of the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole drawing. `today`: where the day asked for is."""

    height: int
    rows: Sequence[tuple[str, float]]
    bars: Sequence[Bar]
    pins: Sequence[Pin]
    ticks: Sequence[Tick]
    today: float
    width: int = WIDTH
    left: int = LEFT


class _Scale:
    """From days to places: the first day is at `LEFT`, the last one at the right edge."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last
        self._unit = (WIDTH - LEFT - 4) / max(1, (last - first).days)

    def x(self, day: date) -> float:
        inside = min(max(day, self.first), self.last)
        return round(LEFT + (inside - self.first).days * self._unit, 1)


def draw(language: Language, items: Sequence[Item], spans: Sequence[Item], on: str) -> Drawing:
    """The drawing of these entries, and of the waits and measures among `spans`. `on`: the day asked for, as text."""
    day = date.fromisoformat(on)
    shown = [item for item in items if item["until"] or date.fromisoformat(item["on"]) <= day or item["to_come"]]
    days = [date.fromisoformat(item["on"]) for item in shown] + [day]
    scale = _Scale(min(days), min(max(days), day + max(AHEAD, (day - min(days)) / 2)))
    rows = [("stages", 0.0), ("waits", float(ROW)), ("measures", float(2 * ROW))]
    placed = [(item, "stage", 0.0) for item in shown if item["mark"] == "stage"]
    placed += [(_wait(language, span), "wait", float(ROW)) for span in spans if "party" in span]
    placed += [(_measure(span), "measure", float(2 * ROW)) for span in spans if span.get("started_on")]
    bars = [_bar(language, scale, place, item, kind, (y, day)) for place, (item, kind, y) in enumerate(placed)]
    pins = [
        Pin(
            scale.x(date.fromisoformat(item["on"])),
            item["mark"],
            f"{formats.day(language, item['on'])}: {item['label']}",
        )
        for item in shown
        if item["mark"] not in ("stage", "wait") and date.fromisoformat(item["on"]) <= scale.last
    ]
    return Drawing(3 * ROW + PINS + AXIS, rows, bars, pins, list(_ticks(language, scale)), scale.x(day))


def _wait(language: Language, span: Item) -> Item:
    label = texts.label(language, Party(span["party"]))
    reason = texts.text(language, "wait_reason", span["reason"]) if span["reason"] else ""
    return {"on": span["since"], "until": span["until"], "label": f"{label} ({reason})" if reason else label}


def _measure(span: Item) -> Item:
    return {"on": span["started_on"], "until": span["ended_on"], "label": span["label"] or span["measure"]}


def _bar(language: Language, scale: _Scale, place: int, item: Item, kind: str, where: tuple[float, date]) -> Bar:
    y, day = where
    since = date.fromisoformat(item["on"])
    until = date.fromisoformat(item["until"]) if item["until"] else max(day, since)
    x = scale.x(since)
    width = max(NARROWEST, round(scale.x(until) - x - 1, 1))
    label = str(item["label"])
    fits = len(label) * CHARACTER + 8 <= width
    title = f"{label}: {formats.day(language, since)} – {formats.day(language, until)}"
    return Bar(x, width, y + (ROW - BAR) / 2, kind, place % 2, label if fits else None, title)


def _ticks(language: Language, scale: _Scale) -> Iterator[Tick]:
    """The first of each quarter, or of each year where there are many."""
    step = 3 if scale.last.year - scale.first.year < YEARS_FOR_MONTHS else 12
    last_x = 0.0
    for month in range(scale.first.year * 12, scale.last.year * 12 + 13, step):
        day = date(month // 12, month % 12 + 1, 1)
        if scale.first <= day <= scale.last and scale.x(day) - last_x > APART:
            last_x = scale.x(day)
            yield Tick(last_x, formats.month(language, day))
