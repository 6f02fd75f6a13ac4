"""Parked messages to retry: those with a retry marker, and those whose day has come.

Each retry marker is a separate row of `decision_wait` with a unique key, so adding one takes no lock and one added
during a retry survives it. Only `claim_due` and `postpone` delete markers.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select

from ungdom.store import bulk
from ungdom.store.schema.inbox import decision, decision_wait

_WAIT_KEY = decision_wait.c.waits_for
IS_RETRY_MARKER = _WAIT_KEY.between("again:", "again:z")
"""Retry markers are `again:` and a UUID; in every collation exactly these keys are in this range."""


def defer(tx: Connection, message_ids: Sequence[UUID], cause: str) -> None:
    """Adds a retry marker to these messages. `cause`: the wait key that was satisfied."""
    rows = [{"waits_for": f"again:{uuid4()} {cause}", "message_id": message_id} for message_id in message_ids]
    bulk.add(tx, decision_wait, rows)


def due_messages(tx: Connection, today: date, limit: int) -> list[UUID]:
    """The messages due for a retry, in the order they were sent."""
    query = select(decision_wait.c.message_id, func.min(decision.c.sent_at).label("sent_at"))
    due_rows = query.join(decision, decision.c.message_id == decision_wait.c.message_id).where(_is_due(today))
    ordered = due_rows.group_by(decision_wait.c.message_id).order_by("sent_at", decision_wait.c.message_id)
    return [row.message_id for row in tx.execute(ordered.limit(limit))]


def claim_due(tx: Connection, message_id: UUID, today: date) -> str | None:
    """Deletes the markers for which this message is due; returns the cause, or None if there is none any more.

    Call it while holding the lock on the message and before reading it: a marker added later then causes another
    retry.
    """
    statement = delete(decision_wait).where(decision_wait.c.message_id == message_id, _is_due(today))
    wait_key = min(tx.scalars(statement.returning(_WAIT_KEY)), default=None)
    return wait_key.partition(" ")[2] if wait_key and wait_key.startswith("again:") else wait_key


def postpone(tx: Connection, message_id: UUID, today: date, until: date) -> None:
    """Makes this message due on a later day instead."""
    claim_due(tx, message_id, today)
    row = {"waits_for": f"day:{until.isoformat()}", "message_id": message_id}
    tx.execute(bulk.dialect_insert(tx, decision_wait).values(row).on_conflict_do_nothing())


def wait_keys_of(tx: Connection, message_id: UUID) -> set[str]:
    """The wait keys of this message, without retry markers."""
    return set(tx.scalars(select(_WAIT_KEY).where(decision_wait.c.message_id == message_id, ~IS_RETRY_MARKER)))


def _is_due(today: date) -> ColumnElement[bool]:
    return or_(IS_RETRY_MARKER, _WAIT_KEY.between("day:", f"day:{today.isoformat()}"))
