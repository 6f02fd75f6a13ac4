"""The position of a message in the change feed; those that are there are numbered in the order of their times."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_03_feed"
down_revision = "2026_12_01_anchor_mails"

ANNOUNCED = "kind IN ('case.event_recorded', 'alert.raised', 'alert.escalated', 'alert.cleared')"

NUMBER = f"""
    UPDATE outbox SET feed_position = numbered.position
    FROM (
        SELECT message_id, row_number() OVER (ORDER BY created_at, case_id, seq, kind, place) AS position
        FROM outbox WHERE {ANNOUNCED}
    ) AS numbered
    WHERE outbox.message_id = numbered.message_id
"""  # noqa: S608  # of the constant above


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    comment = "in the change feed, in the order in which messages became visible; null until it is given"
    op.add_column("outbox", sa.Column("feed_position", sa.BigInteger(), nullable=True, comment=comment))
    op.execute(NUMBER)
    op.create_index(op.f("ix_outbox_feed_position"), "outbox", ["feed_position"], unique=True)
    without = sa.text(f"feed_position IS NULL AND {ANNOUNCED}")
    op.create_index(
        "ix_outbox_without_position", "outbox", ["created_at"], postgresql_where=without, sqlite_where=without
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_without_position", "outbox")
    op.drop_index(op.f("ix_outbox_feed_position"), "outbox")
    op.drop_column("outbox", "feed_position")
