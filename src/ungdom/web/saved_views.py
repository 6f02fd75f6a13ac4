"""Views of the list of today that somebody saves, for themselves or for their konfliktråd, and deletes again."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import RedirectResponse

from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import RequestContext
from ungdom.api.http.inputs import Input
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.message.text import LineText
from ungdom.store import web_views
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.store.web_views import SavedView
from ungdom.web.places import TODAY
from ungdom.web.submitting import SentForm, key_refused, sent_form, submitted, validated, write_context
from ungdom.web.today import TodayQuery, ViewOut, today_answer
from ungdom.workflow.rules.permissions import may_read_worklist

router = APIRouter(include_in_schema=False)


class ViewIn(Input):
    """A view to save. `shared`: for everybody of the konfliktråd."""

    name: Annotated[LineText, Field(max_length=60)]
    shared: bool = False


@router.post("/today/views", response_model=ViewOut)
@guarded(requires(READ, may_read_worklist))
def save_view(request: Request) -> Response:
    """Save what the list asks for now, under a name."""

    def operation(context: RequestContext, sent: SentForm) -> Response:
        body = validated(ViewIn, {**sent.values("name"), "shared": sent.first("shared") is not None})
        return context.write(lambda tx: _save(tx, context, body, _query_string(sent)))

    def again(context: RequestContext, sent: SentForm, status: int) -> Response:
        return today_answer(request, context, _query(sent.first("query") or ""), sent, status)

    def done(_context: RequestContext, sent: SentForm, _response: Response) -> Response:
        return RedirectResponse(f"{TODAY.path}?{_query_string(sent)}", 303)

    return submitted(request, operation, again, done)


@router.post("/today/views/{view_id}/delete")
@guarded(requires(READ, may_read_worklist))
def delete_view(request: Request, view_id: UUID) -> Response:
    """Delete a view that the person has saved, or as leader one that is shared in the konfliktråd."""
    context = write_context(request, sent_form(request))
    if context is None:
        return key_refused(request)
    viewer = context.principal.viewer

    def operation(tx: Connection) -> ApiResponse:
        web_views.remove(tx, view_id, viewer)
        return ApiResponse(204, b"", {})

    context.write(operation)
    return RedirectResponse(TODAY.path, 303)


def _query_string(sent: SentForm) -> str:
    return urlencode(_query(sent.first("query") or "").model_dump(mode="json", exclude_none=True))


def _query(given: str) -> TodayQuery:
    """What the list asks for by this address: fields of the form alone, and no page. Raises as the list does."""
    fields = dict(parse_qsl(given))
    fields.pop("cursor", None)
    return validated(TodayQuery, fields, "query")


def _save(tx: Connection, context: RequestContext, body: ViewIn, query: str) -> ApiResponse:
    """Raises `RequestValidationError` where the person has as many as one may have: the list says which can go."""
    viewer = context.principal.viewer
    if not web_views.has_room(tx, viewer.subject):
        fault = {"type": "views_full", "loc": ("body", "name"), "ctx": {"le": web_views.MOST_VIEWS}}
        raise RequestValidationError([fault])
    view = SavedView(
        view_id=uuid7(context.now),
        subject=viewer.subject,
        konfliktrad=viewer.konfliktrad if body.shared else None,
        name=body.name,
        query=query,
        created_at=context.now,
    )
    web_views.save(tx, view)
    shared = view.konfliktrad is not None
    shown = ViewOut(id=view.view_id, name=view.name, query=query, may_delete=True, is_shared=shared)
    return json_response(shown, 201)
