"""Jobs: run a night by hand, and read the ledger."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ungdom.api import alert_shapes as shapes
from ungdom.api import inputs as i
from ungdom.api.cases import answer
from ungdom.api.deps import Call, ReadCall
from ungdom.api.paging import PageQuery, cut, start_of
from ungdom.jobs import nightly, steps
from ungdom.jobs.nightly import Night
from ungdom.store import ledger
from ungdom.store.ledger import NIGHTLY, Run

router = APIRouter(tags=["jobs"])


@router.post(f"/v1/jobs/{NIGHTLY}/runs", response_model=shapes.NightOut, summary="Run a night")
def run_nightly_job(
    call: ReadCall, request: Request, body: shapes.RunIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Run the nightly job for a day, with the nights that were missed before it; the runs. Done again, it is empty."""
    call.may_administer()
    done = nightly.run(call.db, request.app.state.clock, body.on, steps.all_steps(call.keys))
    return _told(call, done)


@router.get(f"/v1/jobs/{NIGHTLY}/runs", response_model=shapes.RunList, summary="The ledger of nights")
def list_nightly_runs(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """The newest runs: for which night, when, how each ended, and what it counted."""
    call.may_administer()
    with call.db.reading() as tx:
        rows = ledger.runs(tx, NIGHTLY, query.limit + 1, start_of(call, NIGHTLY, query))
    page, following = cut(call, NIGHTLY, query, rows, lambda run: (run.started_at, run.run_id))
    return call.respond(answer(shapes.RunList(items=[_out(run) for run in page], next=following)))


def _told(call: Call, nights: Sequence[Night]) -> Response:
    with call.db.reading() as tx:
        found = ledger.these(tx, [night.run_id for night in nights])
    return call.respond(answer(shapes.NightOut(items=[_out(run) for run in found])))


def _out(run: Run) -> shapes.RunOut:
    return shapes.RunOut(
        id=run.run_id,
        name=run.name,
        for_date=run.for_date,
        started_at=run.started_at,
        finished_at=run.finished_at,
        status=run.status,
        counts=run.counts,
    )
