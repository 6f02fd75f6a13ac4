"""Messages of prosecution systems and courts as they are kept: every version, every receipt, what they wait for."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import ARRAY

from ungdom.store import bulk, due
from ungdom.store.concerns import COUNTED, concerns_office
from ungdom.store.inbox_tables import decision, decision_event, decision_receipt, decision_wait, exchange_decision
from ungdom.store.reading import counted_for
from ungdom.store.records import records_of, these
from ungdom.store.sealing import Keys
from ungdom.store.tables import NumberKind, Protection, case_current, case_number, person
from ungdom.workflow.permissions import NATIONAL, Viewer
from ungdom.workflow.vocabulary import Role, strictest

_NAMESPACE = UUID("5d0c9a52-7c0e-4f0f-9a83-1a5be0d1a9f4")
_NUMBERS = func.unnest(bindparam("numbers", type_=ARRAY(BigInteger))).column_valued("number")
_LOCK = select(func.pg_advisory_xact_lock(_NUMBERS))
_TRY_LOCK = select(func.pg_try_advisory_xact_lock(_NUMBERS))

APPLIED, DUPLICATE, SUPERSEDED, PARKED, REJECTED = "applied", "duplicate", "superseded", "parked", "rejected"
SETTLED = COUNTED
"""The outcomes in which the case says what the message says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One version of a message as kept, without its content. `offices`: who may know why it waits: `store.concerns`."""

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
    updated_at: datetime
    offices: str | None = None

    @property
    def may_be_tried(self) -> bool:
        """Parked; or applied to no case, as what is observed of a person is: one on its number may come."""
        return self.outcome == PARKED or (self.outcome == APPLIED and self.case_id is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One try of a message and the receipt of it. `by`: the sender, a person, or what it waited for."""

    message_id: UUID
    n: int
    outcome: str
    reason: str | None
    body: bytes
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that stands on one of the numbers asked for."""

    case_id: UUID
    person_id: UUID
    closed: bool


_STANDS = (
    "outcome",
    "reason",
    "person_id",
    "case_id",
    "konfliktrad",
    "protection",
    "named_case_id",
    "gap_accepted",
    "updated_at",
    "offices",
)
"""What may change of a kept message."""

_ARRIVAL = [column for column in decision.c if column is not decision.c.sealed]


def message_id_of(source: str, decision_id: str, version: int) -> UUID:
    """The id of this version of this decision of this system: always the same one."""
    return uuid5(_NAMESPACE, f"{source}\n{decision_id}\n{version}")


def lock(tx: Connection, names: Iterable[str]) -> bool:
    """Let nobody else work on these names until the transaction ends. On SQLite there is one writer anyway.

    Everybody takes them in one order, so that nobody waits for somebody who waits for them.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(_LOCK, {"numbers": _numbers(names)})
    return True


def try_lock(tx: Connection, names: Iterable[str]) -> bool:
    """The same without waiting for anybody; False when somebody else works on one of them."""
    here = tx.dialect.name != "postgresql"
    return here or all(tx.scalars(_TRY_LOCK, {"numbers": _numbers(names)}))


def hold_case(tx: Connection, case_id: UUID, patient: bool) -> None:
    """Let nobody else move this case until the transaction ends, so that none of us overlooks what the other writes.

    Who is not patient gets the database's own error when somebody holds it. On SQLite there is one writer anyway.
    """
    mine = select(case_current.c.version).where(case_current.c.case_id == case_id)
    tx.execute(mine.with_for_update(nowait=not patient))


def _numbers(names: Iterable[str]) -> list[int]:
    return sorted({_number(name) for name in names})


# --- reading ------------------------------------------------------------------------------------------------


def lineage(tx: Connection, source: str, decision_id: str) -> list[Arrival]:
    """Every version of this decision that has arrived, the lowest first."""
    return _arrivals(tx, _LINEAGE, source=source, decision_id=decision_id)


def known(tx: Connection, source: str, decision_ids: Iterable[str]) -> set[str]:
    """Those of these decisions of which a version has arrived."""
    return set(tx.scalars(_KNOWN, {"source": source, "decision_ids": list(decision_ids)}))


def named(tx: Connection, decision_id: str, kind: str) -> list[Arrival]:
    """The versions of decisions with this id, whoever sent them, that are of this kind and settled in a case."""
    same = (decision.c.decision_id == decision_id) & (decision.c.kind == kind)
    query = select(*_ARRIVAL).where(same, decision.c.outcome.in_(SETTLED), decision.c.case_id.is_not(None))
    return _arrivals(tx, query.order_by(decision.c.version))


def of_person(tx: Connection, person_id: UUID, *kinds: str) -> list[Arrival]:
    """The messages of these kinds about this person that count."""
    same = decision.c.person_id.in_(records_of(these([person_id]))) & decision.c.kind.in_(kinds)
    query = select(*_ARRIVAL).where(same, decision.c.outcome.in_(SETTLED))
    return _arrivals(tx, query.order_by(decision.c.received_at, decision.c.message_id))


