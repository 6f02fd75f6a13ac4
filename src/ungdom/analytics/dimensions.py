"""Assigns cases to the cells of tables: each belongs to its own values and to every total above them. Pure.

Cases are read sequentially into numeric columns; a hundred thousand of them take a few megabytes. A cell is a list of
indices into these columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ungdom.analytics.case_facts import ADULT, CaseFacts
from ungdom.analytics.cubes import TOTAL, Dimension, Key
from ungdom.lazy import lazy
from ungdom.workflow.vocabulary import OffenceGroup, Regime, Sanction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy("numpy")

UNKNOWN = "unknown"
SEXES = ("female", "male", UNKNOWN)
AGES = ("15", "16", "17", f"{ADULT}+")


class StatisticDimension(StrEnum):
    """What figures are told apart by, and chosen by but for the period."""

    PERIOD = "period"
    KONFLIKTRAD = "konfliktrad"
    POLICE_DISTRICT = "police_district"
    SANCTION = "sanction"
    REGIME = "regime"
    OFFENCE_GROUP = "offence_group"
    AGE = "age"
    SEX = "sex"


PERIOD = StatisticDimension.PERIOD
SECOND_HALF_START = 7
"""The first month of the second half of a year."""

RowIndices: TypeAlias = "NDArray[np.int64]"


class Subject(NamedTuple):
    """A case that is counted. `sex`: of the youth, stored encrypted elsewhere: looked up, never stored with the row."""

    facts: CaseFacts
    sex: str = UNKNOWN


_D = StatisticDimension
DIMENSION_READERS: Mapping[str, Callable[[Subject], str]] = {
    _D.KONFLIKTRAD: lambda subject: subject.facts.konfliktrad,
    _D.POLICE_DISTRICT: lambda subject: subject.facts.police_district or UNKNOWN,
    _D.SANCTION: lambda subject: subject.facts.sanction,
    _D.REGIME: lambda subject: subject.facts.regime,
    _D.OFFENCE_GROUP: lambda subject: subject.facts.offence_group or UNKNOWN,
    _D.AGE: lambda subject: subject.facts.age_group,
    _D.SEX: lambda subject: subject.sex if subject.sex in SEXES else UNKNOWN,
}
"""The value of a case in each dimension except the period."""

FIXED_VALUES: Mapping[str, tuple[str, ...]] = {
    _D.SANCTION: tuple(Sanction),
    _D.REGIME: tuple(Regime),
    _D.OFFENCE_GROUP: (*OffenceGroup, UNKNOWN),
    _D.AGE: AGES,
    _D.SEX: SEXES,
}


def half_year(day: date) -> str:
    """The half-year of a day: 2025H1 for 2025-06-30."""
    return f"{day.year}H{1 if day.month < SECOND_HALF_START else 2}"


def periods(first: date, last: date, together: int = 0) -> Dimension:
    """The half-years from the first to the last, each after its year.

    `together`: each year also after its span of so many years, counted from the first; 0: there are no spans.
    """
    values: list[str] = []
    parents: dict[str, str] = {}
    for year in range(first.year, last.year + 1):
        halves = [f"{year}H{half}" for half in (1, 2)]
        if together:
            parents[str(year)] = year_span(year, first.year, together)
            values += [parents[str(year)]] if parents[str(year)] not in values else []
        values += [str(year), *halves]
        parents |= dict.fromkeys(halves, str(year))
    return Dimension(PERIOD, tuple(values), parents)


def year_span(year: int, first: int, together: int) -> str:
    """The span of that many years that a year belongs to, the first span beginning with `first`: 2022-2024."""
    begins = year - (year - first) % together
    return f"{begins}-{begins + together - 1}"


@dataclass(slots=True)
class DimensionColumn:
    """A dimension as numbers: for each case the index of its value in `values`."""

    code: str
    values: dict[str, int] = field(default_factory=dict)
    codes: array[int] = field(default_factory=lambda: array("q"))

    def add(self, value: str) -> None:
        """Add one more case."""
        self.codes.append(self.values.setdefault(value, len(self.values)))

    def indexed(self) -> tuple[Dimension, RowIndices]:
        """Its values in the order of the vocabulary, others by name, including every fixed value without cases.

        Also returns for each case the index of its value.
        """
        fixed = FIXED_VALUES.get(self.code, ())
        others = sorted(value for value in self.values if value not in fixed)
        dimension = Dimension(self.code, (*fixed, *others))
        known = {value: place for place, value in enumerate(dimension.values)}
        moved = np.array([known[value] for value in self.values], dtype=np.int64)
        return dimension, moved[numbers(self.codes)] if len(self.codes) else numbers(self.codes)


def numbers(column: array[int]) -> RowIndices:
    """The column as a numeric array."""
    return np.frombuffer(column, dtype=np.int64) if len(column) else np.empty(0, dtype=np.int64)


def cells(dimensions: Sequence[Dimension], places: Sequence[RowIndices], size: int) -> Iterator[tuple[Key, RowIndices]]:
    """Each combination that has a case, totals included, and the indices of its cases."""
    levels = [list(_levels(axis, place)) for axis, place in zip(dimensions, places, strict=True)]
    for chosen in product(*levels):
        key, mask = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
        for dimension, level in zip(dimensions, chosen, strict=True):
            key = key * (len(dimension.values) + 1) + level
            mask &= level >= 0
        included = np.flatnonzero(mask)
        order = included[np.argsort(key[included], kind="stable")]
        codes, starts = np.unique(key[order], return_index=True)
        for number, members in zip(codes, np.split(order, starts[1:]), strict=False):
            rest = int(number)
            values: list[str] = []
            for dimension in reversed(dimensions):
                rest, place = divmod(rest, len(dimension.values) + 1)
                values.append(dimension.values[place] if place < len(dimension.values) else TOTAL)
            yield tuple(reversed(values)), members


def _levels(dimension: Dimension, indices: RowIndices) -> Iterator[RowIndices]:
    """The index of each case's own value, of each value above it, and of the total."""
    yield indices
    known = {value: place for place, value in enumerate(dimension.values)}
    above = np.array([known.get(dimension.parents.get(value, ""), -1) for value in dimension.values], dtype=np.int64)
    level = indices
    while len(level) and (level := np.where(level >= 0, above[level], -1)).max() >= 0:
        yield level
    yield np.where(indices >= 0, len(dimension.values), -1)
