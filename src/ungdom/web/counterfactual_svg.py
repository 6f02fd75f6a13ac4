"""A delay as a drawing: how long it took, and when it would have been without each wait, against the due day.

Geometry alone: the days are those of the interface. Positions are in units of a drawing that is `WIDTH` wide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

WIDTH, ROW, BAR, AXIS = 1_000, 44, 16, 30
"""Width of the drawing; heights of a row, of its bar (the label stands above it), and of the line of the due day."""


@dataclass(frozen=True, slots=True)
class Span:
    """A row. `cause`: None for how it went. `within`: by the due day or before."""

    label: str | None
    days: int
    on: str
    width: float
    y: int
    within: bool
    cause: bool


@dataclass(frozen=True, slots=True)
class DelayDrawing:
    """The whole drawing. `due_x`: where the due day is."""

    spans: Sequence[Span]
    due: str
    due_x: float
    height: int
    width: int = WIDTH
    bar: int = BAR


def draw(clock: Mapping[str, Any]) -> DelayDrawing | None:
    """The drawing of a clock as the interface explains it; None where no wait has any days, or nothing is over."""
    causes = [cause for cause in clock["causes"] if cause["days"]]
    if not causes or not clock["over_days"]:
        return None
    last, due = date.fromisoformat(clock["until"]), date.fromisoformat(clock["due"])
    begun = date.fromisoformat(clock["begun_on"])
    unit = (WIDTH - 4) / max(1, (max(last, due) - begun).days)

    def width(on: str) -> float:
        return round(max(2.0, (date.fromisoformat(on) - begun).days * unit), 1)

    rows = [(None, clock["days"], clock["until"], False, False)]
    rows += [(cause["label"], cause["days"], cause["on"], cause["within"], True) for cause in causes]
    spans = [
        Span(label, days, on, width(on), place * ROW, within, cause)
        for place, (label, days, on, within, cause) in enumerate(rows)
    ]
    return DelayDrawing(spans, clock["due"], width(clock["due"]), len(rows) * ROW + AXIS)
