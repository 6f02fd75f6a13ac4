"""Runs of jobs as schemas."""

from ungdom.api.http.present import from_source
from ungdom.api.jobs.schemas import RunOut
from ungdom.store.job_runs import JobRun


def run_out(run: JobRun) -> RunOut:
    return from_source(RunOut, run, id=run.run_id)
