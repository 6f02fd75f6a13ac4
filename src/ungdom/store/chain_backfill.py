"""Links the events of an older version, and records the rows that were written before changes were recorded.

`ungdom db upgrade` runs both. They work in batches, each in its own transaction: what was interrupted goes on where it
was, and the service may run meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, text, update

from ungdom.audit.content import plain
from ungdom.store import bulk, chain_changes, chain_events, chain_rows
from ungdom.store.chain_tables import RECORDED, RecordedTable
from ungdom.store.schema.audit import audit_change
from ungdom.store.schema.cases import event
from ungdom.store.session import Database

Progress = Callable[[int, int], object]
"""Called with the number of rows done and in total."""

CASES, CHANGES = 200, 500
"""Cases and changes in one transaction."""

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
    """Records the rows that were never recorded; their number."""
    with db.reading() as tx:
        missing = {recorded.table: _unrecorded(tx, recorded) for recorded in RECORDED.values()}
    done, total = 0, sum(map(len, missing.values()))
    for table, keys in missing.items():
        for batch in bulk.batches(keys, CHANGES):
            with db.writing() as tx:
                chain_changes.record_missing(tx, table, batch)
            done += len(batch)
            progress(done, total)
    return total


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


def _unrecorded(tx: Connection, recorded: RecordedTable) -> list[Any]:
    """The primary keys of the rows that were never recorded."""
    known = set(tx.scalars(select(audit_change.c.key).where(audit_change.c.source == recorded.name)))
    keys = tx.execute(select(*recorded.table.primary_key).order_by(*recorded.table.primary_key))
    return [tuple(key) for key in keys if chain_rows.key_text(map(plain, key)) not in known]
