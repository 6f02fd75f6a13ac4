"""Notices: what somebody has been told, and that they have read it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ungdom import casework, texts
from ungdom.api import cursors
from ungdom.api import inputs as i
from ungdom.api.authorisation import guarded, needs
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.schemas import Output
from ungdom.api.tokens import READ
from ungdom.message.text import CursorText
from ungdom.notices import hooks, wording
from ungdom.store import notices
from ungdom.store.notices import Shown
from ungdom.store.session import Connection
from ungdom.workflow.alerting import Level
from ungdom.workflow.daycount import oslo_date
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
def list_notices(call: ReadCall, request: Request, query: Annotated[NoticeQuery, Query()]) -> Response:
    """What the caller has been told, the newest first, of cases that they may still see."""
    public_url: str = request.app.state.public_url
    return call.read(lambda tx: _listed(tx, call, query, public_url))


@router.post("/v1/notices/{notice_id}/read", response_model=NoticeOut, summary="Mark a notice as read")
@guarded(needs(READ))
def mark_notice_read(
    call: WriteCall, request: Request, notice_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The caller has read it; the first time counts."""
    public_url: str = request.app.state.public_url
    return call.write(lambda tx: _read(tx, call, notice_id, public_url))


def _listed(tx: Connection, call: Call, query: NoticeQuery, public_url: str) -> Answer:
    of = "notices " + query.model_dump_json(exclude={"cursor", "limit"})
    before = cursors.moment_of(cursors.read(call.cursor_key, of, query.cursor)) if query.cursor else None
    found = notices.inbox(tx, call.who.viewer, query.unread, before, query.limit + 1)
    rows = found[: query.limit]
    last = rows[-1].notice if len(found) > query.limit else None
    following = cursors.write(call.cursor_key, of, cursors.moment(last.at, last.notice_id)) if last else None
    return answer(NoticeList(items=[_out(call, one, public_url) for one in rows], next=following))


def _read(tx: Connection, call: Call, notice_id: UUID, public_url: str) -> Answer:
    if notices.find(tx, call.who.viewer, notice_id) is None:
        raise casework.NotVisible
    notices.read(tx, notice_id, call.now)
    found = notices.find(tx, call.who.viewer, notice_id)
    if found is None:
        raise casework.NotVisible
    return answer(_out(call, found, public_url))


def _out(call: Call, shown: Shown, public_url: str) -> NoticeOut:
    one, day = shown.notice, oslo_date(call.now)
    return NoticeOut(
        id=one.notice_id,
        kind=one.kind,
        alert_id=one.alert_id,
        case_id=one.case_id,
        reference=shown.reference,
        state=shown.state,
        state_label=texts.label(call.language, shown.state),
        phase=PHASE[shown.state],
        code=one.code,
        label=texts.text(call.language, "deadline", one.code),
        level=one.level,
        due=one.due,
        days=one.days_on(day),
        waiting_for=one.waiting_for,
        text=wording.line(call.language, one, day),
        link=hooks.link_to(public_url, one.case_id),
        at=one.at,
        read_at=one.read_at,
        ended_at=one.ended_at,
    )
