"""What arrives from prosecution systems, courts and the sector's exchange, and how often a promise was tried."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_decisions"
down_revision = "2026_11_22_first_tables"

INSTANT = sa.DateTime(timezone=True)
OFFICIAL = {
    "ix_outbox_official": ["created_at", "case_id", "seq", "kind"],
    "ix_outbox_official_case": ["case_id", "seq"],
}


def upgrade() -> None:
    exchanged()
    decisions()
    followed()
    promised()


def downgrade() -> None:
    for table in (
        "exchange_decision",
        "decision_wait",
        "decision_event",
        "decision_receipt",
        "decision",
        "exchange_message",
    ):
        op.drop_table(table)
    for name in OFFICIAL:
        op.drop_index(name, "outbox")
    for column in ("attempts", "next_try_at", "held"):
        op.drop_column("outbox", column)
    op.drop_column("staff", "telephone")


def exchanged() -> None:
    """Official messages as they came in."""
    op.create_table(
        "exchange_message",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sender", sa.Text(), nullable=False, comment="organisation number, or the word in senderOrganization"
        ),
        sa.Column("meldings_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="of several that a sender gave one meldingsId, which"),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Text(), nullable=True),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=True, comment="the message as it came, encrypted; null when erased"
        ),
        sa.Column("status", sa.Text(), nullable=False, comment="UNDER_MOTTAK, MOTTATT or FEILET_…"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "flags",
            sa.Text(),
            nullable=False,
            comment="JSON: what is odd about it, each with its place, no person",
        ),
        sa.Column("receipts", sa.Integer(), nullable=False, comment="how many receipts have been promised"),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_exchange_message")),
        sa.UniqueConstraint("sender", "meldings_id", "n", name="uq_exchange_message_sender_meldings_id_n"),
        comment="official messages as they came in, each answered by receipts",
    )
    op.create_index("ix_exchange_message_status", "exchange_message", ["status"], unique=False)


def decisions() -> None:
    """One row a version of a message."""
    op.create_table(
        "decision",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the system that sends"),
        sa.Column("decision_id", sa.Text(), nullable=False, comment="the sender's id, the same in every version"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "authorities", sa.Text(), nullable=False, comment="whose acts the sender could tell of when it was sent"
        ),
        sa.Column("language", sa.Text(), nullable=False, comment="of the receipts"),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="the message, encrypted; null when erased"),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="as it stands now; the receipts tell how it came to be"
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("konfliktrad", sa.Text(), nullable=True, comment="the office it concerns, where that is known"),
        sa.Column(
            "protection", sa.Text(), nullable=False, comment="how closely the address of the person is kept, as told"
        ),
        sa.Column("named_case_id", sa.Uuid(), nullable=True, comment="the case that a person pointed out"),
        sa.Column(
            "gap_accepted",
            sa.Boolean(),
            nullable=False,
            comment="a person decided that missing versions will not come",
        ),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_decision_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["named_case_id"], ["case_file.case_id"], name=op.f("fk_decision_named_case_id_case_file")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_decision_person_id_person")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_decision")),
        sa.UniqueConstraint("source", "decision_id", "version", name="uq_decision_source_decision_id_version"),
        comment="one row a version of a message; who it is about stands only sealed",
    )
    op.create_index(op.f("ix_decision_case_id"), "decision", ["case_id"], unique=False)
    op.create_index("ix_decision_outcome_received_at", "decision", ["outcome", "received_at"], unique=False)
    op.create_index(op.f("ix_decision_person_id"), "decision", ["person_id"], unique=False)


def followed() -> None:
    """What came of each message, and what it still waits for."""
    op.create_table(
        "decision_receipt",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the receipt as given, byte for byte"),
        sa.Column(
            "by", sa.Text(), nullable=False, comment="who had it tried: the sender, a person, or what it waited for"
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["decision.message_id"], name=op.f("fk_decision_receipt_message_id_decision")
        ),
        sa.PrimaryKeyConstraint("message_id", "n", name=op.f("pk_decision_receipt")),
        comment="every try, the first one being the receipt that repeats are answered with; rows are only added",
    )
    op.create_table(
        "decision_event",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="which of the steps of the message it is, from 0"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_decision_event_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["decision.message_id"], name=op.f("fk_decision_event_message_id_decision")
        ),
        sa.PrimaryKeyConstraint("message_id", "seq", name=op.f("pk_decision_event")),
        comment="the events that a message made, or found already recorded",
    )
    op.create_index("ix_decision_event_case_id_seq", "decision_event", ["case_id", "seq"], unique=False)
    op.create_table(
        "decision_wait",
        sa.Column("waits_for", sa.Text(), nullable=False, comment="case:…, number:…, person:…, decision:…"),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["decision.message_id"], name=op.f("fk_decision_wait_message_id_decision")
        ),
        sa.PrimaryKeyConstraint("waits_for", "message_id", name=op.f("pk_decision_wait")),
        comment="what a parked message waits for: it is tried again when that arrives",
    )
    op.create_index(op.f("ix_decision_wait_message_id"), "decision_wait", ["message_id"], unique=False)
    op.create_table(
        "exchange_decision",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchange_message.exchange_id"],
            name=op.f("fk_exchange_decision_exchange_id_exchange_message"),
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["decision.message_id"], name=op.f("fk_exchange_decision_message_id_decision")
        ),
        sa.PrimaryKeyConstraint("exchange_id", "message_id", name=op.f("pk_exchange_decision")),
        comment="which messages an official message was read as; one sent again under another id shares them",
    )
    op.create_index(op.f("ix_exchange_decision_message_id"), "exchange_decision", ["message_id"], unique=False)


def promised() -> None:
    """How often a message out was tried, and how members of staff are reached."""
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column(
        "outbox",
        sa.Column("next_try_at", INSTANT, nullable=True, comment="not before this instant, after a failed attempt"),
    )
    op.add_column(
        "outbox",
        sa.Column(
            "held",
            sa.Text(),
            nullable=True,
            comment="code of what it waits for, when it cannot be complete yet or no longer arrives",
        ),
    )
    undelivered = sa.text("delivered_at IS NULL AND kind IN ('esas.status', 'esas.status.second', 'esas.receipt')")
    for name, columns in OFFICIAL.items():
        op.create_index(name, "outbox", columns, postgresql_where=undelivered, sqlite_where=undelivered)
    op.add_column("staff", sa.Column("telephone", sa.Text(), nullable=True))
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("outbox", "case_id", comment="the case, or the official message that a receipt is for")
