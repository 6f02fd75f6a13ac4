"""Applying the rules of retention: what is due is erased, or only counted where a rule does not apply yet."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Select, Table, delete, exists, func, not_, or_, select

from ungdom.esas.receipt import ReceiptStatus
from ungdom.observability.logger import EventLogger
from ungdom.retention.erase import erase
from ungdom.retention.holds import open_question, record_ids_of
from ungdom.retention.journal import UNREADABLE_JOURNAL, ErasureJournal, ErasureKind, ErasureLine
from ungdom.retention.rules import RULES, EffectiveRule, RetentionCode, effective
from ungdom.store import bulk, chain_changes, erasing, retention
from ungdom.store.chain_tables import RECORDED
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.erasing import UnlinkedData
from ungdom.store.errors import CannotOpen, StoreError, Unavailable
from ungdom.store.ids import uuid7
from ungdom.store.inbox import PARKED, REJECTED, SETTLED
from ungdom.store.schema.calendars import calendar_feed
from ungdom.store.schema.cases import case_current, case_team
from ungdom.store.schema.coordination_groups import coordination_contact
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.schema.inbox import decision, exchange_message
from ungdom.store.schema.notices import contact
from ungdom.store.schema.persons import PopulationOutcome, person, population_event
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Role

LOG = EventLogger("ungdom.retention")

BATCH = 200
"""Ids that are erased in one transaction, and named in one line of the journal."""


class RetentionFault(StrEnum):
    """Why a rule has not erased everything that is due."""

    CANNOT_OPEN = "cannot_open"  # something encrypted cannot be read: it was changed, or its key is missing
    JOURNAL = "journal"  # the journal of erasures cannot be written
    UNAVAILABLE = "unavailable"  # the database is away or too busy


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """What a rule found and did. `due`: how many the rule is about, persons as one each; `erased`: 0 in a dry run.

    `applies`: the basis of the rule is known; `dry_run`: nothing was erased, since it does not apply or by request.
    `fault`: why not everything that is due was erased; None if it was.
    """

    rule: RetentionCode
    applies: bool
    dry_run: bool
    due: int
    erased: int
    fault: RetentionFault | None = None


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """Where the rules are applied, with which keys and journal of erasures, and when."""

    db: Database
    keys: EncryptionKeys
    journal: ErasureJournal
    now: datetime

    @property
    def today(self) -> date:
        """The day in Norway."""
        return oslo_date(self.now)


def run(
    db: Database, keys: EncryptionKeys, journal: ErasureJournal, now: datetime, dry_run: bool = False
) -> list[RuleReport]:
    """Applies every rule, a batch per transaction. What stops one rule is in its report, and stops no other.

    Raises `Unavailable` where the database is away from the beginning.
    """
    with db.reading() as tx:
        rules = effective(retention.bases(tx))
    return [_run_rule(RetentionRun(db, keys, journal, now), rules[rule.code], dry_run) for rule in RULES]


def _run_rule(at: RetentionRun, rule: EffectiveRule, dry_run: bool) -> RuleReport:
    only_counted = dry_run or not rule.applies
    due, erased, fault = [], 0, None
    try:
        with at.db.reading() as tx:
            due = _due(tx, rule, at.today)
        batches = bulk.batches(due, 1 if rule.rule.code is RetentionCode.PERSONS else BATCH)
        for batch in batches if not only_counted else ():
            try:
                erased += _erase_batch(at, rule, batch)
            except CannotOpen:  # of this person: others may still be erased
                fault = RetentionFault.CANNOT_OPEN
    except Unavailable as error:
        journal = error.reason == UNREADABLE_JOURNAL
        fault = RetentionFault.JOURNAL if journal else RetentionFault.UNAVAILABLE
    except StoreError:
        fault = RetentionFault.UNAVAILABLE
    if fault is not None:
        LOG.warning("retention.not_erased", rule=rule.rule.code, reason=fault, count=len(due) - erased)
    return RuleReport(
        rule=rule.rule.code, applies=rule.applies, dry_run=only_counted, due=len(due), erased=erased, fault=fault
    )


def _erase_batch(at: RetentionRun, rule: EffectiveRule, batch: list[Any]) -> int:
    """Erases what is still due of these, in one transaction; how many."""
    eraser = _ERASERS[rule.rule.code]
    known_data = eraser.find(at, batch)
    with at.db.writing() as tx:
        still_due = [key for key in _due(tx, rule, at.today, batch) if key in set(batch)]
        if still_due:
            eraser.erase(tx, at, still_due, known_data)
    return len(still_due)


# --- what is due --------------------------------------------------------------------------------------------


def _due(tx: Connection, rule: EffectiveRule, today: date, among: Collection[Any] | None = None) -> list[Any]:
    """The keys of what the rule is about whose term has passed. `among`: only of these."""
    query, key = _KEPT[rule.rule.code]
    if among is not None:
        query = query.where(key.in_(among))
    return [row[0] for row in tx.execute(query) if rule.is_due(_day(row[1]), today)]


def _day(counted_from: date) -> date:
    """The day in Norway of a day or an instant."""
    return oslo_date(counted_from) if isinstance(counted_from, datetime) else counted_from


def _persons() -> Select[Any]:
    """Persons all of whose cases are closed, without a message or question that waits; the day of the last closing."""
    waiting = exists().where(decision.c.person_id == case_current.c.person_id, decision.c.outcome == PARKED)
    of_person = or_(person.c.person_id == case_current.c.person_id, person.c.same_as == case_current.c.person_id)
    sealed = exists().where(of_person, person.c.sealed.is_not(None))
    records = select(person.c.person_id).where(of_person).correlate(case_current)
    return (
        select(case_current.c.person_id, func.max(case_current.c.closed_on))
        .where(sealed, not_(waiting), not_(open_question(records).correlate(case_current)))
        .group_by(case_current.c.person_id)
        .having(func.count() == func.count(case_current.c.closed_on))
        .order_by(case_current.c.person_id)
    )


def _messages() -> Select[Any]:
    """Settled messages whose case is closed."""
    joined = decision.join(case_current, case_current.c.case_id == decision.c.case_id)
    settled = decision.c.outcome.in_((*SETTLED, "superseded"))
    return (
        select(decision.c.message_id, case_current.c.closed_on)
        .select_from(joined)
        .where(settled, decision.c.sealed.is_not(None), case_current.c.closed_on.is_not(None))
        .order_by(decision.c.message_id)
    )


def _rejected_messages() -> Select[Any]:
    """Rejected messages that are of no case. Parked ones wait for a person, who may dismiss them."""
    rejected = (decision.c.outcome == REJECTED) & decision.c.case_id.is_(None) & decision.c.sealed.is_not(None)
    return select(decision.c.message_id, decision.c.received_at).where(rejected).order_by(decision.c.message_id)


def _official_messages() -> Select[Any]:
    answered = (exchange_message.c.status != ReceiptStatus.UNDER_MOTTAK) & exchange_message.c.sealed.is_not(None)
    columns = exchange_message.c["exchange_id", "received_at"]
    return select(*columns).where(answered).order_by(exchange_message.c.exchange_id)


def _register_events() -> Select[Any]:
    decided = population_event.c.outcome != PopulationOutcome.QUESTION
    columns = population_event.c["event_id", "received_at"]
    sealed = population_event.c.sealed.is_not(None)
    return select(*columns).where(decided, sealed).order_by(population_event.c.event_id)


def _team_contacts() -> Select[Any]:
    """Contacts of members of teams who are on the team of no open case, nor a standing contact of an agency."""
    open_case = case_team.join(case_current, case_current.c.case_id == case_team.c.case_id)
    on_team = exists().select_from(open_case)
    on_team = on_team.where(case_team.c.member == contact.c.subject, case_current.c.closed_on.is_(None))
    standing = exists().where(coordination_contact.c.subject == contact.c.subject)
    members = select(*contact.c["subject", "updated_at"]).where(contact.c.role == Role.TEAM_MEMBER)
    return members.where(not_(on_team), not_(standing)).order_by(contact.c.subject)


_LAST_READ = func.coalesce(calendar_feed.c.read_at, calendar_feed.c.created_at, type_=calendar_feed.c.created_at.type)

_KEPT: dict[RetentionCode, tuple[Select[Any], Any]] = {
    RetentionCode.PERSONS: (_persons(), case_current.c.person_id),
    RetentionCode.DECISION_CONTENT: (_messages(), decision.c.message_id),
    RetentionCode.REJECTED_MESSAGES: (_rejected_messages(), decision.c.message_id),
    RetentionCode.OFFICIAL_MESSAGES: (_official_messages(), exchange_message.c.exchange_id),
    RetentionCode.REGISTER_EVENTS: (_register_events(), population_event.c.event_id),
    RetentionCode.KEPT_ANSWERS: (select(*idempotency.c["key_hash", "created_at"]), idempotency.c.key_hash),
    RetentionCode.TEAM_CONTACTS: (_team_contacts(), contact.c.subject),
    RetentionCode.CALENDAR_FEEDS: (select(calendar_feed.c.feed_id, _LAST_READ), calendar_feed.c.feed_id),
}
"""By rule: key and day of everything that is kept under it, and the column of the key."""


# --- erasing it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JournaledErasure:
    """Erases what ids of this kind name, and writes it to the journal."""

    kind: ErasureKind
    rule: RetentionCode

    def find(self, at: RetentionRun, ids: list[UUID]) -> UnlinkedData | None:
        """What is decrypted before the transaction that erases. Raises `CannotOpen`."""
        if self.kind is not ErasureKind.PERSON:
            return None
        with at.db.reading() as tx:
            return erasing.find_unlinked(tx, at.keys, self._named(tx, ids))

    def erase(self, tx: Connection, at: RetentionRun, ids: list[UUID], known_data: UnlinkedData | None) -> None:
        """Erases, and writes the line to the journal last. Raises `Unavailable` or `CannotOpen`."""
        line = ErasureLine(
            erasure_id=uuid7(at.now), kind=self.kind, rule=self.rule, decided_at=at.now, ids=self._named(tx, ids)
        )
        erase(tx, at.keys, at.journal, line, at.now, known_data=known_data)

    def _named(self, tx: Connection, ids: list[UUID]) -> tuple[UUID, ...]:
        if self.kind is not ErasureKind.PERSON:
            return tuple(ids)
        return tuple(record_id for person_id in ids for record_id in record_ids_of(tx, person_id))


@dataclass(frozen=True, slots=True)
class PlainDeletion:
    """Deletes the rows with these keys. A restored database is searched for them anew every night."""

    column: Column[Any]

    def find(self, _at: RetentionRun, _keys: list[Any]) -> None:
        """Nothing is decrypted."""

    def erase(self, tx: Connection, _at: RetentionRun, keys: list[Any], _known_data: UnlinkedData | None) -> None:
        """Deletes the rows, and records it where changes of the table are recorded."""
        table: Table = self.column.table
        tx.execute(delete(table).where(self.column.in_(keys)))
        if table.name in RECORDED:
            chain_changes.record(tx, table, *({self.column.name: key} for key in keys))


_ERASERS: dict[RetentionCode, JournaledErasure | PlainDeletion] = {
    RetentionCode.PERSONS: JournaledErasure(ErasureKind.PERSON, RetentionCode.PERSONS),
    RetentionCode.DECISION_CONTENT: JournaledErasure(ErasureKind.MESSAGES, RetentionCode.DECISION_CONTENT),
    RetentionCode.REJECTED_MESSAGES: JournaledErasure(ErasureKind.MESSAGES, RetentionCode.REJECTED_MESSAGES),
    RetentionCode.OFFICIAL_MESSAGES: JournaledErasure(ErasureKind.OFFICIAL_MESSAGES, RetentionCode.OFFICIAL_MESSAGES),
    RetentionCode.REGISTER_EVENTS: JournaledErasure(ErasureKind.REGISTER_EVENTS, RetentionCode.REGISTER_EVENTS),
    RetentionCode.KEPT_ANSWERS: PlainDeletion(idempotency.c.key_hash),
    RetentionCode.TEAM_CONTACTS: PlainDeletion(contact.c.subject),
    RetentionCode.CALENDAR_FEEDS: PlainDeletion(calendar_feed.c.feed_id),
}
