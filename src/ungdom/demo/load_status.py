"""Whether the demo load is complete, from the job runs."""

from datetime import date, datetime
from uuid import UUID

from ungdom.store import case_queries, job_runs
from ungdom.store.job_runs import JobRun
from ungdom.store.session import Database

JOB = "demo"
DONE = "done"


def finished(db: Database) -> JobRun | None:
    """The run that completed the load; None without one."""
    with db.reading() as tx:
        return next((run for run in job_runs.runs(tx, JOB) if run.status == DONE), None)


def is_empty(db: Database) -> bool:
    """Whether there is no case in the database."""
    with db.reading() as tx:
        return not case_queries.any_case(tx)


def begin(db: Database, today: date, at: datetime) -> UUID:
    """Record the start of a load; returns the id of the run."""
    with db.writing() as tx:
        return job_runs.start(tx, JOB, today, at)


def end(db: Database, run_id: UUID, counts: dict[str, int], at: datetime) -> None:
    """Record the end of a load."""
    with db.writing() as tx:
        job_runs.finish(tx, run_id, DONE, counts, at)
