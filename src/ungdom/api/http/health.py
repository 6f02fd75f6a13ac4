"""Is the service alive, and is it ready."""

from contextlib import suppress
from datetime import datetime

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from ungdom.retention.replay import ErasureGate
from ungdom.store import job_runs
from ungdom.store.errors import StoreError
from ungdom.store.session import Database

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="The process answers")
def check_liveness() -> dict[str, str]:
    """Alive: nothing is asked of the database."""
    return {"status": "ok"}


@router.get(
    "/health/ready",
    summary="Requests can be answered",
    response_model=dict[str, str],
    responses={503: {"description": "Not ready: what is wrong, and what would help", "model": dict[str, str]}},
)
def check_readiness(request: Request) -> Response:
    """Ready: the database answers, its schema is the one this program was made for, and the nights are run.

    What the journal of erasures names is erased from it: a restored backup is not served before that.

    503 when not; the last good night may be 26 hours old.
    """
    db: Database = request.app.state.db
    try:
        checks = {"database": "ok", **_schema_and_night(db, request.app.state.clock())}
        checks["erasures"] = _erasures(request.app.state.erasure_gate, checks["schema"])
    except StoreError:
        checks = {"database": "cannot be reached", "schema": "unknown", "night": "unknown", "erasures": "unknown"}
    good = all(value == "ok" for value in checks.values())
    return JSONResponse({"status": "ok" if good else "not ready", **checks}, 200 if good else 503)


def _schema_and_night(db: Database, now: datetime) -> dict[str, str]:
    if not db.is_current():
        return {"schema": "outdated: run `ungdom db upgrade`", "night": "unknown"}
    with db.reading() as tx:
        late = job_runs.nightly_run_is_late(tx, now)
    return {"schema": "ok", "night": "none for 26 hours: run `ungdom nightly`" if late else "ok"}


def _erasures(gate: ErasureGate, schema: str) -> str:
    if schema != "ok":
        return "unknown"
    if gate.check_again():
        return "ok"
    with suppress(StoreError):
        gate.open()
    return "ok" if gate.is_open() else "not carried out on this database: run `ungdom retention replay`"
