"""Jobs: run a night by hand, and read the ledger."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, may_administer, requires
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.pagination import PageQuery, page_and_cursor, start_after
from ungdom.api.http.responses import json_response
from ungdom.api.http.tokens import ADMIN
from ungdom.api.jobs.present import run_out
from ungdom.api.jobs.schemas import NightOut, RunIn, RunList
from ungdom.jobs import nightly, steps
from ungdom.store import job_runs
from ungdom.store.job_runs import NIGHTLY

router = APIRouter(tags=["jobs"])


@router.post(f"/v1/jobs/{NIGHTLY}/runs", response_model=NightOut, summary="Run a night")
@guarded(requires(ADMIN, may_administer))
def run_nightly_job(
    context: ReadContext, request: Request, body: RunIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Run the nightly job for a day, with the nights that were missed before it; the runs. Done again, it is empty."""
    context.check_access()
    every = steps.all_steps(context.keys, context.erasures, request.app.state.anchor_dir)
    nights = nightly.run(context.db, request.app.state.clock, body.on, every)
    with context.db.reading() as tx:
        runs = job_runs.runs_by_id(tx, [night.run_id for night in nights])
    return context.respond(json_response(NightOut(items=[run_out(run) for run in runs])))


@router.get(f"/v1/jobs/{NIGHTLY}/runs", response_model=RunList, summary="The ledger of nights")
def list_nightly_runs(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """The newest runs: for which night, when, how each ended, and what it counted."""
    return _page_of_runs(context, query, NIGHTLY)


@router.get("/v1/jobs/runs", response_model=RunList, summary="The ledger of every job")
def list_job_runs(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """The newest runs of nights, releases, erasures and rotations of keys, and how far those are that run."""
    return _page_of_runs(context, query, None)


def _page_of_runs(context: RequestContext, query: PageQuery, name: str | None) -> Response:
    context.require_admin()
    of = name or "job runs"
    with context.db.reading() as tx:
        rows = job_runs.runs(tx, name, query.limit + 1, start_after(context, of, query))
    page, following = page_and_cursor(context, of, query, rows, lambda run: (run.started_at, run.run_id))
    return context.respond(json_response(RunList(items=[run_out(run) for run in page], next=following)))
