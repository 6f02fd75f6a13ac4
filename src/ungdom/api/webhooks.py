"""Webhooks: where a system wants to be told, what has become of each message, and starting again."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import httpx
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, Field

from ungdom import casework
from ungdom.api import cursors
from ungdom.api import inputs as i
from ungdom.api.authorisation import guarded, needs
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, CallDep
from ungdom.api.docs import PROBLEMS
from ungdom.api.errors import TooManyWebhooks
from ungdom.api.inputs import Input
from ungdom.api.schemas import Output
from ungdom.api.tokens import ADMIN, READ, Principal
from ungdom.message.text import CursorText, Printable
from ungdom.notices import address, hooks
from ungdom.store import deliveries, webhooks
from ungdom.store.deliveries import WEBHOOK, Delivery
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.store.webhooks import Lock, Secret, Webhook
from ungdom.workflow.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["webhooks"], responses=PROBLEMS)

Kind = Literal["case.event_recorded", "alert.raised", "alert.escalated", "alert.cleared"]
DeliveryState = Literal["delivered", "waiting", "dead", "withdrawn"]

MOST = 10
"""As many webhooks as one owner may have."""


class WebhookIn(Input):
    """A new webhook: where to, and of which kinds it wants to be told."""

    url: Annotated[str, Printable(address.LONGEST_URL, exact=True)]
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=20)]


class WebhookOut(Output):
    """A webhook. `url` is shown to its owner, the host to administrators as well. `disabled_because`: gone (410)."""

    id: UUID
    url: str | None
    host: str
    kinds: list[Kind]
    owner: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None


class NewWebhookOut(WebhookOut):
    """A webhook with a new secret, shown once; it and the address are null when the same request is answered again.

    `old_secret_until`: until when the one before it signs as well.
    """

    secret: str | None
    old_secret_until: datetime | None


class WebhookList(Output):
    """Webhooks, in the order in which they were made."""

    items: list[WebhookOut]
    next: None = None


class DeliveryOut(Output):
    """One message for this webhook. `id` is sent as webhook-id, however often. `held`: what came of the last try."""

    id: UUID
    message_id: UUID
    kind: str
    state: DeliveryState
    held: str | None
    attempts: int
    created_at: datetime
    next_try_at: datetime | None
    delivered_at: datetime | None


class DeliveryList(Output):
    """A page of deliveries, the last promised first."""

    items: list[DeliveryOut]
    next: str | None


class DeliveryQuery(Input):
    """Which deliveries; `dead`: the dead letters."""

    state: DeliveryState | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: CursorText | None = None


class ReplayIn(Input):
    """What to send again: the dead letters; with `since` everything promised since then, under the same keys."""

    since: AwareDatetime | None = None


class ReplayOut(Output):
    """How many messages start again."""

    replayed: int


def _may_delete(role: Role) -> bool:
    return role is Role.ADMIN or may_read_cases(role)


def _scope(principal: Principal) -> str:
    return ADMIN if principal.viewer.role is Role.ADMIN else READ


@router.post("/v1/webhooks", status_code=201, response_model=NewWebhookOut, summary="Make a webhook")
@guarded(needs(READ))
def make(call: CallDep, request: Request, body: WebhookIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Be told at this address of the cases that the caller may see. The secret is shown this once."""
    address.check(body.url, request.app.state.webhook_allow)
    return call.write(lambda tx: _made(tx, call, body))


