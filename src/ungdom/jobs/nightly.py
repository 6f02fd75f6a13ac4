"""The nightly run: alerts, then whatever else is done once a night. Each night has a row in the ledger.

Nights that were missed are caught up in order, each as of its own day. A night that was done already changes nothing.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from ungdom.alerts.sweep import SweepResult, sweep
from ungdom.clock import Clock
from ungdom.store import idempotency, job_runs
from ungdom.store.errors import Unavailable
from ungdom.store.job_runs import FAILED, NIGHTLY, PARTIAL, SUCCEEDED, JobRun
from ungdom.store.session import Database
from ungdom.workflow.calendar import OSLO, oslo_date

LOG = logging.getLogger("ungdom.jobs")

NIGHT_AT = time(3)
"""From this hour in Oslo a worker that keeps its own schedule runs the night."""
CATCH_UP = 366
"""As many missed nights as are caught up; of a longer gap the newest."""
RESPONSE_RETENTION = timedelta(days=30)
"""How long answers are remembered for requests that are sent twice."""


class DayToCome(Exception):
    """A night is run on its day or afterwards, not before."""

    def __init__(self, day: date, today: date) -> None:
        super().__init__(f"{day} has not come: today is {today}")


@dataclass(frozen=True, slots=True)
class NightlyStep:
    """Something else that is done once a night. `run`: its counts; what it raises is counted and stops nobody."""

    name: str
    run: Callable[[Database, date, datetime], dict[str, int]]


@dataclass(frozen=True, slots=True)
class NightlyRunResult:
    """One night as it went. `failures`: the cases that could not be looked at, each with the kind of error."""

    run_id: UUID
    for_date: date
    status: str
    counts: dict[str, int]
    failures: list[tuple[UUID, str]]


def run(
    db: Database,
    now: Clock,
    on: date | None = None,
    steps: tuple[NightlyStep, ...] = (),
    report: Callable[[date, int], object] = lambda _day, _done: None,
) -> list[NightlyRunResult]:
    """Every night that is due until that day, today when not given; nothing when a later one has been done.

    Raises `DayToCome`, and `Unavailable` when the database is away: the ledger then shows the night as broken off.
    """
    today = oslo_date(now())
    wanted = on or today
    if wanted > today:
        raise DayToCome(wanted, today)
    return [_run_night(db, now, day, steps, report) for day in _due_days(db, wanted)]


def delete_old_responses(db: Database, _day: date, at: datetime) -> dict[str, int]:
    """Let go of answers that nobody asks for again."""
    with db.writing() as tx:
        return {"answers_forgotten": idempotency.delete_older(tx, at - RESPONSE_RETENTION)}


def is_due(db: Database, now: datetime) -> bool:
    """Whether tonight's run is still to be done, and its hour has come: for those who run it by their own schedule."""
    local = now.astimezone(OSLO)
    if local.time() < NIGHT_AT:
        return False
    last = _last_completed(db)
    return last is None or last.for_date < local.date()


def _last_completed(db: Database) -> JobRun | None:
    with db.reading() as tx:
        return job_runs.last_completed_night(tx)


def _due_days(db: Database, wanted: date) -> Iterator[date]:
    last = _last_completed(db)
    first = wanted if last is None else min(last.for_date + timedelta(days=1), wanted)
    if last is not None and last.for_date > wanted:
        return
    first = max(first, wanted - timedelta(days=CATCH_UP - 1))
    for n in range((wanted - first).days + 1):
        yield first + timedelta(days=n)


def _run_night(
    db: Database, now: Clock, day: date, steps: tuple[NightlyStep, ...], report: Callable[[date, int], object]
) -> NightlyRunResult:
    with db.writing() as tx:
        run_id = job_runs.start(tx, NIGHTLY, day, now())
    try:
        done = sweep(db, day, now, lambda scanned: report(day, scanned))
        counts, whole = _run_steps(db, day, now, steps)
    except Unavailable:
        _finish(db, run_id, FAILED, {}, now)
        raise
    counts = {**done.counts(), **counts}
    status = _status(done, whole)
    _finish(db, run_id, status, counts, now)
    return NightlyRunResult(run_id, day, status, counts, done.failures)


def _status(done: SweepResult, whole: bool) -> str:
    if not done.adds_up:
        return FAILED
    return SUCCEEDED if whole and not done.failures else PARTIAL


def _run_steps(db: Database, day: date, now: Clock, steps: tuple[NightlyStep, ...]) -> tuple[dict[str, int], bool]:
    """The other steps, one after the other; whether all of them went well."""
    counts: dict[str, int] = {}
    broken = 0
    for step in steps:
        try:
            counts |= {f"{step.name}_{name}": n for name, n in step.run(db, day, now()).items()}
        except Unavailable:
            raise
        except Exception:  # one step that fails stops no other
            LOG.exception("the step %s of the night %s failed", step.name, day)
            broken += 1
    return counts | ({"steps_failed": broken} if broken else {}), not broken


def _finish(db: Database, run_id: UUID, status: str, counts: dict[str, int], now: Clock) -> None:
    try:
        with db.writing() as tx:
            job_runs.finish(tx, run_id, status, counts, now())
    except Unavailable:
        if status != FAILED:
            raise
        LOG.warning("the night %s could not be written down as broken off", run_id)