def arrival(tx: Connection, message_id: UUID) -> Arrival | None:
    """This message."""
    return next(iter(_arrivals(tx, select(*_ARRIVAL).where(decision.c.message_id == message_id))), None)


def exchanged(tx: Connection, exchange_id: UUID) -> list[Arrival]:
    """The messages that one official message was read as."""
    query = select(*_ARRIVAL).join(exchange_decision, exchange_decision.c.message_id == decision.c.message_id)
    mine = query.where(exchange_decision.c.exchange_id == exchange_id)
    return _arrivals(tx, mine.order_by(decision.c.decision_id, decision.c.version))


def exchanges_of(tx: Connection, message_id: UUID) -> list[UUID]:
    """The official messages that were read as this one."""
    where = exchange_decision.c.message_id == message_id
    return list(
        tx.scalars(select(exchange_decision.c.exchange_id).where(where).order_by(exchange_decision.c.exchange_id))
    )


def content(tx: Connection, keys: Keys, message_id: UUID) -> bytes | None:
    """The message as JSON; None when it has been erased. Raises `CannotOpen`."""
    sealed = tx.scalar(_SEALED, {"message_id": message_id})
    return None if sealed is None else keys.open(sealed, _record(message_id))


def receipts(tx: Connection, message_id: UUID) -> list[Receipt]:
    """Every receipt of this message, the first one first."""
    return [Receipt(**row) for row in tx.execute(_RECEIPTS, {"message_id": message_id}).mappings()]


def events_of(tx: Connection, message_id: UUID) -> dict[int, int]:
    """The events that this message made or found: place in the message, number in the case."""
    query = select(*decision_event.c["place", "seq"]).where(decision_event.c.message_id == message_id)
    return {row.place: row.seq for row in tx.execute(query)}


def waiting(tx: Connection, things: Sequence[str]) -> list[UUID]:
    """The parked messages that wait for one of these things, the one sent first before the others."""
    return list(tx.scalars(_WAITING, {"things": list(things)}))


def parked(tx: Connection) -> list[UUID]:
    """Every parked message, the one sent first before the others."""
    query = select(decision.c.message_id).where(decision.c.outcome == PARKED)
    return list(tx.scalars(query.order_by(decision.c.sent_at, decision.c.message_id)))


def cases_on(tx: Connection, numbers: Iterable[str]) -> list[Candidate]:
    """The cases that stand on one of these police case numbers."""
    rows = tx.execute(_CASES_ON, {"numbers": list(numbers)})
    return [Candidate(row.case_id, row.person_id, row.closed_on is not None) for row in rows]


def cases_of(tx: Connection, person_id: UUID) -> list[Candidate]:
    """The cases of this person."""
    query = select(*case_current.c["case_id", "person_id", "closed_on"]).where(case_current.c.person_id == person_id)
    rows = tx.execute(query.order_by(case_current.c.case_id))
    return [Candidate(row.case_id, row.person_id, row.closed_on is not None) for row in rows]


