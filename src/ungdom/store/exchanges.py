"""Official messages as they came in, and how far they have been answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, or_, select, update

from ungdom.store.inbox_tables import exchange_message
from ungdom.store.sealing import Keys

_NAMESPACE = UUID("f2b0b3ce-7b43-4c5a-8a52-6f1f3a0f7d55")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """An official message as kept, without its content. `receipts`: how many have been promised.

    `by_token`: it came over HTTP, and its sender can read the receipts there.
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
    """The id of the n-th message that this sender gave this `meldingsId`: always the same one."""
    return uuid5(_NAMESPACE, f"{sender}\n{meldings_id}\n{n}")


def called(tx: Connection, sender: str, meldings_id: str) -> list[Exchanged]:
    """The messages that this sender gave this `meldingsId`: one, where it keeps to the contract."""
    mine = (exchange_message.c.sender == sender) & (exchange_message.c.meldings_id == meldings_id)
    return [
        Exchanged(**row) for row in tx.execute(select(*_COLUMNS).where(mine).order_by(exchange_message.c.n)).mappings()
    ]


def find(tx: Connection, exchange_id: UUID) -> Exchanged | None:
    """This message."""
    row = tx.execute(select(*_COLUMNS).where(exchange_message.c.exchange_id == exchange_id)).mappings().one_or_none()
    return Exchanged(**row) if row else None


def content(tx: Connection, keys: Keys, exchange_id: UUID) -> bytes | None:
    """The message as it came; None when it has been erased. Raises `CannotOpen`."""
    sealed = tx.scalar(select(exchange_message.c.sealed).where(exchange_message.c.exchange_id == exchange_id))
    return None if sealed is None else keys.open(sealed, _record(exchange_id))


def add(tx: Connection, keys: Keys, new: Exchanged, raw: bytes) -> None:
    """Keep a message that came in. Raises `DuplicateKey` when the transaction ends."""
    tx.execute(insert(exchange_message), {**asdict(new), "sealed": keys.seal(raw, _record(new.exchange_id))})


def answered(tx: Connection, exchange_id: UUID, status: str, reason: str | None, receipts: int, at: datetime) -> None:
    """Write how far the message has been answered."""
    values = {"status": status, "reason": reason, "receipts": receipts, "updated_at": at}
    tx.execute(update(exchange_message).where(exchange_message.c.exchange_id == exchange_id).values(values))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages a list shall hold; None asks nothing. `after`: arrival and id of the last one before."""

    sender: str | None
    status: str | None
    reason: str | None
    after: tuple[datetime, UUID] | None
    limit: int


def page(tx: Connection, asked: Asked) -> Sequence[Exchanged]:
    """The messages asked for, the newest first."""
    same = [(exchange_message.c[name], getattr(asked, name)) for name in ("sender", "status", "reason")]
    query = select(*_COLUMNS).where(*(column == value for column, value in same if value is not None))
    if asked.after is not None:
        at, last = asked.after
        earlier = (exchange_message.c.received_at == at) & (exchange_message.c.exchange_id < last)
        query = query.where(or_(exchange_message.c.received_at < at, earlier))
    order = (exchange_message.c.received_at.desc(), exchange_message.c.exchange_id.desc())
    return [Exchanged(**row) for row in tx.execute(query.order_by(*order).limit(asked.limit)).mappings()]


def _record(exchange_id: UUID) -> str:
    return f"exchange:{exchange_id}"
