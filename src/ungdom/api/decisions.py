"""Decisions of prosecution systems and courts: sent in, looked at, tried again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import from_json

from ungdom import casework, intake
from ungdom.api import cursors
from ungdom.api import decision_shapes as shapes
from ungdom.api import inputs as i
from ungdom.api.authorisation import guarded, needs, retries_messages, sends_decisions
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.person_shapes import as_learnt
from ungdom.api.tokens import STATUS
from ungdom.intake import Choice, Outcome, Reason, Taken, receipts
from ungdom.message import read_sent
from ungdom.store import concerns, inbox
from ungdom.store.concerns import Concern
from ungdom.store.inbox import Arrival, Asked
from ungdom.store.session import Connection
from ungdom.workflow.permissions import Fact, Seen, learns, may_settle_messages
from ungdom.workflow.vocabulary import Protection, State, strictest

router = APIRouter(tags=["decisions"])

STATUS_OF: dict[str, int] = {
    Outcome.APPLIED: 201,
    Outcome.PARKED: 202,
    Outcome.DUPLICATE: 200,
    Outcome.SUPERSEDED: 200,
    Outcome.REJECTED: 422,
}
"""How a receipt is answered over HTTP; a repeat is answered as the first time."""

TRIES = 8
"""How often a message is looked at again when somebody else moves its case at the same moment."""

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DecisionIn"}}},
    }
}
_RECEIPTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Known already, or a higher version counts", "model": shapes.ReceiptOut},
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
def push_decision(call: WriteCall, request: Request, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One message of a prosecution system or a court. Sent again it gets the same receipt, byte for byte."""
    sender, message = call.sender, read_sent(request.state.body, call.now)
    return call.write(lambda tx: _receipt(intake.receive(tx, call.desk, sender, message)), tries=TRIES)


@router.get("/v1/decisions", response_model=shapes.DecisionList, summary="List decisions")
def list_decisions(call: ReadCall, query: Annotated[shapes.DecisionQuery, Query()]) -> Response:
    """The messages this viewer may know of, the newest first: a system its own, an office those about it."""
    return call.read(lambda tx: _listed(tx, call, query), scope=STATUS)


