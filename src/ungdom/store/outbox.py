"""Messages to others, written in the transaction of what they tell of. Thin: ids, a type and times, never a person.

How far one has got stands beside it. `undelivered` is a word and a code: `again.` (the last try failed, another one
follows), `lacks.` (it cannot be complete yet), `dead.` (given up or refused; a person has to look), `withdrawn.` (not
to be sent, what it tells of never was, or somebody took it back). A message of a case waits for every earlier one of
that case that has neither arrived nor been withdrawn.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
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

from ungdom.store.schema.cases import case_current
from ungdom.store.schema.outbox import OFFICIAL_KINDS, outbox
from ungdom.workflow.events import Event

_NAMESPACE = UUID("8c1a1f0e-6d0b-4f0e-9d6c-5b1f5a7c2e41")

STATUS_KINDS = ("esas.status", "esas.status.second")
"""The parts of the official status message (`oppdatertSaksstatus`) that one event gives, in order."""
RECEIPT_KIND = "esas.receipt"
"""A receipt (`kvittering`) for an official message: `case_id` is the id of that message, `seq` the receipt's number."""
OFFICIAL = OFFICIAL_KINDS
"""The messages that go to partners of the sector's exchange."""

RETRYING, INCOMPLETE, DEAD, WITHDRAWN = "again.", "lacks.", "dead.", "withdrawn."
ANSWERED = f"{DEAD}answer_"
"""The partner has the message and answered that it failed: sent anew it needs another id."""

BY_HAND, SENT_ANEW = f"{WITHDRAWN}by_hand", f"{WITHDRAWN}sent_anew"
MIXED = "?"
"""The partner was told something, and nobody can say what."""

_MESSAGE_COLUMNS = ("message_id", "case_id", "seq", "kind", "payload", "created_at", "place")


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message. Its id follows from case, seq, kind and place: the same message is never written twice.

    `place`: which one it is of those of one kind that one event promises.
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
    """A message and how far it has got. `next_try_at`: not before; for one that lacks something, the next look.

    `reported_status`: what the tries so far said (see `esas.status.said`); with `MIXED` in it, not all the same.
    """

    message: OutboxMessage
    attempts: int
    next_try_at: datetime | None
    held: str | None
    delivered_at: datetime | None = None
    reported_status: str | None = None

    @property
    def order_key(self) -> tuple[datetime, UUID, int, str, int]:
        """Where it stands in the order in which messages are taken."""
        message = self.message
        return message.created_at, message.case_id, message.seq, message.kind, message.place


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """How many official messages have not arrived: all, those given up or refused, and those that wait too long."""

    waiting: int
    dead: int
    late: int


def event_message(case_id: UUID, event: Event, kind: str = "case.event_recorded") -> OutboxMessage:
    """The message that this event was recorded in this case."""
    name = f"{case_id}/{event.seq}/{kind}"
    return OutboxMessage(
        uuid5(_NAMESPACE, name), case_id, event.seq, kind, _to_json(_event_payload(case_id, event)), event.recorded_at
    )


def corrected_status_message(case_id: UUID, correction: Event, place: int, seq: int, part: str) -> OutboxMessage:
    """The message that this part of the official status of event `seq` reads otherwise after a correction."""
    kind = STATUS_KINDS[0]
    text = _to_json({**_event_payload(case_id, correction), "about": {"seq": seq, "part": part}})
    name = f"{case_id}/{correction.seq}/{kind}/{place}"
    return OutboxMessage(uuid5(_NAMESPACE, name), case_id, correction.seq, kind, text, correction.recorded_at, place)


def event_and_part(message: OutboxMessage) -> tuple[int, str | None]:
    """Which event the message tells of, and which part of its status; None: the part that its kind stands for."""
    reference = json.loads(message.payload).get("about")
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
    """The message that is the n-th receipt for this official message."""
    return OutboxMessage(
        uuid5(_NAMESPACE, f"{exchange_id}/{n}/{RECEIPT_KIND}"), exchange_id, n, RECEIPT_KIND, payload, at
    )


