"""The tables of alerts about delay: current status and changes."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.rules.escalation import AlertChange, AlertState, Level
from ungdom.workflow.vocabulary import Role

_LIVE = text("cleared_at IS NULL")

alert = Table(
    "alert",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False),
    Column("code", Text, nullable=False, comment="the clock"),
    Column("due", Date, nullable=False),
    Column("state", EnumText(AlertState), nullable=False),
    Column("level", EnumText(Level), nullable=False),
    Column("rung", Integer, nullable=False, comment="the step of the ladder it has reached, from 0"),
    Column("quiet_until", Date, comment="snoozed, or answered with an expected day"),
    Column("reason", Text, comment="why it is late, as answered"),
    Column("raised_for", Date, nullable=False, comment="the night it was raised for, the last time it was"),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changes", Integer, nullable=False, comment="how many rows of alert_change it has"),
    Column("cleared_at", UtcDateTime),
    UniqueConstraint("case_id", "code", "due", name="uq_alert_case_id_code_due"),
    Index("ix_alert_live", "case_id", postgresql_where=_LIVE, sqlite_where=_LIVE),
    Index("ix_alert_changed_at", "changed_at", "alert_id"),
    comment="one row a case, clock and due day, told from the rows of alert_change",
)

alert_change = Table(
    "alert_change",
    metadata,
    Column("alert_id", ForeignKey("alert.alert_id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("change", EnumText(AlertChange), nullable=False),
    Column("for_date", Date, nullable=False, comment="the day it was judged for"),
    Column("at", UtcDateTime, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False, comment="JSON: level, rung, reason, days; no person"),
    comment="what happened to alerts; triggers refuse to change or remove a row",
)
