"""The worker for extract jobs: claims one at a time, writes it to its own folder, resumes interrupted ones."""

import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from ungdom import polling
from ungdom.clock import Clock
from ungdom.extracts import build, jobs
from ungdom.extracts.errors import ExtractsError
from ungdom.extracts.jobs import ExtractJob
from ungdom.extracts.order import OrderRequest, OrderService, order_service
from ungdom.extracts.partitioned_writer import OtherExtract
from ungdom.observability.logger import EventLogger
from ungdom.settings import Settings
from ungdom.store.errors import StoreError
from ungdom.store.replica import ReadSource
from ungdom.store.session import Database

LOG = EventLogger("ungdom.extracts")

LEASE = timedelta(minutes=5)
"""How long a claim lasts unless it is renewed."""
RENEW = timedelta(seconds=20)
SHORTEST_INTERVAL = 1.0
"""Seconds between two polls, at least."""
RETRY_DELAY = timedelta(minutes=10)
"""Between two attempts at a job that failed."""


class Stopped(Exception):
    """The worker was stopped, or lost the claim."""


@dataclass(frozen=True, slots=True)
class ExtractWorkerContext:
    """What the worker needs. `source`: its database, and where rows are read. `folder`: contains one folder per job.

    `retention`: how long files are kept.
    """

    source: ReadSource
    order_service: OrderService
    folder: Path
    retention: timedelta
    now: Clock
    stop: Callable[[], bool] = lambda: False

    @property
    def db(self) -> Database:
        """The database of the jobs, which is written."""
        return self.source.primary


def from_settings(
    settings: Settings, source: ReadSource, now: Clock, stop: Callable[[], bool] = lambda: False
) -> ExtractWorkerContext:
    """The context with the settings of this installation. Raises `BadSettings`."""
    retention = timedelta(days=settings.extracts_kept_days)
    return ExtractWorkerContext(source, order_service(settings), folder_of(settings), retention, now, stop)


def folder_of(settings: Settings) -> Path:
    """The folder for the files of jobs."""
    return settings.extracts_dir or settings.data_dir / "extracts"


def run_until_stopped(context: ExtractWorkerContext, stop: Event, every: float) -> None:
    """Make extract jobs until `stop` is set; `every`: seconds between two polls."""
    interval = max(every, SHORTEST_INTERVAL)
    stop.wait(interval)  # a worker that starts again and again claims nothing
    for current in polling.rounds(stop, interval, LOG):
        with current.attempt("the round of extract jobs"):
            if has_work(context):
                run(context)


def has_work(context: ExtractWorkerContext) -> bool:
    """Whether `run` would do something. Reads only, so that a poll without work takes no write lock."""
    with context.db.reading() as tx:
        return jobs.has_work(tx, context.now(), context.now() - context.retention)


def run(context: ExtractWorkerContext) -> Counter[str]:
    """Create jobs of due schedules, make waiting jobs, remove expired files. The number of each."""
    done: Counter[str] = Counter()
    with context.db.writing() as tx:
        done["planned"] = jobs.plan_due(tx, context.now())
    while not context.stop():
        with context.db.writing() as tx:
            job = jobs.claim(tx, context.now(), context.now() + LEASE)
        if job is None:
            break
        done[_try_job(context, job)] += 1
    done["removed"] = _remove_expired(context)
    return +done


def _try_job(context: ExtractWorkerContext, job: ExtractJob) -> str:
    """Attempt one job; `done`, `failed` or `stopped`."""
    try:
        manifest = _write_job(context, job)
    except Stopped:
        with context.db.writing() as tx:
            jobs.release_claim(tx, job)
        return "stopped"
    except ExtractsError as error:
        return _record_failure(context, job, error, None)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  # other jobs must still be made
        return _record_failure(context, job, error, context.now() + RETRY_DELAY)
    with context.db.writing() as tx:
        jobs.finish(tx, job, manifest, context.now())
    LOG.info("extracts.finished", job_id=job.job_id, rows=manifest["rows"])
    return "done"


def _record_failure(context: ExtractWorkerContext, job: ExtractJob, error: Exception, retry_at: datetime | None) -> str:
    LOG.log(logging.WARNING if retry_at is None else logging.ERROR, "extracts.failed", error=error, job_id=job.job_id)
    with context.db.writing() as tx:
        jobs.record_failure(tx, job, type(error).__name__, context.now(), retry_at)
    return "failed"


def _write_job(context: ExtractWorkerContext, job: ExtractJob) -> dict[str, Any]:
    """Write the files of a job; their manifest. Raises `Stopped` and `ExtractsError`.

    If the replica breaks off the read, what is missing is read from the primary.
    """
    request = OrderRequest(job.extract, job.purpose, job.known_at, job.valid_at, job.subject)
    order, path = context.order_service.order(request, context.now()), context.folder / str(job.job_id)
    report = _progress_report(context, job)

    def write(db: Database) -> None:
        build.folder(db, order, job.form, path, True, report)

    try:
        context.source.read(write)
    except OtherExtract:  # the definition has changed since the interrupted attempt: start over
        shutil.rmtree(path)
        context.source.read(write)
    manifest: dict[str, Any] = json.loads((path / build.MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _progress_report(context: ExtractWorkerContext, job: ExtractJob) -> build.Report:
    renewed = context.now()

    def report(done: int, cases: int) -> None:
        nonlocal renewed
        if context.stop():
            raise Stopped
        if context.now() - renewed < RENEW:
            return
        renewed = context.now()
        with context.db.writing() as tx:
            if not jobs.renew_claim(tx, job, done, cases, renewed + LEASE):
                raise Stopped

    return report


def _remove_expired(context: ExtractWorkerContext) -> int:
    with context.db.reading() as tx:
        old = jobs.expired(tx, context.now() - context.retention)
    for job_id in old:
        shutil.rmtree(context.folder / str(job_id), ignore_errors=True)
        with context.db.writing() as tx:
            jobs.mark_removed(tx, job_id)
    return len(old)
