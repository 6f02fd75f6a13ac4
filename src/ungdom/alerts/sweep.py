"""The nightly sweep over the cases whose alerts may have changed, each in its own transaction.

Only cases due for a check are read: `case_current.look_on` is the day of the next check, and every event sets it. A
case that cannot be read is counted, logged, and retried the next night. Concurrent sweeps share the cases: the first
to lock a case checks it, and the other one skips it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ungdom.clock import Clock
from ungdom.observability.logger import EventLogger
from ungdom.store import alerts, journal
from ungdom.store.alerts import Alert, AlertActor
from ungdom.store.errors import Unavailable
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import replayed
from ungdom.store.session import Connection, Database
from ungdom.workflow.rules.escalation import AlertChange, next_review_day, reconcile
from ungdom.workflow.vocabulary import Role

LOG = EventLogger("ungdom.alerts")

PAGE = 200
"""Cases prefetched per page, before the transaction in which each is checked."""
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
class PrefetchedCase:
    """A case read before it is locked, valid while its version is unchanged. `never_alerted`: it never had an alert.

    Only the sweep raises alerts, and it moves the day of the next check, after which the case is not locked again for
    the same day.
    """

    stored: StoredCase
    never_alerted: bool


def sweep(db: Database, day: date, now: Clock, report: Callable[[int], object] = lambda _: None) -> SweepResult:
    """Checks every case due on that day. `report` is called with the number of cases checked so far.

    Raises `Unavailable` if the database cannot be reached; cases checked until then are written.
    """
    result = SweepResult()
    for page in _pages(db, day):
        prefetched = _prefetch(db, page)
        for case_id in page:
            _count(result, db, case_id, day, now(), prefetched.get(case_id))
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


def _prefetch(db: Database, case_ids: Sequence[UUID]) -> dict[UUID, PrefetchedCase]:
    """The cases of a page in few queries; empty if one of them cannot be read: each is then read alone."""
    try:
        with db.reading() as tx:
            alerted = alerts.cases_with_alerts(tx, case_ids)
            cases = journal.load_many(tx, case_ids)
            return {stored.case_id: PrefetchedCase(stored, stored.case_id not in alerted) for stored in cases}
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001  # reported when the case is read alone
        return {}


def _count(
    result: SweepResult, db: Database, case_id: UUID, day: date, at: datetime, prefetched: PrefetchedCase | None
) -> None:
    try:
        examined = _examine(db, case_id, day, at, prefetched)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # an error in one case does not stop the others
        LOG.error("nightly.case_failed", error=error, case_id=case_id)
        examined = SweepOutcome.FAILED, []
        result.failures += [(case_id, type(error).__name__)][: MAX_NAMED_FAILURES - len(result.failures)]
    if examined is not None:
        outcome, changes = examined
        result.scanned += 1
        result.outcomes[outcome] += 1
        result.changes.update(changes)


def _examine(
    db: Database, case_id: UUID, day: date, at: datetime, prefetched: PrefetchedCase | None
) -> tuple[SweepOutcome, list[AlertChange]] | None:
    """Checks one case and writes the changes; None if another sweep has checked it meanwhile."""
    with db.writing() as tx:
        version = alerts.claim(tx, case_id, day)
        if version is None:
            return None
        if prefetched is not None and prefetched.stored.version == version:
            return _judge(tx, prefetched.stored, prefetched.never_alerted, day, at)
        stored = journal.load(tx, case_id)
        if stored is None:
            raise LookupError("a current row without events")
        return _judge(tx, stored, False, day, at)


def _judge(
    tx: Connection, stored: StoredCase, never_alerted: bool, day: date, at: datetime
) -> tuple[SweepOutcome, list[AlertChange]]:
    case = replayed(stored)
    known = alerts.live(tx, [stored.case_id]) if stored.alerted else []
    changes = reconcile(case, day, [alert.status for alert in known])
    live = alerts.write(tx, stored.case_id, known, changes, AlertActor(Role.SYSTEM, JOB, day, at), never_alerted)
    alerts.set_next_check(tx, stored.case_id, next_review_day(case, day, [alert.status for alert in live]))
    happened = [change.change for change in changes]
    return _outcome(happened, live, day), happened


def _outcome(happened: Sequence[AlertChange], live: Sequence[Alert], day: date) -> SweepOutcome:
    if AlertChange.RAISED in happened or AlertChange.ESCALATED in happened:
        return SweepOutcome.RAISED
    if not live:
        return SweepOutcome.OK
    return SweepOutcome.SUPPRESSED if all(alert.status.is_quiet(day) for alert in live) else SweepOutcome.OPEN
