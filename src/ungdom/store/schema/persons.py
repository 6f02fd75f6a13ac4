"""The tables of persons: the encrypted record, and what the rules need to know of a person over time."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, LargeBinary, Table, Uuid

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import Protection

person = Table(
    "person",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, comment="encrypted; null when erased"),
    Column("number_hash", LargeBinary, index=True, comment="keyed hash of the national identity number"),
    Column("name_hash", LargeBinary, index=True, comment="keyed hash of the words of the name; null without a name"),
    Column("protection", EnumText(Protection), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("same_as", ForeignKey("person.person_id"), index=True, comment="the record of the same person that counts"),
    CheckConstraint("protection IN ('none', 'confidential', 'strictly_confidential')", name="protection"),
    CheckConstraint("same_as <> person_id", name="same_as"),
)

person_version = Table(
    "person_version",
    metadata,
    Column("person_id", ForeignKey("person.person_id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("born", Date, nullable=False, index=True),
    Column("guardians", Integer, nullable=False),
    CheckConstraint("guardians >= 0", name="guardians"),
    comment="what the rules need to know of a person, as it was known over time; rows are only added",
)
