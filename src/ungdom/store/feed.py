"""The change feed: the outbox messages that webhooks are sent as well, numbered in the order in which they can be seen.

A transaction that wrote a message early may commit late, so that neither its time nor a sequence of the database gives
an order that a reader can follow: what is committed late would stand before the place where the reader already is.
Positions are therefore given afterwards, to messages that are committed, by one transaction at a time: whoever reads a
position has been able to read every lower one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, literal_column, select, update

from ungdom.store import named_locks
from ungdom.store.outbox import ORDER, OutboxMessage
from ungdom.store.schema.outbox import ANNOUNCED_KINDS, outbox
from ungdom.store.session import Database

BATCH = 500
"""Messages that one transaction gives positions to."""

_LOCK = "feed"
_KINDS: Sequence[ColumnElement[str]] = [literal_column(f"'{kind}'") for kind in ANNOUNCED_KINDS]
_WITHOUT_POSITION = (outbox.c.feed_position.is_(None), outbox.c.kind.in_(_KINDS))
_GIVE_POSITION = (
    update(outbox)
    .where(outbox.c.message_id == bindparam("numbered"))
    .values(feed_position=bindparam("position"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A message and its position in the feed."""

    position: int
    message: OutboxMessage


def number_new(db: Database) -> int:
    """Give positions to all messages that have none, `BATCH` in a transaction; returns how many.

    Those that another transaction numbers at the moment are left to it.
    """
    with db.reading() as tx:
        if not tx.scalar(select(exists().where(*_WITHOUT_POSITION))):
            return 0
    numbered = 0
    while True:
        with db.writing() as tx:
            batch = _number(tx) if named_locks.try_lock(tx, [_LOCK]) else 0
        numbered += batch
        if batch < BATCH:
            return numbered


def _number(tx: Connection) -> int:
    last = newest_position(tx)
    ids = list(tx.scalars(select(outbox.c.message_id).where(*_WITHOUT_POSITION).order_by(*ORDER).limit(BATCH)))
    if ids:
        tx.execute(_GIVE_POSITION, [{"numbered": id, "position": last + n} for n, id in enumerate(ids, start=1)])
    return len(ids)


def newest_position(tx: Connection) -> int:
    """The highest position; 0 where there is none."""
    return tx.scalar(select(func.max(outbox.c.feed_position))) or 0


def message_at(tx: Connection, position: int) -> UUID | None:
    """The id of the message at this position; None where there is none."""
    message_id: UUID | None = tx.scalar(select(outbox.c.message_id).where(outbox.c.feed_position == position))
    return message_id


def entries_after(tx: Connection, position: int, limit: int) -> list[FeedEntry]:
    """The messages after this position, in their order."""
    columns = outbox.c["message_id", "case_id", "seq", "kind", "payload", "created_at", "place"]
    query = select(outbox.c.feed_position, *columns).where(outbox.c.feed_position > position)
    rows = tx.execute(query.order_by(outbox.c.feed_position).limit(limit))
    return [FeedEntry(row[0], OutboxMessage(*row[1:])) for row in rows]
