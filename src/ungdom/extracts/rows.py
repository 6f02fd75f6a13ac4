"""Converts case snapshots to record batches: ids become pseudonyms, days get the precision of the order.

Every text is checked against the values or the pattern of its column, or is a pseudonym. Any other value ends the
extract with `NotAsDeclared`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ungdom.extracts import snapshots
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
"""Cases read per transaction. One transaction per batch is enough: events before `known_at` no longer change."""

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
    """Numbers of cases read, and of those left out because their history is not legal."""

    cases: int = 0
    unread: int = 0


def arrow_type(kind: ColumnType) -> pa.DataType:
    return pa.type_for_alias(_ARROW[kind])


def schema(columns: Sequence[PurposeColumn]) -> pa.Schema:
    """The Arrow schema of these columns."""
    return pa.schema([pa.field(column.name, arrow_type(column.type), column.column.nullable) for column in columns])


def ranked(order: Order, ids: Iterable[UUID]) -> list[bytes]:
    """The cases sorted by pseudonym, which hides the order of opening. About 80 bytes per case.

    Each entry is the pseudonym followed by the 16 bytes of the id.
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
    """The rows of these cases, in the order of `ranked`. `without`: the partition columns, if any.

    Raises `NotAsDeclared`.
    """
    columns = [item for item in order.columns if item.name not in without]
    batch_of = batch_builder(order, columns)
    for batch in bulk.batches((UUID(bytes=item[-16:]) for item in cases), CASES):
        with db.reading() as tx:
            loaded, unread = snapshots.read(
                tx, batch, order.day, order.known_at, order.extract.alerts, order.extract.person_histories
            )
        counts.cases += len(loaded)
        counts.unread += unread
        rows = [row for snapshot in loaded for row in order.extract.rows_of(snapshot)]
        if rows:
            yield batch_of(rows)
        report(len(batch))


def batch_builder(order: Order, columns: Sequence[PurposeColumn]) -> Callable[[Sequence[Any]], pa.RecordBatch]:
    """A function that converts rows to a record batch. It raises `NotAsDeclared`."""
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
    """A function that reads the exported value of this column from a row."""
    column, read = purpose_column.column, purpose_column.column.value_of
    if column.named is not None:
        name = order.pseudonymiser(column.named)
        return lambda row: name(read(row))
    if column.type is ColumnType.DATE and purpose_column.dates is not Dates.DAY:
        dates = purpose_column.dates
        return lambda row: (
            None if (day := read(row)) is None else coarsen_date(day, dates, row.snapshot.case.last_offence)
        )
    if column.type is ColumnType.STRING:
        return _checked_text(read, _declared_check(column), NotAsDeclared(order.extract.name, column.name))
    return read


def _declared_check(column: Column) -> Callable[[str], bool]:
    """A function that checks a text against the values or the pattern of the column."""
    if column.pattern is not None:
        written = re.compile(column.pattern)
        return lambda text: written.fullmatch(text) is not None
    return frozenset(column.values).__contains__


def _checked_text(read: ValueReader, declared: Callable[[str], bool], otherwise: NotAsDeclared) -> ValueReader:
    """A function that reads a text or None. It raises the error for a text that is not declared."""

    def word(row: Any) -> str | None:
        value = read(row)
        if value is not None and not declared(value):
            raise otherwise
        return None if value is None else str(value)

    return word
