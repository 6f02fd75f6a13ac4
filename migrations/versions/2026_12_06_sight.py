"""Indexes by which whoever may see a case is found for many cases at once: who opened it, and protected addresses."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_06_sight"
down_revision = "2026_12_05_job_progress"

FIRST, PROTECTED = sa.text("seq = 1"), sa.text("protection <> 'none'")


def upgrade() -> None:
    """Make the indexes; nothing else changes."""
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    op.create_index(
        "ix_event_first_subject", "event", ["subject", "case_id"], postgresql_where=FIRST, sqlite_where=FIRST
    )
    op.create_index(
        "ix_person_protection", "person", ["protection", "person_id"],
        postgresql_where=PROTECTED, sqlite_where=PROTECTED,
    )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_person_protection", "person")
    op.drop_index("ix_event_first_subject", "event")
