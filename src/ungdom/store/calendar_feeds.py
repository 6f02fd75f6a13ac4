"""Calendar feeds: made for one person, found by a secret of which only the hash is kept, and revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, or_, select, update

from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.calendars import calendar_feed

_SECRET = 32
_READ_RESOLUTION = timedelta(hours=1)
_F = calendar_feed.c
_COLUMNS = (_F.feed_id, _F.subject, _F.language, _F.created_at, _F.read_at)


@dataclass(frozen=True, slots=True)
class Feed:
    """One address. `read_at`: when it was read last, to the hour; None when never."""

    feed_id: UUID
    subject: str
    language: str
    created_at: datetime
    read_at: datetime | None


def create(tx: Connection, feed: Feed) -> str:
    """Keep a new feed. The secret of its address, 256 random bits as 43 characters: told now and never again."""
    secret = secrets.token_urlsafe(_SECRET)
    row = {column.name: getattr(feed, column.name) for column in _COLUMNS}
    tx.execute(insert(calendar_feed), row | {"secret_hash": _hash(secret)})
    return secret


def feeds_of(tx: Connection, subject: str, after: KeysetPosition | None, limit: int) -> list[Feed]:
    """A page of the feeds of this person, the oldest first, from after this one on."""
    own_feeds = select(*_COLUMNS).where(_F.subject == subject)
    query = page(own_feeds, (_F.created_at, _F.feed_id), after, limit, newest_first=False)
    return [Feed(**row) for row in tx.execute(query).mappings()]


def find_by_secret(tx: Connection, secret: str) -> Feed | None:
    """The feed with this secret; None when there is none, or it was revoked."""
    row = tx.execute(select(*_COLUMNS).where(_F.secret_hash == _hash(secret))).mappings().one_or_none()
    return Feed(**row) if row else None


def revoke(tx: Connection, subject: str, feed_id: UUID) -> bool:
    """Take back a feed of this person; whether they had it."""
    own_feed = (_F.feed_id == feed_id) & (_F.subject == subject)
    return tx.execute(delete(calendar_feed).where(own_feed)).rowcount == 1


def should_record_read(feed: Feed, now: datetime) -> bool:
    """Whether this reading is worth keeping: none has been in the last hour."""
    return feed.read_at is None or feed.read_at <= now - _READ_RESOLUTION


def record_read(tx: Connection, feed: Feed, now: datetime) -> None:
    """Keep that it was read now; of readings at once one does."""
    earlier = or_(_F.read_at.is_(None), _F.read_at < now)
    tx.execute(update(calendar_feed).where(_F.feed_id == feed.feed_id, earlier).values(read_at=now))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
