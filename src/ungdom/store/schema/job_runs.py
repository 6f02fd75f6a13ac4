"""The table of runs of the nightly and periodic jobs."""

from sqlalchemy import Column, Date, Index, Table, Text, Uuid

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
    Index("ix_job_run_name_for_date", "name", "for_date"),
)
