"""Webhooks: subscriptions, deliveries, and replay."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import PageQuery, list_response, read_cursor, write_cursor
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import ADMIN, READ
from ungdom.api.webhooks.present import delivery_out, webhook_out
from ungdom.api.webhooks.schemas import (
    DeliveryList,
    DeliveryQuery,
    NewWebhookOut,
    ReplayIn,
    ReplayOut,
    WebhookChangeIn,
    WebhookIn,
    WebhookList,
    WebhookOut,
    WebhookTestOut,
)
from ungdom.delivery.engine import NotDelivered
from ungdom.notices import address
from ungdom.notices import webhooks as hooks
from ungdom.notices.subscriptions import subscribe
from ungdom.store import deliveries, webhooks
from ungdom.store.deliveries import WEBHOOK
from ungdom.store.session import Connection
from ungdom.store.webhooks import Webhook
from ungdom.workflow.rules.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["webhooks"])


def webhook_scope(role: Role) -> str:
    """The scope that the role needs to read webhooks and to end one."""
    return ADMIN if role is Role.ADMIN else READ


def may_read_webhooks(role: Role) -> bool:
    """Whether the role reads webhooks: its own, an administrator those of everybody."""
    return may_read_cases(role) or role is Role.ADMIN


@router.post("/v1/webhooks", status_code=201, response_model=NewWebhookOut, summary="Make a webhook")
@guarded(requires(READ))
def create_webhook(
    context: WriteContext, request: Request, body: WebhookIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Events of the cases that the caller may see are sent to this address. The secret is shown this once."""
    address.check(body.url, request.app.state.webhook_allow)

    def operation(tx: Connection) -> ApiResponse:
        new = subscribe(tx, context.keys, context.recorder.viewer, body.url, body.kinds, context.now)
        [secret] = new.credentials.secrets
        response = _response_with_secret(context, new, secret.text, None, 201)
        return replace(response, headers={"Location": f"/v1/webhooks/{new.webhook_id}"})

    return context.write(operation)


