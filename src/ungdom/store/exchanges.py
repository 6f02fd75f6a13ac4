"""Received official messages, and their answers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, select, update

from ungdom.store import keyset
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.inbox import exchange_message
from ungdom.store.sealed import EXCHANGE_MESSAGE

_NAMESPACE = UUID("f2b0b3ce-7b43-4c5a-8a52-6f1f3a0f7d55")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeMessage:
    """A stored official message without its content. `receipts`: number of receipts created.

    `by_token`: received over HTTP with a token; the sender can read the receipts there.
    """

    exchange_id: UUID
    sender: str
    meldings_id: str
    n: int = 1
    type: str
    schema_version: str | None
    status: str
    reason: str | None = None
    flags: str = "[]"
    receipts: int = 0
    received_at: datetime
    updated_at: datetime
    by_token: bool = False


_COLUMNS = [column for column in exchange_message.c if column is not exchange_message.c.sealed]


def exchange_id_of(sender: str, meldings_id: str, n: int) -> UUID:
    """The id of the n-th message with this `meldingsId` from this sender; deterministic."""
    return uuid5(_NAMESPACE, f"{sender}\n{meldings_id}\n{n}")


def find_by_meldings_id(tx: Connection, sender: str, meldings_id: str) -> list[ExchangeMessage]:
    """The messages with this `meldingsId` from this sender: at most one if it keeps to the contract."""
    matching = (exchange_message.c.sender == sender) & (exchange_message.c.meldings_id == meldings_id)
    return [
        ExchangeMessage(**row)
        for row in tx.execute(select(*_COLUMNS).where(matching).order_by(exchange_message.c.n)).mappings()
    ]


def find(tx: Connection, exchange_id: UUID) -> ExchangeMessage | None:
    """This message."""
    row = tx.execute(select(*_COLUMNS).where(exchange_message.c.exchange_id == exchange_id)).mappings().one_or_none()
    return ExchangeMessage(**row) if row else None


def content(tx: Connection, keys: EncryptionKeys, exchange_id: UUID) -> bytes | None:
    """The raw message; None after erasure, and where its key is declared lost. Raises `CannotOpen`."""
    sealed = tx.scalar(select(exchange_message.c.sealed).where(exchange_message.c.exchange_id == exchange_id))
    return keys.decrypt_stored(sealed, _record(exchange_id))


def add(tx: Connection, keys: EncryptionKeys, new: ExchangeMessage, raw: bytes) -> None:
    """Store a received message. Raises `DuplicateKey` when the transaction ends."""
    tx.execute(insert(exchange_message), {**asdict(new), "sealed": keys.encrypt(raw, _record(new.exchange_id))})


def record_answer(
    tx: Connection, exchange_id: UUID, status: str, reason: str | None, receipts: int, at: datetime
) -> None:
    """Write the status of the answer."""
    values = {"status": status, "reason": reason, "receipts": receipts, "updated_at": at}
    tx.execute(update(exchange_message).where(exchange_message.c.exchange_id == exchange_id).values(values))


@dataclass(frozen=True, slots=True)
class ExchangeMessageFilter:
    """Filter of a list; None matches everything. `after`: arrival and id of the last message of the previous page."""

    sender: str | None
    status: str | None
    reason: str | None
    after: tuple[datetime, UUID] | None
    limit: int


def page(tx: Connection, filters: ExchangeMessageFilter) -> Sequence[ExchangeMessage]:
    """The matching messages, newest first."""
    same = [(exchange_message.c[name], getattr(filters, name)) for name in ("sender", "status", "reason")]
    query = select(*_COLUMNS).where(*(column == value for column, value in same if value is not None))
    order = (exchange_message.c.received_at, exchange_message.c.exchange_id)
    rows = tx.execute(keyset.page(query, order, filters.after, filters.limit)).mappings()
    return [ExchangeMessage(**row) for row in rows]


def _record(exchange_id: UUID) -> str:
    return EXCHANGE_MESSAGE.record_of(exchange_id=exchange_id)