def rows_of(messages: Iterable[OutboxMessage]) -> list[dict[str, object]]:
    """The rows of the table, not delivered yet."""
    return [asdict(message) for message in messages]


def add(tx: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Write the messages."""
    if messages:
        tx.execute(insert(outbox), rows_of(messages))


def claim_batch(tx: Connection, limit: int) -> list[OutboxMessage]:
    """The oldest messages not delivered, official ones left out, held for this transaction: others pass over them."""
    query = (
        select(*outbox.c[*_MESSAGE_COLUMNS])
        .where(outbox.c.delivered_at.is_(None), outbox.c.kind.not_in(OFFICIAL))
        .order_by(outbox.c.created_at, outbox.c.case_id, outbox.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [OutboxMessage(*row) for row in tx.execute(query)]


def mark_delivered(tx: Connection, message_ids: Sequence[UUID], at: datetime) -> None:
    """These messages have arrived."""
    values = {"delivered_at": at, "next_try_at": None, "held": None}
    tx.execute(update(outbox).where(outbox.c.message_id.in_(message_ids)).values(values))


# --- official messages --------------------------------------------------------------------------------------


def due_entries(
    tx: Connection, now: datetime, since: datetime | None, after: OutboxEntry | None = None, limit: int = 200
) -> list[OutboxEntry]:
    """The official messages to look at, at most one a case: the first that has not arrived, in the order promised.

    One that lacks something is looked at when its time has come, or when its case has had an event since `since`; with
    None, always.
    """
    pending = (outbox.c.held.is_(None), outbox.c.held.startswith(RETRYING))
    is_due = or_(outbox.c.next_try_at.is_(None), outbox.c.next_try_at <= now)
    incomplete = and_(outbox.c.held.startswith(INCOMPLETE), or_(is_due, _case_changed(since)))
    wanted = or_(and_(or_(*pending), is_due), incomplete)
    query = _select_entries().where(_undelivered(outbox), wanted, ~_has_earlier_undelivered())
    if after is not None:
        query = query.where(tuple_(*_ORDER) > after.order_key)
    return _read_entries(tx, query.order_by(*_ORDER).limit(limit))


def claim(
    tx: Connection, entry: OutboxEntry, until: datetime, version: int | None = None, reported_status: str | None = None
) -> OutboxEntry | None:
    """The message, taken for one try that lasts at most until then. None when somebody else was faster.

    `version`: of the case that it was composed from; when the case has moved since, it is not taken: what it says may
    be out of date. `reported_status`: what it says. The try counts before it is made, and what it says is kept
    before: a message that ends the process that sends it is given up one day as well, and may have arrived all the
    same.
    """
    row = (
        select(outbox.c.message_id)
        .where(*_unchanged(entry), *_case_at_version(version))
        .with_for_update(skip_locked=True)
    )
    if tx.execute(row).one_or_none() is None:
        return None
    combined_status = reported_status if entry.reported_status in (None, reported_status) else MIXED
    claimed = replace(entry, attempts=entry.attempts + 1, next_try_at=until, held=None, reported_status=combined_status)
    values = {"attempts": claimed.attempts, "next_try_at": until, "held": None, "told": combined_status}
    tx.execute(update(outbox).where(outbox.c.message_id == entry.message.message_id).values(values))
    return claimed


def set_status(tx: Connection, entry: OutboxEntry, held: str, next_try_at: datetime | None) -> bool:
    """Write how the message stands, unless it has arrived or been taken since it was read."""
    values = {"held": held, "next_try_at": next_try_at}
    return tx.execute(update(outbox).where(*_unchanged(entry)).values(values)).rowcount == 1


def last_reported_status(tx: Connection, entry: OutboxEntry) -> str | None:
    """What the partner was told last of what this message is about, before this message; None: nothing.

    A try that may have arrived counts. `MIXED`: something, but nobody can say what: tries that differ, a message that a
    person withdrew to tell it in another way, or one from before this was kept.
    """
    seq, part = event_and_part(entry.message)
    status_messages = (outbox.c.case_id == entry.message.case_id, outbox.c.kind.in_(STATUS_KINDS))
    known = or_(outbox.c.told.is_not(None), outbox.c.delivered_at.is_not(None), outbox.c.held == BY_HAND)
    counts = or_(outbox.c.held.is_(None), outbox.c.held != SENT_ANEW)
    earlier = _read_entries(tx, _select_entries().where(*status_messages, known, counts).order_by(*_ORDER))
    statuses = [
        _reported_status_of(previous)
        for previous in earlier
        if previous.order_key < entry.order_key and event_and_part(previous.message)[0] == seq
    ]
    return next((status for status in reversed(statuses) if status == MIXED or status.split(" ")[0] == part), None)


def _reported_status_of(entry: OutboxEntry) -> str:
    return MIXED if entry.reported_status is None or entry.held == BY_HAND else entry.reported_status


def undelivered(tx: Connection, limit: int = 1_000) -> list[OutboxEntry]:
    """The official messages that have not arrived, oldest first, withdrawn ones left out."""
    return _read_entries(
        tx, _select_entries().where(_undelivered(outbox), _not_withdrawn(outbox)).order_by(*_ORDER).limit(limit)
    )


def backlog(tx: Connection, since: datetime) -> OutboxBacklog:
    """How many official messages have not arrived; `late` are those promised before `since` that are not given up."""
    dead = func.coalesce(outbox.c.held.startswith(DEAD), False)
    counted = (func.count(), func.count().filter(dead), func.count().filter(~dead, outbox.c.created_at < since))
    return OutboxBacklog(*tx.execute(select(*counted).where(_undelivered(outbox), _not_withdrawn(outbox))).one())


def find(tx: Connection, message_id: UUID) -> OutboxEntry | None:
    """This message."""
    return next(iter(_read_entries(tx, _select_entries().where(outbox.c.message_id == message_id))), None)


def dead_letters(tx: Connection) -> list[OutboxEntry]:
    """The official messages that were given up or refused."""
    return _read_entries(
        tx, _select_entries().where(_undelivered(outbox), outbox.c.held.startswith(DEAD)).order_by(*_ORDER)
    )


def replay(tx: Connection, entry: OutboxEntry) -> UUID:
    """Start again with a message that has not arrived; the id it is sent with from now on.

    A partner that has answered for an id takes no second message with it: then a new one is promised instead.
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
    """Never send this message; later ones of its case wait for it no longer."""
    return set_status(tx, entry, BY_HAND, None)


def record_failure_answer(tx: Connection, message_id: UUID, status: str) -> bool:
    """The partner has the message and answered with this failure (`FEILET_…`): it is dead until a person has looked.

    False when there is no such message, or it has been withdrawn.
    """
    matching = (outbox.c.message_id == message_id, outbox.c.kind.in_(OFFICIAL), _not_withdrawn(outbox))
    values = {"delivered_at": None, "next_try_at": None, "held": ANSWERED + status.lower()}
    return tx.execute(update(outbox).where(*matching).values(values)).rowcount == 1


_ORDER = tuple(outbox.c["created_at", "case_id", "seq", "kind", "place"])
_KINDS: tuple[ColumnElement[str], ...] = tuple(
    literal_column(f"'{kind}'") for kind in OFFICIAL
)  # written out, as the index on them has it


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


def _case_changed(since: datetime | None) -> ColumnElement[bool]:
    if since is None:
        return true()
    return exists().where(case_current.c.case_id == outbox.c.case_id, case_current.c.updated_at > since)


def _case_at_version(version: int | None) -> tuple[ColumnElement[bool], ...]:
    """The case still stands at this version; None asks nothing."""
    if version is None:
        return ()
    return (exists().where(case_current.c.case_id == outbox.c.case_id, case_current.c.version == version),)


def _unchanged(entry: OutboxEntry) -> tuple[ColumnElement[bool], ...]:
    same_message = outbox.c.message_id == entry.message.message_id
    unchanged = and_(outbox.c.attempts == entry.attempts, outbox.c.held.is_not_distinct_from(entry.held))
    return same_message, outbox.c.delivered_at.is_(None), unchanged
