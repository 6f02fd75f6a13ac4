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
class WrittenFile:
    """What was written: rows, bytes, and their SHA-256 in hexadecimal digits."""

    rows: int
    bytes: int
    sha256: str


class HashingStream:
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


class SchemaMismatch(Exception):
    """A batch does not have the columns that were announced, or a column is of a kind that cannot be written."""


def write(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    form: Form,
    out: BinaryIO,
    progress: Progress = lambda _: None,
) -> WrittenFile:
    """Every row, in this order. The stream is left open. Raises `SchemaMismatch`."""
    stream = HashingStream(out)
    rows = 0
    with _WRITERS[form](stream, plain_schema(schema)) as write_group:
        for group in regrouped(batches, schema):
            write_group(group)
            rows += group.num_rows
            progress(group.num_rows)
    return WrittenFile(rows, stream.bytes, stream.hash.hexdigest())


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The columns as they are written: encoded by a dictionary or not, a text is a text. Raises `SchemaMismatch`."""
    for field in schema:
        if not _can_be_written(field.type):
            raise SchemaMismatch(f"{field.name} is {field.type}")
    return pa.schema([field.with_type(_plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def regrouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema, size: int = GROUP) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of this many each, the last one of the rest; nothing encoded by a dictionary."""
    pending: list[pa.RecordBatch] = []
    row_count = 0
    for batch in batches:
        _check_schema(batch, schema)
        pending.append(batch)
        row_count += batch.num_rows
        while row_count >= size:
            group, rest = _split(pending, schema, size)
            yield group
            pending, row_count = [rest], rest.num_rows
    if row_count:
        yield _split(pending, schema, row_count)[0]


def _split(pending: list[pa.RecordBatch], schema: pa.Schema, size: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The first rows in one piece, and the others."""
    last = pending[-1]
    rest = sum(batch.num_rows for batch in pending) - size
    head = pa.Table.from_batches([*pending[:-1], last.slice(0, last.num_rows - rest)], schema)
    (group,) = head.cast(plain_schema(schema)).combine_chunks().to_batches()
    return group, last.slice(last.num_rows - rest)


def _check_schema(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    if batch.schema != schema:
        raise SchemaMismatch(f"{batch.schema} is not {schema}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(_plain_type(kind)))


def _can_be_written(kind: pa.DataType) -> bool:
    types = pa.types
    plain = (_is_text, types.is_integer, types.is_floating, types.is_boolean, types.is_date, types.is_timestamp)
    return any(fits(kind) for fits in plain)


# --- one way of writing each: a context that gives what takes a group -----------------------------------------

WriteGroup: TypeAlias = "Callable[[pa.RecordBatch], object]"
GroupWriter: TypeAlias = "AbstractContextManager[WriteGroup]"


@dataclass(frozen=True, slots=True)
class _GroupWriter:
    """Takes groups by this call, and ends by the other."""

    write_group: WriteGroup
    close: Callable[[], object]

    def __enter__(self) -> WriteGroup:
        return self.write_group

    def __exit__(self, *_error: object) -> None:
        self.close()


def _parquet(out: HashingStream, schema: pa.Schema) -> GroupWriter:
    writer = pq.ParquetWriter(out, schema, compression="zstd", compression_level=_LEVEL, write_page_index=False)
    return _GroupWriter(lambda group: writer.write_batch(group, row_group_size=GROUP), writer.close)


def _arrow(out: HashingStream, schema: pa.Schema) -> GroupWriter:
    writer = pa.ipc.new_stream(out, schema)
    return _GroupWriter(lambda group: writer.write_batch(_copied(group)), writer.close)


def _copied(group: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows, and nothing left over behind missing values or at the ends: an Arrow stream would show it."""
    return group.take(pa.array(range(group.num_rows), pa.int32()))


def _csv(out: HashingStream, schema: pa.Schema) -> GroupWriter:
    csv_schema = pa.schema([(field.name, _csv_type(field.type)) for field in schema])
    out.write((",".join(f'"{name}"' for name in csv_schema.names) + "\n").encode())
    return _GroupWriter(lambda group: out.write(_csv_lines(_as_csv_columns(group, csv_schema))), lambda: None)


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


def _ndjson(out: HashingStream, _schema: pa.Schema) -> GroupWriter:
    return _GroupWriter(lambda group: out.write(_ndjson_lines(group)), lambda: None)


_WRITERS: dict[Form, Callable[[HashingStream, pa.Schema], GroupWriter]] = {
    Form.CSV: _csv,
    Form.PARQUET: _parquet,
    Form.ARROW: _arrow,
    Form.NDJSON: _ndjson,
}

# --- values as text -------------------------------------------------------------------------------------------


def _csv_type(kind: pa.DataType) -> pa.DataType:
    """The type that a column has when CSV is written."""
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _as_csv_columns(group: pa.RecordBatch, csv_schema: pa.Schema) -> pa.RecordBatch:
    columns = [_as_text(column) if pa.types.is_timestamp(column.type) else column for column in group.columns]
    return pa.RecordBatch.from_arrays(columns, schema=csv_schema)


def _as_text(column: pa.Array) -> pa.Array:
    """Days, and instants in UTC to their unit."""
    if not pa.types.is_timestamp(column.type):
        return column.cast(pa.string())
    plain = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())  # with its zone it is thirty times as slow
    return pc.binary_join_element_wise(pc.utf8_replace_slice(plain, 10, 11, "T"), "Z", "")


def _ndjson_lines(group: pa.RecordBatch) -> bytes:
    """One JSON object a row."""
    members = [_members(name, column, "{" if n == 0 else ",") for n, (name, column) in enumerate(_columns(group))]
    rows = pc.binary_join_element_wise(*members, "}\n", "")
    return b"".join(rows.cast(pa.binary()).to_pylist())


def _columns(group: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    return zip(group.schema.names, group.columns, strict=True)


def _members(name: str, column: pa.Array, before: str) -> pa.Array:
    """`,"name":value` for each row: each different value is written out once."""
    encoded = column.dictionary_encode()
    members = pa.array(
        [f"{before}{json.dumps(name)}:{value}" for value in _json_values(encoded.dictionary)], pa.string()
    )
    return pc.fill_null(members.take(encoded.indices), f"{before}{json.dumps(name)}:null")


def _json_values(column: pa.Array) -> list[str]:
    texts = _as_text(column) if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type) else column
    return [json.dumps(value, ensure_ascii=False) for value in texts.to_pylist()]
