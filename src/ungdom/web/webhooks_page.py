"""Webhooks of whoever is signed in: made, changed, tried and ended. Administrators see everybody's, and end them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.tokens import READ
from ungdom.api.webhooks import routes as api
from ungdom.api.webhooks.routes import may_read_webhooks, webhook_scope
from ungdom.api.webhooks.schemas import (
    DeliveryQuery,
    Kind,
    ReplayIn,
    WebhookChangeIn,
    WebhookIn,
    WebhookList,
    WebhookOut,
)
from ungdom.web.administration_page import TableQuery, tabs
from ungdom.web.page import answer, data_of
from ungdom.web.places import WEBHOOKS
from ungdom.web.queries import address_of
from ungdom.web.submitting import SentForm, submitted, validated
from ungdom.workflow.rules.permissions import may_read_cases

router = APIRouter(include_in_schema=False)

ROWS = 25
NOTHING: Mapping[str, Any] = MappingProxyType({})
ADDRESS = WEBHOOKS.path + "/{webhook_id}"
Operation = Callable[[RequestContext, SentForm], Response]


@router.get(WEBHOOKS.path, response_model=WebhookList)
def webhooks_page(request: Request, context: ReadContext, query: Annotated[TableQuery, Query()]) -> Response:
    """Which systems are sent messages, about what, and whether they still are; and a form for another one."""
    return _list_page(request, context, query, SentForm())


@router.post(WEBHOOKS.path, response_model=WebhookOut)
@guarded(requires(READ))
def make_webhook(request: Request) -> Response:
    """Make a webhook; its page, with the secret this once."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        body = validated(WebhookIn, {**sent.values("url"), "kinds": sent.entered.get("kinds", [])})
        return api.create_webhook(context, request, body, _query=i.NoQuery())

    def again(context: RequestContext, sent: SentForm, status: int) -> Response:
        return _list_page(request, context, TableQuery(), sent, status)

    def done(context: RequestContext, _sent: SentForm, response: Response) -> Response:
        webhook = data_of(response)
        return _webhook_page(request, context, UUID(webhook["id"]), SentForm(), done={"signed": webhook})

    return submitted(request, operation, again, done)


@router.get(ADDRESS, response_model=WebhookOut)
def webhook_page(request: Request, context: ReadContext, webhook_id: UUID) -> Response:
    """One webhook, and what has become of the messages for it."""
    context.require_role(WEBHOOKS.may)
    return _webhook_page(request, context, webhook_id, SentForm())


@router.post(ADDRESS + "/change", response_model=WebhookOut)
@guarded(requires(READ))
def change_webhook(request: Request, webhook_id: UUID) -> Response:
    """Send to another address, or other kinds."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        body = validated(WebhookChangeIn, {**sent.values("url"), "kinds": sent.entered.get("kinds", [])})
        return api.change_webhook(context, request, webhook_id, body, _query=i.NoQuery())

    return _left(request, webhook_id, operation)


@router.post(ADDRESS + "/delete")
@guarded(requires(webhook_scope, may_read_webhooks))
def delete_webhook(request: Request, webhook_id: UUID) -> Response:
    """End a webhook."""

    def operation(context: RequestContext, _sent: SentForm) -> Response:
        return api.delete_webhook(context, webhook_id, _query=i.NoQuery())

    return _left(request, webhook_id, operation, to=WEBHOOKS.path)


@router.post(ADDRESS + "/secret", response_model=WebhookOut)
@guarded(requires(READ))
def rotate_secret(request: Request, webhook_id: UUID) -> Response:
    """A new secret, shown this once."""
    return _shown(request, webhook_id, "signed", lambda c, _s: api.rotate_webhook_secret(c, webhook_id, i.NoQuery()))


@router.post(ADDRESS + "/replay", response_model=WebhookOut)
@guarded(requires(READ))
def replay(request: Request, webhook_id: UUID) -> Response:
    """Send again what was given up."""

    def operation(context: RequestContext, _sent: SentForm) -> Response:
        return api.replay_webhook_deliveries(context, webhook_id, ReplayIn(), _query=i.NoQuery())

    return _shown(request, webhook_id, "replayed", operation)


@router.post(ADDRESS + "/test", response_model=WebhookOut)
@guarded(requires(webhook_scope, may_read_webhooks))
def send_test(request: Request, webhook_id: UUID) -> Response:
    """Send a test message, and say what became of it."""
    return _shown(
        request, webhook_id, "tested", lambda c, _s: api.send_webhook_test(c, request, webhook_id, i.NoQuery())
    )


def _left(request: Request, webhook_id: UUID, operation: Operation, to: str | None = None) -> Response:
    """After the form another page: that of the webhook, if none is named."""
    there = to or f"{WEBHOOKS.path}/{webhook_id}"
    return submitted(
        request, operation, _again(request, webhook_id), lambda _context, _sent, _response: RedirectResponse(there, 303)
    )


def _shown(request: Request, webhook_id: UUID, name: str, operation: Operation) -> Response:
    """The page of the webhook with the answer of the interface, which is given once."""

    def done(context: RequestContext, _sent: SentForm, response: Response) -> Response:
        return _webhook_page(request, context, webhook_id, SentForm(), done={name: data_of(response)})

    return submitted(request, operation, _again(request, webhook_id), done)


def _again(request: Request, webhook_id: UUID) -> Callable[[RequestContext, SentForm, int], Response]:
    return lambda context, sent, status: _webhook_page(request, context, webhook_id, sent, status)


def _list_page(
    request: Request, context: RequestContext, query: TableQuery, sent: SentForm, status: int = 200
) -> Response:
    context.require_role(WEBHOOKS.may)
    data = data_of(api.list_webhooks(context, PageQuery(limit=ROWS, cursor=query.cursor)))
    values = {
        **tabs(context, WEBHOOKS.path),
        "hooks": data["items"],
        "next_page": address_of(WEBHOOKS.path, {}, {"cursor": data["next"]}) if data["next"] else None,
        **_form(context, sent),
        "path": WEBHOOKS.path,
    }
    return answer(request, "webhooks.html", values, status)


def _webhook_page(
    request: Request,
    context: RequestContext,
    webhook_id: UUID,
    sent: SentForm,
    status: int = 200,
    done: Mapping[str, Any] = NOTHING,
) -> Response:
    hook = data_of(api.get_webhook(context, webhook_id, _query=i.NoQuery()))
    values = {
        "hook": hook,
        "deliveries": _deliveries(context, webhook_id),
        **_form(context, sent),
        **{name: done.get(name) for name in ("signed", "replayed", "tested")},
        "path": f"{WEBHOOKS.path}/{webhook_id}",
        "query_string": "",
    }
    return answer(request, "webhook.html", values, status)


def _deliveries(context: RequestContext, webhook_id: UUID) -> list[dict[str, Any]]:
    """The newest messages; none for an administrator, whom the interface does not tell of cases."""
    if not may_read_cases(context.principal.viewer.role):
        return []
    answered = api.list_webhook_deliveries(context, webhook_id, DeliveryQuery(limit=ROWS))
    items: list[dict[str, Any]] = data_of(answered)["items"]
    return items


def _form(context: RequestContext, sent: SentForm) -> dict[str, Any]:
    return {
        "may_make": may_read_cases(context.principal.viewer.role),
        "all_kinds": get_args(Kind),
        "problem": sent.problem,
        "entered_url": sent.first("url") or "",
        "entered_kinds": sent.entered.get("kinds", []),
    }