@router.get("/v1/webhooks", response_model=WebhookList, summary="List webhooks")
def list_webhooks(call: CallDep, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """The caller's own webhooks; an administrator sees everybody's, without their addresses."""
    return call.read(lambda tx: _listed(tx, call), scope=_scope(call.principal))


@router.delete("/v1/webhooks/{webhook_id}", status_code=204, summary="Delete a webhook")
@guarded(needs(_scope, _may_delete))
def delete(call: CallDep, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Tell it nothing more, and forget its address and secret."""
    return call.write(lambda tx: _deleted(tx, call, webhook_id))


@router.post("/v1/webhooks/{webhook_id}/rotate", response_model=NewWebhookOut, summary="Change the secret")
@guarded(needs(READ))
def rotate(call: CallDep, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """A new secret, shown this once; the one before it signs as well for a day. One that was gone is told again."""
    return call.write(lambda tx: _rotated(tx, call, webhook_id))


@router.get("/v1/webhooks/{webhook_id}/deliveries", response_model=DeliveryList, summary="What has become of messages")
def list_deliveries(call: CallDep, webhook_id: UUID, query: Annotated[DeliveryQuery, Query()]) -> Response:
    """Every message for this webhook and how it stands: the dead letters among them."""
    return call.read(lambda tx: _deliveries(tx, call, webhook_id, query))


@router.post("/v1/webhooks/{webhook_id}/replay", response_model=ReplayOut, summary="Send again")
@guarded(needs(READ))
def replay(call: CallDep, webhook_id: UUID, body: ReplayIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Start again with the dead letters, or with everything since an instant. Each keeps its key."""
    return call.write(lambda tx: _replayed(tx, call, webhook_id, body))


def _is_admin(call: Call) -> bool:
    return call.who.viewer.role is Role.ADMIN


def _made(tx: Connection, call: Call, body: WebhookIn) -> Answer:
    owner = call.who.viewer
    if webhooks.count(tx, owner) >= MOST:
        raise TooManyWebhooks(MOST)
    secret = hooks.new_secret()
    new = Webhook(
        webhook_id=uuid7(call.now),
        owner=owner,
        kinds=tuple(dict.fromkeys(body.kinds)),
        lock=Lock(body.url, (Secret(secret),)),
        created_at=call.now,
    )
    webhooks.add(tx, call.keys, new)
    return _with_secret(call, new, secret, None, 201)


def _with_secret(call: Call, one: Webhook, secret: str, until: datetime | None, status: int) -> Answer:
    """Address and secret go out and are not kept, not even for a repeat."""
    plain = _out(call, one).model_dump()
    whole = answer(NewWebhookOut(**plain, secret=secret, old_secret_until=until), status)
    kept = answer(NewWebhookOut(**plain | {"url": None}, secret=None, old_secret_until=until), status)
    return Answer(whole.status, whole.body, whole.headers, kept.body)


def _listed(tx: Connection, call: Call) -> Answer:
    found = webhooks.listed(tx, call.keys, None if _is_admin(call) else call.who.viewer)
    return answer(WebhookList(items=[_out(call, one) for one in found]))


def _deleted(tx: Connection, call: Call, webhook_id: UUID) -> Answer:
    one = _own(tx, call, webhook_id)
    deliveries.withdraw_all(tx, deliveries.receiver_of(WEBHOOK, one.webhook_id), "deleted", call.now)
    webhooks.remove(tx, one.webhook_id)
    return Answer(204, b"", {})


def _rotated(tx: Connection, call: Call, webhook_id: UUID) -> Answer:
    secret, until = hooks.new_secret(), call.now + hooks.KEPT_SECRET
    new = webhooks.rotate(tx, call.keys, _own(tx, call, webhook_id), secret, until)
    return _with_secret(call, new, secret, until, 200)


def _deliveries(tx: Connection, call: Call, webhook_id: UUID, query: DeliveryQuery) -> Answer:
    receiver = deliveries.receiver_of(WEBHOOK, _own(tx, call, webhook_id).webhook_id)
    of = f"{receiver} {query.state}"
    before = int(cursors.read(call.cursor_key, of, query.cursor)) if query.cursor else None
    found = deliveries.page(tx, receiver, query.state, before, query.limit + 1)
    rows = found[: query.limit]
    following = cursors.write(call.cursor_key, of, str(rows[-1].place)) if len(found) > query.limit else None
    return answer(DeliveryList(items=[_delivery(one) for one in rows], next=following))


def _replayed(tx: Connection, call: Call, webhook_id: UUID, body: ReplayIn) -> Answer:
    receiver = deliveries.receiver_of(WEBHOOK, _own(tx, call, webhook_id).webhook_id)
    return answer(ReplayOut(replayed=deliveries.replay(tx, receiver, body.since)))


def _own(tx: Connection, call: Call, webhook_id: UUID) -> Webhook:
    """The caller's webhook; an administrator's is everybody's. To others it does not exist."""
    found, viewer = webhooks.find(tx, call.keys, webhook_id), call.who.viewer
    mine = found is not None and (found.owner.subject, found.owner.role) == (viewer.subject, viewer.role)
    if found is None or not (mine or _is_admin(call)):
        raise casework.NotVisible
    return found


def _out(call: Call, one: Webhook) -> WebhookOut:
    return WebhookOut.model_validate(
        {
            "id": one.webhook_id,
            "url": None if _is_admin(call) else one.lock.url,
            "host": httpx.URL(one.lock.url).host,
            "kinds": one.kinds,
            "owner": one.owner.subject,
            "role": one.owner.role,
            "created_at": one.created_at,
            "disabled_at": one.disabled_at,
            "disabled_because": one.disabled_because,
        }
    )


def _delivery(one: Delivery) -> DeliveryOut:
    return DeliveryOut.model_validate(
        {
            "id": one.delivery_id,
            "message_id": one.message_id,
            "kind": one.kind,
            "state": one.state,
            "held": one.held,
            "attempts": one.attempts,
            "created_at": one.created_at,
            "next_try_at": one.next_try_at,
            "delivered_at": one.delivered_at,
        }
    )
