"""Notices: what somebody has been told, and that they have read it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ungdom import cases, texts
from ungdom.api.http import cursors
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import Output
from ungdom.api.http.tokens import READ
from ungdom.message.text import CursorText
from ungdom.notices import mail_template, webhooks
from ungdom.store import notices
from ungdom.store.notices import NoticeWithCase
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.escalation import Level
from ungdom.workflow.vocabulary import PHASE, Party, Phase, State

router = APIRouter(tags=["notices"])


class NoticeOut(Output):
    """One notice: which case, where it stands now, which clock, how late. Nothing of who it is about.

    `days`: past the due day today, negative before it; of an alert that has ended, as it was raised.
    """

    id: UUID
    kind: str
    alert_id: UUID
    case_id: UUID
    reference: str
    state: State
    state_label: str
    phase: Phase
    code: str
    label: str
    level: Level
    due: date
    days: int
    waiting_for: Party | None
    text: str
    link: str
    at: datetime
    read_at: datetime | None
    ended_at: datetime | None


class NoticeList(Output):
    """A page of notices, the newest first."""

    items: list[NoticeOut]
    next: str | None


class NoticeQuery(Input):
    """Which notices. `unread`: only those not read yet."""

    unread: bool = False
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None


@router.get("/v1/notices", response_model=NoticeList, summary="One's own notices")
def list_notices(context: ReadContext, request: Request, query: Annotated[NoticeQuery, Query()]) -> Response:
    """What the caller has been told, the newest first, of cases that they may still see."""
    public_url: str = request.app.state.public_url
    return context.read(lambda tx: _page_of_notices(tx, context, query, public_url))


@router.post("/v1/notices/{notice_id}/read", response_model=NoticeOut, summary="Mark a notice as read")
@guarded(requires(READ))
def mark_notice_read(
    context: WriteContext, request: Request, notice_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The caller has read it; the first time counts."""
    public_url: str = request.app.state.public_url
    return context.write(lambda tx: _mark_read(tx, context, notice_id, public_url))


def _page_of_notices(tx: Connection, context: RequestContext, query: NoticeQuery, public_url: str) -> ApiResponse:
    list_key = "notices " + query.model_dump_json(exclude={"cursor", "limit"})
    before = (
        cursors.decode_instant_place(cursors.read(context.cursor_key, list_key, query.cursor)) if query.cursor else None
    )
    entries = notices.inbox(tx, context.recorder.viewer, query.unread, before, query.limit + 1)
    rows = entries[: query.limit]
    last = rows[-1].notice if len(entries) > query.limit else None
    following = (
        cursors.write(context.cursor_key, list_key, cursors.encode_instant_place(last.at, last.notice_id))
        if last
        else None
    )
    return json_response(NoticeList(items=[_notice_out(context, entry, public_url) for entry in rows], next=following))


def _mark_read(tx: Connection, context: RequestContext, notice_id: UUID, public_url: str) -> ApiResponse:
    if notices.find(tx, context.recorder.viewer, notice_id) is None:
        raise cases.NotVisible
    notices.mark_read(tx, notice_id, context.now)
    entry = notices.find(tx, context.recorder.viewer, notice_id)
    if entry is None:
        raise cases.NotVisible
    return json_response(_notice_out(context, entry, public_url))


def _notice_out(context: RequestContext, entry: NoticeWithCase, public_url: str) -> NoticeOut:
    notice, day = entry.notice, oslo_date(context.now)
    return NoticeOut(
        id=notice.notice_id,
        kind=notice.kind,
        alert_id=notice.alert_id,
        case_id=notice.case_id,
        reference=entry.reference,
        state=entry.state,
        state_label=texts.label(context.language, entry.state),
        phase=PHASE[entry.state],
        code=notice.code,
        label=texts.text(context.language, "deadline", notice.code),
        level=notice.level,
        due=notice.due,
        days=notice.days_on(day),
        waiting_for=notice.waiting_for,
        text=mail_template.notice_line(context.language, notice, day),
        link=webhooks.link_to(public_url, notice.case_id),
        at=notice.at,
        read_at=notice.read_at,
        ended_at=notice.ended_at,
    )
