"""Is the service alive, and is it ready. Neither waits behind other requests."""

from contextlib import suppress
from datetime import datetime

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from ungdom.retention.replay import ErasureGate
from ungdom.store import job_runs
from ungdom.store.errors import StoreError
from ungdom.store.replica import ReadSource
from ungdom.store.session import Database
from ungdom.store.write_probe import WriteProbe

router = APIRouter(tags=["health"])

UNKNOWN = ("schema", "night", "erasures", "journal", "disk", "durability")
"""Checks that nobody can make without the database."""


@router.get("/health/live", summary="The process answers")
async def check_liveness() -> dict[str, str]:
    """Alive: nothing is asked of the database, and no thread is waited for."""
    return {"status": "ok"}


@router.get(
    "/health/ready",
    summary="Requests can be answered",
    response_model=dict[str, str],
    responses={503: {"description": "Not ready: what is wrong, and what would help", "model": dict[str, str]}},
)
async def check_readiness(request: Request) -> Response:
    """Ready: database and disk can be written, the schema is the one of this program, and the nights are run.

    What the journal of erasures names is erased from it: a restored backup is not served before that.

    503 when not; the last good night may be 26 hours old. What was written to find out counts for five seconds.
    `replica`, where one is set, says how far it is; without it the primary is read, and the service stays ready.
    """
    state = request.app.state
    probe, thread, gate = state.write_probe, state.health_thread, state.erasure_gate
    checks = await to_thread.run_sync(_checks, state.db, probe, gate, state.clock(), limiter=thread)
    good = all(value == "ok" for value in checks.values())
    replica = await to_thread.run_sync(_replica, state.figures, limiter=thread)
    return JSONResponse({"status": "ok" if good else "not ready", **checks, **replica}, 200 if good else 503)


def _checks(db: Database, probe: WriteProbe, gate: ErasureGate, now: datetime) -> dict[str, str]:
    try:
        schema_and_night = _schema_and_night(db, now)
        erasures = {"erasures": _erasures(gate, schema_and_night["schema"])}
        return {"database": "ok", **schema_and_night, **erasures, **probe.result()}
    except StoreError:
        return {"database": "cannot be reached", **dict.fromkeys(UNKNOWN, "unknown")}


def _replica(figures: ReadSource) -> dict[str, str]:
    try:
        state = figures.state()
    except StoreError:
        return {"replica": "unknown"}
    return {} if state is None else {"replica": state.sentence}


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
