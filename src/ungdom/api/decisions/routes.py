"""The routes of decisions: send, list, read, retry, dismiss."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import from_json

from ungdom import cases, intake
from ungdom.api.decisions import schemas as shapes
from ungdom.api.decisions.present import decision_row, decision_values
from ungdom.api.decisions.visibility import (
    disclosures,
    listed_messages,
    message_to_settle,
    visible_concern,
    visible_message,
    visible_messages,
)
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires, retries_messages, sends_decisions
from ungdom.api.http.context import MESSAGE_ATTEMPTS, ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import page_and_cursor, start_after
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import STATUS
from ungdom.intake import Choice, IntakeResult, Outcome, Reason
from ungdom.message import read_sent
from ungdom.store import inbox
from ungdom.store.inbox import InboundMessage, InboundMessageFilter
from ungdom.store.session import Connection
from ungdom.workflow.redaction import redact_message
from ungdom.workflow.rules.permissions import (
    may_settle_messages,
)

router = APIRouter(tags=["decisions"])

DryRunParams = Annotated[shapes.DecisionDryRun, Query()]

STATUS_OF: dict[str, int] = {
    Outcome.APPLIED: 201,
    Outcome.PARKED: 202,
    Outcome.DUPLICATE: 200,
    Outcome.SUPERSEDED: 200,
    Outcome.REJECTED: 422,
}
"""The HTTP status by outcome; a repeat has the status of the first response."""

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DecisionIn"}}},
    }
}
_RECEIPTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Known already, or a higher version counts; and what a dry run answers",
        "model": shapes.ReceiptOut,
    },
    202: {"description": "Parked: the reason, and what would resolve it", "model": shapes.ReceiptOut},
    422: {
        "description": "Rejected with a receipt, or the input does not have the right shape.",
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/ReceiptOut"},
                        {"$ref": "#/components/schemas/RefusalOut"},
                    ]
                }
            },
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}},
        },
    },
}


@router.post(
    "/v1/decisions",
    status_code=201,
    response_model=shapes.ReceiptOut,
    responses=_RECEIPTS,
    openapi_extra=_BODY,
    summary="Send a decision",
)
@guarded(sends_decisions)
def push_decision(
    context: WriteContext, request: Request, query: Annotated[shapes.DecisionDryRun, Query()]
) -> Response:
    """One message of a prosecution system or a court. Sent again it gets the same receipt, byte for byte.

    With `dry_run` it answers with the receipt that the message would get, and writes nothing.
    """
    sender, message = context.sender, read_sent(request.state.body, context.now)
    if query.dry_run:
        return context.try_out(
            lambda tx: _tried_receipt(intake.receive(tx, context.intake, sender, message, locked=True)),
            attempts=MESSAGE_ATTEMPTS,
        )
    return context.write(
        lambda tx: _receipt_response(intake.receive(tx, context.intake, sender, message)), attempts=MESSAGE_ATTEMPTS
    )


@router.get("/v1/decisions", response_model=shapes.DecisionList, summary="List decisions")
def list_decisions(context: ReadContext, query: Annotated[shapes.DecisionQuery, Query()]) -> Response:
    """The messages this viewer may know of, the newest first: a system its own, an office those about it."""
    return context.read(lambda tx: _page_of_decisions(tx, context, query), scope=STATUS)


@router.get("/v1/decisions/{message_id}", response_model=shapes.DecisionOut, summary="Read a decision")
def get_decision(context: ReadContext, message_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One message: how it stands, every try with its receipt, and its content, for those who may know."""
    return context.read(lambda tx: _decision_detail(tx, context, message_id), scope=STATUS)


@router.post("/v1/decisions/{message_id}/retry", response_model=shapes.ReceiptOut, summary="Try again")
@guarded(retries_messages)
def retry_decision(
    context: WriteContext, message_id: UUID, body: shapes.RetryIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Try a parked message again. The konfliktråd may say which case it is about, or accept a missing version."""
    return context.write(lambda tx: _retry_message(tx, context, message_id, body), attempts=MESSAGE_ATTEMPTS)


@router.post("/v1/decisions/{message_id}/dismiss", response_model=shapes.ReceiptOut, summary="Put aside")
@guarded(requires(STATUS, may_settle_messages))
def dismiss_decision(context: WriteContext, message_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Put a parked message aside for good. The sender is told; a higher version can still come."""

    def operation(tx: Connection) -> ApiResponse:
        message = message_to_settle(tx, context, message_id)
        return _latest_receipt(
            tx, message, intake.dismiss(tx, context.intake, message.message_id, context.recorder.viewer.subject)
        )

    return context.write(operation)


def _receipt_response(result: IntakeResult) -> ApiResponse:
    is_replay = result.repeated and result.arrival.reason != Reason.OTHER_CONTENT
    headers = {"Idempotency-Replayed": "true"} if is_replay else {}
    return ApiResponse(STATUS_OF[result.arrival.outcome], result.receipt, headers)


def _tried_receipt(result: IntakeResult) -> ApiResponse:
    """The receipt of a dry run: 200, or 422 as for the message itself."""
    rejected = result.arrival.outcome == Outcome.REJECTED
    return ApiResponse(STATUS_OF[Outcome.REJECTED] if rejected else 200, result.receipt, {})


def _page_of_decisions(tx: Connection, context: RequestContext, query: shapes.DecisionQuery) -> ApiResponse:
    list_key = query.model_dump_json(exclude={"cursor", "limit"})
    page_query = InboundMessageFilter(
        outcome=query.outcome,
        kind=query.kind,
        decision_id=query.decision_id,
        case_id=query.case,
        after=start_after(context, list_key, query),
        limit=query.limit + 1,
    )
    messages = inbox.page(tx, visible_messages(context), page_query)
    rows, following = page_and_cursor(
        context, list_key, query, messages, lambda message: (message.received_at, message.message_id)
    )
    listed = listed_messages(tx, context, rows)
    return json_response(
        shapes.DecisionList(
            items=[
                decision_row(message, visible_concern(context, message), message.message_id in listed, context.language)
                for message in rows
            ],
            next=following,
        )
    )


def _decision_detail(tx: Connection, context: RequestContext, message_id: UUID) -> ApiResponse:
    message = visible_message(tx, context, message_id)
    raw = inbox.content(tx, context.keys, message_id)
    receipts = inbox.receipts(tx, message_id)
    return json_response(
        shapes.DecisionOut(
            **decision_values(message, visible_concern(context, message), context.language),
            tries=[shapes.TryOut(at=entry.at, by=entry.by, receipt=from_json(entry.body)) for entry in receipts],
            message=redact_message(from_json(raw), disclosures(tx, context, message)) if raw else None,
        )
    )


def _retry_message(tx: Connection, context: RequestContext, message_id: UUID, body: shapes.RetryIn) -> ApiResponse:
    message = message_to_settle(tx, context, message_id)
    choice = Choice(body.case, body.accept_gap, body.accept_doubt)
    if choice != Choice():
        context.require_role(may_settle_messages)
    if body.case is not None:
        cases.read(tx, context.recorder.viewer, body.case, context.now, None, None)  # raises `NotVisible`
    result = intake.retry_by_hand(tx, context.intake, message.message_id, context.recorder.viewer.subject, choice)
    return _latest_receipt(tx, message, result)


def _latest_receipt(tx: Connection, message: InboundMessage, result: IntakeResult | None) -> ApiResponse:
    """The receipt of this retry; the last receipt of a message that was not parked any more."""
    body = result.receipt if result else inbox.receipts(tx, message.message_id)[-1].body
    return ApiResponse(200, body, {})
