"""Notices: list one's own, and mark one as read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import page_and_cursor, start_after
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ, STATUS
from ungdom.api.notices.present import notice_out
from ungdom.api.notices.schemas import NoticeList, NoticeOut, NoticeQuery
from ungdom.notices.recipients import learnt_notices
from ungdom.store import notices
from ungdom.store.notices import NoticeWithCase
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_cases
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["notices"])


def _has_notices(role: Role) -> bool:
    return may_read_cases(role) or role is Role.AUDITOR


def _scope(role: Role) -> str:
    return STATUS if role is Role.AUDITOR else READ


@router.get("/v1/notices", response_model=NoticeList, summary="List your own notices")
def list_notices(context: ReadContext, request: Request, query: Annotated[NoticeQuery, Query()]) -> Response:
    """What the caller has been told, the newest first, of cases that they may still see."""
    public_url: str = request.app.state.public_url
    return context.read(lambda tx: _page_of_notices(tx, context, query, public_url), _scope, _has_notices)


@router.post("/v1/notices/{notice_id}/read", response_model=NoticeOut, summary="Mark a notice as read")
@guarded(requires(_scope, _has_notices))
def mark_notice_read(
    context: WriteContext, request: Request, notice_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The caller has read it; the first time counts."""
    public_url: str = request.app.state.public_url

    def operation(tx: Connection) -> ApiResponse:
        _own_notice(tx, context, notice_id)
        notices.mark_read(tx, notice_id, context.now)
        entry = _own_notice(tx, context, notice_id)
        return json_response(notice_out(entry, context.language, context.today, public_url))

    return context.write(operation)


def _page_of_notices(tx: Connection, context: RequestContext, query: NoticeQuery, public_url: str) -> ApiResponse:
    list_key = "notices " + query.model_dump_json(exclude={"cursor", "limit"})
    before = start_after(context, list_key, query)
    entries = notices.inbox(tx, context.recorder.viewer, query.unread, before, query.limit + 1)
    rows, following = page_and_cursor(
        context, list_key, query, entries, lambda entry: (entry.notice.at, entry.notice.notice_id)
    )
    return json_response(
        NoticeList(
            items=[
                notice_out(entry, context.language, context.today, public_url)
                for entry in learnt_notices(tx, rows, context.today)
            ],
            next=following,
        )
    )


def _own_notice(tx: Connection, context: RequestContext, notice_id: UUID) -> NoticeWithCase:
    """The notice of this viewer. Raises `NotVisible` where there is none, or they may not learn of its clock."""
    entry = notices.find(tx, context.recorder.viewer, notice_id)
    if entry is None or not learnt_notices(tx, [entry], context.today):
        raise cases.NotVisible
    return entry
