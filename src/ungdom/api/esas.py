"""Official messages of the justice sector (ESAS) over HTTP: sent in, answered by a receipt, looked at."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic_core import from_json, to_json

from ungdom import casework, texts
from ungdom.api import cursors
from ungdom.api import inputs as i
from ungdom.api.authorisation import guarded, sends_decisions
from ungdom.api.cases import answer
from ungdom.api.decisions import TRIES
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.schemas import Output
from ungdom.api.tokens import STATUS
from ungdom.esas.receipt import ReceiptStatus
from ungdom.exchange import answers, opening, receiving
from ungdom.exchange.receiving import Letter
from ungdom.intake import Sender
from ungdom.intake.words import Reason
from ungdom.message.text import CodeText, CursorText, LineText, ReferenceText
from ungdom.store import exchanges, inbox, outbox
from ungdom.store.exchanges import Exchanged
from ungdom.store.session import Connection
from ungdom.workflow.permissions import NATIONAL

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


class ReceiptMessage(Output):
    """KVITTERING 1.0: how far the message has come. The id of the message it is for stands in `meldingsIdRef`."""

    meldingsId: str  # noqa: N815  # the contract's names
    meldingsIdRef: str  # noqa: N815
    status: ReceiptStatus
    beskrivelse: str | None = None


class FlagOut(Output):
    """Something odd in the message, and where. `message`: that in words, in the caller's language."""

    code: str
    pointer: str
    message: str


class OfficialRow(Output):
    """One official message in a list: how it stands, nothing of what it says."""

    id: UUID
    sender: str
    meldings_id: str
    type: str
    schema_version: str | None
    status: ReceiptStatus
    reason: str | None
    reason_text: str | None
    received_at: datetime
    updated_at: datetime


class OfficialList(Output):
    """A page of official messages, the newest first."""

    items: list[OfficialRow]
    next: str | None


class OfficialOut(OfficialRow):
    """One official message: what was odd about it, the last receipt, the decisions it was read as."""

    flags: list[FlagOut]
    receipt: ReceiptMessage | None
    decisions: list[UUID]


class OfficialQuery(Input):
    """Which official messages."""

    status: ReceiptStatus | None = None
    reason: ReferenceText | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None


@router.post(
    "/v1/esas/messages",
    response_model=ReceiptMessage,
    responses={204: {"description": "A receipt for a message of ours: it is not answered"}},
    openapi_extra=_BODY,
    summary="Send an official message",
)
@guarded(sends_decisions)
def push_official_message(
    call: WriteCall,
    request: Request,
    _query: Annotated[i.NoQuery, Query()],
    schema_name: Annotated[ReferenceText | None, Header(alias="SchemaName")] = None,
    schema_version: Annotated[CodeText | None, Header(alias="SchemaVersion")] = None,
    sender_word: Annotated[LineText | None, Header(alias="senderOrganization")] = None,
) -> Response:
    """An official message as JSON, or signed as a JWS. The answer is the receipt (KVITTERING) as things stand.

    A signature counts only when it was made by a key of the partner that the token was issued to.
    """
    sender, partners = call.sender, request.app.state.partners
    partner = partners.of_token(sender.source, call.principal.organisation)
    raw = opening.opened(partners, partner, sender_word, request.state.body, signed=_is_signed(request))
    kinds = None if partner is None else frozenset(partner.kinds)
    letter = Letter(raw, schema_name, schema_version, kinds, by_token=True)
    return call.write(lambda tx: _taken(tx, call, sender, letter), tries=TRIES)


@router.get("/v1/esas/messages", response_model=OfficialList, summary="List official messages")
def list_official_messages(call: ReadCall, query: Annotated[OfficialQuery, Query()]) -> Response:
    """The official messages this viewer may know of: a system its own, the secretariat all."""
    return call.read(lambda tx: _listed(tx, call, query), scope=STATUS)


@router.get("/v1/esas/messages/{message_id}", response_model=OfficialOut, summary="Read how an official message stands")
def get_official_message(call: ReadCall, message_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One official message: how far it has come, what was odd about it, the decisions it was read as."""
    return call.read(lambda tx: _shown(tx, call, message_id), scope=STATUS)


def _is_signed(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == JOSE


def _taken(tx: Connection, call: Call, sender: Sender, letter: Letter) -> Answer:
    """The receipt as it stands. What was promised so far is delivered by this answer; what comes later is sent."""
    kept = receiving.take(tx, call.desk, sender, letter).kept
    told = [outbox.receipt(kept.exchange_id, n + 1, "", call.now).message_id for n in range(kept.receipts)]
    outbox.delivered(tx, told, call.now)
    where, receipt = {"Location": f"/v1/esas/messages/{kept.exchange_id}"}, answers.receipt_of(kept)
    return Answer(200, to_json(receipt), where) if receipt else Answer(204, b"", where)


def _sender(call: Call) -> str | None:
    """Whose messages this viewer sees; None: everybody's. Raises `RoleNotAllowed`."""
    if call.principal.authorities:
        return call.principal.source
    call.needs_role(lambda role: role in NATIONAL)
    return None


def _listed(tx: Connection, call: Call, query: OfficialQuery) -> Answer:
    of = query.model_dump_json(exclude={"cursor", "limit"})
    after = cursors.moment_of(cursors.read(call.cursor_key, of, query.cursor)) if query.cursor else None
    asked = exchanges.Asked(_sender(call), query.status, query.reason, after, query.limit + 1)
    found = exchanges.page(tx, asked)
    rows = found[: query.limit]
    last = rows[-1] if len(found) > query.limit else None
    place = cursors.moment(last.received_at, last.exchange_id) if last else None
    following = cursors.write(call.cursor_key, of, place) if place else None
    return answer(OfficialList(items=[OfficialRow(**_plain(call, one)) for one in rows], next=following))


def _plain(call: Call, one: Exchanged) -> dict[str, Any]:
    same = ("sender", "meldings_id", "type", "schema_version", "status", "reason", "received_at", "updated_at")
    return {**{name: getattr(one, name) for name in same}, "id": one.exchange_id, "reason_text": _said(call, one)}


def _said(call: Call, one: Exchanged) -> str | None:
    if one.reason is None:
        return None
    if one.reason in set(Reason):
        return texts.text(call.language, "decision_reason", f"{one.reason}.message")
    return texts.text(call.language, "exchange_reason", one.reason)


def _shown(tx: Connection, call: Call, message_id: UUID) -> Answer:
    one, sender = exchanges.find(tx, message_id), _sender(call)
    if one is None or sender not in (None, one.sender):
        raise casework.NotVisible
    receipt = answers.receipt_of(one)
    return answer(
        OfficialOut(
            **_plain(call, one),
            flags=[FlagOut(**flag, message=answers.odd(call.language, flag["code"])) for flag in from_json(one.flags)],
            receipt=ReceiptMessage(**receipt) if receipt else None,
            decisions=[decision.message_id for decision in inbox.exchanged(tx, message_id)],
        )
    )
