"""From cases to record batches: each value as its column declares it, ids as pseudonyms, days as coarse as ordered.

Nothing leaves that is not declared: a text is a word of the list of its column or a pseudonym, and where a value is
anything else the whole extract is broken off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ungdom.extracts import snapshots as known
from ungdom.extracts.columns.column import Column, ColumnType, Dates, PurposeColumn, coarsen_date
from ungdom.extracts.errors import NotAsDeclared
from ungdom.extracts.order import Order
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.lazy import lazy
from ungdom.store import bulk
from ungdom.store.session import Database

if TYPE_CHECKING:
    import pyarrow as pa
else:
    pa = lazy("pyarrow")

CASES = 200
"""Cases read at a time, each time in a transaction of its own: what is asked for does not change any more."""

_ARROW = {
    ColumnType.STRING: "string",
    ColumnType.DATE: "date32",
    ColumnType.INTEGER: "int32",
    ColumnType.NUMBER: "float64",
    ColumnType.BOOLEAN: "bool",
}

ValueReader = Callable[[Any], Any]


@dataclass(slots=True)
class ExtractCounts:
    """What was read: cases, and those left out because their history is no legal walk."""

    cases: int = 0
    unread: int = 0


def arrow_type(kind: ColumnType) -> pa.DataType:
    """Arrow's type for a column of that type."""
    return pa.type_for_alias(_ARROW[kind])


def schema(columns: Sequence[PurposeColumn]) -> pa.Schema:
    """The schema of Arrow."""
    return pa.schema([pa.field(column.name, arrow_type(column.type), column.column.nullable) for column in columns])


def ranked(order: Order, ids: Iterable[UUID]) -> list[bytes]:
    """The cases in the order of their pseudonyms, which says nothing of when they were opened. About 80 bytes a case.

    Each is its pseudonym, then its id.
    """
    pseudonym_of = order.pseudonymiser(PseudonymKind.CASE)
    return sorted(pseudonym_of(case_id).encode() + case_id.bytes for case_id in ids)


def batches(
    db: Database,
    order: Order,
    cases: Sequence[bytes],
    counts: ExtractCounts,
    report: Callable[[int], object] = lambda _: None,
    without: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """The rows of these cases, as `ranked` gives them. `without`: columns that stand in the names of folders.

    Raises `NotAsDeclared`.
    """
    columns = [item for item in order.columns if item.name not in without]
    batch_of = batch_builder(order, columns)
    for batch in bulk.batches((UUID(bytes=item[-16:]) for item in cases), CASES):
        with db.reading() as tx:
            snapshots, unread = known.read(
                tx, batch, order.day, order.known_at, order.extract.alerts, order.extract.person_histories
            )
        counts.cases += len(snapshots)
        counts.unread += unread
        rows = [row for item in snapshots for row in order.extract.rows_of(item)]
        if rows:
            yield batch_of(rows)
        report(len(batch))


def batch_builder(order: Order, columns: Sequence[PurposeColumn]) -> Callable[[Sequence[Any]], pa.RecordBatch]:
    """What makes a batch of rows, each value as its column declares it. It raises `NotAsDeclared`."""
    arrow_schema, readers = schema(columns), [_value_reader(column, order) for column in columns]
    return lambda rows: _record_batch(order, columns, arrow_schema, [[read(row) for row in rows] for read in readers])


def _record_batch(
    order: Order, columns: Sequence[PurposeColumn], arrow_schema: pa.Schema, values: list[list[Any]]
) -> pa.RecordBatch:
    arrays = [pa.array(column_values, field.type) for column_values, field in zip(values, arrow_schema, strict=True)]
    for purpose_column, array in zip(columns, arrays, strict=True):
        if array.null_count and not purpose_column.column.nullable:
            raise NotAsDeclared(order.extract.name, purpose_column.name)
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema)


def _value_reader(purpose_column: PurposeColumn, order: Order) -> ValueReader:
    """What gives the value of this column in a row, as it leaves."""
    column, read = purpose_column.column, purpose_column.column.value_of
    if column.named is not None:
        name = order.pseudonymiser(column.named)
        return lambda row: name(read(row))
    if column.type is ColumnType.DATE and purpose_column.dates is not Dates.DAY:
        dates = purpose_column.dates
        return lambda row: None if (day := read(row)) is None else coarsen_date(day, dates, row.known.case.last_offence)
    if column.type is ColumnType.STRING:
        return _checked_text(read, _declared_check(column), NotAsDeclared(order.extract.name, column.name))
    return read


def _declared_check(column: Column) -> Callable[[str], bool]:
    """Whether a text is a word of the list of the column, or written as it says."""
    if column.pattern is not None:
        written = re.compile(column.pattern)
        return lambda text: written.fullmatch(text) is not None
    return frozenset(column.values).__contains__


def _checked_text(read: ValueReader, declared: Callable[[str], bool], otherwise: NotAsDeclared) -> ValueReader:
    """A text that is as declared, or nothing."""

    def word(row: Any) -> str | None:
        value = read(row)
        if value is not None and not declared(value):
            raise otherwise
        return None if value is None else str(value)

    return word
