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
from ungdom.settings import Settings
from ungdom.store.errors import StoreError
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

LOG = logging.getLogger("ungdom.extracts")

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
    """What the worker needs. `folder`: contains one folder per job. `retention`: how long files are kept."""

    db: Database
    order_service: OrderService
    folder: Path
    retention: timedelta
    now: Clock
    stop: Callable[[], bool] = lambda: False


def from_settings(
    settings: Settings, db: Database, now: Clock, stop: Callable[[], bool] = lambda: False
) -> ExtractWorkerContext:
    """The context with the settings of this installation. Raises `BadSettings`."""
    retention = timedelta(days=settings.extracts_kept_days)
    return ExtractWorkerContext(db, order_service(settings), folder_of(settings), retention, now, stop)


def folder_of(settings: Settings) -> Path:
    """The folder for the files of jobs."""
    return settings.extracts_dir or settings.data_dir / "extracts"


def run_until_stopped(work: ExtractWorkerContext, stop: Event, every: float) -> None:
    """Make extract jobs until `stop` is set; `every`: seconds between two polls."""
    for current in polling.rounds(stop, max(every, SHORTEST_INTERVAL), LOG):
        with current.attempt("the round of extract jobs"):
            if has_work(work):
                run(work)


def has_work(work: ExtractWorkerContext) -> bool:
    """Whether `run` would do something. Reads only, so that a poll without work takes no write lock."""
    with work.db.reading() as tx:
        return jobs.has_work(tx, work.now(), work.now() - work.retention)


def run(work: ExtractWorkerContext) -> Counter[str]:
    """Create jobs of due schedules, make waiting jobs, remove expired files. The number of each."""
    done: Counter[str] = Counter()
    with work.db.writing() as tx:
        done["planned"] = jobs.plan_due(tx, work.now(), oslo_date(work.now()))
    while not work.stop():
        with work.db.writing() as tx:
            job = jobs.claim(tx, work.now(), work.now() + LEASE)
        if job is None:
            break
        done[_try_job(work, job)] += 1
    done["removed"] = _remove_expired(work)
    return +done


def _try_job(work: ExtractWorkerContext, job: ExtractJob) -> str:
    """Attempt one job; `done`, `failed` or `stopped`."""
    try:
        manifest = _write_job(work, job)
    except Stopped:
        with work.db.writing() as tx:
            jobs.release_claim(tx, job)
        return "stopped"
    except ExtractsError as error:
        return _record_failure(work, job, error, None)
    except StoreError:
        raise
    except Exception as error:  # other jobs must still be made
        LOG.exception("extract job %s failed", job.job_id)
        return _record_failure(work, job, error, work.now() + RETRY_DELAY)
    with work.db.writing() as tx:
        jobs.finish(tx, job, manifest, work.now())
    LOG.info("extract job %s: %d rows", job.job_id, manifest["rows"])
    return "done"


def _record_failure(work: ExtractWorkerContext, job: ExtractJob, error: Exception, retry_at: datetime | None) -> str:
    LOG.warning("extract job %s failed: %s", job.job_id, type(error).__name__)
    with work.db.writing() as tx:
        jobs.record_failure(tx, job, type(error).__name__, work.now(), retry_at)
    return "failed"


def _write_job(work: ExtractWorkerContext, job: ExtractJob) -> dict[str, Any]:
    """Write the files of a job; their manifest. Raises `Stopped` and `ExtractsError`."""
    request = OrderRequest(job.extract, job.purpose, job.known_at, job.valid_at, job.subject)
    order, path = work.order_service.order(request, work.now()), work.folder / str(job.job_id)
    report = _progress_report(work, job)
    try:
        build.folder(work.db, order, job.form, path, True, report)
    except OtherExtract:  # the definition has changed since the interrupted attempt: start over
        shutil.rmtree(path)
        build.folder(work.db, order, job.form, path, True, report)
    manifest: dict[str, Any] = json.loads((path / build.MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _progress_report(work: ExtractWorkerContext, job: ExtractJob) -> build.Report:
    renewed = work.now()

    def report(done: int, cases: int) -> None:
        nonlocal renewed
        if work.stop():
            raise Stopped
        if work.now() - renewed < RENEW:
            return
        renewed = work.now()
        with work.db.writing() as tx:
            if not jobs.renew_claim(tx, job, done, cases, renewed + LEASE):
                raise Stopped

    return report


def _remove_expired(work: ExtractWorkerContext) -> int:
    with work.db.reading() as tx:
        old = jobs.expired(tx, work.now() - work.retention)
    for job_id in old:
        shutil.rmtree(work.folder / str(job_id), ignore_errors=True)
        with work.db.writing() as tx:
            jobs.mark_removed(tx, job_id)
    return len(old)
