"""The table of case summaries for statistics, recomputed from the events when the case changes. No personal data."""

from sqlalchemy import Column, Date, ForeignKey, Integer, Table, Text

from ungdom.store.schema.base import metadata

case_figures = Table(
    "case_figures",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("version", Integer, nullable=False, comment="of the case, when it was told"),
    Column("defined", Text, nullable=False, comment="by which definitions it was told"),
    Column("last_on", Date, nullable=False, comment="the latest day on which something happened in the case"),
    Column("body", Text, nullable=False, comment="JSON: days and codes"),
    Column("row", Text, comment="JSON: the case as one row for statistics and extracts, days and codes"),
    Column("trace", Text, comment="JSON: the acts and new offences of the case, for recidivism, days"),
    comment="what figures need of each case; told anew every night and may be thrown away",
)
