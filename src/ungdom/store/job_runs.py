"""Runs of jobs: which job ran for which day, how it ended, and its counts."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, insert, select, update

from ungdom.store.codec import stored_json
from ungdom.store.dataclass_rows import from_row
from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.job_runs import job_run

RUNNING = "running"
SUCCEEDED, PARTIAL, FAILED = "ok", "partly", "failed"
"""Status of a finished nightly run: complete; complete with failed cases; aborted."""

NIGHTLY = "nightly"
"""The name of the nightly run."""
MAX_RUN_AGE = timedelta(hours=26)
"""Age of the last completed nightly run above which alerts may be missing."""


RELEASE, RETENTION, KEY_ROTATION = "release", "retention", "key_rotation"
"""The names of what a command starts and takes long: a statistical release, an erasure, encrypting with a new key."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a run has come. `done`, `total`: of this phase, None where they are not known."""

    phase: str
    done: int | None
    total: int | None
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job. `status`: `RUNNING` or the status it finished with. `progress`: None until it reports."""

    run_id: UUID
    name: str
    for_date: date
    started_at: datetime
    finished_at: datetime | None
    status: str
    counts: dict[str, int]
    progress: JobProgress | None = None


def start(tx: Connection, name: str, for_date: date, at: datetime) -> UUID:
    """Writes a new run; returns its id."""
    run_id = uuid4()
    row = {"run_id": run_id, "name": name, "for_date": for_date, "started_at": at}
    tx.execute(insert(job_run), {**row, "finished_at": None, "status": RUNNING, "counts": "{}"})
    return run_id


def finish(tx: Connection, run_id: UUID, status: str, counts: dict[str, int], at: datetime) -> None:
    """Writes the end of a run with its status and counts."""
    values = {"finished_at": at, "status": status, "counts": json.dumps(counts, sort_keys=True)}
    tx.execute(update(job_run).where(job_run.c.run_id == run_id).values(values))


def record_progress(tx: Connection, run_id: UUID, progress: JobProgress) -> None:
    """Writes how far a run has come."""
    tx.execute(update(job_run).where(job_run.c.run_id == run_id).values(asdict(progress)))


def last_completed_night(tx: Connection) -> JobRun | None:
    """The newest nightly run that was completed; None if there is none."""
    done = (job_run.c.name == NIGHTLY, job_run.c.status.in_((SUCCEEDED, PARTIAL)))
    order = (job_run.c.for_date.desc(), job_run.c.finished_at.desc())
    row = tx.execute(select(job_run).where(*done).order_by(*order).limit(1)).one_or_none()
    return _run_of_row(row) if row else None


def nightly_run_is_late(tx: Connection, now: datetime) -> bool:
    """Whether the last completed nightly run, or the first case without one, is older than `MAX_RUN_AGE`."""
    last = last_completed_night(tx)
    since = last.finished_at if last else tx.scalar(select(func.min(case_file.c.opened_at)))
    return since is not None and now - since > MAX_RUN_AGE


def runs(
    tx: Connection, name: str | None = None, limit: int = 20, before: KeysetPosition | None = None
) -> list[JobRun]:
    """The newest runs before that position, of one job or of all."""
    query = page(select(job_run), (job_run.c.started_at, job_run.c.run_id), before, limit)
    rows = tx.execute(query if name is None else query.where(job_run.c.name == name))
    return [_run_of_row(row) for row in rows]


def runs_by_id(tx: Connection, run_ids: Sequence[UUID]) -> list[JobRun]:
    """These runs, by day and start."""
    query = select(job_run).where(job_run.c.run_id.in_(run_ids)).order_by(job_run.c.for_date, job_run.c.started_at)
    return [_run_of_row(row) for row in tx.execute(query)]


def _run_of_row(row: Row[*tuple[Any, ...]]) -> JobRun:
    progress = JobProgress(row.phase, row.done, row.total, row.reported_at) if row.phase is not None else None
    return from_row(JobRun, row, counts=stored_json(row.counts), progress=progress)
