"""What the partners have been told, which number is that of the main case, and who reads its receipts itself."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_proof"
down_revision = "2026_11_24_forecast"


def upgrade() -> None:
    op.add_column(
        "outbox",
        sa.Column(
            "place",
            sa.Integer(),
            nullable=False,
            server_default=sa.text("0"),
            comment="which one of its kind and event",
        ),
    )
    op.add_column(
        "outbox",
        sa.Column(
            "told",
            sa.Text(),
            nullable=True,
            comment="what the tries said: part, code, days, ids; no person",
        ),
    )
    op.add_column(
        "case_number",
        sa.Column(
            "main",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="hovedstraffesak: the main case",
        ),
    )
    op.add_column(
        "exchange_message",
        sa.Column(
            "by_token",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="over HTTP with a token: the sender can read the receipts itself",
        ),
    )


def downgrade() -> None:
    op.drop_column("exchange_message", "by_token")
    op.drop_column("case_number", "main")
    for column in ("told", "place"):
        op.drop_column("outbox", column)
