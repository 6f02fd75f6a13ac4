"""What waits and what is wrong in the whole service, as counts for monitoring; and the connections in use.

No count is of an office or a person: a metric of one office could tell that there is somebody with a graded address.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, event, func, select

from ungdom.observability.collectors import ServiceFigures
from ungdom.store import deliveries, outbox
from ungdom.store.inbox import PARKED
from ungdom.store.job_runs import FAILED, NIGHTLY, PARTIAL, RUNNING, SUCCEEDED, last_completed_night, runs
from ungdom.store.replica import ReadSource
from ungdom.store.schema.alerts import alert
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.extracts import extract_job
from ungdom.store.schema.inbox import decision
from ungdom.store.schema.job_runs import job_run
from ungdom.store.session import Database

_UNDONE = ("waiting", "running", "failed")
"""Status of an extract job that is not done."""


def read_figures(source: ReadSource, now: datetime) -> ServiceFigures:
    """The figures in one read transaction, and how far the replica is. Raises the errors of the store."""
    replica = _replica(source)
    with source.primary.reading() as tx:
        nights = [run for run in runs(tx, NIGHTLY) if run.status != RUNNING][:1]
        failed = nights[0].counts.get("failed", 0) if nights else None
        return ServiceFigures(
            {**message_figures(tx, now), **_nights(tx, now), "ungdom_nightly_failed_cases": failed, **replica},
            {status: float(any(run.status == status for run in nights)) for status in (SUCCEEDED, PARTIAL, FAILED)},
            _extract_jobs(tx),
        )


def _replica(source: ReadSource) -> dict[str, float | None]:
    state = source.state()
    if state is None:
        return {}
    return {"ungdom_replica_up": float(state.fault is None), "ungdom_replica_lag_seconds": state.lag_seconds}


def clock_ahead(tx: Connection, now: datetime) -> timedelta:
    """How far the clock of the database server is ahead of `now`; zero on SQLite, which has no clock of its own."""
    if tx.dialect.name != "postgresql":
        return timedelta(0)
    there: datetime = tx.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return there - now


def newest_recorded(tx: Connection) -> datetime | None:
    """The latest instant at which an event was recorded; None without any."""
    newest: datetime | None = tx.scalar(select(func.max(case_current.c.updated_at)))
    return newest


def count_connections(db: Database, changed: Callable[[int], None]) -> None:
    """Call `changed` with 1 for each connection that is taken from a pool of this database, with -1 when it is back."""
    for pool in {id(engine.pool): engine.pool for engine in (db.reader, db.writer)}.values():
        event.listen(pool, "checkout", lambda *_: changed(1))
        event.listen(pool, "checkin", lambda *_: changed(-1))


def message_figures(tx: Connection, now: datetime) -> dict[str, float | None]:
    """The metrics of messages that wait or were given up, and of what is parked or open, by name."""
    official, notices = outbox.backlog(tx, now), deliveries.backlog(tx)
    return {
        "ungdom_outbox_waiting": official.waiting - official.dead,
        "ungdom_outbox_oldest_age_seconds": _seconds(outbox.oldest_waiting(tx), now) or 0.0,
        "ungdom_outbox_dead_letters": official.dead,
        "ungdom_notices_waiting": notices.waiting,
        "ungdom_notices_dead_letters": notices.dead,
        "ungdom_decisions_parked": _count(tx, decision.c.outcome == PARKED),
        "ungdom_alerts_open": _count(tx, alert.c.cleared_at.is_(None)),
    }


def _nights(tx: Connection, now: datetime) -> dict[str, float | None]:
    last = last_completed_night(tx)
    return {
        "ungdom_nightly_age_seconds": _seconds(last.finished_at if last else None, now),
        "ungdom_jobs_running": _count(tx, job_run.c.status == RUNNING),
    }


def _extract_jobs(tx: Connection) -> dict[str, float]:
    status = extract_job.c.status
    rows = tx.execute(select(status, func.count()).where(status.in_(_UNDONE)).group_by(status))
    return dict.fromkeys(_UNDONE, 0.0) | {name: float(count) for name, count in rows}


def _count(tx: Connection, condition: ColumnElement[bool]) -> int:
    return tx.scalar(select(func.count()).where(condition)) or 0


def _seconds(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max(0.0, (now - since).total_seconds())
