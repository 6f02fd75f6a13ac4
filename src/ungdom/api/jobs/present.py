"""Runs of jobs as schemas."""

from ungdom.api.http.present import filled
from ungdom.api.jobs.schemas import RunOut
from ungdom.store.job_runs import JobRun


def run_out(run: JobRun) -> RunOut:
    return filled(RunOut, run, id=run.run_id)