@router.get("/v1/decisions/{message_id}", response_model=shapes.DecisionOut, summary="Read a decision")
def get_decision(call: ReadCall, message_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One message: how it stands, every try with its receipt, and what it said, for those who may know."""
    return call.read(lambda tx: _shown(tx, call, message_id), scope=STATUS)


@router.post("/v1/decisions/{message_id}/retry", response_model=shapes.ReceiptOut, summary="Try again")
@guarded(retries_messages)
def retry_decision(
    call: WriteCall, message_id: UUID, body: shapes.RetryIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Try a parked message again. The konfliktråd may say which case it is about, or accept a missing version."""
    return call.write(lambda tx: _tried(tx, call, message_id, body), tries=TRIES)


@router.post("/v1/decisions/{message_id}/dismiss", response_model=shapes.ReceiptOut, summary="Put aside")
@guarded(needs(STATUS, may_settle_messages))
def dismiss_decision(call: WriteCall, message_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Put a parked message aside for good. The sender is told; a higher version can still come."""
    return call.write(lambda tx: _dismissed(tx, call, message_id))


def _receipt(taken: Taken) -> Answer:
    same = taken.repeated and taken.arrival.reason != Reason.OTHER_CONTENT
    headers = {"Idempotency-Replayed": "true"} if same else {}
    return Answer(STATUS_OF[taken.arrival.outcome], taken.receipt, headers)


def _seen(call: Call) -> inbox.May:
    """What this viewer may know of. Raises `RoleNotAllowed` for those who know of no messages."""
    if call.principal.authorities:
        return inbox.seen_by(call.who.viewer, call.principal.source)
    call.needs_role(may_settle_messages)
    return inbox.seen_by(call.who.viewer, None)


def _listed(tx: Connection, call: Call, query: shapes.DecisionQuery) -> Answer:
    of = query.model_dump_json(exclude={"cursor", "limit"})
    after = cursors.moment_of(cursors.read(call.cursor_key, of, query.cursor)) if query.cursor else None
    asked = Asked(
        outcome=query.outcome,
        kind=query.kind,
        decision_id=query.decision_id,
        case_id=query.case,
        after=after,
        limit=query.limit + 1,
    )
    found = inbox.page(tx, _seen(call), asked)
    rows = found[: query.limit]
    more = len(found) > query.limit and rows
    last = cursors.moment(rows[-1].received_at, rows[-1].message_id) if more else None
    following = cursors.write(call.cursor_key, of, last) if last else None
    return answer(shapes.DecisionList(items=[_row(call, one) for one in rows], next=following))


def _row(call: Call, one: Arrival) -> shapes.DecisionRow:
    placed = Fact.LISTED in _learns_unopened(call, one)
    return shapes.DecisionRow(**_plain(call, one) | ({} if placed else {"konfliktrad": None}))


def _plain(call: Call, one: Arrival) -> dict[str, Any]:
    named = ("source", "decision_id", "version", "kind", "sent_at", "received_at", "updated_at", "outcome")
    concern = _concern(call, one)
    reason = concern.reason if concern else one.reason
    office = one.konfliktrad or (concern.konfliktrad if concern else None) or None
    why = receipts.reason(call.language, Reason(reason) if reason else None)
    known = {name: getattr(one, name) for name in (*named, "case_id")}
    return {**known, "id": one.message_id, "reason": why, "konfliktrad": office}


def _concern(call: Call, one: Arrival) -> Concern | None:
    """Why it waits as the viewer's office knows it; for the secretariat, of the person kept most closely.

    None for the sender, who is told no more than of somebody unknown.
    """
    if call.principal.authorities:
        return None
    mine = call.who.viewer.konfliktrad
    mine_or_all = [concern for concern in concerns.read(one.offices) if mine in (None, concern.konfliktrad)]
    level = strictest(*(concern.protection for concern in mine_or_all))
    return next((concern for concern in mine_or_all if concern.protection is level), None)


def _one(tx: Connection, call: Call, message_id: UUID) -> Arrival:
    found = inbox.seen(tx, _seen(call), message_id)
    if found is None:
        raise casework.NotVisible
    return found


def _shown(tx: Connection, call: Call, message_id: UUID) -> Answer:
    one = _one(tx, call, message_id)
    raw = inbox.content(tx, call.keys, message_id)
    tries = [{"at": t.at, "by": t.by, "receipt": from_json(t.body)} for t in inbox.receipts(tx, message_id)]
    return answer(
        shapes.DecisionOut(
            **_plain(call, one),
            tries=[shapes.TryOut.model_validate(one) for one in tries],
            message=as_learnt(from_json(raw), _learns(tx, call, one)) if raw else None,
        )
    )


def _learns(tx: Connection, call: Call, one: Arrival) -> frozenset[Fact]:
    """What may be learnt of what a message says: as of its case, if it has one; by the system that sent it, all."""
    if call.principal.authorities or one.case_id is None:
        return _learns_unopened(call, one)
    return casework.read(tx, call.who.viewer, one.case_id, call.now, None, None).learns


def _learns_unopened(call: Call, one: Arrival) -> frozenset[Fact]:
    """The same, as if there were no case yet: nobody has opened it or is assigned."""
    if call.principal.authorities:
        return frozenset(Fact)
    concern = _concern(call, one)
    unopened = Seen(
        konfliktrad=(concern.konfliktrad if concern else one.konfliktrad) or "",
        state=State.REGISTERED,
        team=frozenset(),
        coordinator=None,
        opened_by="",
        protection=_strictest(one.protection, concern),
    )
    return learns(call.who.viewer, unopened)


def _strictest(told: str, concern: Concern | None) -> Protection:
    levels = [Protection(told), *([concern.protection] if concern else [])]
    return strictest(*levels)


def _to_settle(tx: Connection, call: Call, message_id: UUID) -> Arrival:
    """A message that this viewer may try again or put aside. Raises `NotVisible` if they may not learn who it is of."""
    arrival = _one(tx, call, message_id)
    if Fact.PERSON not in _learns(tx, call, arrival):
        raise casework.NotVisible
    return arrival


def _tried(tx: Connection, call: Call, message_id: UUID, body: shapes.RetryIn) -> Answer:
    one = _to_settle(tx, call, message_id)
    choice = Choice(body.case, body.accept_gap)
    if choice != Choice():
        call.needs_role(may_settle_messages)
    if body.case is not None:
        casework.read(tx, call.who.viewer, body.case, call.now, None, None)  # only a case that this person may see
    taken = intake.retry(tx, call.desk, one.message_id, call.who.viewer.subject, choice)
    return _as_it_stands(tx, one, taken)


def _dismissed(tx: Connection, call: Call, message_id: UUID) -> Answer:
    one = _to_settle(tx, call, message_id)
    return _as_it_stands(tx, one, intake.dismiss(tx, call.desk, one.message_id, call.who.viewer.subject))


def _as_it_stands(tx: Connection, one: Arrival, taken: Taken | None) -> Answer:
    """The receipt of this try; of one that waits no longer, the last receipt."""
    body = taken.receipt if taken else inbox.receipts(tx, one.message_id)[-1].body
    return Answer(200, body, {})
