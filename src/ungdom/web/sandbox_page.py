"""The sandbox as pages: its clock, faults and messages, a reset, and exercises. Only a sandbox has these routes."""

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from ungdom.api.http.authorisation import allows_anybody, guarded
from ungdom.api.http.responses import json_response
from ungdom.api.sandbox.routes import messages_about, moved, sandbox_of, sent, set_faults, status_of
from ungdom.api.sandbox.schemas import ClockMove, FaultOrder, YouthQuery
from ungdom.web.forms import integer_or_text
from ungdom.web.page import answer, data_of
from ungdom.web.submitting import RefusedForm, SentForm, attempt, sent_form, validated

router = APIRouter(include_in_schema=False, prefix="/sandbox")

Json = dict[str, Any]
FAULTS = tuple(FaultOrder.model_fields)


@router.get("")
def sandbox_page(request: Request) -> Response:
    """The state of the sandbox, and what can be done with it."""
    return _page(request)


@router.post("/clock")
@guarded(allows_anybody)
def move_from_page(request: Request) -> Response:
    """Move the clock forward by days."""
    return _after(request, lambda form: _moved(request, form))


@router.post("/faults")
@guarded(allows_anybody)
def order_from_page(request: Request) -> Response:
    """Set the faults."""
    return _after(request, lambda form: _ordered(request, form))


@router.post("/messages")
@guarded(allows_anybody)
def send_from_page(request: Request) -> Response:
    """Send a message, and show what the service answers to it."""
    return _after(request, lambda form: _sent(request, form))


@router.post("/reset")
@guarded(allows_anybody)
def reset_from_page(request: Request) -> Response:
    """Begin anew."""
    sandbox_of(request).reset()
    return _page(request, {"reset": True})


def _moved(request: Request, form: SentForm) -> Json:
    status = moved(request, validated(ClockMove, _numbers(form, "days")))
    return {"nights": status.nights}


def _ordered(request: Request, form: SentForm) -> Json:
    set_faults(request, validated(FaultOrder, _numbers(form, *FAULTS)))
    return {"ordered": True}


def _sent(request: Request, form: SentForm) -> Json:
    youth = validated(YouthQuery, _numbers(form, "youth")).youth
    received = sent(request, form.first("name") or "", youth)
    shown = json.dumps(received.json(), ensure_ascii=False, indent=2) if received.content else ""
    return {"receipt": {"status": received.status_code, "body": shown}}


def _numbers(form: SentForm, *names: str) -> Json:
    return {name: integer_or_text(value) for name, value in form.values(*names).items()}


def _after(request: Request, operation: Callable[[SentForm], Json]) -> Response:
    """The page after this operation, with what came of it, or what is wrong with the form."""
    form = sent_form(request)
    outcome: Json = {}

    def carried_out() -> Response:
        outcome.update(operation(form))
        return json_response(status_of(request)).to_http()

    done = attempt(request, carried_out)
    if isinstance(done, RefusedForm):
        return _page(request, {}, done.problem, done.status)
    return _page(request, outcome)


def _page(request: Request, outcome: Json | None = None, problem: Json | None = None, status: int = 200) -> Response:
    values = {
        "path": "/sandbox",
        "status": data_of(json_response(status_of(request)).to_http()),
        "faults": FAULTS,
        "messages": [message.name for message in messages_about(request, 1)],
        "outcome": outcome or {},
        "problem": problem,
    }
    return answer(request, "sandbox.html", values, status)
