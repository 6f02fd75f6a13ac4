"""Every extract as a row: what a row of it is, its columns, and the version of what it means.

Whoever changes what a column means, or adds or removes one, gives the extract a new version; what was taken out before
names the version that it was made by.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ungdom.extracts.columns import aggregates, cases, events, measures, recidivism
from ungdom.extracts.columns import alerts as alert_rows
from ungdom.extracts.columns.column import Column
from ungdom.extracts.errors import NoExtract


@dataclass(frozen=True)
class Extract:
    """One extract. `unit`: what one row is; `key`: the columns that tell rows apart, in the order of sorting.

    `rows_of`: the rows of one case. `alerts`: it needs what happened to the alerts of the case; `person_histories`:
    what is known of the person beside it. `released`: it is made of a release instead of cases, so that it needs no
    purpose, and `rows_of` gives the rows of that.
    """

    name: str
    version: int
    unit: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows_of: Callable[[Any], Iterable[Any]]
    alerts: bool = False
    person_histories: bool = False
    released: bool = False

    def column(self, name: str) -> Column:
        """The column of this name. Raises `KeyError`."""
        return next((column for column in self.columns if column.name == name), None) or _missing(name)

    @cached_property
    def definition(self) -> str:
        """SHA-256, short, of what its rows are: those of two that differ in it are not the same."""
        parts = [self.name, self.version, self.key, [_column_definition(column) for column in self.columns]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


# A table is read across.
# fmt: off
EXTRACTS: tuple[Extract, ...] = (
    Extract("cases", 1, "a case", ("case",), cases.COLUMNS, cases.rows_of),
    Extract("events", 1, "an event as it was recorded", ("case", "seq"), events.COLUMNS, events.rows_of),
    Extract("measures", 1, "a measure put on a plan or asked for", ("measure",), measures.COLUMNS,
            measures.rows_of),
    Extract("alerts", 1, "a clock and due day of a case of which somebody was told", ("alert",), alert_rows.COLUMNS,
            alert_rows.rows_of, alerts=True),
    Extract("recidivism", 1, "a person from one origin by one definition of recidivism", ("spell",),
            recidivism.COLUMNS, recidivism.rows_of, person_histories=True),
    Extract("aggregates", 1, "a number of a released table", ("release", "row"), aggregates.COLUMNS,
            aggregates.rows_of, released=True),
)
# fmt: on
"""In the order of showing."""


def extract(name: str) -> Extract:
    """The extract of this name. Raises `NoExtract`."""
    selected = next((entry for entry in EXTRACTS if entry.name == name), None)
    if selected is None:
        raise NoExtract(name, tuple(entry.name for entry in EXTRACTS))
    return selected


def _missing(name: str) -> Column:
    raise KeyError(name)


def _column_definition(column: Column) -> list[Any]:
    parts = [column.name, column.type, column.nullable, column.unit, column.values, column.named]
    return [*parts, column.pattern] if column.pattern else parts
