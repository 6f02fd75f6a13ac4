"""The tables of inbound messages from prosecution systems, courts and the exchange."""

from sqlalchemy import (
    Boolean,
    Column,
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

from ungdom.store.schema.base import UtcDateTime, metadata

decision = Table(
    "decision",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("source", Text, nullable=False, comment="the system that sends"),
    Column("decision_id", Text, nullable=False, comment="the sender's id, the same in every version"),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("authorities", Text, nullable=False, comment="whose acts the sender could tell of when it was sent"),
    Column("language", Text, nullable=False, comment="of the receipts"),
    Column("sealed", LargeBinary, comment="the message, encrypted; null when erased"),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False, comment="as it stands now; the receipts tell how it came to be"),
    Column("reason", Text),
    Column("person_id", ForeignKey("person.person_id"), index=True),
    Column("case_id", ForeignKey("case_file.case_id"), index=True),
    Column("konfliktrad", Text, comment="the office it concerns, where that is known"),
    Column("protection", Text, nullable=False, comment="how closely the address of the person is kept, as told"),
    Column("named_case_id", ForeignKey("case_file.case_id"), comment="the case that a person pointed out"),
    Column("gap_accepted", Boolean, nullable=False, comment="a person decided that missing versions will not come"),
    Column(
        "doubt_accepted",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="a person decided to open the case although the person of the message resembles another",
    ),
    Column("updated_at", UtcDateTime, nullable=False),
    Column(
        "offices", Text, comment="who may know why it waits, untold to the sender: |office:protection:reason|, each"
    ),
    UniqueConstraint("source", "decision_id", "version", name="uq_decision_source_decision_id_version"),
    Index("ix_decision_outcome_received_at", "outcome", "received_at"),
    comment="one row a version of a message; who it is about stands only sealed",
)

decision_receipt = Table(
    "decision_receipt",
    metadata,
    Column("message_id", ForeignKey("decision.message_id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("body", LargeBinary, nullable=False, comment="the receipt as given, byte for byte"),
    Column("by", Text, nullable=False, comment="who had it tried: the sender, a person, or what it waited for"),
    Column("at", UtcDateTime, nullable=False),
    comment="every try, the first one being the receipt that repeats are answered with; rows are only added",
)

decision_event = Table(
    "decision_event",
    metadata,
    Column("message_id", ForeignKey("decision.message_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("case_id", ForeignKey("case_file.case_id"), nullable=False),
    Column("place", Integer, nullable=False, comment="which of the steps of the message it is, from 0"),
    Index("ix_decision_event_case_id_seq", "case_id", "seq"),
    comment="the events that a message made, or found already recorded",
)

decision_wait = Table(
    "decision_wait",
    metadata,
    Column("waits_for", Text, primary_key=True, comment="case:…, number:…, person:…, decision:…"),
    Column("message_id", ForeignKey("decision.message_id"), primary_key=True, index=True),
    comment="what a parked message waits for: it is tried again when that arrives",
)

exchange_message = Table(
    "exchange_message",
    metadata,
    Column("exchange_id", Uuid, primary_key=True),
    Column("sender", Text, nullable=False, comment="organisation number, or the word in senderOrganization"),
    Column("meldings_id", Text, nullable=False),
    Column("n", Integer, nullable=False, comment="of several that a sender gave one meldingsId, which"),
    Column("type", Text, nullable=False),
    Column("schema_version", Text),
    Column("sealed", LargeBinary, comment="the message as it came, encrypted; null when erased"),
    Column("status", Text, nullable=False, comment="UNDER_MOTTAK, MOTTATT or FEILET_…"),
    Column("reason", Text),
    Column("flags", Text, nullable=False, comment="JSON: what is odd about it, each with its place, no person"),
    Column("receipts", Integer, nullable=False, comment="how many receipts have been promised"),
    Column("received_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column(
        "by_token",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="over HTTP with a token: the sender can read the receipts itself",
    ),
    UniqueConstraint("sender", "meldings_id", "n", name="uq_exchange_message_sender_meldings_id_n"),
    Index("ix_exchange_message_status", "status"),
    comment="official messages as they came in, each answered by receipts",
)

exchange_decision = Table(
    "exchange_decision",
    metadata,
    Column("exchange_id", ForeignKey("exchange_message.exchange_id"), primary_key=True),
    Column("message_id", ForeignKey("decision.message_id"), primary_key=True, index=True),
    comment="which messages an official message was read as; one sent again under another id shares them",
)
