"""Jobs say how far they are."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_05_job_progress"
down_revision = "2026_12_04_web_drafts"


def upgrade() -> None:
    """Add the columns; of earlier runs nothing is known."""
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    op.add_column("job_run", sa.Column("phase", sa.Text(), comment="what it was doing at its last report"))
    op.add_column("job_run", sa.Column("done", sa.Integer(), comment="of that phase"))
    op.add_column("job_run", sa.Column("total", sa.Integer(), comment="of that phase; null: not known"))
    op.add_column("job_run", sa.Column("reported_at", sa.DateTime(timezone=True), comment="of its last report"))


def downgrade() -> None:
    """Drop them."""
    for column in ("reported_at", "total", "done", "phase"):
        op.drop_column("job_run", column)
