"""The tables of notices: contacts, webhooks, notices to people, daily mails, and their deliveries."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.escalation import DelayReason, Level
from ungdom.workflow.vocabulary import Party, Role

_OPEN = text("settled_at IS NULL")
_UNMAILED = text("digest_id IS NULL")

contact = Table(
    "contact",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("role", EnumText(Role), nullable=False),
    Column("language", Text, nullable=False),
    Column("email_digest", Boolean, nullable=False),
    Column("sealed", LargeBinary, comment="the e-mail address, encrypted; null where none is known"),
    Column("written_by", Text, nullable=False, comment="the person themselves, or who may say it for them"),
    Column("updated_at", UtcDateTime, nullable=False),
    comment="how somebody who works with cases wants to be told",
)

webhook = Table(
    "webhook",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    Column("role", EnumText(Role), nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("konfliktrad", Text),
    Column("kinds", Text, nullable=False, comment="JSON: the kinds of messages that are wanted"),
    Column("sealed", LargeBinary, nullable=False, comment="address and secrets, encrypted"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_because", Text),
    comment="an address of a system, owned by whoever made it and told no more than they may see",
)

notice = Table(
    "notice",
    metadata,
    Column("notice_id", Uuid, primary_key=True, comment="follows from message and person"),
    Column("message_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("konfliktrad", Text),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False),
    Column("alert_id", Uuid, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False, comment="the clock"),
    Column("level", EnumText(Level), nullable=False),
    Column("due", Date, nullable=False),
    Column("days", Integer, nullable=False, comment="past the due day as it was raised; before it: negative"),
    Column("waiting_for", EnumText(Party)),
    Column("at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Column("ended_at", UtcDateTime, comment="the alert was cleared"),
    Column("withdrawn_at", UtcDateTime, comment="cleared before the person had been told"),
    Column("digest_id", Uuid, index=True, comment="the e-mail that tells of it"),
    Column("agency", EnumText(Attendee), comment="as whose standing contact; of an answer: whose part it is"),
    Column("reason", EnumText(DelayReason), comment="why it is late, as the agency answered for its own part"),
    Column("expected_on", Date, comment="the day on which the agency expects to be done"),
    Index("ix_notice_subject_at", "subject", "at", "notice_id"),
    Index("ix_notice_unmailed", "subject", postgresql_where=_UNMAILED, sqlite_where=_UNMAILED),
    comment="what a person has been told in the product; no person is named in it but the receiver",
)

digest = Table(
    "digest",
    metadata,
    Column("digest_id", Uuid, primary_key=True, comment="follows from person and day"),
    Column("subject", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("subject", "day", name="uq_digest_subject_day"),
    comment="the one e-mail that a person is sent on a day",
)

delivery = Table(
    "delivery",
    metadata,
    Column("delivery_id", Uuid, primary_key=True, comment="follows from message and receiver: the key it is sent with"),
    Column("place", BigInteger, nullable=False, unique=True, comment="the order, of each receiver and of all"),
    Column("receiver", Text, nullable=False, comment="`webhook:` and its id, or `mail:` and the person"),
    Column("channel", Text, nullable=False),
    Column("message_id", Uuid, nullable=False, comment="a message of the outbox, or a digest"),
    Column("kind", Text, nullable=False),
    Column("alert_id", Uuid, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UtcDateTime, comment="not before this instant: after a failed try, or while one lasts"),
    Column("held", Text, comment="code of what came of the last try, or of why it is not sent"),
    Column("delivered_at", UtcDateTime),
    Column("settled_at", UtcDateTime, comment="nothing more is done: delivered, given up, or withdrawn"),
    Index("ix_delivery_open", "receiver", "place", postgresql_where=_OPEN, sqlite_where=_OPEN),
    Index("ix_delivery_receiver", "receiver", "place"),
    comment="one message for one receiver, and how far it has got",
)
