"""The kinds of task of each case in a column of their own, with an index that counts them; `db upgrade` fills it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_08_task_kinds"
down_revision = "2026_12_06_sight"

PRESENT = sa.text("task_kinds IS NOT NULL")


def upgrade() -> None:
    """Add the column and its index."""
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    op.add_column(
        "case_current",
        sa.Column("task_kinds", sa.Text(), comment="the earliest due day by kind of task, whoever has it: |kind=day"),
    )
    op.create_index(
        "ix_case_current_task_kinds", "case_current", ["person_id", "task_kinds"],
        postgresql_where=PRESENT, sqlite_where=PRESENT,
    )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_case_current_task_kinds", "case_current")
    op.drop_column("case_current", "task_kinds")
