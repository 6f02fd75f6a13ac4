"""A figure over many cases as a table: a cell for each combination of values, and for each total of them. Pure.

Every count in a cell is a number of cases (or people) and is additive: the counts by ending add up to the cell, and the
cells of the values under a total add up to the total. Estimates (medians, shares) are not additive. Releases, exact
query results, JSON-stat and CSV are all built from this structure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

TOTAL = "_T"
"""The value of a dimension that is its total (SDMX code)."""

Key = tuple[str, ...]
"""One value per dimension, in the order of the dimensions."""


class CellStatus(StrEnum):
    """Whether a cell is shown. `PRIMARY`: hidden for itself; `SECONDARY`: hidden so that another stays hidden.

    `NOTHING`: there was nothing to count, or the estimate is not reached. `PROVISIONAL`: shown, and may still change.
    """

    SHOWN = "shown"
    PROVISIONAL = "provisional"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    NOTHING = "nothing"

    @property
    def hidden(self) -> bool:
        """Whether its numbers are suppressed."""
        return self in (CellStatus.PRIMARY, CellStatus.SECONDARY)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension that a table is grouped by. `values`: without `TOTAL`, in display order.

    `parents`: for a value that is part of a value other than the total, that value (a half-year of its year).
    """

    code: str
    values: tuple[str, ...]
    parents: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each value that is a sum, and the values directly under it."""
        for whole in (TOTAL, *dict.fromkeys(self.parents.values())):
            yield whole, tuple(value for value in self.values if self.parents.get(value, TOTAL) == whole)


@dataclass(frozen=True, slots=True)
class CubeCell:
    """One combination of values. `counts`: by ending; `estimates`: by name, None where not reached.

    `withheld`: names of the estimates that are suppressed although the counts are shown.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    estimates: Mapping[str, float | None] = field(default_factory=dict)
    status: CellStatus = CellStatus.SHOWN
    withheld: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return sum(self.counts.values())


EMPTY = CubeCell(status=CellStatus.NOTHING)


@dataclass(frozen=True, slots=True)
class Cube:
    """A figure (its code and the version of its definition) over these dimensions.

    `outcomes`: the names of the counts; `estimates`: the names of the estimates, in order. A combination without a cell
    in `cells` has nothing to count.
    """

    figure: str
    version: int
    dimensions: tuple[Dimension, ...]
    outcomes: tuple[str, ...]
    estimates: tuple[str, ...]
    cells: Mapping[Key, CubeCell]

    def keys(self) -> Iterator[Key]:
        """Every combination, with the total of each dimension after its values."""
        return product(*((*dimension.values, TOTAL) for dimension in self.dimensions))

    def at(self, key: Key) -> CubeCell:
        """The cell of this combination."""
        return self.cells.get(key, EMPTY)

    def sums(self) -> Iterator[tuple[Key, tuple[Key, ...]]]:
        """Each combination that is a sum along one dimension, and its summands."""
        for place, dimension in enumerate(self.dimensions):
            others = [(*other.values, TOTAL) for n, other in enumerate(self.dimensions) if n != place]
            for whole, parts in dimension.parts():
                for rest in product(*others):
                    yield _with(rest, place, whole), tuple(_with(rest, place, part) for part in parts)


def _with(rest: Key, place: int, value: str) -> Key:
    return (*rest[:place], value, *rest[place:])
