"""The tables of the people who work with cases: service, absence, cases handed over, and changes of all of these."""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from ungdom.store.schema.base import EnumSet, EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import Role


class StaffAction(StrEnum):
    """What was done to the entry of a member of staff."""

    ADDED = "added"
    CHANGED = "changed"
    CONTACT_CHANGED = "contact_changed"
    ABSENCE_ADDED = "absence_added"
    ABSENCE_ENDED = "absence_ended"
    CASES_REASSIGNED = "cases_reassigned"


staff = Table(
    "staff",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), index=True, comment="null for the secretariat"),
    Column("roles", EnumSet(Role), nullable=False, comment="|role|role|, to look for"),
    Column("display_name", Text, nullable=False),
    Column("telephone", Text),
    Column("active_from", Date, nullable=False),
    Column("active_to", Date),
    Column(
        "cleared",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="may be given cases of people whose address is protected",
    ),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

staff_absence = Table(
    "staff_absence",
    metadata,
    Column("absence_id", Uuid, primary_key=True),
    Column("subject", ForeignKey("staff.subject"), nullable=False, index=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("substitute", ForeignKey("staff.subject"), index=True),
    Column("hand_over", Boolean, nullable=False, server_default=text("false")),
    Column("handed_over_on", Date, comment="when the cases went to the substitute"),
    Column("taken_back_on", Date, comment="when they came back"),
    Column("written_by", Text, nullable=False),
    Column("written_role", EnumText(Role), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("first_day <= last_day", name="days"),
    CheckConstraint("substitute <> subject", name="substitute"),
    comment="days on which somebody is away, both included, and who stands in",
)

staff_handover = Table(
    "staff_handover",
    metadata,
    Column("absence_id", ForeignKey("staff_absence.absence_id"), primary_key=True),
    Column("case_id", ForeignKey("case_file.case_id"), primary_key=True),
    comment="cases that were reassigned to the substitute for the time of an absence",
)

staff_change = Table(
    "staff_change",
    metadata,
    Column("change_id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False, index=True),
    Column("action", EnumText(StaffAction), nullable=False),
    Column("details", Text, nullable=False, comment="JSON: the changed fields, each with its old and new value"),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("role", EnumText(Role), nullable=False),
    comment="who changed what in the list of staff; nothing is removed",
)
