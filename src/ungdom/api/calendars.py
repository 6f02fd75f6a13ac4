"""Calendar feeds: addresses by which a coordinator's own calendar program reads their deadlines, until revoked."""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response

from ungdom import agenda, texts
from ungdom.api import ical
from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api.cases import answer
from ungdom.api.deps import Answer, Call, ReadCall, WriteCall
from ungdom.api.errors import NoFeed
from ungdom.api.paging import PageQuery, cut, start_of
from ungdom.casework import NotVisible
from ungdom.store import calendar_feeds
from ungdom.store.calendar_feeds import Feed
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection, Database
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import OF_THE_OFFICE

router = APIRouter(tags=["calendar"])
public = APIRouter(tags=["calendar"])

Secret = Annotated[str, Path(json_schema_extra={"pattern": "^[A-Za-z0-9_-]{43}$"})]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=1000)]

KEPT_TO_ONESELF = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The address is the secret: nobody between keeps the answer, and it is not told onward."""


class FeedOut(s.Output):
    """A feed without its address, which is told once. `read_at`: last read, to the hour; null when never."""

    id: UUID
    language: str
    created_at: datetime
    read_at: datetime | None


class NewFeedOut(FeedOut):
    """A feed just made. `address`: told in this answer only; null where a repeated request is answered again."""

    address: str | None


class FeedList(s.Output):
    """A page of the feeds of whoever asks, the oldest first."""

    items: list[FeedOut]
    next: str | None


@router.post("/v1/calendar-feeds", status_code=201, response_model=NewFeedOut, summary="Make a calendar feed")
def create_calendar_feed(call: WriteCall, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """An address that shows the deadlines of your cases to whoever has it, until you revoke it.

    Yours are those assigned to you, and those you opened until they are assigned.

    For coordinators and leaders, in the language asked for. Lost, the address cannot be told again: revoke the feed
    and make another.
    """
    told: list[NewFeedOut] = []
    kept = call.write(lambda tx: _made(tx, call, told))
    if "Idempotency-Replayed" in kept.headers:
        return kept
    return answer(told[-1], 201, **{"Content-Language": call.language, **KEPT_TO_ONESELF}).response()


@router.get("/v1/calendar-feeds", response_model=FeedList, summary="Your calendar feeds")
def list_calendar_feeds(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """Your own feeds: when each was made and last read."""
    return call.read(lambda tx: _listed(tx, call, query))


@router.delete("/v1/calendar-feeds/{feed_id}", status_code=204, summary="Revoke a calendar feed")
def revoke_calendar_feed(call: WriteCall, feed_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Take back one of your own feeds: from now on its address is that of nothing."""
    return call.write(lambda tx: _revoked(tx, call, feed_id))


@public.get(
    "/v1/calendar/{secret}.ics",
    summary="Read a calendar",
    response_class=Response,
    responses={
        200: {"content": {ical.KIND: {"schema": {"type": "string"}}}},
        304: {"description": "Not changed since the ETag given"},
    },
    openapi_extra={"security": []},
)
def get_calendar(
    request: Request,
    secret: Secret,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The deadlines and hearings of one coordinator as iCalendar; the secret in the address stands for a token.

    What they may see now, and nothing once they no longer work there. A revoked address answers as one that never was.
    """
    state = request.app.state
    body = _read(state.db, secret, state.clock(), state.public_url)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**KEPT_TO_ONESELF, "ETag": tag}
    if tag in (if_none_match or ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=f"{ical.KIND}; charset=utf-8")


def _made(tx: Connection, call: Call, told: list[NewFeedOut]) -> Answer:
    """The answer as it may be kept for a repeat: without the address, which goes to `told` and is kept nowhere."""
    subject = _owner(tx, call)
    feed = Feed(uuid7(call.now), subject, call.language, call.now, None)
    secret = calendar_feeds.create(tx, feed)
    made = NewFeedOut(**_shown(feed).model_dump(), address=None)
    told.append(made.model_copy(update={"address": f"{call.public_url}/v1/calendar/{secret}.ics"}))
    return answer(made, 201)


def _owner(tx: Connection, call: Call) -> str:
    """Whose feeds these are. Raises `NoFeed` for those who have none."""
    viewer = call.who.viewer
    if viewer.role not in OF_THE_OFFICE or agenda.owner(tx, viewer.subject, oslo_date(call.now)) is None:
        raise NoFeed
    return viewer.subject


def _listed(tx: Connection, call: Call, query: PageQuery) -> Answer:
    rows = calendar_feeds.of(tx, _theirs(call), start_of(call, "calendar feeds", query), query.limit + 1)
    page, following = cut(call, "calendar feeds", query, rows, lambda one: (one.created_at, one.feed_id))
    return answer(FeedList(items=[_shown(feed) for feed in page], next=following))


def _revoked(tx: Connection, call: Call, feed_id: UUID) -> Answer:
    if not calendar_feeds.revoke(tx, _theirs(call), feed_id):
        raise NotVisible
    return Answer(204, b"", {})


def _theirs(call: Call) -> str:
    """Whose feeds are shown and revoked: also by somebody who is no longer on the staff. Raises `NoFeed`."""
    if call.who.viewer.role not in OF_THE_OFFICE:
        raise NoFeed
    return call.who.viewer.subject


def _shown(feed: Feed) -> FeedOut:
    return FeedOut(id=feed.feed_id, language=feed.language, created_at=feed.created_at, read_at=feed.read_at)


def _read(db: Database, secret: str, now: datetime, base: str) -> bytes:
    """The calendar at this address now. Raises 404 where there is none."""
    with db.reading() as tx:
        feed = calendar_feeds.found(tx, secret)
        if feed is None:
            raise HTTPException(404)
        viewer = agenda.owner(tx, feed.subject, oslo_date(now))
        entries = agenda.ahead(tx, viewer, now) if viewer else []
    if calendar_feeds.is_read_anew(feed, now):
        with db.writing() as tx:
            calendar_feeds.keep_read(tx, feed, now)
    return ical.calendar(entries, texts.pick(feed.language), base)
