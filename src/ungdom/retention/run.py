"""Applying the rules of retention: what is due is erased, or only counted where a rule does not apply yet."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ungdom.observability.logger import EventLogger
from ungdom.retention.erase import erase
from ungdom.retention.journal import UNREADABLE_JOURNAL, ErasureJournal, ErasureKind, ErasureLine
from ungdom.retention.rules import RULES, EffectiveRule, RetentionCode, effective
from ungdom.store import bulk, erasing, retained, retention
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.erasing import UnlinkedData
from ungdom.store.errors import CannotOpen, StoreError, Unavailable
from ungdom.store.ids import uuid7
from ungdom.store.records import record_ids_of
from ungdom.store.retained import RetainedRows
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import oslo_date

LOG = EventLogger("ungdom.retention")

BATCH = 200
"""Ids that are erased in one transaction, and named in one line of the journal."""


Report = Callable[[RetentionCode, int, int], object]


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
    db: Database,
    keys: EncryptionKeys,
    journal: ErasureJournal,
    now: datetime,
    dry_run: bool = False,
    report: Report = lambda _rule, _erased, _due: None,
) -> list[RuleReport]:
    """Applies every rule, a batch per transaction. What stops one rule is in its report, and stops no other.

    `report`: called for each rule and after each batch with what is erased of what is due.
    Raises `Unavailable` where the database is away from the beginning.
    """
    with db.reading() as tx:
        rules = effective(retention.bases(tx))
    return [_run_rule(RetentionRun(db, keys, journal, now), rules[rule.code], dry_run, report) for rule in RULES]


def counts_of(reports: Sequence[RuleReport]) -> dict[str, int]:
    """By rule what was erased, what was not since its basis is not confirmed, and what could not be erased."""
    erased = {f"{report.rule}_erased": report.erased for report in reports if report.erased}
    unconfirmed = {f"{report.rule}_unconfirmed": report.due for report in reports if report.dry_run and report.due}
    failed = {f"{report.rule}_failed": report.due - report.erased for report in reports if report.fault}
    return erased | unconfirmed | failed


def _run_rule(at: RetentionRun, rule: EffectiveRule, dry_run: bool, report: Report) -> RuleReport:
    only_counted = dry_run or not rule.applies
    due, erased, fault = [], 0, None
    try:
        with at.db.reading() as tx:
            due = _due(tx, rule, at.today)
        report(rule.rule.code, 0, len(due))
        batches = bulk.batches(due, 1 if rule.rule.code is RetentionCode.PERSONS else BATCH)
        for batch in batches if not only_counted else ():
            try:
                erased += _erase_batch(at, rule, batch)
            except CannotOpen:  # of this person: others may still be erased
                fault = RetentionFault.CANNOT_OPEN
            report(rule.rule.code, erased, len(due))
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
    rows = _RETAINED[rule.rule.code].read(tx, among)
    return [key for key, counted_from in rows if rule.is_due(_day(counted_from), today)]


def _day(counted_from: date) -> date:
    """The day in Norway of a day or an instant."""
    return oslo_date(counted_from) if isinstance(counted_from, datetime) else counted_from


_RETAINED: dict[RetentionCode, RetainedRows] = {
    RetentionCode.PERSONS: retained.PERSONS,
    RetentionCode.DECISION_CONTENT: retained.DECISION_CONTENT,
    RetentionCode.REJECTED_MESSAGES: retained.REJECTED_MESSAGES,
    RetentionCode.OFFICIAL_MESSAGES: retained.OFFICIAL_MESSAGES,
    RetentionCode.REGISTER_EVENTS: retained.REGISTER_EVENTS,
    RetentionCode.KEPT_ANSWERS: retained.KEPT_ANSWERS,
    RetentionCode.TEAM_CONTACTS: retained.TEAM_CONTACTS,
    RetentionCode.CALENDAR_FEEDS: retained.CALENDAR_FEEDS,
}
"""What each rule is about."""


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

    rows: RetainedRows

    def find(self, _at: RetentionRun, _keys: list[Any]) -> None:
        """Nothing is decrypted."""

    def erase(self, tx: Connection, _at: RetentionRun, keys: list[Any], _known_data: UnlinkedData | None) -> None:
        """Deletes the rows."""
        self.rows.delete(tx, keys)


_ERASERS: dict[RetentionCode, JournaledErasure | PlainDeletion] = {
    RetentionCode.PERSONS: JournaledErasure(ErasureKind.PERSON, RetentionCode.PERSONS),
    RetentionCode.DECISION_CONTENT: JournaledErasure(ErasureKind.MESSAGES, RetentionCode.DECISION_CONTENT),
    RetentionCode.REJECTED_MESSAGES: JournaledErasure(ErasureKind.MESSAGES, RetentionCode.REJECTED_MESSAGES),
    RetentionCode.OFFICIAL_MESSAGES: JournaledErasure(ErasureKind.OFFICIAL_MESSAGES, RetentionCode.OFFICIAL_MESSAGES),
    RetentionCode.REGISTER_EVENTS: JournaledErasure(ErasureKind.REGISTER_EVENTS, RetentionCode.REGISTER_EVENTS),
    RetentionCode.KEPT_ANSWERS: PlainDeletion(retained.KEPT_ANSWERS),
    RetentionCode.TEAM_CONTACTS: PlainDeletion(retained.TEAM_CONTACTS),
    RetentionCode.CALENDAR_FEEDS: PlainDeletion(retained.CALENDAR_FEEDS),
}
