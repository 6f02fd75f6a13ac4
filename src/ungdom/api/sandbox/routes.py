"""The sandbox over HTTP: its clock, faults, tokens, invented youths and messages, without a token."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import httpx
from anyio import from_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ungdom.api.http.authorisation import SAFE_METHODS, allows_anybody, guarded
from ungdom.api.http.inputs import NoQuery
from ungdom.api.http.origins import is_same_origin
from ungdom.api.http.responses import json_response
from ungdom.api.http.tokens import NEEDS_OFFICE, SCOPES, Issuer
from ungdom.api.sandbox.schemas import (
    ClockMove,
    FaultOrder,
    FaultsOut,
    MessageList,
    MessageOut,
    SandboxOut,
    TokensOut,
    YouthList,
    YouthOut,
    YouthQuery,
    YouthsQuery,
)
from ungdom.demo.people import subject_of
from ungdom.sandbox.clock import LONGEST_MOVE_DAYS, ClockInThePast, ClockTooFarAhead
from ungdom.sandbox.state import Sandbox
from ungdom.sandbox.youths import LAST_NUMBER, OFFICE
from ungdom.workflow.calendar import OSLO
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role


def refuse_other_sites(request: Request) -> None:
    """Returns for a program and for a page of the sandbox. Raises `RequestValidationError` for another site's form.

    There is no token that a browser would have to know: without this, any page that is opened in one could begin anew.
    """
    if request.method not in SAFE_METHODS and not is_same_origin(request, without_origin=True):
        raise RequestValidationError([{"type": "sent_by_other_site", "loc": ("header", "Origin")}])


router = APIRouter(include_in_schema=False, prefix="/control", dependencies=[Depends(refuse_other_sites)])

TOKEN_HOURS = 12
PRIVATE = {"Cache-Control": "no-store"}
NoParameters = Annotated[NoQuery, Query()]


@router.get("/status")
def show_sandbox(request: Request, _query: NoParameters) -> Response:
    """The instant it is, and the faults that are left."""
    return json_response(status_of(request), 200, **PRIVATE).to_http()


@router.post("/clock")
@guarded(allows_anybody)
def move_clock(request: Request, body: ClockMove, _query: NoParameters) -> Response:
    """Move the clock forward and run the nights that pass."""
    return json_response(moved(request, body), 200, **PRIVATE).to_http()


@router.post("/faults")
@guarded(allows_anybody)
def order_faults(request: Request, body: FaultOrder, _query: NoParameters) -> Response:
    """Set the faults of the next requests to the interface."""
    set_faults(request, body)
    return json_response(status_of(request), 200, **PRIVATE).to_http()


@router.get("/tokens")
def get_tokens(request: Request, _query: NoParameters) -> Response:
    """A token for each role."""
    tokens = {str(role): token_of(request, role) for role in SCOPES}
    until = request.app.state.clock() + timedelta(hours=TOKEN_HOURS)
    return json_response(TokensOut(tokens=tokens, valid_until=until), 200, **PRIVATE).to_http()


@router.get("/tokens/{role}")
def get_token(request: Request, role: Role, _query: NoParameters) -> Response:
    """A token for this role alone, as text: to be written to a file."""
    if role not in SCOPES:
        raise HTTPException(404)
    return Response(f"{token_of(request, role)}\n", 200, PRIVATE, "text/plain")


@router.get("/youths")
def list_youths(request: Request, query: Annotated[YouthsQuery, Query()]) -> Response:
    """Invented youths; the same number is always the same youth."""
    sandbox = sandbox_of(request)
    numbers = range(query.first, min(query.first + query.count, LAST_NUMBER + 1))
    return json_response(YouthList(items=[YouthOut.model_validate(sandbox.youth(n)) for n in numbers])).to_http()


@router.get("/messages")
def list_messages(request: Request, query: Annotated[YouthQuery, Query()]) -> Response:
    """The messages about this youth, ready to be sent."""
    return json_response(MessageList(items=messages_about(request, query.youth))).to_http()


@router.post("/messages/{name}")
@guarded(allows_anybody)
def send_message(request: Request, name: str, query: Annotated[YouthQuery, Query()]) -> Response:
    """Send this message as a prosecution system does, and hand on what the service answers."""
    answer = sent(request, name, query.youth)
    return Response(answer.content, answer.status_code, PRIVATE, answer.headers.get("content-type"))


@router.post("/reset")
@guarded(allows_anybody)
def reset_sandbox(request: Request, _query: NoParameters) -> Response:
    """Begin anew: the cases of the start, the present time, no faults. Until then everything else is answered 503."""
    sandbox_of(request).reset()
    return json_response(status_of(request), 202, **PRIVATE).to_http()


# --- shared with the page ------------------------------------------------------------------------------------------


def sandbox_of(request: Request) -> Sandbox:
    """The sandbox that answers this request."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def status_of(request: Request, nights: int | None = None) -> SandboxOut:
    """The instant it is, and the faults that are left."""
    sandbox = sandbox_of(request)
    now = sandbox.clock().astimezone(OSLO)
    return SandboxOut(now=now, start=sandbox.start, faults=FaultsOut(**asdict(sandbox.faults)), nights=nights)


def moved(request: Request, move: ClockMove) -> SandboxOut:
    """The status after this move. Raises `RequestValidationError` for one that is not possible."""
    sandbox = sandbox_of(request)
    instant: datetime = move.to or sandbox.clock() + timedelta(days=move.days or 0)
    try:
        nights = sandbox.move_clock(request.app.state.db, instant)
    except ClockInThePast:
        raise RequestValidationError([{"type": "clock_in_the_past", "loc": ("body", "to")}]) from None
    except ClockTooFarAhead:
        fault = {"type": "clock_too_far_ahead", "loc": ("body", "to"), "ctx": {"limit": LONGEST_MOVE_DAYS}}
        raise RequestValidationError([fault]) from None
    return status_of(request, nights)


def set_faults(request: Request, order: FaultOrder) -> None:
    """Set these faults; the others stay as they are."""
    for name, value in order.model_dump(exclude_none=True).items():
        setattr(sandbox_of(request).faults, name, value)


def token_of(request: Request, role: Role) -> str:
    """A token of that role, valid from the instant that it is in the sandbox."""
    office = OFFICE if role in NEEDS_OFFICE else None
    issuer: Issuer = request.app.state.issuer
    return issuer.issue(
        Viewer(role, subject_of(role, office), office), request.app.state.clock(), timedelta(hours=TOKEN_HOURS)
    )


def messages_about(request: Request, youth: int) -> list[MessageOut]:
    """The messages about this youth, in the order in which they belong."""
    sandbox = sandbox_of(request)
    kinds = (("/v1/decisions", sandbox.decisions(youth)), ("/v1/esas/messages", sandbox.official_messages(youth)))
    return [MessageOut(name=name, path=path, body=body) for path, bodies in kinds for name, body in bodies.items()]


def sent(request: Request, name: str, youth: int) -> httpx.Response:
    """What the service answers to this message. Raises `HTTPException` where there is none of this name."""
    message = next((x for x in messages_about(request, youth) if x.name == name), None)
    if message is None:
        raise HTTPException(404)
    return from_thread.run(_posted, request, message.path, message.body)


async def _posted(request: Request, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {token_of(request, Role.PROSECUTION)}",
        "Accept-Language": request.headers.get("accept-language", ""),
    }
    transport = httpx.ASGITransport(app=request.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.invalid") as client:
        return await client.post(path, json=body, headers=headers)
