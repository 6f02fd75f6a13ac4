"""The table of identity questions: whether two person records are of one person."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, Uuid

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata


class QuestionStatus(StrEnum):
    """Whether the question has been answered."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Resemblance(StrEnum):
    """How what was given compares with the stored record."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"


identity_question = Table(
    "identity_question",
    metadata,
    Column("question_id", Uuid, primary_key=True),
    Column("record_id", ForeignKey("person.person_id"), nullable=False, comment="made from what was given"),
    Column("known_id", ForeignKey("person.person_id"), nullable=False, index=True, comment="stored before"),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False, index=True, comment="opened on the new record"),
    Column("resemblance", EnumText(Resemblance), nullable=False),
    Column("status", EnumText(QuestionStatus), nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("raised_by", Text, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Text),
    Column("sealed", LargeBinary, comment="the reason for the answer, encrypted"),
    UniqueConstraint("record_id", "known_id", name="uq_identity_question_record_id_known_id"),
    Index("ix_identity_question_raised_at", "raised_at", "question_id"),
    CheckConstraint("resemblance IN ('agrees', 'contradicts')", name="resemblance"),
    CheckConstraint("status IN ('open', 'confirmed', 'rejected')", name="status"),
    comment="whether two records are of one person; a pair is asked about once",
)
