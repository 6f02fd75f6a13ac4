"""Extract jobs and recurring schedules.

A job is a row in the database, so that it survives its worker. A worker claims it with a lease and renews the lease
while it writes rows; when the lease expires, another worker resumes the job.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, and_, exists, insert, or_, select, update

from ungdom.extracts.manifest import form_of
from ungdom.extracts.order import Downloader, Order, as_of
from ungdom.extracts.writers import Form
from ungdom.store import chain_changes
from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.extracts import extract_job, extract_schedule
from ungdom.store.session import Connection
from ungdom.store.settled import last_settled_day
from ungdom.workflow.calendar import oslo_date, quarter_of
from ungdom.workflow.vocabulary import Role

J, S = extract_job.c, extract_schedule.c
ATTEMPTS = 5
"""Attempts before a job fails for good."""
_OPEN = ("waiting", "running")


class JobStatus(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REMOVED = "removed"  # its files have been deleted after the retention time


class Every(StrEnum):
    """How often an extract is made: for each day, month or quarter, on the day after it."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractJob:
    """One job. `reason`: the class of the error that it failed with. `manifest`: set when it is done."""

    job_id: UUID
    extract: str
    purpose: str
    form: Form
    known_at: datetime
    valid_at: date
    subject: str
    role: Role
    schedule_id: UUID | None
    created_at: datetime
    status: JobStatus
    attempts: int
    claimed_until: datetime | None
    cases_done: int
    cases: int | None
    finished_at: datetime | None
    reason: str | None
    manifest: dict[str, Any] | None

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return tuple(file["name"] for file in self.manifest["files"]) if self.manifest else ()

    def is_outdated(self, raised_at: datetime | None) -> bool:
        """Whether the protection of an address was raised after the job was ordered. frl § 10-4."""
        return raised_at is not None and self.created_at <= raised_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractSchedule:
    """A recurring extract. `next_on`: when the next job is due; None: the schedule has ended."""

    schedule_id: UUID
    extract: str
    purpose: str
    form: Form
    every: Every
    subject: str
    role: Role
    created_at: datetime
    next_on: date | None


