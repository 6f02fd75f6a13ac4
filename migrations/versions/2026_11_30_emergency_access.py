"""Emergency access: wider sight on one case for a time, for a reason that somebody reviews afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_emergency_access"
down_revision = "2026_11_30_append_only"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "emergency_access",
        sa.Column("emergency_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="who took it"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=False, comment="the office of whoever took it"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=True, comment="the reason in words, encrypted; null when erased"
        ),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True, comment="before its time; null: it ends by the clock"),
        sa.Column("ended_by", sa.Text(), nullable=True, comment="what ended it before its time"),
        sa.Column("reviewed_at", INSTANT, nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_role", sa.Text(), nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=True),
        sa.Column(
            "review_sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="the note of the review, encrypted; null when erased",
        ),
        sa.CheckConstraint("(reviewed_at IS NULL) = (justified IS NULL)", name=op.f("ck_emergency_access_review")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_emergency_access_case_id_case_file")),
        sa.PrimaryKeyConstraint("emergency_id", name=op.f("pk_emergency_access")),
        comment="wider sight on one case for a time, for a reason that somebody reviews afterwards",
    )
    op.create_index(op.f("ix_emergency_access_case_id"), "emergency_access", ["case_id", "subject"])
    op.create_index(op.f("ix_emergency_access_taken_at"), "emergency_access", ["taken_at", "emergency_id"])


def downgrade() -> None:
    op.drop_table("emergency_access")
