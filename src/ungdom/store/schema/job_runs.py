"""The table of runs of the nightly and periodic jobs."""

from sqlalchemy import Column, Date, Index, Integer, Table, Text, Uuid

from ungdom.store.schema.base import UtcDateTime, metadata

job_run = Table(
    "job_run",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("for_date", Date, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("status", Text, nullable=False),
    Column("counts", Text, nullable=False, comment="JSON"),
    Column("phase", Text, comment="what it was doing at its last report"),
    Column("done", Integer, comment="of that phase"),
    Column("total", Integer, comment="of that phase; null: not known"),
    Column("reported_at", UtcDateTime, comment="of its last report"),
    Index("ix_job_run_name_for_date", "name", "for_date"),
)
