"""Runs of jobs as schemas."""

from ungdom.api.jobs.schemas import RunOut
from ungdom.store.job_runs import JobRun


def run_out(run: JobRun) -> RunOut:
    return RunOut(
        id=run.run_id,
        name=run.name,
        for_date=run.for_date,
        started_at=run.started_at,
        finished_at=run.finished_at,
        status=run.status,
        counts=run.counts,
    )
