"""The position of a message in the change feed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_03_feed"
down_revision = "2026_12_01_anchor_mails"

ANNOUNCED = "kind IN ('case.event_recorded', 'alert.raised', 'alert.escalated', 'alert.cleared')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    comment = "in the change feed, in the order in which messages became visible; null until it is given"
    op.add_column("outbox", sa.Column("feed_position", sa.BigInteger(), nullable=True, comment=comment))
    op.create_index(op.f("ix_outbox_feed_position"), "outbox", ["feed_position"], unique=True)
    without = sa.text(f"feed_position IS NULL AND {ANNOUNCED}")
    op.create_index(
        "ix_outbox_without_position", "outbox", ["created_at"], postgresql_where=without, sqlite_where=without
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_without_position", "outbox")
    op.drop_index(op.f("ix_outbox_feed_position"), "outbox")
    op.drop_column("outbox", "feed_position")
