"""Records changes of rows that may change or be removed: each is linked in `audit_change`, in the same transaction.

A function of the store that writes such a row calls `record` afterwards, which reads the row as it then stands. The
stream is the table with what the row belongs to (a person, a member of staff, a webhook), so that only writers of the
same thing wait for each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select, tuple_

from ungdom.audit.content import encode, plain
from ungdom.audit.links import FIRST, link
from ungdom.store import bulk, named_locks
from ungdom.store.chain_rows import key_text, recorded_rows, stream_name
from ungdom.store.chain_tables import RECORDED, RecordedTable
from ungdom.store.schema.audit import audit_change

C = audit_change.c
AT_ONCE = 500
"""Rows that are read with one statement."""
Change = tuple[str, str, str, str | None]
"""Stream, table, key and content of a change. Content None: the row was removed."""


def record(tx: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Records the rows with the primary keys of these rows as they stand now; one that is not there as removed."""
    recorded = RECORDED[table.name]
    wanted = [[row[name] for name in recorded.key] for row in rows]
    present = _present(tx, recorded, wanted)
    names = [key_text(map(plain, key)) for key in wanted]
    write(tx, [present.get(name) or _removal(tx, recorded, name) for name in dict.fromkeys(names)])


def record_new(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Records rows that were inserted in this transaction, as the first of their streams: nobody else writes these."""
    recorded = RECORDED[table.name]
    changes = _present(tx, recorded, [[row[name] for name in recorded.key] for row in rows])
    _append(tx, changes.values(), {})


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
    _append(tx, changes, _heads(tx, {stream for stream, *_ in changes}))


def _append(tx: Connection, changes: Iterable[Change], heads: dict[str, tuple[int, bytes]]) -> None:
    rows = []
    for stream, source, key, content in changes:
        position, previous = heads.get(stream, (0, FIRST))
        row_link = link(previous, stream, position + 1, encode([source, key, content]))
        heads[stream] = (position + 1, row_link)
        row = {"stream": stream, "position": position + 1, "source": source, "key": key, "content": content}
        rows.append({**row, "link": row_link})
    bulk.add(tx, audit_change, rows)


def _present(tx: Connection, recorded: RecordedTable, keys: Sequence[Sequence[Any]]) -> dict[str, Change]:
    """The rows with these primary keys as they stand, by key."""
    return {
        name: (stream, recorded.name, name, content)
        for batch in bulk.batches(keys, AT_ONCE)
        for stream, name, content in recorded_rows(tx, recorded, batch)
    }


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
