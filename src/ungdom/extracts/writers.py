"""Rows of an extract as bytes: CSV, Parquet, an Arrow stream or NDJSON, from a stream of record batches.

The same rows give the same bytes, however they are cut into batches: they are dealt anew in groups of `GROUP` rows, so
that memory is bounded by a group and Parquet's row groups are the same every time. Bytes and rows are counted, and the
SHA-256 is taken, while writing.

CSV: RFC 4180 with a header line, UTF-8, LF. A missing value is nothing, an empty text is "". Where any text of a group
needs quotation marks all of them have them. NDJSON: one object a line with every column, a missing value null. Instants
in both as 2026-01-05T09:00:00Z. Parquet: zstd. Only flat columns: text, whole and decimal numbers, true and false, days
and instants.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from ungdom.lazy import lazy

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pc_csv
    import pyarrow.parquet as pq
else:
    pa = lazy("pyarrow")
    pc = lazy("pyarrow.compute")
    pc_csv = lazy("pyarrow.csv")
    pq = lazy("pyarrow.parquet")


GROUP = 65_536
"""Rows that are written at a time: a row group of Parquet, a batch of an Arrow stream."""
_LEVEL = 1
"""Of zstd: the lowest; higher ones cost more time than they save bytes."""

Progress = Callable[[int], None]
"""Told how many rows have been written since it was told last."""


class Form(StrEnum):
    """How rows are written."""

    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        """As it is named in Content-Type."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.PARQUET: "application/vnd.apache.parquet",
    Form.ARROW: "application/vnd.apache.arrow.stream",
    Form.NDJSON: "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows, bytes, and their SHA-256 in hexadecimal digits."""

    rows: int
    bytes: int
    sha256: str


class Counted:
    """A binary stream that counts and hashes what passes on its way to another."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.bytes, self.hash = out, 0, hashlib.sha256()
        self.closed = False

    def write(self, data: bytes) -> int:
        """Pass it on."""
        self.out.write(data)
        self.hash.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def writable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is not."""
        return False

    def seekable(self) -> bool:
        """It is not: it may be an answer on its way."""
        return False


class Shape(Exception):
    """A batch does not have the columns that were announced, or a column is of a kind that cannot be written."""


def write(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    form: Form,
    out: BinaryIO,
    progress: Progress = lambda _: None,
) -> Written:
    """Every row, in this order. The stream is left open. Raises `Shape`."""
    counted = Counted(out)
    rows = 0
    with _WRITERS[form](counted, plain(schema)) as take:
        for group in regrouped(batches, schema):
            take(group)
            rows += group.num_rows
            progress(group.num_rows)
    return Written(rows, counted.bytes, counted.hash.hexdigest())


def plain(schema: pa.Schema) -> pa.Schema:
    """The columns as they are written: encoded by a dictionary or not, a text is a text. Raises `Shape`."""
    for field in schema:
        if not _can_be_written(field.type):
            raise Shape(f"{field.name} is {field.type}")
    return pa.schema([field.with_type(_plain(field.type)) for field in schema])


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def regrouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema, size: int = GROUP) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of this many each, the last one of the rest; nothing encoded by a dictionary."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        _fits(batch, schema)
        waiting.append(batch)
        held += batch.num_rows
        while held >= size:
            group, rest = _cut(waiting, schema, size)
            yield group
            waiting, held = [rest], rest.num_rows
    if held:
        yield _cut(waiting, schema, held)[0]