def belonging(tx: Connection, case_ids: Sequence[UUID]) -> tuple[str | None, Protection]:
    """The konfliktråd that has all of these cases, if one has, and how closely the best kept address is kept."""
    if not case_ids:
        return None, Protection.NONE
    query = select(case_current.c.konfliktrad, person.c.protection).join(
        person, person.c.person_id == case_current.c.person_id
    )
    rows = tx.execute(query.where(case_current.c.case_id.in_(case_ids))).all()
    offices = {row.konfliktrad for row in rows}
    return (offices.pop() if len(offices) == 1 else None), strictest(*(row.protection for row in rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which messages a list shall hold. `after`: the arrival and id of the last one of the page before."""

    outcome: str | None = None
    kind: str | None = None
    decision_id: str | None = None
    case_id: UUID | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


May = ColumnElement[bool]
"""Which messages somebody may know of."""


def seen_by(viewer: Viewer, source: str | None) -> May:
    """The messages this viewer may know of: a sending system its own, an office those about it, the secretariat all.

    One about a case follows the case; one about a strictly confidential youth without a case is for the leader.
    """
    if source is not None:
        return decision.c.source == source
    case = exists().where(case_current.c.case_id == decision.c.case_id, counted_for(viewer))
    closely = viewer.role not in NATIONAL | {Role.LEADER}
    here = or_(decision.c.konfliktrad == viewer.konfliktrad, concerns_office(viewer.konfliktrad, closely))
    mine = true() if viewer.role in NATIONAL else here
    open_ = decision.c.protection != Protection.STRICTLY_CONFIDENTIAL if closely else true()
    return or_(case, and_(decision.c.case_id.is_(None), mine, open_))


def page(tx: Connection, seen: May, asked: Asked) -> list[Arrival]:
    """The messages asked for, the newest first. `seen`: those that may be known of, as `seen_by` says."""
    same = ("outcome", "kind", "decision_id", "case_id")
    wanted = [decision.c[name] == getattr(asked, name) for name in same if getattr(asked, name) is not None]
    query = select(*_ARRIVAL).where(seen, *wanted)
    if asked.after is not None:
        at, last = asked.after
        earlier = (decision.c.received_at == at) & (decision.c.message_id < last)
        query = query.where(or_(decision.c.received_at < at, earlier))
    order = (decision.c.received_at.desc(), decision.c.message_id.desc())
    return _arrivals(tx, query.order_by(*order).limit(asked.limit))


def seen(tx: Connection, may: May, message_id: UUID) -> Arrival | None:
    """This message, if it may be known of."""
    return next(iter(_arrivals(tx, select(*_ARRIVAL).where(decision.c.message_id == message_id, may))), None)


# --- writing ------------------------------------------------------------------------------------------------


def add(tx: Connection, keys: Keys, new: Arrival, plain: bytes, body: bytes) -> None:
    """Keep a new message with its first receipt. Raises `DuplicateKey` when the transaction ends."""
    tx.execute(_NEW, {**_row(new), "sealed": keys.seal(plain, _record(new.message_id))})
    tx.execute(_NEW_RECEIPT, _row(_receipt(new, 1, body, "sender", new.received_at)))


def settle(tx: Connection, now: Arrival, body: bytes, by: str, at: datetime) -> None:
    """Write how a kept message stands now, with the receipt of this try."""
    known = select(func.count()).where(decision_receipt.c.message_id == now.message_id)
    tx.execute(_NEW_RECEIPT, _row(_receipt(now, (tx.scalar(known) or 0) + 1, body, by, at)))
    stand(tx, replace(now, updated_at=at))


def stand(tx: Connection, now: Arrival) -> None:
    """Write how a kept message stands now, without a receipt: nothing of it is news to the sender."""
    stands = {name: getattr(now, name) for name in _STANDS}
    tx.execute(update(decision).where(decision.c.message_id == now.message_id).values(stands))


def link(tx: Connection, message_id: UUID, case_id: UUID, places: dict[int, int]) -> None:
    """Write which events of the case this message made or found."""
    rows = [{"message_id": message_id, "seq": seq, "case_id": case_id, "place": place} for place, seq in places.items()]
    bulk.add(tx, decision_event, rows)


def link_exchange(tx: Connection, message_id: UUID, exchange_id: UUID) -> None:
    """Write that this official message was read as this one."""
    if exchange_id not in exchanges_of(tx, message_id):
        tx.execute(insert(exchange_decision), {"exchange_id": exchange_id, "message_id": message_id})


def wait_for(tx: Connection, message_id: UUID, things: Iterable[str]) -> None:
    """Let this message wait for these things, and for nothing else; a mark that it was passed over stays."""
    tx.execute(_WAITS_NO_LONGER, {"b_message_id": message_id})
    bulk.add(tx, decision_wait, [{"waits_for": thing, "message_id": message_id} for thing in sorted(set(things))])


def _arrivals(tx: Connection, query: Select[Any], **asked: object) -> list[Arrival]:
    return [Arrival(**row) for row in tx.execute(query, asked).mappings()]


def _row(of: Arrival | Receipt) -> dict[str, Any]:
    return {name: getattr(of, name) for name in of.__slots__}


def _receipt(of: Arrival, n: int, body: bytes, by: str, at: datetime) -> Receipt:
    return Receipt(message_id=of.message_id, n=n, outcome=of.outcome, reason=of.reason, body=body, by=by, at=at)


def _record(message_id: UUID) -> str:
    return f"decision:{message_id}"


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


# --- what is asked for every message, built once ------------------------------------------------------------

_LINEAGE = (
    select(*_ARRIVAL)
    .where(decision.c.source == bindparam("source"), decision.c.decision_id == bindparam("decision_id"))
    .order_by(decision.c.version)
)
_KNOWN = (
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
_WAIT_FOR_THESE = (
    select(decision_wait.c.message_id)
    .where(decision_wait.c.waits_for.in_(bindparam("things", expanding=True)))
    .distinct()
    .subquery()
)
_WAITING = (
    select(decision.c.message_id)
    .join(_WAIT_FOR_THESE, _WAIT_FOR_THESE.c.message_id == decision.c.message_id)
    .order_by(decision.c.sent_at, decision.c.message_id)
)
_CASES_ON = (
    select(*case_current.c["case_id", "person_id", "closed_on"])
    .join(case_number, case_number.c.case_id == case_current.c.case_id)
    .where(case_number.c.number.in_(bindparam("numbers", expanding=True)))
    .where(case_number.c.kind == NumberKind.POLICE)
    .distinct()
    .order_by(case_current.c.case_id)
)
_NEW, _NEW_RECEIPT = insert(decision), insert(decision_receipt)
_WAITS_NO_LONGER = delete(decision_wait).where(decision_wait.c.message_id == bindparam("b_message_id"), ~due.MARKED)
