"""Drafts of forms, encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_web_drafts"
down_revision = "2026_12_03_feed"


def upgrade() -> None:
    """Add the table."""
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    op.create_table(
        "web_draft",
        sa.Column("subject", sa.Text(), nullable=False, comment="who has typed it, and alone is shown it"),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False, comment="which form of the case: record/…, correct/…, insert/…"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="what was typed, encrypted"),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False, comment="it is deleted 14 days later"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_web_draft_case_id_case_file")),
        sa.PrimaryKeyConstraint("subject", "case_id", "form", name=op.f("pk_web_draft")),
        comment="forms that were begun and not recorded; deleted when they are",
    )
    op.create_index(op.f("ix_web_draft_case_id"), "web_draft", ["case_id"])
    op.create_index(op.f("ix_web_draft_saved_at"), "web_draft", ["saved_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("web_draft")
