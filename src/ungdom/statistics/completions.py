"""Completion as tables: how the cases of each cell came out, and the share completed with its limits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.statistics.cubes import Cell, Cube
from ungdom.statistics.definitions import Completion
from ungdom.statistics.frames import Places, numbers
from ungdom.statistics.gathering import Counted, Gathering
from ungdom.statistics.outcomes import APART
from ungdom.statistics.survival import CONFIDENCE
from ungdom.workflow.vocabulary import State

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

ESTIMATES = ("share", "share_low", "share_high")
"""Completed, of all but those told apart; with Wilson's 95 % limits."""


def table(gathered: Gathering[Completion], code: str, by: Sequence[str]) -> Cube:
    """The completion of this code by these dimensions."""
    found = gathered.table(code, by)
    return found.cube(ESTIMATES, {key: _cell(found.counted, members) for key, members in found.cells()})


def _cell(counted: Counted[Completion], members: Places) -> Cell:
    found = np.bincount(numbers(counted.ending)[members], minlength=len(counted.one.outcomes) + 1)
    counts = {ending: int(found[counted.code(ending)]) for ending in counted.one.outcomes}
    whole = sum(count for ending, count in counts.items() if ending not in APART)
    return Cell(counts, dict(zip(ESTIMATES, wilson(counts[State.COMPLETED], whole), strict=True)))


def wilson(hit: int, whole: int) -> tuple[float | None, float | None, float | None]:
    """A share with its 95 % limits; None where there is nothing to share. Source: Wilson 1927."""
    if not whole:
        return None, None, None
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = hit / whole
    middle = share + z * z / (2 * whole)
    width = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    low, high = (middle - width) / (1 + z * z / whole), (middle + width) / (1 + z * z / whole)
    return share, max(0.0, low), min(1.0, high)
