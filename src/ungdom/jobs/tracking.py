"""Runs of jobs that are followed while they run: what a run is doing and how far it has come is in `job_runs`.

The night, a release, an erasure and a rotation of keys are followed so, wherever they are started. A run that is killed
stays without an end; the instant of its last report says since when nothing was heard of it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from ungdom.clock import Clock
from ungdom.observability.logger import EventLogger
from ungdom.store import job_runs
from ungdom.store.errors import StoreError
from ungdom.store.job_runs import FAILED, SUCCEEDED, JobProgress
from ungdom.store.session import Database

LOG = EventLogger("ungdom.jobs")

SECONDS_BETWEEN_REPORTS = 1.0
"""Seconds between two reports of one phase that are written; the first of a phase always is."""


PhaseReport = Callable[[str, int | None, int | None], object]
"""Called with what a job is doing, and how much of it is done of how much; None where that is not known."""


def unreported(_phase: str, _done: int | None, _total: int | None) -> None:
    """For a run that nobody watches."""


class TrackedRun:
    """A run under way. `status`, `counts`: what it is recorded with at its end; a run that raises has failed."""

    def __init__(self, db: Database, run_id: UUID, now: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self.run_id = run_id
        self.status = SUCCEEDED
        self.counts: dict[str, int] = {}
        self._db, self._now, self._seconds = db, now, seconds
        self._phase: str | None = None
        self._written = 0.0

    def report(self, phase: str, done: int | None = None, total: int | None = None) -> None:
        """Record how far the run is, in a transaction of its own. A report that cannot be written stops no job."""
        at = self._seconds()
        if phase == self._phase and at - self._written < SECONDS_BETWEEN_REPORTS:
            return
        self._phase, self._written = phase, at
        try:
            with self._db.writing() as tx:
                job_runs.record_progress(tx, self.run_id, JobProgress(phase, done, total, self._now()))
        except StoreError as error:
            LOG.info("jobs.progress_not_recorded", error=error, run_id=self.run_id)


@contextmanager
def tracked(db: Database, name: str, for_date: date, now: Clock) -> Iterator[TrackedRun]:
    """A run of this job, recorded when it begins and when it ends; as failed where it raises. Raises `Unavailable`."""
    with db.writing() as tx:
        run = TrackedRun(db, job_runs.start(tx, name, for_date, now()), now)
    try:
        yield run
    except BaseException:
        run.status, run.counts = FAILED, {}
        _finish(db, run, now)
        raise
    _finish(db, run, now)


def _finish(db: Database, run: TrackedRun, now: Clock) -> None:
    try:
        with db.writing() as tx:
            job_runs.finish(tx, run.run_id, run.status, run.counts, now())
    except StoreError:
        if run.status != FAILED:
            raise
        LOG.warning("jobs.end_not_recorded", run_id=run.run_id)
