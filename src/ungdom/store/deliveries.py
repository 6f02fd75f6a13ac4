"""Deliveries: one row per message and recipient, ordered per recipient.

The first unsettled delivery of a recipient goes first; the later ones wait until it is settled. A dead letter is
settled. The column `held` is a status word and a code, as in the outbox.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, text, update

from ungdom.store import bulk
from ungdom.store.outbox import DEAD, WITHDRAWN
from ungdom.store.schema.notices import delivery

WEBHOOK, MAIL = "webhook", "mail"
"""The channels. The inbox is not one: a notice in it counts as delivered."""

_NAMESPACE = UUID("5b9c1d57-6c0f-4a53-9a0e-7d4c8f2b1e63")
D = delivery.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A new delivery of a message to one recipient. `id`: of the webhook, or the subject of the person."""

    channel: str
    id: str
    message_id: UUID
    kind: str
    alert_id: UUID | None
    created_at: datetime

    @property
    def receiver(self) -> str:
        """The recipient as stored in the row."""
        return receiver_of(self.channel, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A stored delivery. `next_try_at`: time of the retry or, during an attempt, end of the lease."""

    delivery_id: UUID
    place: int
    receiver: str
    channel: str
    message_id: UUID
    kind: str
    alert_id: UUID | None
    created_at: datetime
    attempts: int
    next_try_at: datetime | None
    held: str | None
    delivered_at: datetime | None
    settled_at: datetime | None

    @property
    def id(self) -> str:
        """The id of the webhook, or the subject of the person."""
        return self.receiver.partition(":")[2]

    @property
    def state(self) -> str:
        """`delivered`, `waiting`, `dead` or `withdrawn`."""
        if self.settled_at is None:
            return "waiting"
        return "delivered" if self.delivered_at else (self.held or "").partition(".")[0]


@dataclass(frozen=True, slots=True)
class DeliveryBacklog:
    """Number of deliveries that have not arrived: waiting ones, and dead letters."""

    waiting: int
    dead: int


def receiver_of(channel: str, id: object) -> str:
    """The recipient as stored in rows."""
    return f"{channel}:{id}"


def delivery_id_of(message_id: UUID, receiver: str) -> UUID:
    """The key of this message for this recipient, the same at each attempt."""
    return uuid5(_NAMESPACE, f"{message_id}/{receiver}")


# --- creating ----------------------------------------------------------------------------------------------


def try_sequence_lock(tx: Connection) -> bool:
    """Whether this transaction got the lock for assigning places; on SQLite the writer always has it."""
    if tx.dialect.name != "postgresql":
        return True
    return bool(tx.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('ungdom notices'))")))


def add(tx: Connection, new_deliveries: Sequence[NewDelivery]) -> None:
    """Append deliveries; existing ones stay unchanged. Needs `try_sequence_lock`."""
    if not new_deliveries:
        return
    last = tx.scalar(select(func.coalesce(func.max(D.place), 0))) or 0
    new = bulk.dialect_insert(tx, delivery).on_conflict_do_nothing(index_elements=["delivery_id"])
    tx.execute(
        new, [_new_delivery_row(new_delivery, last + n) for n, new_delivery in enumerate(new_deliveries, start=1)]
    )


def withdraw_untried(tx: Connection, alert_id: UUID, at: datetime) -> frozenset[str]:
    """Withdraw the unattempted webhook deliveries of this alert; returns the recipients without any attempted one."""
    of_alert = (D.alert_id == alert_id, D.channel == WEBHOOK)
    untried = (*of_alert, D.settled_at.is_(None), D.attempts == 0)
    values = {"held": f"{WITHDRAWN}cleared", "settled_at": at}
    withdrawn = set(tx.scalars(update(delivery).where(*untried).values(values).returning(D.receiver)))
    return frozenset(withdrawn - set(tx.scalars(select(D.receiver).where(*of_alert, D.attempts > 0))))


# --- delivering ---------------------------------------------------------------------------------------------


def due_receivers(
    tx: Connection, now: datetime, channels: Collection[str], busy: Collection[str], limit: int
) -> list[str]:
    """Recipients whose first delivery is due, in random order, so that none is always last. `busy`: excluded."""
    earlier = delivery.alias("earlier")
    has_earlier = and_(earlier.c.receiver == D.receiver, earlier.c.settled_at.is_(None), earlier.c.place < D.place)
    query = select(D.receiver).where(D.settled_at.is_(None), _is_due(now), ~exists().where(has_earlier))
    wanted = query.where(D.channel.in_(channels), D.receiver.not_in(busy))
    return list(tx.scalars(wanted.order_by(func.random()).limit(limit)))


def claim(tx: Connection, receiver: str, now: datetime, until: datetime) -> Delivery | None:
    """The first delivery of the recipient, claimed for one attempt that ends at `until`.

    None when it is not due, or another worker has claimed it. The attempt is counted before sending.
    """
    unsettled = (D.receiver == receiver, D.settled_at.is_(None))
    first = select(func.min(D.place)).where(*unsettled).scalar_subquery()
    candidate = (
        select(D.delivery_id).where(*unsettled, D.place == first, _is_due(now)).with_for_update(skip_locked=True)
    )
    delivery_id = tx.scalar(candidate)
    if delivery_id is None:
        return None
    values = {"attempts": D.attempts + 1, "next_try_at": until, "held": None}
    rows = tx.execute(
        update(delivery).where(D.delivery_id == delivery_id).values(values).returning(delivery)
    ).mappings()
    return Delivery(**rows.one())


def mark_delivered(tx: Connection, delivery_id: UUID, at: datetime) -> None:
    """Record that the delivery has arrived."""
    values = {"delivered_at": at, "settled_at": at, "next_try_at": None, "held": None}
    tx.execute(update(delivery).where(D.delivery_id == delivery_id).values(values))


def set_status(
    tx: Connection, claimed: Delivery, held: str, next_try_at: datetime | None, settled_at: datetime | None
) -> None:
    """Write the status of the delivery after an attempt, unless it has been settled or claimed again since.

    `settled_at`: None while another attempt follows.
    """
    unchanged = (D.delivery_id == claimed.delivery_id, D.attempts == claimed.attempts, D.settled_at.is_(None))
    values = {"held": held, "next_try_at": next_try_at, "settled_at": settled_at}
    tx.execute(update(delivery).where(*unchanged).values(values))


def withdraw_all(tx: Connection, receiver: str, reason: str, at: datetime) -> None:
    """Withdraw every unsettled delivery to this recipient."""
    unsettled = (D.receiver == receiver, D.settled_at.is_(None))
    values = {"held": f"{WITHDRAWN}{reason}", "next_try_at": None, "settled_at": at}
    tx.execute(update(delivery).where(*unsettled).values(values))


# --- queries and replay ----------------------------------------------------------------------------


def page(tx: Connection, receiver: str, state: str | None, before: int | None, limit: int) -> list[Delivery]:
    """The deliveries to a recipient, newest first. `state`: delivered, waiting, dead or withdrawn."""
    query = select(delivery).where(D.receiver == receiver)
    if state is not None:
        query = query.where(_STATES[state])
    if before is not None:
        query = query.where(D.place < before)
    return [Delivery(**row) for row in tx.execute(query.order_by(D.place.desc()).limit(limit)).mappings()]


def undelivered(tx: Connection, limit: int = 1_000) -> list[Delivery]:
    """Waiting deliveries and dead letters, in order."""
    query = select(delivery).where(or_(_STATES["waiting"], _STATES["dead"])).order_by(D.place).limit(limit)
    return [Delivery(**row) for row in tx.execute(query).mappings()]


def backlog(tx: Connection) -> DeliveryBacklog:
    """Number of waiting deliveries and dead letters."""
    counted = (func.count().filter(_STATES["waiting"]), func.count().filter(_STATES["dead"]))
    return DeliveryBacklog(*tx.execute(select(*counted).select_from(delivery)).one())


def replay(tx: Connection, receiver: str | None = None, since: datetime | None = None) -> int:
    """Start again with the dead letters of one recipient or of all; returns their number.

    With `since`: with every delivered or dead one created since then. Each keeps its key and its place.
    """
    wanted = _STATES["dead"] if since is None else and_(_FINISHED, D.created_at >= since)
    return _reset(tx, wanted if receiver is None else and_(wanted, D.receiver == receiver))


def replay_one(tx: Connection, delivery_id: UUID) -> bool:
    """Start again with this delivery; False when it is neither delivered nor a dead letter."""
    return _reset(tx, and_(D.delivery_id == delivery_id, _FINISHED)) == 1


def _reset(tx: Connection, wanted: ColumnElement[bool]) -> int:
    values = {"attempts": 0, "next_try_at": None, "held": None, "delivered_at": None, "settled_at": None}
    return tx.execute(update(delivery).where(wanted).values(values)).rowcount


def _new_delivery_row(new_delivery: NewDelivery, place: int) -> dict[str, Any]:
    same = ("receiver", "channel", "message_id", "kind", "alert_id", "created_at")
    return {
        "delivery_id": delivery_id_of(new_delivery.message_id, new_delivery.receiver),
        "place": place,
        **{name: getattr(new_delivery, name) for name in same},
        "attempts": 0,
    }


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(D.next_try_at.is_(None), D.next_try_at <= now)


_STATES: dict[str, ColumnElement[bool]] = {
    "delivered": D.delivered_at.is_not(None),
    "waiting": D.settled_at.is_(None),
    "dead": and_(D.settled_at.is_not(None), D.held.startswith(DEAD)),
    "withdrawn": and_(D.settled_at.is_not(None), D.held.startswith(WITHDRAWN)),
}
"""The states of a delivery, each with its condition."""
_FINISHED = or_(_STATES["delivered"], _STATES["dead"])
