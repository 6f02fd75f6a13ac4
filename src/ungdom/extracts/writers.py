"""Writes record batches as CSV, Parquet, an Arrow file, an Arrow stream or NDJSON.

The same rows give the same bytes, whatever the batches: rows are regrouped into groups of `GROUP` rows, so that memory
is bounded by a group and the row groups of Parquet are the same every time. Bytes and rows are counted, and the SHA-256
is computed, while writing.

CSV: RFC 4180 with a header line, UTF-8, LF. A missing value is an empty field, an empty text is "". If one text of a
group needs quotation marks, every text of the group is quoted. A text that a spreadsheet would read as a formula is
quoted and begins with an apostrophe. `csv-bom` is the same after a byte-order mark, by which a spreadsheet recognises
UTF-8. NDJSON: one object per line with every column, a missing value is null. Both write timestamps as
2026-01-05T09:00:00Z. Parquet: zstd. Columns are flat: text, integers, decimal numbers, booleans, dates and timestamps.
"""

from __future__ import annotations

import hashlib
import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

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
"""Rows per group: a row group of Parquet, a batch of an Arrow file or stream."""
FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that a spreadsheet reads as a formula (OWASP, CSV Injection)."""
NEEDS_QUOTES = r"""^$|[",\r\n]"""
"""A text that CSV writes between quotation marks: an empty one, or one with a character that has a meaning there."""
PART = 8_192
"""Rows of CSV that are in memory as text at once."""
_LEVEL = 1
"""Compression level of zstd. Higher levels cost much time and save few bytes."""

Progress = Callable[[int], None]
"""Called with the number of rows written since the last call."""


class Form(StrEnum):
    """How rows are written. `CSV_BOM`: CSV after a byte-order mark. `ARROW`: the file format, `ARROWS`: the stream."""

    CSV = "csv"
    CSV_BOM = "csv-bom"
    PARQUET = "parquet"
    ARROW = "arrow"
    ARROWS = "arrows"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        """The value of Content-Type."""
        return _MEDIA_TYPES[self]

    @property
    def suffix(self) -> str:
        """How the name of a file ends, without the dot."""
        return Form.CSV.value if self is Form.CSV_BOM else self.value


_MEDIA_TYPES = {
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.CSV_BOM: "text/csv; charset=utf-8; header=present",
    Form.PARQUET: "application/vnd.apache.parquet",
    Form.ARROW: "application/vnd.apache.arrow.file",
    Form.ARROWS: "application/vnd.apache.arrow.stream",
    Form.NDJSON: "application/x-ndjson",
}
FORM_OF_MEDIA_TYPE = {form.media_type.partition(";")[0]: form for form in reversed(Form)}
"""The form of each media type without parameters. That of CSV is the one without a byte-order mark."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """Number of rows and bytes of a file, and its SHA-256 in hexadecimal digits."""

    rows: int
    bytes: int
    sha256: str


class HashingStream:
    """A binary stream that counts and hashes what is written, and writes it to another stream."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.bytes, self.hash = out, 0, hashlib.sha256()
        self.closed = False

    def write(self, data: bytes) -> int:
        self.out.write(data)
        self.hash.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Does nothing: there is no buffer."""

    def writable(self) -> bool:
        """Always true."""
        return True

    def readable(self) -> bool:
        """Always false."""
        return False

    def seekable(self) -> bool:
        """Always false: the target may be an HTTP response."""
        return False


class SchemaMismatch(Exception):
    """A batch does not have the declared columns, or a column has a type that cannot be written."""


def write(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    form: Form,
    out: BinaryIO,
    progress: Progress = lambda _: None,
) -> WrittenFile:
    """Write every row, in this order. The stream is left open. Raises `SchemaMismatch`."""
    pa.set_memory_pool(pa.system_memory_pool())  # gives back what was freed; Arrow's own pool keeps it
    stream = HashingStream(out)
    rows = 0
    with _WRITERS[form](stream, plain_schema(schema)) as write_group:
        for group in regrouped(batches, schema):
            write_group(group)
            rows += group.num_rows
            progress(group.num_rows)
    return WrittenFile(rows, stream.bytes, stream.hash.hexdigest())


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The columns as they are written, without dictionary encoding. Raises `SchemaMismatch`."""
    types = pa.types
    checks = (
        types.is_string, types.is_integer, types.is_floating, types.is_boolean, types.is_date, types.is_timestamp,
    )  # fmt: skip
    fields = []
    for field in schema:
        plain = field.type.value_type if types.is_dictionary(field.type) else field.type
        if not any(is_kind(plain) for is_kind in checks) or (plain != field.type and not types.is_string(plain)):
            raise SchemaMismatch(f"{field.name} is {field.type}")
        fields.append(field.with_type(plain))
    return pa.schema(fields)


def regrouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema, size: int = GROUP) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `size` rows, the last one shorter; without dictionary encoding.

    Raises `SchemaMismatch`.
    """
    pending: list[pa.RecordBatch] = []
    row_count = 0
    for batch in batches:
        if batch.schema != schema:
            raise SchemaMismatch(f"{batch.schema} is not {schema}")
        pending.append(batch)
        row_count += batch.num_rows
        while row_count >= size:
            group, rest = _split(pending, schema, size)
            yield group
            pending, row_count = [rest], rest.num_rows
    if row_count:
        yield _split(pending, schema, row_count)[0]


def _split(pending: list[pa.RecordBatch], schema: pa.Schema, size: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The first `size` rows as one batch, and the rest of the last batch."""
    last = pending[-1]
    rest = sum(batch.num_rows for batch in pending) - size
    head = pa.Table.from_batches([*pending[:-1], last.slice(0, last.num_rows - rest)], schema)
    (group,) = head.cast(plain_schema(schema)).combine_chunks().to_batches()
    return group, last.slice(last.num_rows - rest)


