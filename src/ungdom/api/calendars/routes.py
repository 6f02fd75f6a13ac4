"""Calendar feeds: addresses by which a coordinator's own calendar program reads their deadlines, until revoked."""

import hashlib
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response

from ungdom import links, texts
from ungdom.api.calendars import ical
from ungdom.api.calendars.present import feed_out
from ungdom.api.calendars.schemas import FeedList, NewFeedOut
from ungdom.api.http import inputs as i
from ungdom.api.http.access import Reader
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.errors import NoFeed
from ungdom.api.http.pagination import PageQuery, list_response
from ungdom.api.http.responses import PRIVATE_HEADERS, ApiResponse, json_response
from ungdom.api.http.tokens import WRITE
from ungdom.cases import NotVisible
from ungdom.message.text import HeaderText, SecretText
from ungdom.store import calendar_feeds
from ungdom.store.calendar_feeds import Feed
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, Viewer
from ungdom.workflow.vocabulary import Role
from ungdom.worklist import agenda

router = APIRouter(tags=["calendar"])
public = APIRouter(tags=["calendar"])

Secret = Annotated[SecretText, Path(json_schema_extra={"pattern": "^[A-Za-z0-9_-]{43}$"})]
CALENDAR = "calendar"
"""The system in the access log: a calendar program, which has no token."""
IfNoneMatch = Annotated[HeaderText | None, Header(alias="If-None-Match")]


def _may_have_feeds(role: Role) -> bool:
    return role in OF_THE_OFFICE


@router.post("/v1/calendar-feeds", status_code=201, response_model=NewFeedOut, summary="Make a calendar feed")
@guarded(requires(WRITE, _may_have_feeds))
def create_calendar_feed(context: WriteContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """An address that shows the deadlines of your cases to whoever has it, until you revoke it.

    Yours are those assigned to you, and those you opened until they are assigned.

    For coordinators and leaders, in the language asked for. Lost, the address cannot be told again: revoke the feed
    and make another.
    """
    created: list[NewFeedOut] = []
    response = context.write(lambda tx: _create_feed(tx, context, created), in_service=False)
    if "Idempotency-Replayed" in response.headers:
        return response
    return json_response(created[-1], 201, **{"Content-Language": context.language, **PRIVATE_HEADERS}).to_http()


@router.get("/v1/calendar-feeds", response_model=FeedList, summary="Your calendar feeds")
def list_calendar_feeds(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """Your own feeds: when each was made and last read."""

    def operation(tx: Connection) -> ApiResponse:
        read = partial(calendar_feeds.feeds_of, tx, _subject_of_feeds(context))
        place = attrgetter("created_at", "feed_id")
        return list_response(context, "calendar feeds", query, FeedList, read, place, feed_out)

    return context.read(operation, in_service=False)


@router.delete("/v1/calendar-feeds/{feed_id}", status_code=204, summary="Revoke a calendar feed")
@guarded(requires(WRITE, _may_have_feeds))
def revoke_calendar_feed(context: WriteContext, feed_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Take back one of your own feeds: from now on its address is that of nothing."""

    def operation(tx: Connection) -> ApiResponse:
        if not calendar_feeds.revoke(tx, _subject_of_feeds(context), feed_id):
            raise NotVisible
        return ApiResponse(204, b"", {})

    return context.write(operation, in_service=False)


@public.get(
    "/v1/calendar/{secret}.ics",
    summary="Read a calendar",
    response_class=Response,
    responses={
        200: {"content": {ical.MEDIA_TYPE: {"schema": {"type": "string"}}}},
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
    viewer, body = _read_calendar(state.db, secret, state.clock(), state.public_url)
    if viewer is not None:
        request.state.reader = Reader(viewer, CALENDAR)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**PRIVATE_HEADERS, "ETag": tag}
    if tag in (if_none_match or ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=f"{ical.MEDIA_TYPE}; charset=utf-8")


def _create_feed(tx: Connection, context: RequestContext, created: list[NewFeedOut]) -> ApiResponse:
    """The response stored for a repeated request: without the address, which is put in `created` and not stored."""
    subject = _feed_owner(tx, context)
    feed = Feed(uuid7(context.now), subject, context.language, context.now, None)
    secret = calendar_feeds.create(tx, feed)
    new = NewFeedOut(**feed_out(feed).model_dump(), address=None)
    created.append(new.model_copy(update={"address": links.calendar_feed(context.public_url, secret)}))
    return json_response(new, 201)


def _feed_owner(tx: Connection, context: RequestContext) -> str:
    """Whose feeds these are. Raises `NoFeed` for those who have none."""
    viewer = context.recorder.viewer
    if not _may_have_feeds(viewer.role) or agenda.owner(tx, viewer.subject, context.today) is None:
        raise NoFeed
    return viewer.subject


def _subject_of_feeds(context: RequestContext) -> str:
    """The owner of the feeds to list or revoke, also when no longer on the staff. Raises `NoFeed` for other roles."""
    if context.recorder.viewer.role not in OF_THE_OFFICE:
        raise NoFeed
    return context.recorder.viewer.subject


def _read_calendar(db: Database, secret: str, now: datetime, base: str) -> tuple[Viewer | None, bytes]:
    """Whose calendar is at this address, None if they work there no more, and how it is now. Raises 404 for none."""
    with db.reading() as tx:
        feed = calendar_feeds.find_by_secret(tx, secret)
        if feed is None:
            raise HTTPException(404)
        viewer = agenda.owner(tx, feed.subject, oslo_date(now))
        entries = agenda.upcoming(tx, viewer, now) if viewer else []
    if calendar_feeds.should_record_read(feed, now):
        with db.writing() as tx:
            calendar_feeds.record_read(tx, feed, now)
    return viewer, ical.calendar(entries, texts.negotiate(feed.language), base)
