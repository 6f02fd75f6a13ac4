"""The tables of retention: on what basis rules of retention apply, and what was erased. Numbers and ids, no person."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, Uuid

from ungdom.store.schema.base import UtcDateTime, metadata

retention_basis = Table(
    "retention_basis",
    metadata,
    Column("rule", Text, primary_key=True),
    Column(
        "n",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="of several for a rule, which",
    ),
    Column("basis", Text, nullable=False),
    Column("source", Text, nullable=False, comment="act and paragraph, or the decision"),
    Column("name", Text, nullable=False, comment="who confirms it"),
    Column("keep", Text, comment="the length, as 10 years 6 months; null: that of the rule"),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("entered_by", Text, nullable=False),
    CheckConstraint("n >= 1", name="n"),
    comment="the basis that an administrator has entered for a rule of retention; rows are only added",
)

erasure = Table(
    "erasure",
    metadata,
    Column("erasure_id", Uuid, primary_key=True, comment="of its line in the journal of erasures, a file"),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="by which it was erased; `request`: decided for one person"),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False, index=True, comment="later where a restored database repeats it"),
    Column("line", Text, nullable=False, comment="as it stands in the journal: ids, rule and instant, no person"),
    Column("counts", Text, nullable=False, comment="JSON: how many rows of which table"),
    comment="what was erased from this database; rows are only added",
)
