"""Each case as one row beside its digest, for statistics and extracts. Told by the next nightly run."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_leadtime"
down_revision = "2026_11_25_figures"


def upgrade() -> None:
    op.add_column(
        "case_figures",
        sa.Column(
            "row",
            sa.Text(),
            nullable=True,
            comment="JSON: the case as one row for statistics and extracts, days and codes",
        ),
    )


def downgrade() -> None:
    op.drop_column("case_figures", "row")
