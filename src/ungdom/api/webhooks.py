"""Webhooks: where a system wants to be told, what has become of each message, and starting again."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, Field

from ungdom import casework
from ungdom.api import cursors
from ungdom.api import inputs as i
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.errors import TooManyWebhooks
from ungdom.api.inputs import Input
from ungdom.api.paging import PageQuery, cut, start_of
from ungdom.api.schemas import Output
from ungdom.api.tokens import ADMIN, READ
from ungdom.lazy import lazy
from ungdom.notices import address, hooks
from ungdom.store import deliveries, webhooks
from ungdom.store.deliveries import WEBHOOK, Delivery
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.store.webhooks import Lock, Secret, Webhook
from ungdom.workflow.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazy("httpx")

router = APIRouter(tags=["webhooks"])

Kind = Literal["case.event_recorded", "alert.raised", "alert.escalated", "alert.cleared"]
DeliveryState = Literal["delivered", "waiting", "dead", "withdrawn"]

MOST = 10
"""As many webhooks as one owner may have."""


class WebhookIn(Input):
    """A new webhook: where to, and of which kinds it wants to be told."""

    url: Annotated[str, Field(min_length=1, max_length=address.LONGEST_URL)]
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
    """A page of webhooks, in the order in which they were made."""

    items: list[WebhookOut]
    next: str | None


class WebhookChangeIn(Input):
    """What to change; what is left out stays as it is."""

    url: Annotated[str, Field(min_length=1, max_length=address.LONGEST_URL)] | None = None
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=20)] | None = None


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


class DeliveryQuery(PageQuery):
    """Which deliveries; `dead`: the dead letters."""

    state: DeliveryState | None = None


class ReplayIn(Input):
    """What to send again: the dead letters; with `since` everything promised since then, under the same keys."""

    since: AwareDatetime | None = None


class ReplayOut(Output):
    """How many messages start again."""

    replayed: int


@router.post("/v1/webhooks", status_code=201, response_model=NewWebhookOut, summary="Make a webhook")
def create_webhook(
    call: WriteCall, request: Request, body: WebhookIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Be told at this address of the cases that the caller may see. The secret is shown this once."""
    address.check(body.url, request.app.state.webhook_allow)
    return call.write(lambda tx: _made(tx, call, body), scope=READ)


@router.get("/v1/webhooks", response_model=WebhookList, summary="List webhooks")
def list_webhooks(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """The caller's own webhooks; an administrator sees everybody's, without their addresses."""
    return call.read(lambda tx: _listed(tx, call, query), scope=_scope, may=_may_watch)


@router.get("/v1/webhooks/{webhook_id}", response_model=WebhookOut, summary="Read a webhook")
def get_webhook(call: ReadCall, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One webhook: where it sends what, and whether it still does. The secret is never shown again."""
    return call.read(lambda tx: answer(_out(call, _own(tx, call, webhook_id))), scope=_scope, may=_may_watch)


@router.patch("/v1/webhooks/{webhook_id}", response_model=WebhookOut, summary="Change a webhook")
def change_webhook(
    call: WriteCall, request: Request, webhook_id: UUID, body: WebhookChangeIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Send to another address, or other kinds. The secret stays; messages that wait go to the new address."""
    if body.url is not None:
        address.check(body.url, request.app.state.webhook_allow)
    return call.write(lambda tx: _changed(tx, call, webhook_id, body), scope=READ)


@router.delete("/v1/webhooks/{webhook_id}", status_code=204, summary="Delete a webhook")
def delete_webhook(call: WriteCall, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Tell it nothing more, and forget its address and secret."""
    return call.write(lambda tx: _deleted(tx, call, webhook_id), scope=_scope, may=_may_watch)


@router.post("/v1/webhooks/{webhook_id}/rotate", response_model=NewWebhookOut, summary="Change the secret")
def rotate_webhook_secret(call: WriteCall, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """A new secret, shown this once; the one before it signs as well for a day. One that was gone is told again."""
    return call.write(lambda tx: _rotated(tx, call, webhook_id), scope=READ)


@router.get("/v1/webhooks/{webhook_id}/deliveries", response_model=DeliveryList, summary="What has become of messages")
def list_webhook_deliveries(call: ReadCall, webhook_id: UUID, query: Annotated[DeliveryQuery, Query()]) -> Response:
    """Every message for this webhook and how it stands: the dead letters among them."""
    return call.read(lambda tx: _deliveries(tx, call, webhook_id, query))


@router.post("/v1/webhooks/{webhook_id}/replay", response_model=ReplayOut, summary="Send again")
def replay_webhook_deliveries(
    call: WriteCall, webhook_id: UUID, body: ReplayIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Start again with the dead letters, or with everything since an instant. Each keeps its key."""
    return call.write(lambda tx: _replayed(tx, call, webhook_id, body), scope=READ)


def _scope(role: Role) -> str:
    return ADMIN if role is Role.ADMIN else READ


def _may_watch(role: Role) -> bool:
    return may_read_cases(role) or role is Role.ADMIN


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
    made = _with_secret(call, new, secret, None, 201)
    return replace(made, headers={"Location": f"/v1/webhooks/{new.webhook_id}"})


def _with_secret(call: Call, one: Webhook, secret: str, until: datetime | None, status: int) -> Answer:
    """Address and secret go out and are not kept, not even for a repeat."""
    plain = _out(call, one).model_dump()
    whole = answer(NewWebhookOut(**plain, secret=secret, old_secret_until=until), status)
    kept = answer(NewWebhookOut(**plain | {"url": None}, secret=None, old_secret_until=until), status)
    return Answer(whole.status, whole.body, whole.headers, kept.body)


def _listed(tx: Connection, call: Call, query: PageQuery) -> Answer:
    owner = None if _is_admin(call) else call.who.viewer
    rows = webhooks.listed(tx, call.keys, owner, start_of(call, "webhooks", query), query.limit + 1)
    page, following = cut(call, "webhooks", query, rows, lambda one: (one.created_at, one.webhook_id))
    return answer(WebhookList(items=[_out(call, one) for one in page], next=following))


def _changed(tx: Connection, call: Call, webhook_id: UUID, body: WebhookChangeIn) -> Answer:
    """The webhook as it is now. The address goes out and is not kept, not even for a repeat."""
    old = _own(tx, call, webhook_id)
    kinds = old.kinds if body.kinds is None else tuple(dict.fromkeys(body.kinds))
    new = _out(call, webhooks.change(tx, call.keys, old, body.url or old.lock.url, kinds))
    whole, kept = answer(new), answer(new.model_copy(update={"url": None}))
    return Answer(whole.status, whole.body, whole.headers, kept.body)


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
