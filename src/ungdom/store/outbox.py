"""The outbox: messages written in the transaction of the event they report. Ids, a type and times, no personal data.

The column `held` is a status word and a code: `again.` (the last attempt failed, a retry follows), `lacks.`
(incomplete, cannot be composed yet), `dead.` (dead letter: retry limit reached or refused), `withdrawn.` (not to be
sent: the event was annulled, or a person withdrew the message). A message of a case waits for every earlier one of that
case that has neither arrived nor been withdrawn.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)

from ungdom.store.codec import stored_json
from ungdom.store.prepared import Prepared
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.outbox import OFFICIAL_KINDS, outbox
from ungdom.workflow.events import Event

_NAMESPACE = UUID("8c1a1f0e-6d0b-4f0e-9d6c-5b1f5a7c2e41")

STATUS_KINDS = ("esas.status", "esas.status.second")
"""The kinds of the parts of the official status message (`oppdatertSaksstatus`) of one event, in order."""
RECEIPT_KIND = "esas.receipt"
"""A receipt (`kvittering`) for an official message: `case_id` is the id of that message, `seq` the receipt's number."""
OFFICIAL = OFFICIAL_KINDS
"""The kinds of messages to partners of the exchange."""

RETRYING, INCOMPLETE, DEAD, WITHDRAWN = "again.", "lacks.", "dead.", "withdrawn."
ANSWERED = f"{DEAD}answer_"
"""The partner answered that the message failed: to be sent again it needs another id."""

BY_HAND, SENT_ANEW = f"{WITHDRAWN}by_hand", f"{WITHDRAWN}sent_anew"
MIXED = "?"
"""The partner has received a status that cannot be determined."""

LONGEST_WAIT = timedelta(minutes=5)
"""How long a message that can be sent may wait: a worker sends it within seconds. An office norm."""

ORDER = tuple(outbox.c["created_at", "case_id", "seq", "kind", "place"])
"""The order in which messages are sent, and in which their rows are locked."""

_INSERT = Prepared(insert(outbox))
_MESSAGE_COLUMNS = ("message_id", "case_id", "seq", "kind", "payload", "created_at", "place")


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message. Its id follows from case, seq, kind and place, so that it cannot be written twice.

    `place`: ordinal among messages of the same kind for the same event.
    """

    message_id: UUID
    case_id: UUID
    seq: int
    kind: str
    payload: str
    created_at: datetime
    place: int = 0


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A message and its delivery status. `next_try_at`: earliest time of the next attempt, or of composition.

    `reported_status`: the content of the attempts so far (`esas.status.status_lines`); `MIXED` if they differ.
    """

    message: OutboxMessage
    attempts: int
    next_try_at: datetime | None
    held: str | None
    delivered_at: datetime | None = None
    reported_status: str | None = None

    @property
    def order_key(self) -> tuple[datetime, UUID, int, str, int]:
        """Sort key of the order in which messages are sent."""
        message = self.message
        return message.created_at, message.case_id, message.seq, message.kind, message.place


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """Number of official messages that have not arrived: all, dead letters, and late ones."""

    waiting: int
    dead: int
    late: int


def event_message(case_id: UUID, event: Event, kind: str = "case.event_recorded") -> OutboxMessage:
    """The message about this event of this case."""
    name = f"{case_id}/{event.seq}/{kind}"
    return OutboxMessage(
        uuid5(_NAMESPACE, name), case_id, event.seq, kind, _to_json(_event_payload(case_id, event)), event.recorded_at
    )


def corrected_status_message(case_id: UUID, correction: Event, place: int, seq: int, part: str) -> OutboxMessage:
    """The message that a correction changed this part of the official status of event `seq`."""
    kind = STATUS_KINDS[0]
    text = _to_json({**_event_payload(case_id, correction), "about": {"seq": seq, "part": part}})
    name = f"{case_id}/{correction.seq}/{kind}/{place}"
    return OutboxMessage(uuid5(_NAMESPACE, name), case_id, correction.seq, kind, text, correction.recorded_at, place)


