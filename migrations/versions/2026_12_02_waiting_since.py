"""Since when the party that a case waits for has been waited for; `ungdom db upgrade` fills it for open cases."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_waiting_since"
down_revision = "2026_12_01_web_sessions"


def upgrade() -> None:
    """Add the column."""
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    op.add_column(
        "case_current",
        sa.Column("waiting_since", sa.Date(), comment="since when that party has been waited for without a break"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_column("case_current", "waiting_since")
