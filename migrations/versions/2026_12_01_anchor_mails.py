"""How far the e-mails with the seals of the hash chains have got."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_anchor_mails"
down_revision = "2026_12_01_session_ends"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_anchor_mail",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True, comment="null: not tried again"),
        sa.Column("status", sa.Text(), nullable=False, comment="of the last attempt, as in `delivery`"),
        sa.Column("mailed_at", INSTANT, nullable=True, comment="when the relay took it"),
        sa.ForeignKeyConstraint(["number"], ["audit_seal.number"], name=op.f("fk_audit_anchor_mail_number_audit_seal")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_anchor_mail")),
        comment="how far the e-mail with a seal has got",
    )


def downgrade() -> None:
    op.drop_table("audit_anchor_mail")
