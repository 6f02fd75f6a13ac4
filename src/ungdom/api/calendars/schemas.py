"""Schemas of calendar feeds."""

from datetime import datetime
from uuid import UUID

from ungdom.api.http.schemas import Output


class FeedOut(Output):
    """A feed without its address, which is told once. `read_at`: last read, to the hour; null when never."""

    id: UUID
    language: str
    created_at: datetime
    read_at: datetime | None


class NewFeedOut(FeedOut):
    """A feed just made. `address`: told in this answer only; null where a repeated request is answered again."""

    address: str | None


class FeedList(Output):
    """A page of the feeds of whoever asks, the oldest first."""

    items: list[FeedOut]
    next: str | None
