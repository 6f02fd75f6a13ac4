"""Digests of cases, from which indicators and caseload are counted."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_figures"
down_revision = "2026_11_25_surveys"


def upgrade() -> None:
    op.create_table(
        "case_figures",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the case, when it was told"),
        sa.Column("defined", sa.Text(), nullable=False, comment="by which definitions it was told"),
        sa.Column(
            "last_on", sa.Date(), nullable=False, comment="the latest day on which something happened in the case"
        ),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON: days and codes"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_figures_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_figures")),
        comment="what figures need of each case; told anew every night and may be thrown away",
    )


def downgrade() -> None:
    op.drop_table("case_figures")
