"""Signed-in browsers of the pages."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_web_sessions"
down_revision = "2026_11_30_emergency_access"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'") if op.get_bind().dialect.name == "postgresql" else None
    hashed = "SHA-256; the secret itself is not kept"
    op.create_table(
        "web_session",
        sa.Column("session_hash", sa.LargeBinary(), nullable=False, comment=hashed),
        sa.Column("subject", sa.Text(), nullable=False, comment="who has signed in"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=True, comment="null for a national role"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="what the sign-in allows, with blanks between"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False, comment="last use, to the minute"),
        sa.Column("ends_at", INSTANT, nullable=False, comment="whatever happens, it ends then"),
        sa.ForeignKeyConstraint(
            ["konfliktrad"], ["konfliktrad.code"], name=op.f("fk_web_session_konfliktrad_konfliktrad")
        ),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_web_session")),
        comment="signed-in browsers; a session that was ended is gone",
    )
    op.create_index(op.f("ix_web_session_subject"), "web_session", ["subject"])
    op.create_index(op.f("ix_web_session_ends_at"), "web_session", ["ends_at"])


def downgrade() -> None:
    op.drop_table("web_session")
