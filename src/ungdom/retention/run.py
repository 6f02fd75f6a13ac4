"""Applying the rules of retention: what is due is erased, or only counted where a rule does not apply yet."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, not_, or_, select

from ungdom.esas.receipt import ReceiptStatus
from ungdom.retention.erase import erase
from ungdom.retention.holds import open_question, record_ids_of
from ungdom.retention.journal import ErasureJournal, ErasureKind, ErasureLine
from ungdom.retention.rules import RULES, EffectiveRule, RetentionCode, effective
from ungdom.store import bulk, chain_changes, retention
from ungdom.store.chain_tables import RECORDED
from ungdom.store.encryption import EncryptionKeys
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

BATCH = 200
"""Ids that are erased in one transaction, and named in one line of the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """What a rule found and did. `due`: how many the rule is about, persons as one each; `erased`: 0 in a dry run.

    `applies`: the basis of the rule is known; `dry_run`: nothing was erased, since it does not apply or by request.
    """

    rule: RetentionCode
    applies: bool
    dry_run: bool
    due: int
    erased: int


def run(
    db: Database, keys: EncryptionKeys, journal: ErasureJournal, now: datetime, dry_run: bool = False
) -> list[RuleReport]:
    """Applies every rule, a batch per transaction. Raises `Unavailable` where the journal cannot be written."""
    with db.reading() as tx:
        rules = effective(retention.bases(tx))
    return [_run_rule(db, keys, journal, rules[rule.code], now, dry_run) for rule in RULES]


def _run_rule(
    db: Database, keys: EncryptionKeys, journal: ErasureJournal, rule: EffectiveRule, now: datetime, dry_run: bool
) -> RuleReport:
    only_counted = dry_run or not rule.applies
    with db.reading() as tx:
        due = _due(tx, rule, oslo_date(now))
    erased = 0
    if not only_counted:
        eraser = _ERASERS[rule.rule.code]
        for batch in bulk.batches(due, 1 if rule.rule.code is RetentionCode.PERSONS else BATCH):
            with db.writing() as tx:
                still_due = [key for key in _due(tx, rule, oslo_date(now), batch) if key in set(batch)]
                if still_due:
                    eraser(tx, keys, journal, still_due, now)
                    erased += len(still_due)
    return RuleReport(rule=rule.rule.code, applies=rule.applies, dry_run=only_counted, due=len(due), erased=erased)


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

Eraser = Callable[[Connection, EncryptionKeys, ErasureJournal, list[Any], datetime], None]


def _with_journal(kind: ErasureKind, rule: RetentionCode) -> Eraser:
    """Erases what the ids name, and writes it to the journal."""

    def run_erasure(
        tx: Connection, keys: EncryptionKeys, journal: ErasureJournal, ids: list[UUID], now: datetime
    ) -> None:
        named = _records_of_all(tx, ids) if kind is ErasureKind.PERSON else ids
        line = ErasureLine(erasure_id=uuid7(now), kind=kind, rule=rule, decided_at=now, ids=tuple(named))
        erase(tx, keys, journal, line, now)

    return run_erasure


def _records_of_all(tx: Connection, person_ids: Iterable[UUID]) -> Iterator[UUID]:
    for person_id in person_ids:
        yield from record_ids_of(tx, person_id)


def _deletes(column: Any) -> Eraser:
    """Deletes the rows with these keys. A restored database is searched for them anew every night."""

    def run_deletion(
        tx: Connection, _keys: EncryptionKeys, _journal: ErasureJournal, ids: list[Any], _now: datetime
    ) -> None:
        tx.execute(delete(column.table).where(column.in_(ids)))
        if column.table.name in RECORDED:
            chain_changes.record(tx, column.table, *({column.name: key} for key in ids))

    return run_deletion


_ERASERS: dict[RetentionCode, Eraser] = {
    RetentionCode.PERSONS: _with_journal(ErasureKind.PERSON, RetentionCode.PERSONS),
    RetentionCode.DECISION_CONTENT: _with_journal(ErasureKind.MESSAGES, RetentionCode.DECISION_CONTENT),
    RetentionCode.REJECTED_MESSAGES: _with_journal(ErasureKind.MESSAGES, RetentionCode.REJECTED_MESSAGES),
    RetentionCode.OFFICIAL_MESSAGES: _with_journal(ErasureKind.OFFICIAL_MESSAGES, RetentionCode.OFFICIAL_MESSAGES),
    RetentionCode.REGISTER_EVENTS: _with_journal(ErasureKind.REGISTER_EVENTS, RetentionCode.REGISTER_EVENTS),
    RetentionCode.KEPT_ANSWERS: _deletes(idempotency.c.key_hash),
    RetentionCode.TEAM_CONTACTS: _deletes(contact.c.subject),
    RetentionCode.CALENDAR_FEEDS: _deletes(calendar_feed.c.feed_id),
}
