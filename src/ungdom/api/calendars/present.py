"""Calendar feeds as schemas."""

from ungdom.api.calendars.schemas import FeedOut
from ungdom.store.calendar_feeds import Feed


def feed_out(feed: Feed) -> FeedOut:
    return FeedOut(id=feed.feed_id, language=feed.language, created_at=feed.created_at, read_at=feed.read_at)
