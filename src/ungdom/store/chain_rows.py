"""Reads rows of chains and of recorded tables in canonical form, without conversions, in batches."""

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.exc import OperationalError

from ungdom.audit.content import encode
from ungdom.audit.shown import LoggedAnswer, ShownEntry
from ungdom.audit.walk import ChainedRow
from ungdom.store.access_content import ENTRY_CONTENT, packed_contents
from ungdom.store.chain_tables import ChainedTable, RecordedTable, canonical_sql
from ungdom.store.prepared import Prepared
from ungdom.store.schema.access import access_entry, access_log, access_pending

_IN_BATCHES = {"yield_per": 5_000}


def chained_rows(tx: Connection, chain: ChainedTable, streams: Sequence[str] | None = None) -> Iterator[ChainedRow]:
    """The rows of these streams, or of all, grouped by stream in the order of positions."""
    if streams is None:
        yield from _rows(tx, chain, None)
        return
    for start in range(0, len(streams), STREAMS_AT_ONCE):
        yield from _rows(tx, chain, streams[start : start + STREAMS_AT_ONCE])


def heads(tx: Connection, chain: ChainedTable) -> Iterator[tuple[str, int, bytes | None]]:
    """The last row of each stream: stream, position and link."""
    stream, position = chain.table.c[chain.stream], chain.table.c[chain.position]
    newest = select(stream.label("of"), func.max(position).label("last")).group_by(stream).subquery("newest")
    columns = _canonical(tx, chain.table, (chain.stream, chain.position, "link"))
    query = select(*columns).select_from(chain.table)
    yield from _fetched(tx, query.join(newest, and_(newest.c.of == stream, newest.c.last == position)))


def recorded_rows(
    tx: Connection, recorded: RecordedTable, keys: Sequence[Sequence[Any]] | None = None, **of: Any
) -> Iterator[tuple[str, str, str]]:
    """Rows of a recorded table: stream, key and content as in `audit_change`.

    `keys`: primary keys of the rows; None: of all. `of`: values that columns must have.
    """
    names, columns = recorded.columns, recorded.table.c
    stream, key = names.index(recorded.stream), [names.index(name) for name in recorded.key]
    if keys is not None and len(keys) == 1:
        rows: Iterable[Any] = _recorded_row(tx, recorded, keys[0])
    else:
        same = (columns[name] == value for name, value in of.items())
        rows = tx.execute(_recorded_query(tx, recorded, keys).where(*same))
    for row in rows:
        content = json.dumps(dict(zip(names, row, strict=True)), default=repr)
        yield stream_name(recorded, row[stream]), key_text(row[place] for place in key), content


def _recorded_query(tx: Connection, recorded: RecordedTable, keys: Sequence[Sequence[Any]] | None) -> Select[Any]:
    query = select(*_canonical(tx, recorded.table, recorded.columns)).select_from(recorded.table)
    query = query.order_by(*recorded.table.primary_key)
    return query if keys is None else query.where(tuple_(*recorded.table.primary_key).in_(keys))


def _recorded_row(tx: Connection, recorded: RecordedTable, key: Sequence[Any]) -> Sequence[Any]:
    """The row with this primary key, if it is there."""
    statement = _ONE_RECORDED.get((tx.dialect.name, recorded.name))
    if statement is None:
        columns = list(recorded.table.primary_key)
        same = (column == bindparam(f"key_{n}", type_=column.type) for n, column in enumerate(columns))
        statement = Prepared(_recorded_query(tx, recorded, None).where(*same))
        _ONE_RECORDED[tx.dialect.name, recorded.name] = statement
    return statement.rows(tx, {f"key_{n}": value for n, value in enumerate(key)})


_ONE_RECORDED: dict[tuple[str, str], Prepared] = {}
"""By database and table the statement of `_recorded_row`."""


_IS_PENDING = access_log.c.access_id.in_(select(access_pending.c.access_id))
PACKED_BESIDE = (access_log.c.entries.is_not(None), ~_IS_PENDING)
"""The condition on the long answers that have their entries twice: packed, and as rows of `access_entry`."""


def logged_answers(
    tx: Connection, streams: Sequence[str] | None = None, *conditions: ColumnElement[bool]
) -> Iterator[LoggedAnswer]:
    """The rows of the access log in these streams, or of all, with the hash of their entries, ordered by id."""
    query = select(*_canonical(tx, access_log, ("access_id", "stream", "position", "shown"))).select_from(access_log)
    query = query.where(*conditions)
    if streams is not None:
        query = query.where(access_log.c.stream.in_(streams))
    for row in _fetched(tx, query.order_by(access_log.c.access_id)):
        yield row[0], row[1], row[2], row[3]


