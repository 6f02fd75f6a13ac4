"""The tables of the access log: who was given which person's data, when, why and by which route.

Triggers refuse to change or remove a row. No person is named here: cases, persons and messages stand by id. An
`access_id` is a UUID of version 7: its order is that of time, and no table has an index of its own for that. There are
few indexes, because every read of a case writes a row. The rows of `access_entry` of a long answer are written later,
in batches (`store/access_index.py`).
"""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
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

from ungdom.store.schema.base import EnumSet, EnumText, UtcDateTime, metadata
from ungdom.workflow.rules.access import AccessPurpose, EmergencyReason, WithholdingCode
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role


class AccessKind(StrEnum):
    """What somebody did when they were given the data."""

    READ = "read"
    SEARCHED = "searched"
    WRITTEN = "written"  # the answer to a write, or its refusal
    CORRECTED = "corrected"  # a person record
    MERGED = "merged"
    SPLIT = "split"
    BROKEN_OFF = "broken_off"  # the client was gone before the answer of `about` was sent whole


class EmergencyEnd(StrEnum):
    """What ended an emergency access before its time."""

    BY_HAND = "by_hand"
    PROTECTED = "protected"  # the address of the youth has become protected
    REVIEWED = "reviewed"


access_log = Table(
    "access_log",
    metadata,
    Column("access_id", Uuid, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", EnumText(AccessKind), nullable=False),
    Column("subject", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("konfliktrad", Text),
    Column("system", Text, comment="the system by which it was asked; null in rows from before this table"),
    Column("organisation", Text, comment="organisation number that the token of a system was made for"),
    Column("route", Text, nullable=False, comment="method and template of the address, no value of it"),
    Column("matters", EnumSet(Matter), nullable=False, comment="kinds of data in the answer"),
    Column("purpose", EnumText(AccessPurpose), nullable=False),
    Column("criteria", Text, comment="what was searched by: names of fields, never their values"),
    Column("hits", Integer, comment="persons that a search returned"),
    Column("about", Uuid, comment="the answer that was broken off"),
    Column("shown", LargeBinary, nullable=False, comment="hash of the rows of `access_entry` of this answer"),
    Column("stream", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("entries", LargeBinary, comment="of a long answer: what `shown` is the hash of, packed"),
    UniqueConstraint("stream", "position", name="uq_access_log_stream_position"),
    Index(
        "ix_access_log_about",
        "about",
        postgresql_where=text("about IS NOT NULL"),
        sqlite_where=text("about IS NOT NULL"),
    ),
    comment="one row per answer that contained a person's data; rows are only added",
    sqlite_with_rowid=False,
)

access_entry = Table(
    "access_entry",
    metadata,
    Column("access_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("case_id", Uuid),
    Column("person_id", Uuid, comment="the record of the person at that time"),
    Column("message_id", Uuid, comment="a message about somebody who has no case yet"),
    Index("ix_access_entry_case_id", "case_id", "access_id"),
    Index("ix_access_entry_person_id", "person_id", "access_id"),
    comment="the cases and persons in an answer of `access_log`; rows are only added",
    sqlite_with_rowid=False,
)

access_pending = Table(
    "access_pending",
    metadata,
    Column("access_id", Uuid, primary_key=True),
    comment="long answers of `access_log` whose rows of `access_entry` are not written yet",
    sqlite_with_rowid=False,
)

access_withholding = Table(
    "access_withholding",
    metadata,
    Column("withholding_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("access_id", Uuid, nullable=False),
    Column("code", EnumText(WithholdingCode), comment="why the youth is not told; null: told from now on"),
    Column("review_on", Date, comment="the day by which somebody decides again"),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    CheckConstraint("(code IS NULL) = (review_on IS NULL)", name="review_on"),
    Index("ix_access_withholding_case_id", "case_id", "access_id", "decided_at"),
    comment="what is held back from the youth in the list of accesses; the newest row of an access counts",
)

emergency_access = Table(
    "emergency_access",
    metadata,
    Column("emergency_id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False),
    Column("subject", Text, nullable=False, comment="who took it"),
    Column("role", EnumText(Role), nullable=False),
    Column("konfliktrad", Text, nullable=False, comment="the office of whoever took it"),
    Column("reason", EnumText(EmergencyReason), nullable=False),
    Column("sealed", LargeBinary, comment="the reason in words, encrypted; null when erased"),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, comment="before its time; null: it ends by the clock"),
    Column("ended_by", EnumText(EmergencyEnd), comment="what ended it before its time"),
    Column("reviewed_at", UtcDateTime),
    Column("reviewed_by", Text),
    Column("reviewed_role", EnumText(Role)),
    Column("justified", Boolean),
    Column("review_sealed", LargeBinary, comment="the note of the review, encrypted; null when erased"),
    CheckConstraint("(reviewed_at IS NULL) = (justified IS NULL)", name="review"),
    Index("ix_emergency_access_case_id", "case_id", "subject"),
    Index("ix_emergency_access_taken_at", "taken_at", "emergency_id"),
    comment="wider sight on one case for a time, for a reason that somebody reviews afterwards",
)
