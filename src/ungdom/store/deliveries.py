"""Deliveries: one row for each message and receiver, in the order of the receiver.

The first of a receiver that is not settled goes first; while it is tried, or waits to be tried again, the later ones of
that receiver wait. One that is given up steps aside. `undelivered` is a word and a code, as in the outbox.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from ungdom.store.outbox import DEAD, WITHDRAWN
from ungdom.store.schema.notices import delivery

WEBHOOK, MAIL = "webhook", "mail"
"""The channels. The inbox is none of them: what stands in it has arrived."""

_NAMESPACE = UUID("5b9c1d57-6c0f-4a53-9a0e-7d4c8f2b1e63")
D = delivery.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A message for one receiver that is to be delivered. `id`: of the webhook, or the subject of the person."""

    channel: str
    id: str
    message_id: UUID
    kind: str
    alert_id: UUID | None
    created_at: datetime

    @property
    def receiver(self) -> str:
        """The receiver as its row names it."""
        return receiver_of(self.channel, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery as it stands. `next_try_at`: not before, after a failed try or while one lasts."""

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
        """One of `STATES`."""
        if self.settled_at is None:
            return "waiting"
        return "delivered" if self.delivered_at else (self.held or "").partition(".")[0]


@dataclass(frozen=True, slots=True)
class DeliveryBacklog:
    """How many deliveries have not arrived: those that wait, and those given up."""

    waiting: int
    dead: int


def receiver_of(channel: str, id: object) -> str:
    """How a receiver is named in its rows."""
    return f"{channel}:{id}"


def delivery_id_of(message_id: UUID, receiver: str) -> UUID:
    """The key that this message is sent to this receiver with, however often."""
    return uuid5(_NAMESPACE, f"{message_id}/{receiver}")


# --- promising ----------------------------------------------------------------------------------------------


def try_sequence_lock(tx: Connection) -> bool:
    """Whether this transaction is the one that gives out places now; on SQLite the writer always is."""
    if tx.dialect.name != "postgresql":
        return True
    return bool(tx.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('ungdom notices'))")))


def add(tx: Connection, new_deliveries: Sequence[NewDelivery]) -> None:
    """Promise these, after all others; what has been promised already stays as it is. Only in `try_sequence_lock`."""
    if not new_deliveries:
        return
    last = tx.scalar(select(func.coalesce(func.max(D.place), 0))) or 0
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    new = dialect.insert(delivery).on_conflict_do_nothing(index_elements=["delivery_id"])
    tx.execute(
        new, [_new_delivery_row(new_delivery, last + n) for n, new_delivery in enumerate(new_deliveries, start=1)]
    )


def withdraw_untried(tx: Connection, alert_id: UUID, at: datetime) -> frozenset[str]:
    """Never send what tells of this alert and has not been tried; the receivers that will not hear of it at all."""
    of_alert = (D.alert_id == alert_id, D.channel == WEBHOOK)
    untried = (*of_alert, D.settled_at.is_(None), D.attempts == 0)
    values = {"held": f"{WITHDRAWN}cleared", "settled_at": at}
    withdrawn = set(tx.scalars(update(delivery).where(*untried).values(values).returning(D.receiver)))
    return frozenset(withdrawn - set(tx.scalars(select(D.receiver).where(*of_alert, D.attempts > 0))))


# --- delivering ---------------------------------------------------------------------------------------------


def due_receivers(
    tx: Connection, now: datetime, channels: Collection[str], busy: Collection[str], limit: int
) -> list[str]:
    """Receivers whose first delivery can be tried now, by chance, so that nobody is always last. `busy`: left out."""
    earlier = delivery.alias("earlier")
    has_earlier = and_(earlier.c.receiver == D.receiver, earlier.c.settled_at.is_(None), earlier.c.place < D.place)
    query = select(D.receiver).where(D.settled_at.is_(None), _is_due(now), ~exists().where(has_earlier))
    wanted = query.where(D.channel.in_(channels), D.receiver.not_in(busy))
    return list(tx.scalars(wanted.order_by(func.random()).limit(limit)))


def claim(tx: Connection, receiver: str, now: datetime, until: datetime) -> Delivery | None:
    """The first delivery of the receiver, taken for one try that lasts at most until then.

    None when none can be tried now, or somebody else has it. The try counts before it is made.
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
    """It has arrived."""
    values = {"delivered_at": at, "settled_at": at, "next_try_at": None, "held": None}
    tx.execute(update(delivery).where(D.delivery_id == delivery_id).values(values))


def set_status(
    tx: Connection, claimed: Delivery, held: str, next_try_at: datetime | None, settled_at: datetime | None
) -> None:
    """Write how the delivery stands after its attempt, unless it has been settled or claimed again since.

    `settled_at`: None while another attempt follows.
    """
    unchanged = (D.delivery_id == claimed.delivery_id, D.attempts == claimed.attempts, D.settled_at.is_(None))
    values = {"held": held, "next_try_at": next_try_at, "settled_at": settled_at}
    tx.execute(update(delivery).where(*unchanged).values(values))


def withdraw_all(tx: Connection, receiver: str, reason: str, at: datetime) -> None:
    """Send nothing more to this receiver."""
    unsettled = (D.receiver == receiver, D.settled_at.is_(None))
    values = {"held": f"{WITHDRAWN}{reason}", "next_try_at": None, "settled_at": at}
    tx.execute(update(delivery).where(*unsettled).values(values))


# --- looking, and starting again ----------------------------------------------------------------------------


def page(tx: Connection, receiver: str, state: str | None, before: int | None, limit: int) -> list[Delivery]:
    """The deliveries of a receiver, the last promised first. `state`: delivered, waiting, dead or withdrawn."""
    query = select(delivery).where(D.receiver == receiver)
    if state is not None:
        query = query.where(_STATES[state])
    if before is not None:
        query = query.where(D.place < before)
    return [Delivery(**row) for row in tx.execute(query.order_by(D.place.desc()).limit(limit)).mappings()]


def undelivered(tx: Connection, limit: int = 1_000) -> list[Delivery]:
    """What has not arrived, in order: what waits, and the dead letters."""
    query = select(delivery).where(or_(_STATES["waiting"], _STATES["dead"])).order_by(D.place).limit(limit)
    return [Delivery(**row) for row in tx.execute(query).mappings()]


def backlog(tx: Connection) -> DeliveryBacklog:
    """What has not arrived, counted."""
    counted = (func.count().filter(_STATES["waiting"]), func.count().filter(_STATES["dead"]))
    return DeliveryBacklog(*tx.execute(select(*counted).select_from(delivery)).one())


def replay(tx: Connection, receiver: str | None = None, since: datetime | None = None) -> int:
    """Start again with the dead letters, of one receiver or of all; how many.

    With `since`: with everything promised since then that was delivered or given up. Each keeps its key and its place.
    """
    wanted = _STATES["dead"] if since is None else and_(_FINISHED, D.created_at >= since)
    return _reset(tx, wanted if receiver is None else and_(wanted, D.receiver == receiver))


def replay_one(tx: Connection, delivery_id: UUID) -> bool:
    """Start again with this one; False when it is neither delivered nor given up."""
    return _reset(tx, and_(D.delivery_id == delivery_id, _FINISHED)) == 1


def _reset(tx: Connection, wanted: ColumnElement[bool]) -> int:
    values = {"attempts": 0, "next_try_at": None, "held": None, "delivered_at": None, "settled_at": None}
    return tx.execute(update(delivery).where(wanted).values(values)).rowcount


def _new_delivery_row(new_delivery: NewDelivery, place: int) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id_of(new_delivery.message_id, new_delivery.receiver),
        "place": place,
        "receiver": new_delivery.receiver,
        "channel": new_delivery.channel,
        "message_id": new_delivery.message_id,
        "kind": new_delivery.kind,
        "alert_id": new_delivery.alert_id,
        "created_at": new_delivery.created_at,
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
STATES = tuple(_STATES)
"""How a delivery can stand."""
_FINISHED = or_(_STATES["delivered"], _STATES["dead"])
