"""Saved views of the list of today."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_web_views"
down_revision = "2026_12_02_waiting_since"


def upgrade() -> None:
    """Add the table."""
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    op.create_table(
        "web_view",
        sa.Column("view_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="who has saved it, and may delete it"),
        sa.Column("konfliktrad", sa.Text(), nullable=True, comment="whose people see it; null: its owner"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "query", sa.Text(), nullable=False, comment="of the address of the list; filters, no case and no person"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["konfliktrad"], ["konfliktrad.code"], name=op.f("fk_web_view_konfliktrad_konfliktrad")
        ),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_web_view")),
        comment="saved views of the list of today",
    )
    op.create_index(op.f("ix_web_view_subject"), "web_view", ["subject"])
    op.create_index(op.f("ix_web_view_konfliktrad"), "web_view", ["konfliktrad"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("web_view")
