"""Links the events of an older version, and records the rows that were written before changes were recorded.

`ungdom db upgrade` runs both. They work in batches, each in its own transaction: what was interrupted goes on where it
was, and the service may run meanwhile.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, text, tuple_, update

from ungdom.audit.content import plain
from ungdom.store import bulk, chain_changes, chain_events, chain_rows
from ungdom.store.chain_tables import RECORDED, RecordedTable
from ungdom.store.errors import Stale
from ungdom.store.schema.audit import audit_change
from ungdom.store.schema.cases import event
from ungdom.store.session import Database

Progress = Callable[[int, int], object]
"""Called with the number of rows done and in total."""

CASES, CHANGES = 200, 500
"""Cases and changes in one transaction."""
PASSES = 20
"""Passes over the rows that were never recorded: one that another transaction holds is left to the next pass."""
BETWEEN_TRIES = 0.25
"""Seconds before a batch is tried again that others stood in the way of."""

E = event.c


def link_events(db: Database, progress: Progress = lambda _done, _all: None) -> int:
    """Links the events that have no link; their number. A link that is there is never changed."""
    with db.reading() as tx:
        total = tx.scalar(select(func.count()).select_from(event).where(E.link.is_(None))) or 0
    done, after = 0, None
    while total and (batch := _unlinked_cases(db, after)):
        with db.writing() as tx, _links_writable(tx):
            done += _link_cases(tx, batch)
        after = batch[-1]
        progress(min(done, total), total)
    return done


def record_changes(db: Database, progress: Progress = lambda _done, _all: None) -> int:
    """Records the rows that were never recorded; their number.

    A row that somebody changes meanwhile is recorded by them, and left out here.
    """
    done = 0
    for _ in range(PASSES):
        before = done
        with db.reading() as tx:
            missing = [(name, key) for name in RECORDED for key in _unrecorded(tx, RECORDED[name])]
        seen = 0
        for name, keys in groupby(missing, itemgetter(0)):
            for batch in bulk.batches((key for _, key in keys), CHANGES):
                done += _record(db, RECORDED[name], batch)
                seen += len(batch)
                progress(seen, len(missing))
        if done == before + len(missing):
            break
        if done == before:
            time.sleep(BETWEEN_TRIES)
    return done


def _unlinked_cases(db: Database, after: UUID | None) -> list[UUID]:
    query = select(E.case_id).where(E.link.is_(None)).group_by(E.case_id).order_by(E.case_id).limit(CASES)
    with db.reading() as tx:
        return list(tx.scalars(query if after is None else query.where(E.case_id > after)))


def _link_cases(tx: Connection, case_ids: Sequence[UUID]) -> int:
    rows = tx.execute(select(event).where(E.case_id.in_(case_ids)).order_by(E.case_id, E.seq)).mappings()
    head, case_id, new = chain_events.NO_ROWS, None, []
    for row in rows:
        if row["case_id"] != case_id:
            head, case_id = chain_events.NO_ROWS, row["case_id"]
        if row["link"] is not None:
            head = chain_events.ChainHead(row["seq"], row["link"])
            continue
        link = chain_events.linked(head, row["case_id"], [dict(row)])[0]["link"]
        head = chain_events.ChainHead(row["seq"], link)
        new.append({"of_case": row["case_id"], "of_seq": row["seq"], "new_link": link})
    tx.execute(_FILL, new)
    return len(new)


_FILL = (
    update(event)
    .where(E.case_id == bindparam("of_case"), E.seq == bindparam("of_seq"), E.link.is_(None))
    .values(link=bindparam("new_link"))
)


@contextmanager
def _links_writable(tx: Connection) -> Iterator[None]:
    """Suspends the trigger that refuses to change events, inside this transaction: nobody else writes one meanwhile."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("ALTER TABLE event DISABLE TRIGGER event_is_only_added"))
        yield
        tx.execute(text("ALTER TABLE event ENABLE TRIGGER event_is_only_added"))
        return
    trigger = tx.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'event_no_update'"))
    tx.execute(text("DROP TRIGGER event_no_update"))
    yield
    tx.exec_driver_sql(str(trigger))


def _unrecorded(tx: Connection, recorded: RecordedTable) -> list[tuple[Any, ...]]:
    """The primary keys of the rows that were never recorded."""
    known = set(tx.scalars(select(audit_change.c.key).where(audit_change.c.source == recorded.name)))
    primary = list(recorded.table.primary_key)
    return [tuple(row) for row in tx.execute(select(*primary).order_by(*primary)) if _key_text(row) not in known]


def _record(db: Database, recorded: RecordedTable, keys: Sequence[tuple[Any, ...]]) -> int:
    """Records those of these rows that are still there and not recorded, as they stand now; their number."""
    for _ in range(PASSES):
        try:
            with db.writing() as tx:
                return _record_in(tx, recorded, keys)
        except Stale:  # a deadlock: another transaction goes on, and this one is tried again
            time.sleep(BETWEEN_TRIES)
    return 0


def _record_in(tx: Connection, recorded: RecordedTable, keys: Sequence[tuple[Any, ...]]) -> int:
    """Rows that another transaction changes at this moment are left out: it records them, or they stay for later."""
    primary = list(recorded.table.primary_key)
    locked = select(*primary).where(tuple_(*primary).in_(keys)).with_for_update(skip_locked=True)
    rows = {_key_text(row): tuple(row) for row in tx.execute(locked)}
    recorded_before = (audit_change.c.source == recorded.name) & audit_change.c.key.in_(rows)
    known = set(tx.scalars(select(audit_change.c.key).where(recorded_before)))
    new = [row for text_of_key, row in rows.items() if text_of_key not in known]
    changes = [
        (stream, recorded.name, key, content) for stream, key, content in chain_rows.recorded_rows(tx, recorded, new)
    ]
    chain_changes.write(tx, changes)
    return len(changes)


def _key_text(key: Iterable[Any]) -> str:
    return chain_rows.key_text(map(plain, key))
