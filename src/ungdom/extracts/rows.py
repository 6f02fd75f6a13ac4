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

from ungdom.extracts import known
from ungdom.extracts.columns import Column, ColumnType, Dates, Shown, coarse
from ungdom.extracts.errors import NotAsDeclared
from ungdom.extracts.orders import Order
from ungdom.extracts.pseudonyms import Named
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

Value = Callable[[Any], Any]


@dataclass(slots=True)
class Tally:
    """What was read: cases, and those left out because their history is no legal walk."""

    cases: int = 0
    unread: int = 0


def arrow_type(kind: ColumnType) -> pa.DataType:
    """Arrow's type for a column of that type."""
    return pa.type_for_alias(_ARROW[kind])


def schema(columns: Sequence[Shown]) -> pa.Schema:
    """The schema of Arrow."""
    return pa.schema([pa.field(one.name, arrow_type(one.type), one.column.nullable) for one in columns])


def ranked(order: Order, ids: Iterable[UUID]) -> list[bytes]:
    """The cases in the order of their pseudonyms, which says nothing of when they were opened. About 80 bytes a case.

    Each is its pseudonym, then its id.
    """
    name = order.maker(Named.CASE)
    return sorted(name(one).encode() + one.bytes for one in ids)


def batches(
    db: Database,
    order: Order,
    cases: Sequence[bytes],
    tally: Tally,
    report: Callable[[int], object] = lambda _: None,
    without: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """The rows of these cases, as `ranked` gives them. `without`: columns that stand in the names of folders.

    Raises `NotAsDeclared`.
    """
    columns = [one for one in order.columns if one.name not in without]
    batch_of = teller(order, columns)
    for batch in bulk.batches((UUID(bytes=one[-16:]) for one in cases), CASES):
        with db.reading() as tx:
            found, unread = known.read(tx, batch, order.day, order.known_at, order.extract.alerts, order.extract.lives)
        tally.cases += len(found)
        tally.unread += unread
        rows = [row for one in found for row in order.extract.tell(one)]
        if rows:
            yield batch_of(rows)
        report(len(batch))


def teller(order: Order, columns: Sequence[Shown]) -> Callable[[Sequence[Any]], pa.RecordBatch]:
    """What makes a batch of rows, each value as its column declares it. It raises `NotAsDeclared`."""
    shape, readers = schema(columns), [_reader(one, order) for one in columns]
    return lambda found: _batch(order, columns, shape, [[read(row) for row in found] for read in readers])


def _batch(order: Order, columns: Sequence[Shown], shape: pa.Schema, values: list[list[Any]]) -> pa.RecordBatch:
    arrays = [pa.array(told, field.type) for told, field in zip(values, shape, strict=True)]
    for one, array in zip(columns, arrays, strict=True):
        if array.null_count and not one.column.nullable:
            raise NotAsDeclared(order.extract.name, one.name)
    return pa.RecordBatch.from_arrays(arrays, schema=shape)


def _reader(one: Shown, order: Order) -> Value:
    """What gives the value of this column in a row, as it leaves."""
    column, read = one.column, one.column.of
    if column.named is not None:
        name = order.maker(column.named)
        return lambda row: name(read(row))
    if column.type is ColumnType.DATE and one.dates is not Dates.DAY:
        dates = one.dates
        return lambda row: None if (day := read(row)) is None else coarse(day, dates, row.known.case.last_offence)
    if column.type is ColumnType.STRING:
        return _worded(read, _declared(column), NotAsDeclared(order.extract.name, column.name))
    return read


def _declared(column: Column) -> Callable[[str], bool]:
    """Whether a text is a word of the list of the column, or written as it says."""
    if column.pattern is not None:
        written = re.compile(column.pattern)
        return lambda text: written.fullmatch(text) is not None
    return frozenset(column.values).__contains__


def _worded(read: Value, declared: Callable[[str], bool], otherwise: NotAsDeclared) -> Value:
    """A text that is as declared, or nothing."""

    def word(row: Any) -> str | None:
        found = read(row)
        if found is not None and not declared(found):
            raise otherwise
        return None if found is None else str(found)

    return word
