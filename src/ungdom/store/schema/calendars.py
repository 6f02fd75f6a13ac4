"""The table of calendar feeds: secret addresses of coordinators' calendars."""

from sqlalchemy import Column, LargeBinary, Table, Text, Uuid

from ungdom.store.schema.base import UtcDateTime, metadata

calendar_feed = Table(
    "calendar_feed",
    metadata,
    Column("feed_id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False, index=True, comment="whose calendar it is"),
    Column("language", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True, comment="SHA-256; the secret itself is not kept"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, comment="last read, to the hour"),
    comment="one row an address; a revoked one is gone",
)