def shown_entries(tx: Connection, streams: Sequence[str] | None = None) -> Iterator[ShownEntry]:
    """The entries of the answers in these streams, or of all, ordered by answer and place.

    Of long answers whose rows of `access_entry` are not written yet, as they are packed.
    """
    pending = packed_entries(tx, streams, access_log.c.entries.is_not(None), _IS_PENDING)
    yield from heapq.merge(_indexed_entries(tx, streams), pending, key=itemgetter(0))


def packed_entries(
    tx: Connection, streams: Sequence[str] | None, *conditions: ColumnElement[bool]
) -> Iterator[ShownEntry]:
    """The packed entries of the long answers in these streams, or of all, ordered by answer and place.

    An answer whose packed bytes hold none has one that is empty.
    """
    query = select(*_canonical(tx, access_log, ("access_id",)), access_log.c.entries).where(*conditions)
    if streams is not None:
        query = query.where(access_log.c.stream.in_(streams))
    for access_id, packed in _fetched(tx, query.order_by(access_log.c.access_id)):
        contents = packed_contents(packed) if isinstance(packed, bytes) else []
        for content in contents or [b""]:
            yield access_id, content


def _indexed_entries(tx: Connection, streams: Sequence[str] | None) -> Iterator[ShownEntry]:
    query = select(*_canonical(tx, access_entry, ("access_id", *ENTRY_CONTENT))).select_from(access_entry)
    if streams is not None:
        of_streams = select(access_log.c.access_id).where(access_log.c.stream.in_(streams))
        query = query.where(access_entry.c.access_id.in_(of_streams))
    for row in _fetched(tx, query.order_by(access_entry.c.access_id, access_entry.c.place)):
        yield row[0], encode(row[1:])


def stream_name(recorded: RecordedTable, value: Any) -> str:
    """The stream of the rows with this value, in canonical form, in the column that names it."""
    return f"{recorded.name}:{value}"


def key_text(values: Any) -> str:
    """The key of a row as it stands in `audit_change`."""
    return encode(values).decode()


# --- queries ---------------------------------------------------------------------------------------------------

STREAMS_AT_ONCE = 500
"""Streams that are read with one statement."""


def _rows(tx: Connection, chain: ChainedTable, streams: Sequence[str] | None) -> Iterator[ChainedRow]:
    if chain.content is not None:
        yield from _typed_rows(tx, chain, streams)
        return
    columns = _canonical(tx, chain.table, (chain.stream, chain.position, "link", *chain.columns))
    query = _chosen(chain, select(*columns).select_from(chain.table), streams)
    for row in _fetched(tx, query):
        yield row[0], row[1], row[2], encode(row[3:])


def _typed_rows(tx: Connection, chain: ChainedTable, streams: Sequence[str] | None) -> Iterator[ChainedRow]:
    content: Any = chain.content
    for row in tx.execute(_chosen(chain, select(chain.table), streams), execution_options=_IN_BATCHES).mappings():
        yield str(row[chain.stream]), row[chain.position], row["link"], content(row)


def _chosen(chain: ChainedTable, query: Select[Any], streams: Sequence[str] | None) -> Select[Any]:
    stream = chain.table.c[chain.stream]
    if streams is not None:
        query = query.where(stream.in_([UUID(name) if isinstance(stream.type, Uuid) else name for name in streams]))
    return query.order_by(stream, chain.table.c[chain.position])


def _canonical(tx: Connection, table: Table, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """These columns in canonical form, without conversions by SQLAlchemy; the link as it is."""
    dialect = tx.dialect.name
    sql = (f"{table.name}.link" if name == "link" else canonical_sql(table.c[name], dialect) for name in names)
    return [literal_column(text) for text in sql]


def _fetched(tx: Connection, query: Select[Any]) -> Iterator[Any]:
    """The rows of a query. On SQLite text that is not UTF-8 does not stop the reading: such a row is a finding."""
    done = 0
    try:
        for row in tx.execute(query, execution_options=_IN_BATCHES):
            yield row
            done += 1
    except OperationalError:
        if tx.dialect.name == "postgresql":
            raise
        yield from islice(_fetched_undecodable(tx, query), done, None)


def _fetched_undecodable(tx: Connection, query: Select[Any]) -> Iterator[Any]:
    driver: Any = tx.connection.driver_connection
    own_factory, driver.text_factory = driver.text_factory, partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield from tx.execute(query, execution_options=_IN_BATCHES)
    finally:
        driver.text_factory = own_factory
