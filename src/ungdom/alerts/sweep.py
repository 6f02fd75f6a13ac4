"""The nightly sweep over the cases whose alerts may have changed, a group of cases in one transaction.

Only cases due for a check are read: `case_current.look_on` is the day of the next check, and every event sets it. A
case that cannot be read is counted, logged, and retried the next night. Concurrent sweeps share the cases: the first
to lock a case checks it, and the other one skips it.

A group is locked, judged and written together. A case that cannot be judged is left out of what is written. Should the
group not be written, each of its cases is checked again in a transaction of its own, so that none stops another; so is
a case that somebody else had locked or changed meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ungdom.clock import Clock
from ungdom.observability.logger import EventLogger
from ungdom.store import alerts, bulk, journal
from ungdom.store.alert_changes import AlertWrites, worked_out, write_all
from ungdom.store.alerts import Alert, AlertActor
from ungdom.store.errors import Unavailable
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import replayed
from ungdom.store.session import Connection, Database
from ungdom.workflow.rules.escalation import AlertChange, next_review_day, reconcile
from ungdom.workflow.vocabulary import Role

LOG = EventLogger("ungdom.alerts")

PAGE = 200
"""Cases prefetched per page, before the transactions in which they are checked."""
GROUP = 25
"""Cases per transaction: they stay locked until all of them are written."""
MAX_NAMED_FAILURES = 100
"""Failed cases listed per sweep; all of them are counted."""
JOB = "nightly"
"""The subject of changes made by the sweep."""


class SweepOutcome(StrEnum):
    """The outcome of checking one case."""

    OK = "ok"  # no open alert
    RAISED = "raised"  # an alert was raised or escalated
    OPEN = "open"  # open alerts, none of them new
    SUPPRESSED = "suppressed"  # every open alert is snoozed or answered
    FAILED = "failed"  # it could not be read or judged


@dataclass(slots=True)
class SweepResult:
    """The result of a sweep. `scanned`: always the sum of the outcomes. `failures`: case and class of the error."""

    outcomes: Counter[SweepOutcome] = field(default_factory=Counter)
    changes: Counter[AlertChange] = field(default_factory=Counter)
    failures: list[tuple[UUID, str]] = field(default_factory=list)
    scanned: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether the outcomes add up to the number of cases scanned."""
        return self.scanned == self.outcomes.total()

    def counts(self) -> dict[str, int]:
        """Cases scanned, cases per outcome, and changes of alerts."""
        by_change = {f"alerts_{change}": self.changes[change] for change in AlertChange if self.changes[change]}
        return {"scanned": self.scanned, **{outcome: self.outcomes[outcome] for outcome in SweepOutcome}, **by_change}


@dataclass(frozen=True, slots=True)
class ExaminedCase:
    """The result of checking one case. `writes`: what the check changes. `next_check`: the day of the next one."""

    case_id: UUID
    outcome: SweepOutcome
    changes: Sequence[AlertChange]
    writes: AlertWrites
    next_check: date | None


def sweep(db: Database, day: date, now: Clock, report: Callable[[int], object] = lambda _: None) -> SweepResult:
    """Checks every case due on that day. `report` is called with the number of cases checked so far.

    Raises `Unavailable` if the database cannot be reached; cases checked until then are written.
    """
    result = SweepResult()
    for page in _pages(db, day):
        prefetched = _prefetch(db, page)
        for group in bulk.batches(page, GROUP):
            examined = _examine_group(db, [prefetched[case_id] for case_id in group if case_id in prefetched], day, now)
            _count(result, examined)
            for case_id in group:
                if case_id not in {done.case_id for done in examined}:
                    _count_alone(result, db, case_id, day, now())
        report(result.scanned)
    return result


def _pages(db: Database, day: date) -> Iterator[list[UUID]]:
    after: tuple[date, UUID] | None = None
    while True:
        with db.reading() as tx:
            page = alerts.due_cases(tx, day, after, PAGE)
        if not page:
            return
        yield [case_id for _, case_id in page]
        after = page[-1]


def _prefetch(db: Database, case_ids: Sequence[UUID]) -> dict[UUID, StoredCase]:
    """The cases of a page in few queries, without those that cannot be read: they are reported when read alone.

    Empty if the page cannot be read.
    """
    try:
        with db.reading() as tx:
            return {stored.case_id: stored for stored in journal.load_many(tx, case_ids, None, [])}
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # each of them is checked alone
        LOG.info("nightly.group_split", error=error, cases=len(case_ids))
        return {}


