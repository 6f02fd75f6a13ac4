"""The nightly run: alerts, then the other nightly steps. Each night has a row in `job_runs`.

Missed nights are caught up in order, each as of its own day. Repeating a completed night changes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from ungdom.alerts.sweep import sweep
from ungdom.clock import Clock
from ungdom.jobs.tracking import PhaseReport, tracked, unreported
from ungdom.observability.logger import EventLogger
from ungdom.store import alerts, job_runs
from ungdom.store.errors import Unavailable
from ungdom.store.job_runs import FAILED, NIGHTLY, PARTIAL, SUCCEEDED, JobRun
from ungdom.store.session import Database
from ungdom.workflow.calendar import OSLO, oslo_date

LOG = EventLogger("ungdom.jobs")

NIGHT_AT = time(3)
"""Time in Oslo from which a worker runs the night."""
ALERTS = "alerts"
"""The first phase of a night; the others are called as their steps."""
CATCH_UP = 366
"""Largest number of missed nights that are caught up; of a longer gap, the newest."""


class DayToCome(Exception):
    """A night cannot run before its day."""

    def __init__(self, day: date, today: date) -> None:
        super().__init__(f"{day} has not come: today is {today}")


class StepIncomplete(Exception):
    """A step has done what it could, and not everything. `counts`: what it did."""

    def __init__(self, counts: dict[str, int]) -> None:
        super().__init__(", ".join(counts))
        self.counts = counts


@dataclass(frozen=True, slots=True)
class NightlyStep:
    """A step of the night. `run`: returns counts; an exception is counted and does not stop the other steps."""

    name: str
    run: Callable[[Database, date, datetime], dict[str, int]]


@dataclass(frozen=True, slots=True)
class NightlyRunResult:
    """The result of one night. `failures`: cases whose alerts could not be computed, with the class of the error."""

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
    report: PhaseReport = unreported,
) -> list[NightlyRunResult]:
    """Run every due night until `on`, by default today; none when a later night has been completed.

    Raises `DayToCome`, and `Unavailable` when the database is away: the night is then recorded as failed.
    """
    today = oslo_date(now())
    wanted = on or today
    if wanted > today:
        raise DayToCome(wanted, today)
    return [_run_night(db, now, day, steps, report) for day in _due_days(db, wanted)]


def is_due(db: Database, now: datetime) -> bool:
    """Whether the run of tonight is due and has not been completed."""
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
    db: Database, now: Clock, day: date, steps: tuple[NightlyStep, ...], report: PhaseReport
) -> NightlyRunResult:
    with tracked(db, NIGHTLY, day, now) as run:

        def reported(phase: str, done: int | None, total: int | None) -> None:
            report(phase, done, total)
            run.report(phase, done, total)

        with db.reading() as tx:
            due = alerts.count_due(tx, day)
        reported(ALERTS, 0, due)
        done = sweep(db, day, now, lambda scanned: reported(ALERTS, scanned, max(due, scanned)))
        counts, whole = _run_steps(db, day, now, steps, reported)
        counts = {**done.counts(), **counts}
        status = (SUCCEEDED if whole and not done.failures else PARTIAL) if done.adds_up else FAILED
        run.status, run.counts = status, counts
    scanned, raised, failed = (counts.get(name) for name in ("scanned", "raised", "failed"))
    LOG.info("nightly.finished", for_date=day, status=status, scanned=scanned, raised=raised, failed=failed)
    return NightlyRunResult(run.run_id, day, status, counts, done.failures)


def _run_steps(
    db: Database, day: date, now: Clock, steps: tuple[NightlyStep, ...], report: PhaseReport
) -> tuple[dict[str, int], bool]:
    """Run the other steps in order; returns their counts, and whether all succeeded."""
    counts: dict[str, int] = {}
    broken = 0
    for step in steps:
        report(step.name, None, None)
        try:
            counts |= {f"{step.name}_{name}": n for name, n in step.run(db, day, now()).items()}
        except Unavailable:
            raise
        except StepIncomplete as error:
            counts |= {f"{step.name}_{name}": n for name, n in error.counts.items()}
            broken += 1
        except Exception as error:  # noqa: BLE001  # a step that fails stops no other
            LOG.error("nightly.step_failed", error=error, step=step.name, for_date=day)
            broken += 1
    return counts | ({"steps_failed": broken} if broken else {}), not broken
