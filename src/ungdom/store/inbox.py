"""Stored messages of prosecution systems and courts: versions, receipts, and the wait keys of parked messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from ungdom.store import bulk, keyset, parked_messages
from ungdom.store.case_queries import counted_for
from ungdom.store.concerns import SETTLED_OUTCOMES, concerns_office
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.prepared import Prepared
from ungdom.store.records import people_by_id, records_of
from ungdom.store.schema.cases import NumberKind, case_current, case_number
from ungdom.store.schema.inbox import (
    decision,
    decision_event,
    decision_receipt,
    decision_wait,
    exchange_decision,
)
from ungdom.store.schema.persons import person
from ungdom.store.sealed import DECISION
from ungdom.workflow.rules.permissions import NATIONAL, Viewer
from ungdom.workflow.vocabulary import Protection, Role, strictest

_NAMESPACE = UUID("5d0c9a52-7c0e-4f0f-9a83-1a5be0d1a9f4")
APPLIED, DUPLICATE, SUPERSEDED, PARKED, REJECTED = "applied", "duplicate", "superseded", "parked", "rejected"
SETTLED = SETTLED_OUTCOMES
"""The outcomes of a message whose content is recorded in a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One version of a message without its content. `offices`: who may see why it is parked, see `store.concerns`."""

    message_id: UUID
    source: str
    decision_id: str
    version: int
    kind: str
    authorities: str
    language: str
    sent_at: datetime
    received_at: datetime
    outcome: str
    reason: str | None = None
    person_id: UUID | None = None
    case_id: UUID | None = None
    konfliktrad: str | None = None
    protection: str = Protection.NONE
    named_case_id: UUID | None = None
    gap_accepted: bool = False
    doubt_accepted: bool = False
    updated_at: datetime
    offices: str | None = None

    @property
    def can_be_retried(self) -> bool:
        """Parked, or applied without a case, as observations of a person are: a matching case may be opened later."""
        return self.outcome == PARKED or (self.outcome == APPLIED and self.case_id is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReceipt:
    """One attempt to process a message, with its receipt. `by`: the sender, a person, or the wait key."""

    message_id: UUID
    n: int
    outcome: str
    reason: str | None
    body: bytes
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseCandidate:
    """A case with one of the requested numbers or of the requested person."""

    case_id: UUID
    person_id: UUID
    closed: bool


_MUTABLE_COLUMNS = (
    "outcome",
    "reason",
    "person_id",
    "case_id",
    "konfliktrad",
    "protection",
    "named_case_id",
    "gap_accepted",
    "doubt_accepted",
    "updated_at",
    "offices",
)
"""The columns of a stored message that may change."""

_MESSAGE_COLUMNS = [column for column in decision.c if column is not decision.c.sealed]


def message_id_of(source: str, decision_id: str, version: int) -> UUID:
    """The id of this version of this decision of this system, derived from the three."""
    return uuid5(_NAMESPACE, f"{source}\n{decision_id}\n{version}")


# --- reading ------------------------------------------------------------------------------------------------


def versions_of(tx: Connection, source: str, decision_id: str) -> list[InboundMessage]:
    """Every stored version of this decision, lowest first."""
    return _read_messages(tx, _LINEAGE, source=source, decision_id=decision_id)


def known_decision_ids(tx: Connection, source: str, decision_ids: Iterable[str]) -> set[str]:
    """Those of these decisions that have a stored version."""
    return set(tx.scalars(_KNOWN_IDS, {"source": source, "decision_ids": list(decision_ids)}))


def settled_versions(tx: Connection, decision_id: str, kind: str) -> list[InboundMessage]:
    """The settled versions with a case of decisions with this id and kind, of any sender."""
    same = (decision.c.decision_id == decision_id) & (decision.c.kind == kind)
    query = select(*_MESSAGE_COLUMNS).where(same, decision.c.outcome.in_(SETTLED), decision.c.case_id.is_not(None))
    return _read_messages(tx, query.order_by(decision.c.version))


def messages_of_person(tx: Connection, person_id: UUID, *kinds: str) -> list[InboundMessage]:
    """The settled messages of these kinds about this person, in the order received."""
    same = decision.c.person_id.in_(records_of(people_by_id([person_id]))) & decision.c.kind.in_(kinds)
    query = select(*_MESSAGE_COLUMNS).where(same, decision.c.outcome.in_(SETTLED))
    return _read_messages(tx, query.order_by(decision.c.received_at, decision.c.message_id))


def find_message(tx: Connection, message_id: UUID) -> InboundMessage | None:
    """This message; None if there is none."""
    return next(iter(_read_messages(tx, select(*_MESSAGE_COLUMNS).where(decision.c.message_id == message_id))), None)


def messages_of_exchange(tx: Connection, exchange_id: UUID) -> list[InboundMessage]:
    """The messages mapped from one official message."""
    query = select(*_MESSAGE_COLUMNS).join(exchange_decision, exchange_decision.c.message_id == decision.c.message_id)
    matching = query.where(exchange_decision.c.exchange_id == exchange_id)
    return _read_messages(tx, matching.order_by(decision.c.decision_id, decision.c.version))


def exchanges_of(tx: Connection, message_id: UUID) -> list[UUID]:
    """The official messages that were mapped to this one."""
    where = exchange_decision.c.message_id == message_id
    return list(
        tx.scalars(select(exchange_decision.c.exchange_id).where(where).order_by(exchange_decision.c.exchange_id))
    )


def content(tx: Connection, keys: EncryptionKeys, message_id: UUID) -> bytes | None:
    """The message as JSON; None after erasure, and where its key is declared lost. Raises `CannotOpen`."""
    return keys.decrypt_stored(tx.scalar(_SEALED, {"message_id": message_id}), _record(message_id))


def receipts(tx: Connection, message_id: UUID) -> list[InboundReceipt]:
    """Every receipt of this message, oldest first."""
    return [InboundReceipt(**row) for row in tx.execute(_RECEIPTS, {"message_id": message_id}).mappings()]


def events_of(tx: Connection, message_id: UUID) -> dict[int, int]:
    """The events that this message recorded or found recorded: place in the message → number in the case."""
    query = select(*decision_event.c["place", "seq"]).where(decision_event.c.message_id == message_id)
    return {row.place: row.seq for row in tx.execute(query)}


def waiting_for(tx: Connection, wait_keys: Sequence[str]) -> list[UUID]:
    """The parked messages with one of these wait keys, in the order they were sent."""
    return [row.message_id for row in _WAITING.rows(tx, {"things": list(wait_keys)})]


def parked(tx: Connection) -> list[UUID]:
    """Every parked message, in the order they were sent."""
    query = select(decision.c.message_id).where(decision.c.outcome == PARKED)
    return list(tx.scalars(query.order_by(decision.c.sent_at, decision.c.message_id)))


def cases_by_number(tx: Connection, numbers: Iterable[str]) -> list[CaseCandidate]:
    """The cases with one of these police case numbers."""
    rows = _CASES_BY_NUMBER.rows(tx, {"numbers": list(numbers)})
    return [CaseCandidate(row.case_id, row.person_id, row.closed_on is not None) for row in rows]


def cases_of(tx: Connection, person_id: UUID) -> list[CaseCandidate]:
    """The cases of this person."""
    query = select(*case_current.c["case_id", "person_id", "closed_on"]).where(case_current.c.person_id == person_id)
    rows = tx.execute(query.order_by(case_current.c.case_id))
    return [CaseCandidate(row.case_id, row.person_id, row.closed_on is not None) for row in rows]


def office_and_protection(tx: Connection, case_ids: Sequence[UUID]) -> tuple[str | None, Protection]:
    """The konfliktråd of these cases, None if there are several, and their strictest protection level."""
    if not case_ids:
        return None, Protection.NONE
    query = select(case_current.c.konfliktrad, person.c.protection).join(
        person, person.c.person_id == case_current.c.person_id
    )
    rows = tx.execute(query.where(case_current.c.case_id.in_(case_ids))).all()
    offices = {row.konfliktrad for row in rows}
    return (offices.pop() if len(offices) == 1 else None), strictest(*(row.protection for row in rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessageFilter:
    """Conditions on a list of messages. `after`: received_at and id of the last message of the previous page."""

    outcome: str | None = None
    kind: str | None = None
    decision_id: str | None = None
    case_id: UUID | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


MessageVisibility = ColumnElement[bool]
"""SQL condition: the messages that a viewer may see."""


def messages_visible_to(viewer: Viewer, source: str | None) -> MessageVisibility:
    """The messages this viewer may see: a sending system its own, an office those about it, the secretariat all.

    A message with a case is visible like the case; without a case and about a strictly confidential youth, only to
    the leader.
    """
    if source is not None:
        return decision.c.source == source
    case = exists().where(case_current.c.case_id == decision.c.case_id, counted_for(viewer))
    needs_open_address = viewer.role not in NATIONAL | {Role.LEADER}
    here = or_(decision.c.konfliktrad == viewer.konfliktrad, concerns_office(viewer.konfliktrad, needs_open_address))
    in_scope = true() if viewer.role in NATIONAL else here
    open_ = decision.c.protection != Protection.STRICTLY_CONFIDENTIAL if needs_open_address else true()
    return or_(case, and_(decision.c.case_id.is_(None), in_scope, open_))


def page(tx: Connection, visible: MessageVisibility, filters: InboundMessageFilter) -> list[InboundMessage]:
    """One page of messages, newest first. `visible`: from `messages_visible_to`."""
    same = ("outcome", "kind", "decision_id", "case_id")
    conditions = [decision.c[name] == getattr(filters, name) for name in same if getattr(filters, name) is not None]
    query = select(*_MESSAGE_COLUMNS).where(visible, *conditions)
    order = (decision.c.received_at, decision.c.message_id)
    return _read_messages(tx, keyset.page(query, order, filters.after, filters.limit))


def find_visible(tx: Connection, visible: MessageVisibility, message_id: UUID) -> InboundMessage | None:
    """This message, if it is visible; otherwise None."""
    return next(
        iter(_read_messages(tx, select(*_MESSAGE_COLUMNS).where(decision.c.message_id == message_id, visible))), None
    )


# --- writing ------------------------------------------------------------------------------------------------


def add(tx: Connection, keys: EncryptionKeys, new: InboundMessage, content_json: bytes, body: bytes) -> None:
    """Stores a new message with its first receipt. Raises `DuplicateKey` when the transaction ends."""
    _INSERT_MESSAGE.write(tx, {**_columns_of(new), "sealed": keys.encrypt(content_json, _record(new.message_id))})
    _INSERT_RECEIPT.write(tx, _columns_of(_receipt_of(new, 1, body, "sender", new.received_at)))


def record_attempt(tx: Connection, now: InboundMessage, body: bytes, by: str, at: datetime) -> None:
    """Updates the status of a stored message and adds the receipt of this attempt."""
    known = select(func.count()).where(decision_receipt.c.message_id == now.message_id)
    _INSERT_RECEIPT.write(tx, _columns_of(_receipt_of(now, (tx.scalar(known) or 0) + 1, body, by, at)))
    update_status(tx, replace(now, updated_at=at))


def update_status(tx: Connection, now: InboundMessage) -> None:
    """Updates the status of a stored message without a receipt: nothing changes for the sender."""
    values = {name: getattr(now, name) for name in _MUTABLE_COLUMNS}
    tx.execute(update(decision).where(decision.c.message_id == now.message_id).values(values))


def link(tx: Connection, message_id: UUID, case_id: UUID, places: dict[int, int]) -> None:
    """Stores which events of the case this message recorded or found recorded."""
    for place, seq in places.items():
        _INSERT_LINK.write(tx, {"message_id": message_id, "seq": seq, "case_id": case_id, "place": place})


def link_exchange(tx: Connection, message_id: UUID, exchange_id: UUID) -> None:
    """Stores that this official message was mapped to this message."""
    if exchange_id not in exchanges_of(tx, message_id):
        tx.execute(insert(exchange_decision), {"exchange_id": exchange_id, "message_id": message_id})


def wait_for(tx: Connection, message_id: UUID, wait_keys: Iterable[str]) -> None:
    """Replaces the wait keys of this message; retry markers are kept."""
    _DELETE_WAITS.write(tx, {"b_message_id": message_id})
    bulk.add(
        tx, decision_wait, [{"waits_for": wait_key, "message_id": message_id} for wait_key in sorted(set(wait_keys))]
    )


def _read_messages(tx: Connection, query: Select[Any], **parameters: object) -> list[InboundMessage]:
    return [InboundMessage(**row) for row in tx.execute(query, parameters).mappings()]


def _columns_of(record: InboundMessage | InboundReceipt) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _receipt_of(message: InboundMessage, n: int, body: bytes, by: str, at: datetime) -> InboundReceipt:
    return InboundReceipt(
        message_id=message.message_id, n=n, outcome=message.outcome, reason=message.reason, body=body, by=by, at=at
    )


def _record(message_id: UUID) -> str:
    return DECISION.record_of(message_id=message_id)


# --- statements of every message, built once ----------------------------------------------------------------

_LINEAGE = (
    select(*_MESSAGE_COLUMNS)
    .where(decision.c.source == bindparam("source"), decision.c.decision_id == bindparam("decision_id"))
    .order_by(decision.c.version)
)
_KNOWN_IDS = (
    select(decision.c.decision_id)
    .where(decision.c.source == bindparam("source"))
    .where(decision.c.decision_id.in_(bindparam("decision_ids", expanding=True)))
)
_SEALED = select(decision.c.sealed).where(decision.c.message_id == bindparam("message_id"))
_RECEIPTS = (
    select(decision_receipt)
    .where(decision_receipt.c.message_id == bindparam("message_id"))
    .order_by(decision_receipt.c.n)
)
_WITH_WAIT_KEYS = (
    select(decision_wait.c.message_id)
    .where(decision_wait.c.waits_for.in_(bindparam("things", expanding=True)))
    .distinct()
    .subquery()
)
_WAITING = Prepared(
    select(decision.c.message_id)
    .join(_WITH_WAIT_KEYS, _WITH_WAIT_KEYS.c.message_id == decision.c.message_id)
    .order_by(decision.c.sent_at, decision.c.message_id)
)
_CASES_BY_NUMBER = Prepared(
    select(*case_current.c["case_id", "person_id", "closed_on"])
    .join(case_number, case_number.c.case_id == case_current.c.case_id)
    .where(case_number.c.number.in_(bindparam("numbers", expanding=True)))
    .where(case_number.c.kind == NumberKind.POLICE)
    .distinct()
    .order_by(case_current.c.case_id)
)
_INSERT_MESSAGE, _INSERT_RECEIPT = Prepared(insert(decision)), Prepared(insert(decision_receipt))
_INSERT_LINK = Prepared(insert(decision_event))
_DELETE_WAITS = Prepared(
    delete(decision_wait).where(
        decision_wait.c.message_id == bindparam("b_message_id"), ~parked_messages.IS_RETRY_MARKER
    )
)