def event_and_part(message: OutboxMessage) -> tuple[int, str | None]:
    """The seq of the reported event, and the part of its status; None for the part that the kind stands for."""
    reference = stored_json(message.payload).get("about")
    return (reference["seq"], reference["part"]) if reference else (message.seq, None)


def _event_payload(case_id: UUID, event: Event) -> dict[str, Any]:
    return {
        "case_id": str(case_id),
        "seq": event.seq,
        "type": event.type,
        "occurred_on": event.occurred_on.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
    }


def _to_json(payload: dict[str, Any]) -> str:
    return json.dumps(payload, separators=(",", ":"))


def receipt(exchange_id: UUID, n: int, payload: str, at: datetime) -> OutboxMessage:
    """The n-th receipt for this official message."""
    return OutboxMessage(
        uuid5(_NAMESPACE, f"{exchange_id}/{n}/{RECEIPT_KIND}"), exchange_id, n, RECEIPT_KIND, payload, at
    )


def rows_of(messages: Iterable[OutboxMessage]) -> list[dict[str, object]]:
    """The rows of new messages."""
    return [{name: getattr(message, name) for name in _MESSAGE_COLUMNS} for message in messages]


def add(tx: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Write the messages."""
    if rows := rows_of(messages):
        _INSERT.write_each(tx, rows)


def claim_batch(tx: Connection, limit: int) -> list[OutboxMessage]:
    """The oldest undelivered messages without official ones, locked by this transaction.

    Rows that are locked are waited for, since whoever skipped them would take later messages first. One transaction
    at a time claims messages (`deliveries.try_sequence_lock`); the feed, which numbers them, locks in the same order.
    """
    query = (
        select(*outbox.c[*_MESSAGE_COLUMNS])
        .where(outbox.c.delivered_at.is_(None), outbox.c.kind.not_in(OFFICIAL))
        .order_by(*ORDER)
        .limit(limit)
        .with_for_update()
    )
    return [OutboxMessage(*row) for row in tx.execute(query)]


def mark_delivered(tx: Connection, message_ids: Sequence[UUID], at: datetime) -> None:
    """Record that these messages have arrived."""
    values = {"delivered_at": at, "next_try_at": None, "held": None}
    tx.execute(update(outbox).where(outbox.c.message_id.in_(message_ids)).values(values))


# --- official messages --------------------------------------------------------------------------------------


def due_entries(
    tx: Connection, now: datetime, since: datetime | None, after: OutboxEntry | None = None, limit: int = 200
) -> list[OutboxEntry]:
    """The official messages to send, at most one per case: the first undelivered one, in order of creation.

    An incomplete message is due at `next_try_at`, or when its case has had an event since `since`; with None, always.
    """
    pending = (outbox.c.held.is_(None), outbox.c.held.startswith(RETRYING))
    is_due = or_(outbox.c.next_try_at.is_(None), outbox.c.next_try_at <= now)
    case_changed: ColumnElement[bool] = true()
    if since is not None:
        case_changed = exists().where(case_current.c.case_id == outbox.c.case_id, case_current.c.updated_at > since)
    incomplete = and_(outbox.c.held.startswith(INCOMPLETE), or_(is_due, case_changed))
    wanted = or_(and_(or_(*pending), is_due), incomplete)
    query = _select_entries().where(_undelivered(outbox), wanted, ~_has_earlier_undelivered())
    if after is not None:
        query = query.where(tuple_(*ORDER) > after.order_key)
    return _read_entries(tx, query.order_by(*ORDER).limit(limit))


def claim(
    tx: Connection, entry: OutboxEntry, until: datetime, version: int | None = None, reported_status: str | None = None
) -> OutboxEntry | None:
    """The message, claimed for one attempt that ends at `until`. None when another worker was faster.

    `version`: of the case that it was composed from; the message is not claimed when the case has changed since.
    `reported_status`: its content. Attempt and content are recorded before sending, so a message that crashes the
    worker still reaches the retry limit, and counts as possibly received.
    """
    row = select(outbox.c.message_id).where(*_unchanged(entry)).with_for_update(skip_locked=True)
    if version is not None:
        row = row.where(exists().where(case_current.c.case_id == outbox.c.case_id, case_current.c.version == version))
    if tx.execute(row).one_or_none() is None:
        return None
    combined_status = reported_status if entry.reported_status in (None, reported_status) else MIXED
    claimed = replace(entry, attempts=entry.attempts + 1, next_try_at=until, held=None, reported_status=combined_status)
    values = {"attempts": claimed.attempts, "next_try_at": until, "held": None, "told": combined_status}
    tx.execute(update(outbox).where(outbox.c.message_id == entry.message.message_id).values(values))
    return claimed


def set_status(tx: Connection, entry: OutboxEntry, held: str, next_try_at: datetime | None) -> bool:
    """Write the status, unless the message has arrived or been claimed since it was read."""
    values = {"held": held, "next_try_at": next_try_at}
    return tx.execute(update(outbox).where(*_unchanged(entry)).values(values)).rowcount == 1


def last_reported_status(tx: Connection, entry: OutboxEntry) -> str | None:
    """The last status that an earlier message reported of the same event and part; None without one.

    An attempt that may have arrived counts. `MIXED` when the status cannot be determined: attempts that differ, a
    message that a person withdrew to report it otherwise, or a message from before this was stored.
    """
    seq, part = event_and_part(entry.message)
    status_messages = (outbox.c.case_id == entry.message.case_id, outbox.c.kind.in_(STATUS_KINDS))
    known = or_(outbox.c.told.is_not(None), outbox.c.delivered_at.is_not(None), outbox.c.held == BY_HAND)
    counts = or_(outbox.c.held.is_(None), outbox.c.held != SENT_ANEW)
    earlier = _read_entries(tx, _select_entries().where(*status_messages, known, counts).order_by(*ORDER))
    statuses = [
        MIXED if previous.reported_status is None or previous.held == BY_HAND else previous.reported_status
        for previous in earlier
        if previous.order_key < entry.order_key and event_and_part(previous.message)[0] == seq
    ]
    return next((status for status in reversed(statuses) if status == MIXED or status.split(" ")[0] == part), None)


def undelivered(tx: Connection, limit: int = 1_000) -> list[OutboxEntry]:
    """The undelivered official messages, oldest first, without withdrawn ones."""
    return _read_entries(
        tx, _select_entries().where(_undelivered(outbox), _not_withdrawn(outbox)).order_by(*ORDER).limit(limit)
    )


def backlog(tx: Connection, since: datetime) -> OutboxBacklog:
    """Number of undelivered official messages; late are those created before `since` that are no dead letters."""
    dead = func.coalesce(outbox.c.held.startswith(DEAD), False)
    counted = (func.count(), func.count().filter(dead), func.count().filter(~dead, outbox.c.created_at < since))
    return OutboxBacklog(*tx.execute(select(*counted).where(_undelivered(outbox), _not_withdrawn(outbox))).one())


def oldest_waiting(tx: Connection) -> datetime | None:
    """When the oldest official message that waits was written; None without one. Dead letters do not wait."""
    waiting = (_undelivered(outbox), _not_withdrawn(outbox), ~func.coalesce(outbox.c.held.startswith(DEAD), False))
    oldest: datetime | None = tx.scalar(select(func.min(outbox.c.created_at)).where(*waiting))
    return oldest


def waits_too_long(now: datetime) -> ColumnElement[bool]:
    """Condition of a message of any kind that could have been sent for `LONGEST_WAIT` and has not been.

    Messages that are held for a reason other than a retry do not wait.
    """
    free = or_(outbox.c.held.is_(None), outbox.c.held.startswith(RETRYING))
    its_time = func.coalesce(outbox.c.next_try_at, outbox.c.created_at) < now - LONGEST_WAIT
    return and_(outbox.c.delivered_at.is_(None), free, its_time)


def count_waiting_too_long(tx: Connection, now: datetime) -> int:
    """The number of messages that `waits_too_long` is about."""
    return tx.scalar(select(func.count()).select_from(outbox).where(waits_too_long(now))) or 0


def find(tx: Connection, message_id: UUID) -> OutboxEntry | None:
    """The entry of this message; None without one."""
    return next(iter(_read_entries(tx, _select_entries().where(outbox.c.message_id == message_id))), None)


def dead_letters(tx: Connection) -> list[OutboxEntry]:
    """The official messages that are dead letters."""
    return _read_entries(
        tx, _select_entries().where(_undelivered(outbox), outbox.c.held.startswith(DEAD)).order_by(*ORDER)
    )


def replay(tx: Connection, entry: OutboxEntry) -> UUID:
    """Start again with an undelivered message; returns the id it is sent with from now on.

    A partner that has answered refuses a second message with the same id: then a copy with a new id replaces it.
    """
    if (entry.held or "").startswith(ANSWERED):
        resent = replace(entry.message, message_id=uuid5(entry.message.message_id, "anew"))
        set_status(tx, entry, SENT_ANEW, None)
        add(tx, [resent])
        return resent.message_id
    values = {"attempts": 0, "next_try_at": None, "held": None}
    tx.execute(update(outbox).where(*_unchanged(entry)).values(values))
    return entry.message.message_id


def withdraw(tx: Connection, entry: OutboxEntry) -> bool:
    """Withdraw the message; later ones of its case no longer wait for it."""
    return set_status(tx, entry, BY_HAND, None)


def record_failure_answer(tx: Connection, message_id: UUID, status: str) -> bool:
    """Make the message a dead letter, because the partner answered with this failure (`FEILET_…`).

    False when there is no such message, or it has been withdrawn.
    """
    matching = (outbox.c.message_id == message_id, outbox.c.kind.in_(OFFICIAL), _not_withdrawn(outbox))
    values = {"delivered_at": None, "next_try_at": None, "held": ANSWERED + status.lower()}
    return tx.execute(update(outbox).where(*matching).values(values)).rowcount == 1


_KINDS: tuple[ColumnElement[str], ...] = tuple(
    literal_column(f"'{kind}'") for kind in OFFICIAL
)  # literals, as in the partial index


def _select_entries() -> Select[Any]:
    return select(*outbox.c[*_MESSAGE_COLUMNS], *outbox.c["attempts", "next_try_at", "held", "delivered_at", "told"])


def _read_entries(tx: Connection, query: Select[Any]) -> list[OutboxEntry]:
    width = len(_MESSAGE_COLUMNS)
    return [OutboxEntry(OutboxMessage(*row[:width]), *row[width:]) for row in tx.execute(query)]


def _undelivered(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.delivered_at.is_(None), table.c.kind.in_(_KINDS))


def _not_withdrawn(table: FromClause) -> ColumnElement[bool]:
    return or_(table.c.held.is_(None), ~table.c.held.startswith(WITHDRAWN))


def _has_earlier_undelivered() -> ColumnElement[bool]:
    earlier = outbox.alias("earlier")
    same_event = and_(
        earlier.c.seq == outbox.c.seq, tuple_(*earlier.c["kind", "place"]) < tuple_(*outbox.c["kind", "place"])
    )
    before = and_(earlier.c.case_id == outbox.c.case_id, or_(earlier.c.seq < outbox.c.seq, same_event))
    return exists().where(_undelivered(earlier), _not_withdrawn(earlier), before)


def _unchanged(entry: OutboxEntry) -> tuple[ColumnElement[bool], ...]:
    same_message = outbox.c.message_id == entry.message.message_id
    unchanged = and_(outbox.c.attempts == entry.attempts, outbox.c.held.is_not_distinct_from(entry.held))
    return same_message, outbox.c.delivered_at.is_(None), unchanged
