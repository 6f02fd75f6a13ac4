"""Every extract as a row: its unit, key, columns and version.

A change of the meaning of a column, or of the set of columns, raises the version of the extract: manifests of earlier
files name the version that made them.
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
    """One extract. `unit`: what one row is; `key`: the columns that identify a row, in sorting order.

    `rows_of`: the rows of one case snapshot. `alerts`: the snapshot needs the changes of the alerts of the case;
    `person_histories`: it needs the other cases and the observations of the person. `released`: the extract is made
    from a release instead of cases: it needs no purpose, and `rows_of` takes the release.
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
        return {column.name: column for column in self.columns}[name]

    @cached_property
    def definition(self) -> str:
        """16 hexadecimal digits of the SHA-256 of name, version, key and columns; differs when any of them differs."""
        columns = [
            [column.name, column.type, column.nullable, column.unit, column.values, column.named]
            + ([column.pattern] if column.pattern else [])
            for column in self.columns
        ]
        parts = [self.name, self.version, self.key, columns]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


# One line per row keeps the table readable.
# fmt: off
EXTRACTS: tuple[Extract, ...] = (
    Extract("cases", 2, "a case", ("case",), cases.COLUMNS, cases.rows_of),
    Extract("events", 2, "an event as it was recorded", ("case", "seq"), events.COLUMNS, events.rows_of),
    Extract("measures", 2, "a measure put on a plan or asked for", ("measure",), measures.COLUMNS,
            measures.rows_of),
    Extract("alerts", 2, "a clock and due day of a case of which somebody was told", ("alert",), alert_rows.COLUMNS,
            alert_rows.rows_of, alerts=True),
    Extract("recidivism", 2, "a person from one origin by one definition of recidivism", ("spell",),
            recidivism.COLUMNS, recidivism.rows_of, person_histories=True),
    Extract("aggregates", 3, "a number of a released table", ("release", "row"), aggregates.COLUMNS,
            aggregates.rows_of, released=True),
)
# fmt: on
"""In the order in which they are listed."""


def extract(name: str) -> Extract:
    """The extract of this name. Raises `NoExtract`."""
    selected = next((entry for entry in EXTRACTS if entry.name == name), None)
    if selected is None:
        raise NoExtract(name, tuple(entry.name for entry in EXTRACTS))
    return selected
