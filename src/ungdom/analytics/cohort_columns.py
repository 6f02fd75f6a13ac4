"""Converts cases to columns: what each definition counts, collected once for every table computed from it. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar

from ungdom.analytics.cubes import Cube, CubeCell, Dimension
from ungdom.analytics.definition_types import CompletionDefinition, Definition, LeadTimeDefinition
from ungdom.analytics.dimensions import (
    DIMENSION_READERS,
    PERIOD,
    DimensionColumn,
    RowIndices,
    Subject,
    cells,
    half_year,
    numbers,
    periods,
)
from ungdom.analytics.durations import WAITING
from ungdom.analytics.outcomes import outcome
from ungdom.analytics.survival import CENSORED, Spans
from ungdom.lazy import lazy
from ungdom.workflow.calendar import days_between

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

D = TypeVar("D", LeadTimeDefinition, CompletionDefinition)
KnownValues = Mapping[str, Iterable[str]]
"""Values of a dimension that are listed even with no cases: the codes of every konfliktråd."""


def _int_column() -> array[int]:
    return array("q")


@dataclass(slots=True)
class CohortColumns(Generic[D]):
    """The cases that one definition counts, one index per case in its columns.

    `subject`: the index of the case among all; `period_day`: the day that places it in a period; `outcome_code`: the
    index of its ending among the outcomes plus one, 0 if it has not ended. `entry`, `time`: of durations, in days;
    `followed`: the days until the day of the count, however it ended.
    """

    definition: D
    subject: array[int] = field(default_factory=_int_column)
    period_day: array[int] = field(default_factory=_int_column)
    outcome_code: array[int] = field(default_factory=_int_column)
    entry: array[int] = field(default_factory=_int_column)
    time: array[int] = field(default_factory=_int_column)
    followed: array[int] = field(default_factory=_int_column)

    def code_of(self, ending: str) -> int:
        """The numeric code of an ending."""
        return CENSORED if ending == WAITING else self.definition.outcomes.index(ending) + 1

    def spans(self, members: RowIndices | slice = slice(None)) -> Spans:
        """The durations of these cases, whether ever at risk or not."""
        return Spans(numbers(self.entry)[members], numbers(self.time)[members], numbers(self.outcome_code)[members])


@dataclass(slots=True)
class CohortCollector(Generic[D]):
    """Cases as they are read: `cohorts` by code of the definition, `columns` of the dimensions.

    `day`: open intervals are counted until its end. `period`: the first and the last day that count; None: any.
    `years_together`: of the spans of years that periods have as well; 0: they have none.
    """

    day: date
    cohorts: dict[str, CohortColumns[D]]
    columns: dict[str, DimensionColumn]
    period: tuple[date, date] | None = None
    years_together: int = 0
    size: int = 0

    def add(self, subject: Subject) -> None:
        """Count one more case in every definition that applies to it."""
        counted = False
        for cohort in self.cohorts.values():
            counted |= _add_to_cohort(cohort, subject, self.size, self.day, self.period)
        if counted:
            self.size += 1
            for code, column in self.columns.items():
                column.add(DIMENSION_READERS[code](subject))

    def table(self, code: str, by: Sequence[str]) -> CohortTable[D]:
        """What this definition counts, grouped by these dimensions."""
        cohort = self.cohorts[code]
        where = numbers(cohort.subject)
        named: list[tuple[Dimension, RowIndices]] = []
        for dimension_code in by:
            if dimension_code == PERIOD:
                days, positions = np.unique(numbers(cohort.period_day), return_inverse=True)
                earliest = min(days, default=self.day.toordinal())
                first, last = self.period or (date.fromordinal(int(earliest)), self.day)
                dimension = periods(first, last, self.years_together)
                known = {value: place for place, value in enumerate(dimension.values)}
                halves = [known.get(half_year(date.fromordinal(int(day))), -1) for day in days]
                named.append((dimension, np.array(halves, dtype=np.int64)[positions]))
            else:
                dimension, places = self.columns[dimension_code].indexed()
                named.append((dimension, places[where]))
        return CohortTable(cohort, tuple(dimension for dimension, _ in named), tuple(places for _, places in named))


@dataclass(frozen=True, slots=True, eq=False)
class CohortTable(Generic[D]):
    """What one definition counts, grouped by dimensions.

    `places`: the indices of the values of each counted case, per dimension.
    """

    cohort: CohortColumns[D]
    dimensions: tuple[Dimension, ...]
    places: tuple[RowIndices, ...]

    def cells(self) -> Iterator[tuple[tuple[str, ...], RowIndices]]:
        """Each combination of values and totals that has a case, and the indices of its cases."""
        return cells(self.dimensions, self.places, len(self.cohort.period_day))

    def cube(self, estimates: tuple[str, ...], cells: Mapping[tuple[str, ...], CubeCell]) -> Cube:
        """The cube of these cells."""
        definition: Definition = self.cohort.definition
        return Cube(definition.code, definition.version, self.dimensions, definition.outcomes, estimates, cells)


def cohort_collector(
    definitions: Iterable[D],
    by: Iterable[str],
    day: date,
    period: tuple[date, date] | None = None,
    known_values: KnownValues | None = None,
    years_together: int = 0,
) -> CohortCollector[D]:
    """Empty columns for these definitions and dimensions."""
    cohorts = {definition.code: CohortColumns(definition) for definition in definitions}
    return CohortCollector(day, cohorts, dimension_columns(by, known_values or {}), period, years_together)


def dimension_columns(by: Iterable[str], known_values: KnownValues) -> dict[str, DimensionColumn]:
    """An empty column per dimension but the period, with the values that are listed even with no cases."""
    return {
        code: DimensionColumn(code, {value: place for place, value in enumerate(known_values.get(code, ()))})
        for code in by
        if code != PERIOD
    }


def _add_to_cohort(
    cohort: CohortColumns[D], subject: Subject, place: int, day: date, period: tuple[date, date] | None
) -> bool:
    """Add the case to the columns if the definition counts it; returns whether it does."""
    if isinstance(cohort.definition, LeadTimeDefinition):
        duration = cohort.definition.duration(subject.facts)
        if duration is None or not _within(duration.period_day, period):
            return False
        cohort.entry.append(duration.entry)
        cohort.followed.append(days_between(duration.since, max(day, duration.since)))
        cohort.time.append(
            days_between(duration.since, duration.ended_on) if duration.ended_on else cohort.followed[-1]
        )
        period_day, ending = duration.period_day, cohort.code_of(duration.ending)
    else:
        cohort_day = cohort.definition.cohort_day(subject.facts)
        if cohort_day is None or not _within(cohort_day, period):
            return False
        period_day, ending = cohort_day, cohort.code_of(outcome(subject.facts))
    cohort.subject.append(place)
    cohort.period_day.append(period_day.toordinal())
    cohort.outcome_code.append(ending)
    return True


def _within(day: date, period: tuple[date, date] | None) -> bool:
    return period is None or period[0] <= day <= period[1]
