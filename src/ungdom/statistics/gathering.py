"""From rows to columns: what each definition counts of each case, gathered once for every table made of it. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar

from ungdom.lazy import lazy
from ungdom.statistics.cubes import Cell, Cube, Dimension
from ungdom.statistics.definitions import Completion, Definition, LeadTime
from ungdom.statistics.frames import BY, PERIOD, Column, Places, Subject, cells, half_year, numbers, periods
from ungdom.statistics.outcomes import outcome
from ungdom.statistics.passages import WAITING
from ungdom.statistics.survival import CENSORED, Spans
from ungdom.workflow.daycount import days_between

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

D = TypeVar("D", LeadTime, Completion)
Known = Mapping[str, Iterable[str]]
"""Values of a dimension that are shown also where nobody has them: the codes of every konfliktråd."""


def _column() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Counted(Generic[D]):
    """The cases that one definition counts, a place each in its columns.

    `subject`: the place of the case among all; `on`: the day that puts it into a period; `ending`: the place of the way
    it ended among the outcomes, and one more; 0: has not. `entry`, `time`: of passages, in days.
    """

    one: D
    subject: array[int] = field(default_factory=_column)
    on: array[int] = field(default_factory=_column)
    ending: array[int] = field(default_factory=_column)
    entry: array[int] = field(default_factory=_column)
    time: array[int] = field(default_factory=_column)

    def code(self, ending: str) -> int:
        """The number of a way of ending."""
        return CENSORED if ending == WAITING else self.one.outcomes.index(ending) + 1

    def spans(self, members: Places | slice = slice(None)) -> Spans:
        """These of its passages, under observation or not."""
        return Spans(numbers(self.entry)[members], numbers(self.time)[members], numbers(self.ending)[members])


@dataclass(slots=True)
class Gathering(Generic[D]):
    """Cases as they come in: `counted` by code of the definition, `columns` of what they are told apart by.

    `day`: what lasts is counted until its end. `period`: the first and the last day that count; None: any.
    """

    day: date
    counted: dict[str, Counted[D]]
    columns: dict[str, Column]
    period: tuple[date, date] | None = None
    size: int = 0

    def add(self, subject: Subject) -> None:
        """Count one more case, where a definition counts it."""
        found = False
        for counted in self.counted.values():
            found |= _count(counted, subject, self.size, self.day, self.period)
        if found:
            self.size += 1
            for code, column in self.columns.items():
                column.add(BY[code](subject))

    def table(self, code: str, by: Sequence[str]) -> Table[D]:
        """What this definition counts, by these dimensions."""
        counted = self.counted[code]
        where = numbers(counted.subject)
        named = [self._period(counted) if one == PERIOD else self._dimension(one, where) for one in by]
        return Table(counted, tuple(dimension for dimension, _ in named), tuple(places for _, places in named))

    def _dimension(self, code: str, where: Places) -> tuple[Dimension, Places]:
        dimension = self.columns[code].dimension()
        return dimension, self.columns[code].places(dimension)[where]

    def _period(self, counted: Counted[D]) -> tuple[Dimension, Places]:
        days, places = np.unique(numbers(counted.on), return_inverse=True)
        first, last = self.period or (date.fromordinal(int(min(days, default=self.day.toordinal()))), self.day)
        dimension = periods(first, last)
        known = {value: place for place, value in enumerate(dimension.values)}
        named = [known.get(half_year(date.fromordinal(int(day))), -1) for day in days]
        return dimension, np.array(named, dtype=np.int64)[places]


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[D]):
    """What one definition counts, told apart by dimensions; `places`: of each counted case, in each of them."""

    counted: Counted[D]
    dimensions: tuple[Dimension, ...]
    places: tuple[Places, ...]

    def cells(self) -> Iterator[tuple[tuple[str, ...], Places]]:
        """Each combination of values and totals that a case has, and the places of its cases."""
        return cells(self.dimensions, self.places, len(self.counted.on))

    def cube(self, estimates: tuple[str, ...], made: Mapping[tuple[str, ...], Cell]) -> Cube:
        """The cube of these cells."""
        one: Definition = self.counted.one
        return Cube(one.code, one.version, self.dimensions, one.outcomes, estimates, made)


def gathering(
    definitions: Iterable[D],
    by: Iterable[str],
    day: date,
    period: tuple[date, date] | None = None,
    known: Known | None = None,
) -> Gathering[D]:
    """Empty columns for these definitions and dimensions."""
    columns = {
        code: Column(code, {value: place for place, value in enumerate((known or {}).get(code, ()))})
        for code in by
        if code != PERIOD
    }
    return Gathering(day, {one.code: Counted(one) for one in definitions}, columns, period)


def _count(counted: Counted[D], subject: Subject, place: int, day: date, period: tuple[date, date] | None) -> bool:
    """Whether the definition counts this case; if so it stands in the columns."""
    if isinstance(counted.one, LeadTime):
        passage = counted.one.passage(subject.row)
        if passage is None or not _within(passage.on, period):
            return False
        counted.entry.append(passage.entry)
        counted.time.append(days_between(passage.since, passage.over or max(day, passage.since)))
        on, ending = passage.on, counted.code(passage.ending)
    else:
        placed = counted.one.on(subject.row)
        if placed is None or not _within(placed, period):
            return False
        on, ending = placed, counted.code(outcome(subject.row))
    counted.subject.append(place)
    counted.on.append(on.toordinal())
    counted.ending.append(ending)
    return True


def _within(day: date, period: tuple[date, date] | None) -> bool:
    return period is None or period[0] <= day <= period[1]
