"""A column of an extract: its name, type, meaning, and the function that reads its value. Pure.

The schemas of Arrow and Frictionless, the codebook and `GET /v1/extracts` are generated from these rows. A new column
is one row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.workflow.calendar import days_between


class ColumnType(StrEnum):
    """What a column holds, by the names of Frictionless Table Schema."""

    STRING = "string"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


class Dates(StrEnum):
    """How exactly the days of an extract are told. `OFFSET`: as days since the last offence of the case."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    OFFSET = "days_since_last_offence"


WordLists = tuple[type[StrEnum], ...]
"""Enums whose members are the possible values."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `source`: the act and paragraph, or office norm, that defines it.

    `value_of`: reads its value from one row. `words`: the enums whose members are its values; `vocabulary`: further
    values; `pattern`: a regular expression, where new values appear over time. `named`: it is a pseudonym of this kind.
    """

    name: str
    type: ColumnType
    description: str
    source: str
    value_of: Callable[[Any], Any]
    nullable: bool = False
    unit: str | None = None
    words: WordLists = ()
    vocabulary: tuple[str, ...] = ()
    named: PseudonymKind | None = None
    pattern: str | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Every value that it may have; empty where they are not listed."""
        return tuple(dict.fromkeys([*(str(word) for kind in self.words for word in kind), *self.vocabulary]))

    @property
    def list_names(self) -> tuple[str, ...]:
        """The names of the enums whose members are its values."""
        return tuple(kind.__name__ for kind in self.words)


@dataclass(frozen=True, slots=True)
class PurposeColumn:
    """A column as one purpose receives it: type and unit depend on the precision of days of the purpose."""

    column: Column
    dates: Dates

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name

    @property
    def type(self) -> ColumnType:
        """Its type. That of a day depends on the precision."""
        if self.column.type is not ColumnType.DATE or self.dates is Dates.DAY:
            return self.column.type
        return ColumnType.INTEGER if self.dates is Dates.OFFSET else ColumnType.STRING

    @property
    def unit(self) -> str | None:
        """Its unit; for coarsened days their format."""
        return _DATE_UNITS[self.dates] if self.column.type is ColumnType.DATE else self.column.unit


_DATE_UNITS = {
    Dates.DAY: "calendar day in Oslo",
    Dates.MONTH: "month, as 2025-03",
    Dates.QUARTER: "quarter, as 2025Q1",
    Dates.OFFSET: "days since the last offence",
}


def purpose_columns(columns: Sequence[Column], dates: Dates, without: frozenset[str]) -> tuple[PurposeColumn, ...]:
    """The columns as a purpose receives them, in order. `without`: the names of those it does not receive."""
    return tuple(PurposeColumn(column, dates) for column in columns if column.name not in without)


def coarsen_date(day: date, dates: Dates, last_offence: date) -> date | str | int:
    """The day with this precision. 2025-03-09 by month is 2025-03, by quarter 2025Q1."""
    if dates is Dates.MONTH:
        return f"{day:%Y-%m}"
    if dates is Dates.QUARTER:
        return f"{day.year}Q{(day.month + 2) // 3}"
    return days_between(last_offence, day) if dates is Dates.OFFSET else day
