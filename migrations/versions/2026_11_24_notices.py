"""What people and systems are told: how they are reached, and what has become of each telling."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_notices"
down_revision = "2026_11_24_calendar"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    contacts()
    deliveries()
    digests()
    webhooks()
    inbox()


def downgrade() -> None:
    for table in ("delivery", "digest", "notice", "webhook", "contact"):
        op.drop_table(table)


def contacts() -> None:
    """How somebody wants to be told; the address is sealed."""
    op.create_table(
        "contact",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("email_digest", sa.Boolean(), nullable=False),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=True, comment="the e-mail address, encrypted; null where none is known"
        ),
        sa.Column("written_by", sa.Text(), nullable=False, comment="the person themselves, or who may say it for them"),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_contact")),
        comment="how somebody who works with cases wants to be told",
    )


def deliveries() -> None:
    """One message for one receiver, and how far it has got."""
    op.create_table(
        "delivery",
        sa.Column(
            "delivery_id",
            sa.Uuid(),
            nullable=False,
            comment="follows from message and receiver: the key it is sent with",
        ),
        sa.Column("place", sa.BigInteger(), nullable=False, comment="the order, of each receiver and of all"),
        sa.Column("receiver", sa.Text(), nullable=False, comment="`webhook:` and its id, or `mail:` and the person"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False, comment="a message of the outbox, or a digest"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "next_try_at",
            INSTANT,
            nullable=True,
            comment="not before this instant: after a failed try, or while one lasts",
        ),
        sa.Column(
            "held", sa.Text(), nullable=True, comment="code of what came of the last try, or of why it is not sent"
        ),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column(
            "settled_at", INSTANT, nullable=True, comment="nothing more is done: delivered, given up, or withdrawn"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("place", name=op.f("uq_delivery_place")),
        comment="one message for one receiver, and how far it has got",
    )
    op.create_index(op.f("ix_delivery_alert_id"), "delivery", ["alert_id"], unique=False)
    op.create_index(
        "ix_delivery_open",
        "delivery",
        ["receiver", "place"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
        sqlite_where=sa.text("settled_at IS NULL"),
    )
    op.create_index("ix_delivery_receiver", "delivery", ["receiver", "place"], unique=False)


def digests() -> None:
    """One e-mail a person and day."""
    op.create_table(
        "digest",
        sa.Column("digest_id", sa.Uuid(), nullable=False, comment="follows from person and day"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest_id", name=op.f("pk_digest")),
        sa.UniqueConstraint("subject", "day", name="uq_digest_subject_day"),
        comment="the one e-mail that a person is sent on a day",
    )


def webhooks() -> None:
    """Addresses of systems; address and secrets are sealed."""
    op.create_table(
        "webhook",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=True),
        sa.Column("kinds", sa.Text(), nullable=False, comment="JSON: the kinds of messages that are wanted"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="address and secrets, encrypted"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.Column("disabled_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook")),
        comment="an address of a system, owned by whoever made it and told no more than they may see",
    )
    op.create_index(op.f("ix_webhook_subject"), "webhook", ["subject"], unique=False)


def inbox() -> None:
    """What people have been told in the product."""
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.Uuid(), nullable=False, comment="follows from message and person"),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="the clock"),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column(
            "days", sa.Integer(), nullable=False, comment="past the due day as it was raised; before it: negative"
        ),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True, comment="the alert was cleared"),
        sa.Column("withdrawn_at", INSTANT, nullable=True, comment="cleared before the person had been told"),
        sa.Column("digest_id", sa.Uuid(), nullable=True, comment="the e-mail that tells of it"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_notice_case_id_case_file")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
        comment="what a person has been told in the product; no person is named in it but the receiver",
    )
    op.create_index(op.f("ix_notice_alert_id"), "notice", ["alert_id"], unique=False)
    op.create_index(op.f("ix_notice_digest_id"), "notice", ["digest_id"], unique=False)
    op.create_index("ix_notice_subject_at", "notice", ["subject", "at", "notice_id"], unique=False)
    op.create_index(
        "ix_notice_unmailed",
        "notice",
        ["subject"],
        unique=False,
        postgresql_where=sa.text("digest_id IS NULL"),
        sqlite_where=sa.text("digest_id IS NULL"),
    )
