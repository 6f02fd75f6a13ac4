"""The outbox: messages to other systems, written in the transaction of the event that causes them."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, Uuid, text

from ungdom.store.schema.base import UtcDateTime, metadata

OFFICIAL_KINDS = ("esas.status", "esas.status.second", "esas.receipt")
"""The kinds of official messages to partners of the exchange."""
ANNOUNCED_KINDS = ("case.event_recorded", "alert.raised", "alert.escalated", "alert.cleared")
"""The kinds of messages that webhooks can subscribe to, and that stand in the change feed."""
_OFFICIAL_OPEN = f"delivered_at IS NULL AND kind IN {OFFICIAL_KINDS}"

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False, comment="the case, or the official message that a receipt is for"),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False, comment="JSON: ids, type and times, no person"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", UtcDateTime, comment="not before this instant, after a failed attempt"),
    Column("held", Text, comment="code of what it waits for, when it cannot be complete yet or no longer arrives"),
    Column(
        "place",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="which one of its kind and event",
    ),
    Column("told", Text, comment="what the tries said: part, code, days, ids; no person"),
    Column(
        "feed_position",
        BigInteger,
        comment="in the change feed, in the order in which messages became visible; null until it is given",
    ),
    Index("ix_outbox_feed_position", "feed_position", unique=True),
    Index(
        "ix_outbox_without_position",
        "created_at",
        postgresql_where=text(f"feed_position IS NULL AND kind IN {ANNOUNCED_KINDS}"),
        sqlite_where=text(f"feed_position IS NULL AND kind IN {ANNOUNCED_KINDS}"),
    ),
    Index(
        "ix_outbox_created_at",
        "created_at",
        postgresql_where=text("delivered_at IS NULL"),
        sqlite_where=text("delivered_at IS NULL"),
    ),
    *(
        Index(name, *columns, postgresql_where=text(_OFFICIAL_OPEN), sqlite_where=text(_OFFICIAL_OPEN))
        for name, columns in {
            "ix_outbox_official": ("created_at", "case_id", "seq", "kind"),
            "ix_outbox_official_case": ("case_id", "seq"),
        }.items()
    ),
)
