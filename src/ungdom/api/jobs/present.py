"""Runs of jobs as schemas."""

from ungdom.api.http.present import from_source
from ungdom.api.jobs.schemas import ProgressOut, RunOut
from ungdom.store.job_runs import JobRun


def run_out(run: JobRun) -> RunOut:
    progress = from_source(ProgressOut, run.progress) if run.progress else None
    return from_source(RunOut, run, id=run.run_id, progress=progress)
