"""The table of observations of people outside their cases. Ids, dates and codes; no personal data."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Integer, Table, Text, Uuid

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import ObservationKind

observation = Table(
    "observation",
    metadata,
    Column("observation_id", Uuid, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False, comment="of several tellings, which"),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("kind", EnumText(ObservationKind), nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("offence_on", Date, comment="the last act it is about, where that is told"),
    Column("matter_id", Uuid, comment="shared by what is observed of one new matter"),
    Column("simplified_fine", Boolean, nullable=False, comment="forenklet forelegg"),
    Column("withdrawn", Boolean, nullable=False, comment="it has turned out not to be so"),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False, comment="the system that told of it"),
    Column("subject", Text, nullable=False, comment="who recorded it"),
    Column("message_id", Uuid, comment="the version of a message that told of it"),
    CheckConstraint(f"kind IN {tuple(str(kind) for kind in ObservationKind)}", name="kind"),
    CheckConstraint("n >= 1", name="n"),
    comment="what is known of people beside their cases; the highest n counts; rows are only added",
)