def next_due(every: Every, day: date) -> date:
    """The next due day after this one: the next day, first of a month, or first of a quarter."""
    if every is Every.DAY:
        return day + timedelta(days=1)
    first = quarter_of(day) if every is Every.QUARTER else day.replace(day=1)
    months = first.month - 1 + (3 if every is Every.QUARTER else 1)
    return date(first.year + months // 12, months % 12 + 1, 1)


# --- ordering -----------------------------------------------------------------------------------------------


def add(
    tx: Connection, order: Order, form: Form, downloader: Downloader, at: datetime, schedule_id: UUID | None = None
) -> ExtractJob:
    """Insert a new job."""
    row = _ordered_values(order, form, downloader, at) | {
        "job_id": uuid4(),
        "known_at": order.known_at,
        "valid_at": order.day,
        "schedule_id": schedule_id,
        "status": JobStatus.WAITING,
    }
    return _job(tx.execute(insert(extract_job).values(row).returning(extract_job)).mappings().one())


def schedule(
    tx: Connection, order: Order, form: Form, every: Every, downloader: Downloader, at: datetime
) -> ExtractSchedule:
    """Insert a new schedule; its first job is due on the first day of the next period."""
    row = _ordered_values(order, form, downloader, at)
    row |= {"schedule_id": uuid4(), "every": str(every), "next_on": next_due(every, oslo_date(at))}
    new = _schedule(tx.execute(insert(extract_schedule).values(row).returning(extract_schedule)).mappings().one())
    chain_changes.record(tx, extract_schedule, row)
    return new


def _ordered_values(order: Order, form: Form, downloader: Downloader, at: datetime) -> dict[str, Any]:
    """The columns that a job and a schedule have in common."""
    return {
        "extract": order.extract.name,
        "purpose": order.purpose.name,
        "form": str(form),
        "subject": downloader.subject,
        "role": downloader.role,
        "created_at": at,
    }


def end_schedule(tx: Connection, schedule_id: UUID, subject: str | None) -> bool:
    """End a schedule; False when there is no active one of this subject. `subject`: None: of anybody."""
    conditions = (S.schedule_id == schedule_id, S.next_on.is_not(None))
    query = update(extract_schedule).where(*conditions).values(next_on=None)
    if tx.execute(query if subject is None else query.where(S.subject == subject)).rowcount != 1:
        return False
    chain_changes.record(tx, extract_schedule, {"schedule_id": schedule_id})
    return True


def plan_due(tx: Connection, now: datetime) -> int:
    """Insert a job for each due schedule, as known at the end of the last settled day; the number.

    A schedule is due once the day before its day is settled. Missed ones give one job.
    """
    today = _today(now)
    due = select(extract_schedule).where(S.next_on <= today).with_for_update(skip_locked=True)
    due_schedules = [_schedule(row) for row in tx.execute(due).mappings()]
    known_at, day = as_of(None, None, now)
    for due_schedule in due_schedules:
        tx.execute(insert(extract_job).values(_job_row(due_schedule, known_at, day, now)))
        moved = update(extract_schedule).where(S.schedule_id == due_schedule.schedule_id)
        tx.execute(moved.values(next_on=next_due(due_schedule.every, today)))
        chain_changes.record(tx, extract_schedule, {"schedule_id": due_schedule.schedule_id})
    return len(due_schedules)


def _today(now: datetime) -> date:
    """The day after the last settled one: the day for which schedules are planned."""
    return last_settled_day(now) + timedelta(days=1)


def _job_row(due_schedule: ExtractSchedule, known_at: datetime, day: date, now: datetime) -> dict[str, Any]:
    names = ("extract", "purpose", "form", "subject", "role", "schedule_id")
    copied = {name: getattr(due_schedule, name) for name in names}
    when = {"known_at": known_at, "valid_at": day, "created_at": now}
    return copied | when | {"job_id": uuid4(), "status": JobStatus.WAITING}


# --- running ------------------------------------------------------------------------------------------------


def has_work(tx: Connection, now: datetime, before: datetime) -> bool:
    """Whether a schedule is due, a job can be claimed, or a job finished before `before` still has files."""
    free = and_(J.status.in_(_OPEN), or_(J.claimed_until.is_(None), J.claimed_until <= now))
    old = and_(J.status == JobStatus.DONE, J.finished_at < before)
    due = exists().where(S.next_on <= _today(now))
    return bool(tx.scalar(select(or_(exists().where(or_(free, old)), due))))


def claim(tx: Connection, now: datetime, until: datetime) -> ExtractJob | None:
    """Claim the oldest free job until then; None when there is none. The attempt is counted before it begins."""
    free = and_(J.status.in_(_OPEN), or_(J.claimed_until.is_(None), J.claimed_until <= now))
    first = select(J.job_id).where(free).order_by(J.created_at, J.job_id).limit(1).with_for_update(skip_locked=True)
    job_id = tx.scalar(first)
    if job_id is None:
        return None
    claimed = {"status": JobStatus.RUNNING, "attempts": J.attempts + 1, "claimed_until": until}
    return _job(
        tx.execute(update(extract_job).where(J.job_id == job_id).values(claimed).returning(extract_job))
        .mappings()
        .one()
    )


def renew_claim(tx: Connection, job: ExtractJob, cases_done: int, cases: int, until: datetime) -> bool:
    """Renew the claim; False when another worker has claimed the job meanwhile."""
    values = {"cases_done": cases_done, "cases": cases, "claimed_until": until}
    return tx.execute(_update_claimed(job).values(values)).rowcount == 1


def finish(tx: Connection, job: ExtractJob, manifest: dict[str, Any], at: datetime) -> None:
    """Mark the job as done."""
    values = {"status": JobStatus.DONE, "finished_at": at, "claimed_until": None, "reason": None}
    tx.execute(_update_claimed(job).values(values | {"manifest": json.dumps(manifest, ensure_ascii=False)}))


def record_failure(tx: Connection, job: ExtractJob, reason: str, at: datetime, retry_at: datetime | None) -> None:
    """Record a failed attempt. `retry_at`: when to retry; None: never. The last attempt is not retried."""
    values: dict[str, Any] = {"reason": reason, "claimed_until": retry_at}
    if retry_at is None or job.attempts >= ATTEMPTS:
        values |= {"status": JobStatus.FAILED, "finished_at": at, "claimed_until": None}
    tx.execute(_update_claimed(job).values(values))


def release_claim(tx: Connection, job: ExtractJob) -> None:
    """Release the claim of a stopped worker: the job is free at once, and the attempt does not count."""
    tx.execute(_update_claimed(job).values(status=JobStatus.WAITING, claimed_until=None, attempts=J.attempts - 1))


def _update_claimed(job: ExtractJob) -> Any:
    return update(extract_job).where(J.job_id == job.job_id, J.attempts == job.attempts, J.status == JobStatus.RUNNING)


def expired(tx: Connection, before: datetime) -> list[UUID]:
    """The jobs that were done before then and still have files."""
    return list(tx.scalars(select(J.job_id).where(J.status == JobStatus.DONE, J.finished_at < before)))


def mark_removed(tx: Connection, job_id: UUID) -> None:
    """Record that the files of the job have been deleted."""
    tx.execute(update(extract_job).where(J.job_id == job_id).values(status=JobStatus.REMOVED))


# --- reading ------------------------------------------------------------------------------------------------


def find(tx: Connection, job_id: UUID) -> ExtractJob | None:
    row = tx.execute(select(extract_job).where(J.job_id == job_id)).mappings().one_or_none()
    return _job(row) if row else None


def recent_jobs(
    tx: Connection, subject: str | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[ExtractJob]:
    """The newest jobs, of one subject or of all. `before`: the position (time, id) after which the page starts."""
    query = page(select(extract_job), (J.created_at, J.job_id), before, limit)
    if subject is not None:
        query = query.where(J.subject == subject)
    return [_job(row) for row in tx.execute(query).mappings()]


def schedules(
    tx: Connection, subject: str | None, after: KeysetPosition | None, limit: int
) -> Sequence[ExtractSchedule]:
    """A page of active schedules, of one subject or of all, the oldest first. `after`: where the page starts."""
    active = select(extract_schedule).where(S.next_on.is_not(None))
    query = page(active, (S.created_at, S.schedule_id), after, limit, newest_first=False)
    rows = tx.execute(query if subject is None else query.where(S.subject == subject)).mappings()
    return [_schedule(row) for row in rows]


def _job(row: RowMapping) -> ExtractJob:
    built = json.loads(row["manifest"]) if row["manifest"] else None
    form = form_of(built) if built else Form(row["form"])
    return ExtractJob(**{**row, "form": form, "status": JobStatus(row["status"]), "manifest": built})


def _schedule(row: RowMapping) -> ExtractSchedule:
    return ExtractSchedule(**{**row, "form": Form(row["form"]), "every": Every(row["every"])})
