"""The change feed: what happened in cases that the caller may see, from any point on and without gaps."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.feed.schemas import ChangeFeedOut, ChangeFeedQuery, ChangeOut
from ungdom.api.http import cursors
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.errors import BadCursor
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ
from ungdom.notices import webhooks
from ungdom.notices.dispatch import may_be_sent
from ungdom.notices.recipients import recipient_directory
from ungdom.store import feed
from ungdom.store.feed import FeedEntry
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_subscribe_to_events

router = APIRouter(tags=["feed"])

LIST = "feed"
SCANNED = 500
"""Entries that one request looks at, whoever may see them."""


@router.get("/v1/feed", response_model=ChangeFeedOut, summary="What has happened since")
def read_feed(context: ReadContext, query: Annotated[ChangeFeedQuery, Query()]) -> Response:
    """Events and alerts of cases that the caller may see, in the order in which they became visible, without gaps.

    Keep `after` of each answer and send it with the next request; ask again at once while `more` is true, and every few
    seconds otherwise. Nothing that is committed late is missed, and nothing comes twice. What the caller may not learn
    of is left out, so that an answer may have no items while there is more.
    """
    context.require(READ, may_subscribe_to_events)
    feed.number_new(context.db)
    return context.read(lambda tx: _part(tx, context, query), may=may_subscribe_to_events)


def _part(tx: Connection, context: RequestContext, query: ChangeFeedQuery) -> ApiResponse:
    newest = feed.newest_position(tx)
    position = newest if query.newest and query.after is None else _position(tx, context, query.after)
    message_id = feed.message_at(tx, position)
    items: list[ChangeOut] = []
    for entry, shown in _entries(tx, context, feed.entries_after(tx, position, SCANNED)):
        if len(items) == query.limit:
            break
        position, message_id = entry.position, entry.message.message_id
        items += [shown] if shown is not None else []
    after = cursors.encrypt(context.cursor_keys, LIST, _place(position, message_id))
    return json_response(ChangeFeedOut(items=items, after=after, more=position < newest))


def _position(tx: Connection, context: RequestContext, after: str | None) -> int:
    """The position that the cursor names; 0 without one.

    Raises `BadCursor` where another message has that position, or none: the cursor is of another database, or from
    before a backup was restored, after which positions are given anew.
    """
    if not after:
        return 0
    place = cursors.decrypt(context.cursor_keys, LIST, after)
    position = int(place.split(" ")[0])
    if place != _place(position, feed.message_at(tx, position)):
        raise BadCursor
    return position


def _place(position: int, message_id: UUID | None) -> str:
    """The position, and the message that has it, if there is one: no message has position 0."""
    return f"{position} {message_id}"


def _entries(
    tx: Connection, context: RequestContext, entries: list[FeedEntry]
) -> Iterator[tuple[FeedEntry, ChangeOut | None]]:
    """Each entry with what is shown of it; None where the caller may not learn of it."""
    viewer = context.recorder.viewer
    directory = recipient_directory(tx, list({entry.message.case_id for entry in entries}), context.today)
    for entry in entries:
        if may_be_sent(directory, viewer, entry.message):
            reference = directory.cases[entry.message.case_id].reference
            body = webhooks.event_body(context.public_url, entry.message, reference)
            yield entry, ChangeOut.model_validate_json(body)
        else:
            yield entry, None
