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
from ungdom.store.alerts import Alert, By
from ungdom.store.errors import Unavailable
from ungdom.store.journal import Stored
from ungdom.store.session import Connection, Database
from ungdom.workflow import engine
from ungdom.workflow.alerting import AlertChange, next_look, settle
from ungdom.workflow.vocabulary import Role

LOG = logging.getLogger("ungdom.alerts")

PAGE = 200
"""Cases read at once, ahead of the transaction in which each is judged."""
NAMED = 100
"""As many failed cases as one round names; all of them are counted."""
JOB = "nightly"
"""In whose name the night raises and clears."""


class Outcome(StrEnum):
    """What came of looking at one case: exactly one of these."""

    OK = "ok"  # nothing to tell of
    RAISED = "raised"  # somebody is told of something
    OPEN = "open"  # told of before, and not settled
    SUPPRESSED = "suppressed"  # the same, and put off or answered
    FAILED = "failed"  # it could not be read or judged


@dataclass(slots=True)
class Round:
    """What a round came to. `scanned` is the sum of the outcomes, always. `failures`: case and kind of error."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    changes: Counter[AlertChange] = field(default_factory=Counter)
    failures: list[tuple[UUID, str]] = field(default_factory=list)
    scanned: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every case that was looked at has exactly one outcome."""
        return self.scanned == self.outcomes.total()

    def counts(self) -> dict[str, int]:
        """The equation in plain numbers, and what happened to alerts."""
        told = {f"alerts_{change}": self.changes[change] for change in AlertChange if self.changes[change]}
        return {"scanned": self.scanned, **{one: self.outcomes[one] for one in Outcome}, **told}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A case read before it is locked, good while its version is the same. `untold`: it has never had an alert.

    Only a night raises alerts, and it moves the day of the next look: then nobody locks the case for this day again.
    """

    stored: Stored
    untold: bool


def sweep(db: Database, day: date, now: Clock, report: Callable[[int], object] = lambda _: None) -> Round:
    """Look at every case that is due on that day; what it came to. `report` is told how many have been looked at.

    Raises `Unavailable` when the database is away; what has been looked at until then is written.
    """
    done = Round()
    for page in _pages(db, day):
        ahead = _read_ahead(db, page)
        for case_id in page:
            _count(done, db, case_id, day, now(), ahead.get(case_id))
        report(done.scanned)
    return done


def _pages(db: Database, day: date) -> Iterator[list[UUID]]:
    after: tuple[date, UUID] | None = None
    while True:
        with db.reading() as tx:
            page = alerts.due_cases(tx, day, after, PAGE)
        if not page:
            return
        yield [case_id for _, case_id in page]
        after = page[-1]


def _read_ahead(db: Database, case_ids: Sequence[UUID]) -> dict[UUID, Ahead]:
    """The cases of a page in few queries; nothing when one of them cannot be read: each is then read alone."""
    try:
        with db.reading() as tx:
            told = alerts.told_of(tx, case_ids)
            known = journal.load_many(tx, case_ids)
            return {stored.case_id: Ahead(stored, stored.case_id not in told) for stored in known}
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001  # which one it is, and why, is told when it is read alone
        return {}


def _count(done: Round, db: Database, case_id: UUID, day: date, at: datetime, ahead: Ahead | None) -> None:
    try:
        found = _look(db, case_id, day, at, ahead)
    except Unavailable:
        raise
    except Exception as error:  # whatever is wrong with one case, the others are looked at
        LOG.exception("case %s could not be looked at", case_id)
        found = Outcome.FAILED, []
        done.failures += [(case_id, type(error).__name__)][: NAMED - len(done.failures)]
    if found is not None:
        outcome, changes = found
        done.scanned += 1
        done.outcomes[outcome] += 1
        done.changes.update(changes)


def _look(
    db: Database, case_id: UUID, day: date, at: datetime, ahead: Ahead | None
) -> tuple[Outcome, list[AlertChange]] | None:
    """Judge one case and write what follows; None when somebody else has looked at it meanwhile."""
    with db.writing() as tx:
        version = alerts.claim(tx, case_id, day)
        if version is None:
            return None
        if ahead is not None and ahead.stored.version == version:
            return _judge(tx, ahead.stored, ahead.untold, day, at)
        stored = journal.load(tx, case_id)
        if stored is None:
            raise LookupError("a current row without events")
        return _judge(tx, stored, False, day, at)


def _judge(tx: Connection, stored: Stored, untold: bool, day: date, at: datetime) -> tuple[Outcome, list[AlertChange]]:
    case = engine.fold(stored.youth, stored.events)
    known = alerts.live(tx, [stored.case_id]) if stored.alerted else []
    changes = settle(case, day, [one.standing for one in known])
    live = alerts.write(tx, stored.case_id, known, changes, By(Role.SYSTEM, JOB, day, at), untold)
    alerts.look_again(tx, stored.case_id, next_look(case, day, [one.standing for one in live]))
    happened = [change.change for change in changes]
    return _outcome(happened, live, day), happened


def _outcome(happened: Sequence[AlertChange], live: Sequence[Alert], day: date) -> Outcome:
    if AlertChange.RAISED in happened or AlertChange.ESCALATED in happened:
        return Outcome.RAISED
    if not live:
        return Outcome.OK
    return Outcome.SUPPRESSED if all(one.standing.is_quiet(day) for one in live) else Outcome.OPEN