def _cut(waiting: list[pa.RecordBatch], schema: pa.Schema, size: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The first rows in one piece, and the others."""
    last = waiting[-1]
    rest = sum(one.num_rows for one in waiting) - size
    head = pa.Table.from_batches([*waiting[:-1], last.slice(0, last.num_rows - rest)], schema)
    (group,) = head.cast(plain(schema)).combine_chunks().to_batches()
    return group, last.slice(last.num_rows - rest)


def _fits(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    if batch.schema != schema:
        raise Shape(f"{batch.schema} is not {schema}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(_plain(kind)))


def _can_be_written(kind: pa.DataType) -> bool:
    types = pa.types
    plain = (_is_text, types.is_integer, types.is_floating, types.is_boolean, types.is_date, types.is_timestamp)
    return any(fits(kind) for fits in plain)


# --- one way of writing each: a context that gives what takes a group -----------------------------------------

Take: TypeAlias = "Callable[[pa.RecordBatch], object]"
Opened: TypeAlias = "AbstractContextManager[Take]"


@dataclass(frozen=True, slots=True)
class _Taking:
    """Takes groups by this call, and ends by the other."""

    take: Take
    close: Callable[[], object]

    def __enter__(self) -> Take:
        return self.take

    def __exit__(self, *_error: object) -> None:
        self.close()


def _parquet(out: Counted, schema: pa.Schema) -> Opened:
    writer = pq.ParquetWriter(out, schema, compression="zstd", compression_level=_LEVEL, write_page_index=False)
    return _Taking(lambda group: writer.write_batch(group, row_group_size=GROUP), writer.close)


def _arrow(out: Counted, schema: pa.Schema) -> Opened:
    writer = pa.ipc.new_stream(out, schema)
    return _Taking(lambda group: writer.write_batch(_copied(group)), writer.close)


def _copied(group: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows, and nothing left over behind missing values or at the ends: an Arrow stream would show it."""
    return group.take(pa.array(range(group.num_rows), pa.int32()))


def _csv(out: Counted, schema: pa.Schema) -> Opened:
    told = pa.schema([(field.name, _told_as(field.type)) for field in schema])
    out.write((",".join(f'"{name}"' for name in told.names) + "\n").encode())
    return _Taking(lambda group: out.write(_csv_lines(_told(group, told))), lambda: None)


def _csv_lines(group: pa.RecordBatch) -> bytes:
    """The lines of a group: texts without quotation marks when none in the group needs them, which is twice as fast."""
    texts = [column for column in group.columns if pa.types.is_string(column.type)]
    if not any(pc.any(pc.equal(pc.binary_length(column), 0)).as_py() for column in texts):
        try:
            return _lines_of(group, "none")
        except pa.ArrowInvalid:  # a comma, a quotation mark or a line break in a text
            pass
    return _lines_of(group, "needed")


def _lines_of(group: pa.RecordBatch, quoting: str) -> bytes:
    lines = pa.BufferOutputStream()
    options = pc_csv.WriteOptions(include_header=False, batch_size=GROUP, quoting_style=quoting)
    pc_csv.write_csv(group, lines, options)
    return bytes(lines.getvalue())


def _ndjson(out: Counted, _schema: pa.Schema) -> Opened:
    return _Taking(lambda group: out.write(_lines(group)), lambda: None)


_WRITERS: dict[Form, Callable[[Counted, pa.Schema], Opened]] = {
    Form.CSV: _csv,
    Form.PARQUET: _parquet,
    Form.ARROW: _arrow,
    Form.NDJSON: _ndjson,
}

# --- values as text -------------------------------------------------------------------------------------------


def _told_as(kind: pa.DataType) -> pa.DataType:
    """The type that a column has when CSV is written."""
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _told(group: pa.RecordBatch, told: pa.Schema) -> pa.RecordBatch:
    columns = [_texts(column) if pa.types.is_timestamp(column.type) else column for column in group.columns]
    return pa.RecordBatch.from_arrays(columns, schema=told)


def _texts(column: pa.Array) -> pa.Array:
    """Days, and instants in UTC to their unit."""
    if not pa.types.is_timestamp(column.type):
        return column.cast(pa.string())
    plain = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())  # with its zone it is thirty times as slow
    return pc.binary_join_element_wise(pc.utf8_replace_slice(plain, 10, 11, "T"), "Z", "")


def _lines(group: pa.RecordBatch) -> bytes:
    """One JSON object a row."""
    said = [_members(name, column, "{" if n == 0 else ",") for n, (name, column) in enumerate(_columns(group))]
    rows = pc.binary_join_element_wise(*said, "}\n", "")
    return b"".join(rows.cast(pa.binary()).to_pylist())


def _columns(group: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    return zip(group.schema.names, group.columns, strict=True)


def _members(name: str, column: pa.Array, before: str) -> pa.Array:
    """`,"name":value` for each row: each different value is written out once."""
    known = column.dictionary_encode()
    said = pa.array([f"{before}{json.dumps(name)}:{one}" for one in _values(known.dictionary)], pa.string())
    return pc.fill_null(said.take(known.indices), f"{before}{json.dumps(name)}:null")


def _values(column: pa.Array) -> list[str]:
    in_words = _texts(column) if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type) else column
    return [json.dumps(value, ensure_ascii=False) for value in in_words.to_pylist()]
