"""Is the service alive, and is it ready."""

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from ungdom.store.errors import StoreError
from ungdom.store.session import Database

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="The process answers")
def live() -> dict[str, str]:
    """Alive: nothing is asked of the database."""
    return {"status": "ok"}


@router.get(
    "/health/ready",
    summary="Requests can be answered",
    response_model=dict[str, str],
    responses={503: {"description": "Not ready: what is wrong, and what would help", "model": dict[str, str]}},
)
def ready(request: Request) -> Response:
    """Ready: the database answers, and its schema is the one this program was made for. 503 when not."""
    checks = {"database": "ok", "schema": "ok"}
    db: Database = request.app.state.db
    try:
        checks["schema"] = "ok" if db.is_current() else "outdated: run `ungdom db upgrade`"
    except StoreError:
        checks = {"database": "cannot be reached", "schema": "unknown"}
    good = all(value == "ok" for value in checks.values())
    return JSONResponse({"status": "ok" if good else "not ready", **checks}, 200 if good else 503)
