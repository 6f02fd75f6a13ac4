"""Records changes of rows that may change or be removed: each is linked in `audit_change`, in the same transaction.

A function of the store that writes such a row calls `record` afterwards, which reads the row as it then stands. The
stream is the table with what the row belongs to (a person, a member of staff, a webhook), so that only writers of the
same thing wait for each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, tuple_

from ungdom.audit.content import encode, plain
from ungdom.audit.links import FIRST, link
from ungdom.store import named_locks
from ungdom.store.chain_rows import key_text, recorded_rows, stream_name
from ungdom.store.chain_tables import RECORDED, RecordedTable
from ungdom.store.schema.audit import audit_change

C = audit_change.c
Change = tuple[str, str, str, str | None]
"""Stream, table, key and content of a change. Content None: the row was removed."""


def record(tx: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Records the rows with the primary keys of these rows as they stand now; one that is not there as removed."""
    recorded = RECORDED[table.name]
    write(tx, [change for row in rows for change in _changes(tx, recorded, row)])


def record_group(tx: Connection, table: Table, value: Any) -> None:
    """Records the rows of one stream after all of them were replaced. `value`: of the column that names the stream."""
    recorded = RECORDED[table.name]
    present = list(recorded_rows(tx, recorded, **{recorded.stream: value}))
    stream = stream_name(recorded, plain(value))
    before = _last_contents(tx, stream)
    gone = sorted(key for key, content in before.items() if content and key not in {key for _, key, _ in present})
    changed = [(name, recorded.name, key, content) for name, key, content in present if before.get(key) != content]
    write(tx, [*((stream, recorded.name, key, None) for key in gone), *changed])


def write(tx: Connection, changes: Sequence[Change]) -> None:
    """Writes changes at the ends of their streams."""
    if not changes:
        return
    named_locks.lock(tx, {f"audit_change:{stream}" for stream, *_ in changes})
    heads = _heads(tx, {stream for stream, *_ in changes})
    rows = []
    for stream, source, key, content in changes:
        position, previous = heads.get(stream, (0, FIRST))
        row_link = link(previous, stream, position + 1, encode([source, key, content]))
        heads[stream] = (position + 1, row_link)
        row = {"stream": stream, "position": position + 1, "source": source, "key": key, "content": content}
        rows.append({**row, "link": row_link})
    tx.execute(insert(audit_change), rows)


def _changes(tx: Connection, recorded: RecordedTable, row: Mapping[str, Any]) -> Iterator[Change]:
    key = {name: row[name] for name in recorded.key}
    present: list[Change] = [
        (stream, recorded.name, name, content) for stream, name, content in recorded_rows(tx, recorded, **key)
    ]
    yield from present or [_removal(tx, recorded, key_text(plain(value) for value in key.values()))]


def _removal(tx: Connection, recorded: RecordedTable, key: str) -> Change:
    """The removal of a row: in the stream that it was recorded in."""
    stream = tx.scalar(select(C.stream).where(C.source == recorded.name, C.key == key).limit(1))
    return stream or stream_name(recorded, key), recorded.name, key, None


def _last_contents(tx: Connection, stream: str) -> dict[str, str | None]:
    query = select(C.key, C.content).where(C.stream == stream).order_by(C.position)
    return {row.key: row.content for row in tx.execute(query)}


def _heads(tx: Connection, streams: set[str]) -> dict[str, tuple[int, bytes]]:
    newest = select(C.stream, func.max(C.position)).where(C.stream.in_(streams)).group_by(C.stream)
    query = select(C.stream, C.position, C.link).where(tuple_(C.stream, C.position).in_(newest))
    return {row.stream: (row.position, row.link) for row in tx.execute(query)}
