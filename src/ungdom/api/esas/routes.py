"""Official messages of the justice sector (ESAS) over HTTP: sent in, answered by a receipt, looked at."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic_core import from_json, to_json

from ungdom import cases
from ungdom.api.esas.present import official_values
from ungdom.api.esas.schemas import FlagOut, OfficialList, OfficialOut, OfficialQuery, OfficialRow, ReceiptMessage
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, sends_decisions
from ungdom.api.http.context import MESSAGE_ATTEMPTS, ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import page_and_cursor, start_after
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import STATUS
from ungdom.exchange import answers, inbound, verify_signature
from ungdom.exchange.inbound import RawOfficialMessage
from ungdom.intake import Sender
from ungdom.message.text import CodeText, LineText, ReferenceText
from ungdom.store import exchanges, inbox, outbox
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import NATIONAL

router = APIRouter(tags=["esas"])

JOSE = "application/jose"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            JOSE: {"schema": {"type": "string", "description": "JWS, compact, signed by a key of the partner"}},
        },
    }
}


@router.post(
    "/v1/esas/messages",
    response_model=ReceiptMessage,
    responses={204: {"description": "A receipt for a message of ours: it is not answered"}},
    openapi_extra=_BODY,
    summary="Send an official message",
)
@guarded(sends_decisions)
def push_official_message(
    context: WriteContext,
    request: Request,
    _query: Annotated[i.NoQuery, Query()],
    schema_name: Annotated[ReferenceText | None, Header(alias="SchemaName")] = None,
    schema_version: Annotated[CodeText | None, Header(alias="SchemaVersion")] = None,
    sender_word: Annotated[LineText | None, Header(alias="senderOrganization")] = None,
) -> Response:
    """An official message as JSON, or signed as a JWS. The answer is the receipt (KVITTERING) as things stand.

    A signature counts only when it was made by a key of the partner that the token was issued to.
    """
    sender, partners = context.sender, request.app.state.partners
    partner = partners.of_token(sender.source, context.principal.organisation)
    raw = verify_signature.verified_content(
        partners,
        partner,
        sender_word,
        request.state.body,
        signed=request.headers.get("content-type", "").partition(";")[0].strip().lower() == JOSE,
    )
    kinds = None if partner is None else frozenset(partner.kinds)
    message = RawOfficialMessage(raw, schema_name, schema_version, kinds, by_token=True)
    return context.write(lambda tx: _receive_message(tx, context, sender, message), attempts=MESSAGE_ATTEMPTS)


@router.get("/v1/esas/messages", response_model=OfficialList, summary="List official messages")
def list_official_messages(context: ReadContext, query: Annotated[OfficialQuery, Query()]) -> Response:
    """The official messages this viewer may know of: a system its own, the secretariat all."""
    return context.read(lambda tx: _page_of_official_messages(tx, context, query), scope=STATUS)


@router.get("/v1/esas/messages/{message_id}", response_model=OfficialOut, summary="Read how an official message stands")
def get_official_message(context: ReadContext, message_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One official message: how far it has come, what was odd about it, the decisions it was read as."""
    return context.read(lambda tx: _official_detail(tx, context, message_id), scope=STATUS)


def _receive_message(
    tx: Connection, context: RequestContext, sender: Sender, message: RawOfficialMessage
) -> ApiResponse:
    """The current receipt. Outbox entries so far are delivered by this response; later receipts are sent."""
    exchanged = inbound.receive(tx, context.intake, sender, message).exchanged
    receipt_ids = [
        outbox.receipt(exchanged.exchange_id, n + 1, "", context.now).message_id for n in range(exchanged.receipts)
    ]
    outbox.mark_delivered(tx, receipt_ids, context.now)
    headers, receipt = {"Location": f"/v1/esas/messages/{exchanged.exchange_id}"}, answers.receipt_of(exchanged)
    return ApiResponse(200, to_json(receipt), headers) if receipt else ApiResponse(204, b"", headers)


def _sender_filter(context: RequestContext) -> str | None:
    """The sender whose messages this viewer sees; None: all senders. Raises `RoleNotAllowed`."""
    if context.principal.authorities:
        return context.principal.source
    context.require_role(lambda role: role in NATIONAL)
    return None


def _page_of_official_messages(tx: Connection, context: RequestContext, query: OfficialQuery) -> ApiResponse:
    list_key = query.model_dump_json(exclude={"cursor", "limit"})
    after = start_after(context, list_key, query)
    page_query = exchanges.ExchangeMessageFilter(
        _sender_filter(context), query.status, query.reason, after, query.limit + 1
    )
    messages = exchanges.page(tx, page_query)
    rows, following = page_and_cursor(
        context, list_key, query, messages, lambda message: (message.received_at, message.exchange_id)
    )
    return json_response(
        OfficialList(
            items=[OfficialRow(**official_values(message, context.language)) for message in rows], next=following
        )
    )


def _official_detail(tx: Connection, context: RequestContext, message_id: UUID) -> ApiResponse:
    message, sender = exchanges.find(tx, message_id), _sender_filter(context)
    if message is None or sender not in (None, message.sender):
        raise cases.NotVisible
    receipt = answers.receipt_of(message)
    return json_response(
        OfficialOut(
            **official_values(message, context.language),
            flags=[
                FlagOut(**flag, message=answers.flag_text(context.language, flag["code"]))
                for flag in from_json(message.flags)
            ],
            receipt=ReceiptMessage(**receipt) if receipt else None,
            decisions=[decision.message_id for decision in inbox.messages_of_exchange(tx, message_id)],
        )
    )