# --- one writer per format: a context manager that returns a function which writes a group ------------------

WriteGroup: TypeAlias = "Callable[[pa.RecordBatch], object]"


@contextmanager
def _parquet(out: HashingStream, schema: pa.Schema) -> Iterator[WriteGroup]:
    with pq.ParquetWriter(out, schema, compression="zstd", compression_level=_LEVEL, write_page_index=False) as writer:
        yield lambda group: writer.write_batch(group, row_group_size=GROUP)


@contextmanager
def _arrow(out: HashingStream, schema: pa.Schema, create: Callable[..., Any]) -> Iterator[WriteGroup]:
    """Writes with `create`, as a file or a stream. Rows are copied: both include the bytes beyond a slice."""
    with create(out, schema) as writer:
        yield lambda group: writer.write_batch(group.take(pa.array(range(group.num_rows), pa.int32())))


def _arrow_file(out: HashingStream, schema: pa.Schema) -> AbstractContextManager[WriteGroup]:
    return _arrow(out, schema, pa.ipc.new_file)


def _arrow_stream(out: HashingStream, schema: pa.Schema) -> AbstractContextManager[WriteGroup]:
    return _arrow(out, schema, pa.ipc.new_stream)


@contextmanager
def _csv(out: HashingStream, schema: pa.Schema) -> Iterator[WriteGroup]:
    out.write((",".join(f'"{name}"' for name in schema.names) + "\n").encode())

    def write_group(group: pa.RecordBatch) -> None:
        for lines in _csv_lines(group):
            out.write(lines)

    yield write_group


def _csv_bom(out: HashingStream, schema: pa.Schema) -> AbstractContextManager[WriteGroup]:
    out.write(BOM_UTF8)
    return _csv(out, schema)


def _csv_lines(group: pa.RecordBatch) -> Iterator[bytes]:
    """The lines of a group in parts, without quotation marks when no text of the group needs them: twice as fast."""
    columns = [_as_text(column) if pa.types.is_timestamp(column.type) else column for column in group.columns]
    formulas = [
        pa.types.is_string(column.type) and bool(pc.any(pc.match_substring_regex(column, FORMULA)).as_py())
        for column in columns
    ]
    columns = [_no_formula(column) if marked else column for column, marked in zip(columns, formulas, strict=True)]
    group = pa.RecordBatch.from_arrays(columns, group.schema.names)
    texts = [column for column in group.columns if pa.types.is_string(column.type)]
    quoted = any(formulas) or any(pc.any(pc.match_substring_regex(text, NEEDS_QUOTES)).as_py() for text in texts)
    options = pc_csv.WriteOptions(include_header=False, batch_size=PART, quoting_style="needed" if quoted else "none")
    for first in range(0, group.num_rows, PART):
        lines = pa.BufferOutputStream()
        pc_csv.write_csv(group.slice(first, PART), lines, options)
        yield lines.getvalue().to_pybytes()


def _no_formula(column: pa.Array) -> pa.Array:
    """The texts with an apostrophe before those that begin as a formula."""
    return pc.if_else(pc.match_substring_regex(column, FORMULA), pc.binary_join_element_wise("'", column, ""), column)


@contextmanager
def _ndjson(out: HashingStream, _schema: pa.Schema) -> Iterator[WriteGroup]:
    yield lambda group: out.write(_ndjson_lines(group))


_WRITERS: dict[Form, Callable[[HashingStream, pa.Schema], AbstractContextManager[WriteGroup]]] = {
    Form.CSV: _csv,
    Form.CSV_BOM: _csv_bom,
    Form.PARQUET: _parquet,
    Form.ARROW: _arrow_file,
    Form.ARROWS: _arrow_stream,
    Form.NDJSON: _ndjson,
}

# --- values as text -------------------------------------------------------------------------------------------


def _as_text(column: pa.Array) -> pa.Array:
    """Dates, and timestamps in UTC with the precision of their unit."""
    if not pa.types.is_timestamp(column.type):
        return column.cast(pa.string())
    plain = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())  # thirty times as fast as with its zone
    return pc.binary_join_element_wise(pc.utf8_replace_slice(plain, 10, 11, "T"), "Z", "")


def _ndjson_lines(group: pa.RecordBatch) -> bytes:
    """One JSON object per row."""
    columns = zip(group.schema.names, group.columns, strict=True)
    members = [_members(name, column, "{" if n == 0 else ",") for n, (name, column) in enumerate(columns)]
    rows = pc.binary_join_element_wise(*members, "}\n", "")
    return b"".join(rows.cast(pa.binary()).to_pylist())


def _members(name: str, column: pa.Array, before: str) -> pa.Array:
    """`,"name":value` for each row. Each distinct value is serialised once."""
    encoded = column.dictionary_encode()
    distinct, prefix = encoded.dictionary, f"{before}{json.dumps(name)}:"
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        distinct = _as_text(distinct)
    members = [prefix + json.dumps(value, ensure_ascii=False) for value in distinct.to_pylist()]
    return pc.fill_null(pa.array(members, pa.string()).take(encoded.indices), f"{prefix}null")