def _count(result: SweepResult, examined: Sequence[ExaminedCase]) -> None:
    for done in examined:
        result.scanned += 1
        result.outcomes[done.outcome] += 1
        result.changes.update(done.changes)


def _count_alone(result: SweepResult, db: Database, case_id: UUID, day: date, at: datetime) -> None:
    try:
        _count(result, _examine_alone(db, case_id, day, at))
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # an error in one case does not stop the others
        LOG.error("nightly.case_failed", error=error, case_id=case_id)
        result.scanned += 1
        result.outcomes[SweepOutcome.FAILED] += 1
        result.failures += [(case_id, type(error).__name__)][: MAX_NAMED_FAILURES - len(result.failures)]


def _examine_group(db: Database, stored: Sequence[StoredCase], day: date, now: Clock) -> list[ExaminedCase]:
    """Checks these cases and writes the changes; those that are to be checked alone are left out."""
    if not stored:
        return []
    try:
        with db.writing() as tx:
            current = alerts.claim_unlocked(tx, [case.case_id for case in stored], day)
            # the last change as well: a correction of the facts about the youth adds no version
            as_read = {case.case_id: (case.version, case.changed_at(case.events[-1])) for case in stored}
            claimed = [case for case in stored if current.get(case.case_id) == as_read[case.case_id]]
            examined = _judge_readable(claimed, _alerts_by_case(tx, claimed), day, now())
            write_all(tx, [done.writes for done in examined])
            alerts.set_next_checks(tx, [(done.case_id, done.next_check) for done in examined])
            return examined
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # each of them is checked alone
        LOG.info("nightly.group_split", error=error, cases=len(stored))
        return []


def _examine_alone(db: Database, case_id: UUID, day: date, at: datetime) -> list[ExaminedCase]:
    """Checks one case and writes the changes; nothing if another sweep has checked it meanwhile."""
    with db.writing() as tx:
        if alerts.claim(tx, case_id, day) is None:
            return []
        stored = journal.load(tx, case_id)
        if stored is None:
            raise LookupError("a current row without events")
        examined = _judge(stored, _alerts_by_case(tx, [stored])[case_id], day, at)
        write_all(tx, [examined.writes])
        alerts.set_next_check(tx, case_id, examined.next_check)
        return [examined]


def _alerts_by_case(tx: Connection, stored: Sequence[StoredCase]) -> dict[UUID, list[Alert]]:
    by_case: dict[UUID, list[Alert]] = {case.case_id: [] for case in stored}
    for alert in alerts.of_cases(tx, list(by_case)) if by_case else ():
        by_case[alert.case_id].append(alert)
    return by_case


def _judge_readable(
    stored: Sequence[StoredCase], alerts_by_case: dict[UUID, list[Alert]], day: date, at: datetime
) -> list[ExaminedCase]:
    """The cases that can be judged."""
    examined = []
    for case in stored:
        with suppress(Exception):  # reported when the case is checked alone
            examined.append(_judge(case, alerts_by_case[case.case_id], day, at))
    return examined


def _judge(stored: StoredCase, case_alerts: Sequence[Alert], day: date, at: datetime) -> ExaminedCase:
    case = replayed(stored)
    known = [alert for alert in case_alerts if alert.cleared_at is None]
    cleared = {alert.status.key: alert for alert in case_alerts if alert.cleared_at is not None}
    changes = reconcile(case, day, [alert.status for alert in known])
    writes = worked_out(stored.case_id, known, changes, AlertActor(Role.SYSTEM, JOB, day, at), cleared)
    happened = [change.change for change in changes]
    following = next_review_day(case, day, [alert.status for alert in writes.live])
    return ExaminedCase(stored.case_id, _outcome(happened, writes.live, day), happened, writes, following)


def _outcome(happened: Sequence[AlertChange], live: Sequence[Alert], day: date) -> SweepOutcome:
    if AlertChange.RAISED in happened or AlertChange.ESCALATED in happened:
        return SweepOutcome.RAISED
    if not live:
        return SweepOutcome.OK
    return SweepOutcome.SUPPRESSED if all(alert.status.is_quiet(day) for alert in live) else SweepOutcome.OPEN
