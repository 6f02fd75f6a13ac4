"""Addresses at which a coordinator's calendar is read."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_calendar"
down_revision = "2026_11_24_proof"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("feed_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="whose calendar it is"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False, comment="SHA-256; the secret itself is not kept"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True, comment="last read, to the hour"),
        sa.PrimaryKeyConstraint("feed_id", name="pk_calendar_feed"),
        sa.UniqueConstraint("secret_hash", name="uq_calendar_feed_secret_hash"),
        comment="one row an address; a revoked one is gone",
    )
    op.create_index("ix_calendar_feed_subject", "calendar_feed", ["subject"])


def downgrade() -> None:
    op.drop_table("calendar_feed")
