"""Messages to others, written in the transaction of what they tell of. Thin: ids, a type and times, never a person."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, select, update

from ungdom.store.tables import outbox
from ungdom.workflow.events import Event

_NAMESPACE = UUID("8c1a1f0e-6d0b-4f0e-9d6c-5b1f5a7c2e41")


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Its id follows from case, seq and kind: the same message is never written twice."""

    message_id: UUID
    case_id: UUID
    seq: int
    kind: str
    payload: str
    created_at: datetime


def tell(case_id: UUID, event: Event, kind: str = "case.event_recorded") -> Message:
    """The message that this event was recorded in this case."""
    payload = {
        "case_id": str(case_id),
        "seq": event.seq,
        "type": event.type,
        "occurred_on": event.occurred_on.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
    }
    name = f"{case_id}/{event.seq}/{kind}"
    text = json.dumps(payload, separators=(",", ":"))
    return Message(uuid5(_NAMESPACE, name), case_id, event.seq, kind, text, event.recorded_at)


def rows_of(messages: Iterable[Message]) -> list[dict[str, object]]:
    """The rows of the table, not delivered yet."""
    return [asdict(message) for message in messages]


def add(tx: Connection, messages: Sequence[Message]) -> None:
    """Write the messages."""
    if messages:
        tx.execute(insert(outbox), rows_of(messages))


def take(tx: Connection, limit: int) -> list[Message]:
    """The oldest messages not delivered, held for this transaction: other workers pass over them."""
    query = (
        select(*outbox.c["message_id", "case_id", "seq", "kind", "payload", "created_at"])
        .where(outbox.c.delivered_at.is_(None))
        .order_by(outbox.c.created_at, outbox.c.case_id, outbox.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Message(*row) for row in tx.execute(query)]


def delivered(tx: Connection, message_ids: Sequence[UUID], at: datetime) -> None:
    """These messages have arrived."""
    tx.execute(update(outbox).where(outbox.c.message_id.in_(message_ids)).values(delivered_at=at))
