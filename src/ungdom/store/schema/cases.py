"""The tables of cases and events. `case_current` and `case_team` are projections that can be rebuilt from `event`."""

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
    Uuid,
    text,
)

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Regime, Role, Sanction, State


class NumberKind(StrEnum):
    """Which authority assigned the case number."""

    POLICE = "police"
    COURT = "court"


case_file = Table(
    "case_file",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("opened_at", UtcDateTime, nullable=False),
)

case_number = Table(
    "case_number",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("kind", EnumText(NumberKind), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("main", Boolean, nullable=False, server_default=text("false"), comment="hovedstraffesak: the main case"),
    Index("ix_case_number_kind_number", "kind", "number"),
    CheckConstraint("kind IN ('police', 'court')", name="kind"),
)

FIRST_EVENT = text("seq = 1")
"""The event by which a case was opened, as its index has it: literal, so that the index serves a prepared statement."""

event = Table(
    "event",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("type", EnumText(EventType), nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("occurred_at", UtcDateTime),
    Column("details", Text, nullable=False, comment="JSON, kept as written"),
    Column("recorded_at", UtcDateTime, nullable=False, index=True),
    Column("actor", EnumText(Actor), nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("subject", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("link", LargeBinary, comment="of the hash chain of the case; null until an older version's row is linked"),
    Index("ix_event_first_subject", "subject", "case_id", postgresql_where=FIRST_EVENT, sqlite_where=FIRST_EVENT),
    CheckConstraint("seq >= 1", name="seq"),
    comment="what happened; triggers refuse to change or remove a row; no person is named here",
)

case_current = Table(
    "case_current",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("person_id", Uuid, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("sanction", EnumText(Sanction), nullable=False),
    Column("konfliktrad", Text, nullable=False),
    Column("state", EnumText(State), nullable=False, index=True),
    Column("phase", EnumText(Phase), nullable=False),
    Column("waiting_for", EnumText(Party)),
    Column("waiting_since", Date, comment="since when that party has been waited for without a break"),
    Column("decision_regime", EnumText(Regime)),
    Column("registered_on", Date, nullable=False),
    Column("first_offence", Date, nullable=False),
    Column("last_offence", Date, nullable=False),
    Column("received_on", Date),
    Column("started_on", Date),
    Column("start_rule", Text),
    Column("planned_end", Date),
    Column("adjusted_end", Date),
    Column("closed_on", Date),
    Column("coordinator", Text, index=True),
    Column("transfer_to", Text, comment="the konfliktråd that is to have it, until it has answered"),
    Column("next_due_on", Date),
    Column("next_due_code", Text),
    Column("look_on", Date, comment="the next day on which its alerts may change by themselves"),
    Column("turns_18_on", Date, nullable=False),
    Column("act_on", Date, comment="the day its most pressing task is put in order by; null when nothing needs doing"),
    Column("dated_on", Date, comment="the same day of its most pressing task with a due day"),
    Column("undated_on", Date, comment="the same day of its most pressing task without a due day"),
    Column("duties", Text, comment="the earliest due day by kind of task and by who has it to do: |kind:who=day"),
    Column("task_kinds", Text, comment="the earliest due day by kind of task, whoever has it: |kind=day"),
    Column("tasks", Text, comment="JSON: what needs doing, by whom, by when, and from when it can be done; no person"),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_case_current_konfliktrad_state", "konfliktrad", "state"),
    Index(
        "ix_case_current_transfer_to",
        "transfer_to",
        postgresql_where=text("transfer_to IS NOT NULL"),
        sqlite_where=text("transfer_to IS NOT NULL"),
    ),
    Index(
        "ix_case_current_next_due_on",
        "next_due_on",
        postgresql_where=text("closed_on IS NULL"),
        sqlite_where=text("closed_on IS NULL"),
    ),
    Index(
        "ix_case_current_look_on",
        "look_on",
        "case_id",
        postgresql_where=text("look_on IS NOT NULL"),
        sqlite_where=text("look_on IS NOT NULL"),
    ),
    Index("ix_case_current_dated_on", "dated_on", "case_id"),
    Index("ix_case_current_konfliktrad_dated_on", "konfliktrad", "dated_on", "case_id"),
    Index("ix_case_current_undated_on", "undated_on", "case_id"),
    Index("ix_case_current_konfliktrad_undated_on", "konfliktrad", "undated_on", "case_id"),
    Index(
        "ix_case_current_task_kinds",
        "person_id",
        "task_kinds",
        postgresql_where=text("task_kinds IS NOT NULL"),
        sqlite_where=text("task_kinds IS NOT NULL"),
    ),
    comment="one row a case, folded from its events",
)

case_team = Table(
    "case_team",
    metadata,
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    Column("member", Text, primary_key=True, index=True),
    comment="the follow-up team as it stands, folded from the events",
)

note = Table(
    "note",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False, index=True),
    Column("sealed", LargeBinary, comment="encrypted; null when erased"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column(
        "youth_may_read",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the youth may read it as a party to the case",
    ),
)

case_import = Table(
    "case_import",
    metadata,
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True, comment="of the case in that system; never the number of a person"),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False, index=True),
    Column("fingerprint", LargeBinary, nullable=False, comment="encrypted keyed hash of what the file said"),
    Column("imported_at", UtcDateTime, nullable=False),
    comment="which case came from which case of another system, so that a file can be read again",
)
