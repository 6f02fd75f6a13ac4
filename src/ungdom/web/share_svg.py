"""Shares as horizontal bars, drawn on the server: the label and the number above each bar. Geometry alone."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, ROW, BAR = 1_000, 42, 16


@dataclass(frozen=True, slots=True)
class Share:
    """One bar. `more`: a second number that is part of the first, or belongs to it; None for none."""

    label: str
    value: float
    more: float | None = None


@dataclass(frozen=True, slots=True)
class ShareBar:
    """A bar in its place."""

    share: Share
    width: float
    y: int


@dataclass(frozen=True, slots=True)
class ShareDrawing:
    """The bars, the longest as wide as the drawing."""

    bars: Sequence[ShareBar]
    height: int
    width: int = WIDTH
    bar: int = BAR


def draw_shares(shares: Sequence[Share]) -> ShareDrawing | None:
    """The drawing of those that are not nothing, the largest first; None where all are."""
    ordered = sorted((share for share in shares if share.value), key=lambda share: -share.value)
    if not ordered:
        return None
    unit = (WIDTH - 4) / ordered[0].value
    bars = [ShareBar(share, round(max(2.0, share.value * unit), 1), place * ROW) for place, share in enumerate(ordered)]
    return ShareDrawing(bars, len(bars) * ROW)
