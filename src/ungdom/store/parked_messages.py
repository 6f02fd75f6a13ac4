"""Parked messages that somebody has to try: those that were passed over, and those whose day has come.

A mark stands among what the message waits for, under a name of its own: whoever leaves one waits for nobody, and one
left while the message is tried is still there afterwards. Only `claim_due` and `postpone` take marks away.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ungdom.store import bulk
from ungdom.store.schema.inbox import decision, decision_wait

_WAIT_KEY = decision_wait.c.waits_for
IS_RETRY_MARKER = _WAIT_KEY.between("again:", "again:z")
"""Marks begin with a UUID: between these two in every collation, as nothing else is."""


def defer(tx: Connection, message_ids: Sequence[UUID], cause: str) -> None:
    """Leave a mark that these messages still have to be tried. `cause`: what they waited for and what has come."""
    rows = [{"waits_for": f"again:{uuid4()} {cause}", "message_id": message_id} for message_id in message_ids]
    bulk.add(tx, decision_wait, rows)


def due_messages(tx: Connection, today: date, limit: int) -> list[UUID]:
    """The messages that are due, the one sent first before the others."""
    query = select(decision_wait.c.message_id, func.min(decision.c.sent_at).label("sent_at"))
    due_rows = query.join(decision, decision.c.message_id == decision_wait.c.message_id).where(_is_due(today))
    ordered = due_rows.group_by(decision_wait.c.message_id).order_by("sent_at", decision_wait.c.message_id)
    return [row.message_id for row in tx.execute(ordered.limit(limit))]


def claim_due(tx: Connection, message_id: UUID, today: date) -> str | None:
    """What this message is due for, which is taken away; None when somebody else was faster.

    To be called when nobody else can work on the message, and before it is looked at: a mark that is left afterwards
    tells of what may not have been seen.
    """
    statement = delete(decision_wait).where(decision_wait.c.message_id == message_id, _is_due(today))
    wait_key = min(tx.scalars(statement.returning(_WAIT_KEY)), default=None)
    return wait_key.partition(" ")[2] if wait_key and wait_key.startswith("again:") else wait_key


def postpone(tx: Connection, message_id: UUID, today: date, until: date) -> None:
    """Let this message be due on a later day instead."""
    claim_due(tx, message_id, today)
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    row = {"waits_for": f"day:{until.isoformat()}", "message_id": message_id}
    tx.execute(dialect.insert(decision_wait).values(row).on_conflict_do_nothing())


def wait_keys_of(tx: Connection, message_id: UUID) -> set[str]:
    """What this message waits for, marks left out."""
    return set(tx.scalars(select(_WAIT_KEY).where(decision_wait.c.message_id == message_id, ~IS_RETRY_MARKER)))


def _is_due(today: date) -> ColumnElement[bool]:
    return or_(IS_RETRY_MARKER, _WAIT_KEY.between("day:", f"day:{today.isoformat()}"))
