"""The night's round over the cases whose alerts may have changed: each in a transaction of its own.

Only cases that are due are touched: `case_current.look_on` says when each has to be looked at next, and every move
sets it anew. A case that cannot be read is counted and told, and is looked at again the next night. Two rounds at once
share the cases: whoever locks one first looks at it, the other finds it looked at.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ungdom.clock import Clock
from ungdom.store import alerts, journal
from ungdom.store.alerts import Alert, AlertActor
from ungdom.store.errors import Unavailable
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection, Database
from ungdom.workflow import engine
from ungdom.workflow.rules.escalation import AlertChange, next_review_day, reconcile
from ungdom.workflow.vocabulary import Role

LOG = logging.getLogger("ungdom.alerts")

PAGE = 200
"""Cases read at once, ahead of the transaction in which each is judged."""
MAX_NAMED_FAILURES = 100
"""As many failed cases as one round names; all of them are counted."""
JOB = "nightly"
"""In whose name the night raises and clears."""


class SweepOutcome(StrEnum):
    """What came of looking at one case: exactly one of these."""

    OK = "ok"  # nothing to tell of
    RAISED = "raised"  # somebody is told of something
    OPEN = "open"  # told of before, and not settled
    SUPPRESSED = "suppressed"  # the same, and put off or answered
    FAILED = "failed"  # it could not be read or judged


@dataclass(slots=True)
class SweepResult:
    """What a round came to. `scanned` is the sum of the outcomes, always. `failures`: case and kind of error."""

    outcomes: Counter[SweepOutcome] = field(default_factory=Counter)
    changes: Counter[AlertChange] = field(default_factory=Counter)
    failures: list[tuple[UUID, str]] = field(default_factory=list)
    scanned: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every case that was looked at has exactly one outcome."""
        return self.scanned == self.outcomes.total()

    def counts(self) -> dict[str, int]:
        """The equation in plain numbers, and what happened to alerts."""
        by_change = {f"alerts_{change}": self.changes[change] for change in AlertChange if self.changes[change]}
        return {"scanned": self.scanned, **{outcome: self.outcomes[outcome] for outcome in SweepOutcome}, **by_change}


@dataclass(frozen=True, slots=True)
class PrefetchedCase:
    """A case read before it is locked, good while its version is the same. `never_alerted`: it has never had an alert.

    Only a night raises alerts, and it moves the day of the next look: then nobody locks the case for this day again.
    """

    stored: StoredCase
    never_alerted: bool


def sweep(db: Database, day: date, now: Clock, report: Callable[[int], object] = lambda _: None) -> SweepResult:
    """Look at every case that is due on that day; what it came to. `report` is told how many have been looked at.

    Raises `Unavailable` when the database is away; what has been looked at until then is written.
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
    """The cases of a page in few queries; nothing when one of them cannot be read: each is then read alone."""
    try:
        with db.reading() as tx:
            alerted = alerts.cases_with_alerts(tx, case_ids)
            cases = journal.load_many(tx, case_ids)
            return {stored.case_id: PrefetchedCase(stored, stored.case_id not in alerted) for stored in cases}
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001  # which one it is, and why, is told when it is read alone
        return {}


def _count(
    result: SweepResult, db: Database, case_id: UUID, day: date, at: datetime, prefetched: PrefetchedCase | None
) -> None:
    try:
        examined = _examine(db, case_id, day, at, prefetched)
    except Unavailable:
        raise
    except Exception as error:  # whatever is wrong with one case, the others are looked at
        LOG.exception("case %s could not be looked at", case_id)
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
    """Judge one case and write what follows; None when somebody else has looked at it meanwhile."""
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
    case = engine.fold(stored.youth, stored.events)
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