@router.get("/v1/webhooks", response_model=WebhookList, summary="List webhooks")
def list_webhooks(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """The caller's own webhooks; an administrator sees everybody's, without their addresses."""

    def operation(tx: Connection) -> ApiResponse:
        owner = None if _is_admin(context) else context.recorder.viewer
        read, place = partial(webhooks.list_webhooks, tx, context.keys, owner), attrgetter("created_at", "webhook_id")
        present = partial(webhook_out, with_url=not _is_admin(context))
        return list_response(context, "webhooks", query, WebhookList, read, place, present)

    return context.read(operation, scope=webhook_scope, may=may_read_webhooks)


@router.get("/v1/webhooks/{webhook_id}", response_model=WebhookOut, summary="Read a webhook")
def get_webhook(context: ReadContext, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One webhook: where it sends what, and whether it still does. The secret is never shown again."""
    return context.read(
        lambda tx: json_response(webhook_out(_own_webhook(tx, context, webhook_id), with_url=not _is_admin(context))),
        scope=webhook_scope,
        may=may_read_webhooks,
    )


@router.patch("/v1/webhooks/{webhook_id}", response_model=WebhookOut, summary="Change a webhook")
@guarded(requires(READ))
def change_webhook(
    context: WriteContext,
    request: Request,
    webhook_id: UUID,
    body: WebhookChangeIn,
    _query: Annotated[i.NoQuery, Query()],
) -> Response:
    """Send to another address, or other kinds. The secret stays; messages that wait go to the new address."""
    if body.url is not None:
        address.check(body.url, request.app.state.webhook_allow)
    return context.write(lambda tx: _change_webhook(tx, context, webhook_id, body))


@router.delete("/v1/webhooks/{webhook_id}", status_code=204, summary="Delete a webhook")
@guarded(requires(webhook_scope, may_read_webhooks))
def delete_webhook(context: WriteContext, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Nothing more is sent to it; its address and secret are deleted."""

    def operation(tx: Connection) -> ApiResponse:
        webhook = _own_webhook(tx, context, webhook_id)
        deliveries.withdraw_all(tx, deliveries.receiver_of(WEBHOOK, webhook.webhook_id), "deleted", context.now)
        webhooks.remove(tx, webhook.webhook_id)
        return ApiResponse(204, b"", {})

    return context.write(operation)


@router.post("/v1/webhooks/{webhook_id}/rotate", response_model=NewWebhookOut, summary="Change the secret")
@guarded(requires(READ))
def rotate_webhook_secret(context: WriteContext, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """A new secret, shown this once; the one before it signs as well for a day. One that was gone is told again."""

    def operation(tx: Connection) -> ApiResponse:
        secret, until = hooks.new_secret(), context.now + hooks.OLD_SECRET_VALID_FOR
        new = webhooks.rotate_secret(tx, context.keys, _own_webhook(tx, context, webhook_id), secret, until)
        return _response_with_secret(context, new, secret, until, 200)

    return context.write(operation)


@router.get("/v1/webhooks/{webhook_id}/deliveries", response_model=DeliveryList, summary="What has become of messages")
def list_webhook_deliveries(
    context: ReadContext, webhook_id: UUID, query: Annotated[DeliveryQuery, Query()]
) -> Response:
    """Every message for this webhook and how it stands: the dead letters among them."""
    return context.read(lambda tx: _page_of_deliveries(tx, context, webhook_id, query))


@router.post("/v1/webhooks/{webhook_id}/replay", response_model=ReplayOut, summary="Send again")
@guarded(requires(READ))
def replay_webhook_deliveries(
    context: WriteContext, webhook_id: UUID, body: ReplayIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Start again with the dead letters, or with everything since an instant. Each keeps its key."""

    def operation(tx: Connection) -> ApiResponse:
        receiver = deliveries.receiver_of(WEBHOOK, _own_webhook(tx, context, webhook_id).webhook_id)
        return json_response(ReplayOut(replayed=deliveries.replay(tx, receiver, body.since)))

    return context.write(operation)


@router.post("/v1/webhooks/{webhook_id}/test", response_model=WebhookTestOut, summary="Send a test message")
@guarded(requires(webhook_scope, may_read_webhooks))
def send_webhook_test(
    context: WriteContext, request: Request, webhook_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """A signed event of the type `test` is sent once, now, and not again; what became of it.

    A request that is repeated with its key has the answer of the first one, and sends nothing.
    """
    webhook, answered = context.read_before(lambda tx: (_own_webhook(tx, context, webhook_id), context.is_repeated(tx)))
    webhooks.require_readable(webhook)
    state = request.app.state
    test = hooks.SignedTest.of(context.public_url, webhook.credentials.valid(context.now), state.signed_at())
    reason = None
    if not answered:
        try:
            test.send(webhook.credentials.url, state.webhook_allow, state.send_webhook)
        except NotDelivered as error:
            reason = error.reason
    out = WebhookTestOut(id=test.key, delivered=reason is None, reason=reason)
    return context.write(lambda _tx: json_response(out))


def _is_admin(context: RequestContext) -> bool:
    return context.recorder.viewer.role is Role.ADMIN


def _response_with_secret(
    context: RequestContext, webhook: Webhook, secret: str, until: datetime | None, status: int
) -> ApiResponse:
    """The response with address and secret, which are not stored for a repeated request."""
    plain = webhook_out(webhook, with_url=not _is_admin(context)).model_dump()
    whole = json_response(NewWebhookOut(**plain, secret=secret, old_secret_until=until), status)
    stored = json_response(NewWebhookOut(**plain | {"url": None}, secret=None, old_secret_until=until), status)
    return ApiResponse(whole.status, whole.body, whole.headers, stored.body)


def _change_webhook(tx: Connection, context: RequestContext, webhook_id: UUID, body: WebhookChangeIn) -> ApiResponse:
    """The changed webhook. The address is not stored for a repeated request."""
    old = _own_webhook(tx, context, webhook_id)
    kinds = old.kinds if body.kinds is None else tuple(dict.fromkeys(body.kinds))
    new = webhook_out(
        webhooks.change(tx, context.keys, old, body.url or old.credentials.url, kinds), with_url=not _is_admin(context)
    )
    whole, stored = json_response(new), json_response(new.model_copy(update={"url": None}))
    return ApiResponse(whole.status, whole.body, whole.headers, stored.body)


def _page_of_deliveries(tx: Connection, context: RequestContext, webhook_id: UUID, query: DeliveryQuery) -> ApiResponse:
    receiver = deliveries.receiver_of(WEBHOOK, _own_webhook(tx, context, webhook_id).webhook_id)
    list_key = f"{receiver} {query.state}"
    after = read_cursor(context, list_key, query)
    before = int(after) if after else None
    entries = deliveries.page(tx, receiver, query.state, before, query.limit + 1)
    rows = entries[: query.limit]
    following = write_cursor(context, list_key, str(rows[-1].place) if len(entries) > query.limit else None)
    return json_response(DeliveryList(items=[delivery_out(delivery) for delivery in rows], next=following))


def _own_webhook(tx: Connection, context: RequestContext, webhook_id: UUID) -> Webhook:
    """The webhook of the caller; any for an administrator. Raises `NotVisible`."""
    webhook, viewer = webhooks.find(tx, context.keys, webhook_id), context.recorder.viewer
    is_owner = webhook is not None and (webhook.owner.subject, webhook.owner.role) == (viewer.subject, viewer.role)
    if webhook is None or not (is_owner or _is_admin(context)):
        raise cases.NotVisible
    return webhook
