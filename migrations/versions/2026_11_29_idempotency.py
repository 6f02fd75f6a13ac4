"""Answers kept for repeated requests are sealed, and belong to subject, role, konfliktråd and route.

The older ones lie in clear text, without role, konfliktråd and route, and cannot be sealed here: a migration has no
keys. They are dropped. They would have lived 30 days: a request made before the migration and repeated with its key
after it is taken for a new one.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_idempotency"
down_revision = "2026_11_25_releases"


def upgrade() -> None:
    op.drop_table("idempotency")
    op.create_table(
        "idempotency",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False, comment="keyed hash of the key and whom it belongs to"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the request's fingerprint and the answer"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_table("idempotency")
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
