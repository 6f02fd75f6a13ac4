"""The tables of extracts: schedules, jobs and the log of downloads. No personal data of cases."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, Text, Uuid, text

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import Role

_OPEN = text("finished_at IS NULL")

extract_schedule = Table(
    "extract_schedule",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("extract", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("every", Text, nullable=False, comment="day, month or quarter"),
    Column("subject", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_on", Date, comment="the first day on which the next job is due; null: ended"),
    comment="extracts that are made again and again",
)

extract_job = Table(
    "extract_job",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("extract", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("known_at", UtcDateTime, nullable=False),
    Column("valid_at", Date, nullable=False),
    Column("subject", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("schedule_id", ForeignKey("extract_schedule.schedule_id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", Text, nullable=False, comment="waiting, running, done, failed or removed"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("claimed_until", UtcDateTime, comment="whoever makes it has said so until then; afterwards anybody may"),
    Column("cases_done", Integer, nullable=False, server_default=text("0")),
    Column("cases", Integer),
    Column("finished_at", UtcDateTime),
    Column("reason", Text, comment="why it failed: the kind of error"),
    Column("manifest", Text, comment="JSON, once it is done"),
    Index("ix_extract_job_open", "created_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    comment="extracts to be made, and those that were",
)

extract_pull = Table(
    "extract_pull",
    metadata,
    Column("pull_id", Uuid, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("extract", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("parameters", Text, nullable=False, comment="JSON: everything that decides which rows these are"),
    Column("job_id", ForeignKey("extract_job.job_id"), comment="null: made for this pull alone"),
    Column("file", Text, comment="of the job"),
    Column("status", Text, nullable=False, comment="running, finished or broken_off"),
    Column("finished_at", UtcDateTime),
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("sha256", Text),
    comment="who took out what, for which purpose",
)
