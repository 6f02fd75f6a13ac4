"""Calendar feeds: each belongs to one person and is found by a secret, of which only the hash is stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, or_, select, update

from ungdom.store import chain_changes
from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.calendars import calendar_feed

_SECRET = 32
_READ_RESOLUTION = timedelta(hours=1)
_F = calendar_feed.c
_COLUMNS = (_F.feed_id, _F.subject, _F.language, _F.created_at, _F.read_at)


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed. `read_at`: the last read, to the hour; None if it was never read."""

    feed_id: UUID
    subject: str
    language: str
    created_at: datetime
    read_at: datetime | None


def create(tx: Connection, feed: Feed) -> str:
    """Stores a new feed; returns the secret of its address, 256 random bits as 43 characters, which is not stored."""
    secret = secrets.token_urlsafe(_SECRET)
    row = {column.name: getattr(feed, column.name) for column in _COLUMNS}
    tx.execute(insert(calendar_feed), row | {"secret_hash": _hash(secret)})
    chain_changes.record(tx, calendar_feed, row)
    return secret


def feeds_of(tx: Connection, subject: str, after: KeysetPosition | None, limit: int) -> list[Feed]:
    """One page of the feeds of this person after that position, oldest first."""
    own_feeds = select(*_COLUMNS).where(_F.subject == subject)
    query = page(own_feeds, (_F.created_at, _F.feed_id), after, limit, newest_first=False)
    return [Feed(**row) for row in tx.execute(query).mappings()]


def find_by_secret(tx: Connection, secret: str) -> Feed | None:
    """The feed with this secret; None if there is none or it was revoked."""
    row = tx.execute(select(*_COLUMNS).where(_F.secret_hash == _hash(secret))).mappings().one_or_none()
    return Feed(**row) if row else None


def revoke(tx: Connection, subject: str, feed_id: UUID) -> bool:
    """Deletes a feed of this person; False if they have no such feed."""
    own_feed = (_F.feed_id == feed_id) & (_F.subject == subject)
    if tx.execute(delete(calendar_feed).where(own_feed)).rowcount != 1:
        return False
    chain_changes.record(tx, calendar_feed, {"feed_id": feed_id})
    return True


def should_record_read(feed: Feed, now: datetime) -> bool:
    """Whether to record this read: true if none was recorded in the last hour."""
    return feed.read_at is None or feed.read_at <= now - _READ_RESOLUTION


def record_read(tx: Connection, feed: Feed, now: datetime) -> None:
    """Records that the feed was read now, unless a concurrent read has recorded it."""
    earlier = or_(_F.read_at.is_(None), _F.read_at < now)
    tx.execute(update(calendar_feed).where(_F.feed_id == feed.feed_id, earlier).values(read_at=now))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
