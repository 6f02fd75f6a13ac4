"""The tables of persons: the encrypted record, its history, who has read it, and what the rules need over time."""

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
    UniqueConstraint,
    Uuid,
    text,
)

from ungdom.store.schema.base import EnumText, UtcDateTime, metadata
from ungdom.workflow.vocabulary import Protection, Role


class PersonChangeKind(StrEnum):
    """Why a person record changed."""

    CORRECTED = "corrected"  # by a user
    REGISTERED = "registered"  # by an event of the population register
    PROTECTED = "protected"  # a case or a message said that the address is kept more closely
    MERGED = "merged"
    SPLIT = "split"
    ERASED = "erased"


class ProposalKind(StrEnum):
    """What two people decide about the records of persons."""

    MERGE = "merge"
    SPLIT = "split"
    ERASE = "erase"


class ProposalStatus(StrEnum):
    """Whether the second person has decided."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class PopulationOutcome(StrEnum):
    """What came of an event of the population register."""

    APPLIED = "applied"
    QUESTION = "question"  # a person decides
    DISMISSED = "dismissed"  # a person decided that it is not to be applied
    NOT_KNOWN = "not_known"  # nobody with that identity number is stored


ERASED_HASH = b""
"""In place of the keyed hash of a content that was erased."""

WITH_PROTECTION = text("protection <> 'none'")
"""A protected address, as its index has it: literal, so that the index serves a prepared statement."""

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
    Column("revision", Integer, nullable=False, server_default=text("1"), comment="raised by every change"),
    Column(
        "review_protection",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the level was taken over by a merge that has been undone, and has not been reviewed since",
    ),
    Column("erased_at", UtcDateTime, comment="when the personal data was erased"),
    Column("kept_sex", Text, comment="of an erased person: the sex, by which figures are broken down"),
    Index(
        "ix_person_protection",
        "protection",
        "person_id",
        postgresql_where=WITH_PROTECTION,
        sqlite_where=WITH_PROTECTION,
    ),
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
    Column("guardian_changes", Text, comment="days from which the number is another: [[day, number], ...]"),
    CheckConstraint("guardians >= 0", name="guardians"),
    comment="what the rules need to know of a person, as it was known over time; rows are only added",
)

person_number = Table(
    "person_number",
    metadata,
    Column("person_id", ForeignKey("person.person_id"), primary_key=True),
    Column("number_hash", LargeBinary, primary_key=True),
    Index("ix_person_number_number_hash", "number_hash"),
    comment="keyed hashes of identity numbers that a person has had before",
)

person_change = Table(
    "person_change",
    metadata,
    Column("person_id", ForeignKey("person.person_id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False, comment="of the record after the change"),
    Column("kind", EnumText(PersonChangeKind), nullable=False),
    Column("fields", Text, nullable=False, comment="names of the fields that changed, separated by blanks"),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("role", EnumText(Role)),
    Column("konfliktrad", Text),
    Column("sealed", LargeBinary, comment="the reason and the record before the change, encrypted; null when erased"),
    comment="the history of person records; rows are only added",
)

person_proposal = Table(
    "person_proposal",
    metadata,
    Column("proposal_id", Uuid, primary_key=True),
    Column("kind", EnumText(ProposalKind), nullable=False),
    Column("person_id", ForeignKey("person.person_id"), nullable=False, index=True),
    Column("other_id", ForeignKey("person.person_id"), index=True, comment="the second person, once there is one"),
    Column("cases", Text, comment="ids of the cases that a split gives to the other person, as JSON"),
    Column("status", EnumText(ProposalStatus), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_role", EnumText(Role), nullable=False),
    Column("konfliktrad", Text, comment="the office of the leader who proposed it"),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Text),
    Column("decided_role", EnumText(Role)),
    Column("sealed", LargeBinary, comment="the reason, encrypted; null when erased"),
    Column("effect", Text, comment="ids of the records and messages that a merge joined, as JSON"),
    Index("ix_person_proposal_proposed_at", "proposed_at", "proposal_id"),
    CheckConstraint("kind IN ('merge', 'split', 'erase')", name="kind"),
    CheckConstraint("status IN ('proposed', 'approved', 'rejected')", name="status"),
    comment="merges, splits and erasures of persons, which two people decide",
)

population_event = Table(
    "population_event",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("source", Text, nullable=False, comment="the system that sends"),
    Column("register_id", Text, nullable=False, comment="the sender's id of the event"),
    Column("kind", Text, nullable=False),
    Column(
        "content_hash",
        LargeBinary,
        nullable=False,
        comment="encrypted keyed hash, to recognise a repeat",
    ),
    Column("sealed", LargeBinary, comment="the event, encrypted; null when erased"),
    Column("occurred_on", Date, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("other_id", ForeignKey("person.person_id"), index=True, comment="another person who has the new number"),
    Column("outcome", EnumText(PopulationOutcome), nullable=False),
    Column("reason", Text, comment="code of why a person has to decide"),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Text),
    UniqueConstraint("source", "register_id", name="uq_population_event_source_register_id"),
    Index("ix_population_event_received_at", "received_at", "event_id"),
    comment="events of the population register; who they are about stands only encrypted",
)
