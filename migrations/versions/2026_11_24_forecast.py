"""Curves of waiting times for forecasts, and how forecasts of the past came out."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_forecast"
down_revision = "2026_11_24_alerts"


def upgrade() -> None:
    op.create_table(
        "forecast_curve",
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("sanction", sa.Text(), nullable=False, comment="empty: both"),
        sa.Column("konfliktrad", sa.Text(), nullable=False, comment="empty: the whole country"),
        sa.Column(
            "landmark",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="days on the stage from which the curve counts",
        ),
        sa.Column("as_of", sa.Date(), nullable=False, comment="what was known at the end of this day"),
        sa.Column("last", sa.Integer(), nullable=False, comment="the last day on which anybody was under observation"),
        sa.Column(
            "days",
            sa.Text(),
            nullable=False,
            comment="JSON: days after the landmark on which the clock stopped for some",
        ),
        sa.Column("at_risk", sa.Text(), nullable=False, comment="JSON: how many were waiting on each"),
        sa.Column("ended", sa.Text(), nullable=False, comment="JSON: for how many it stopped on each"),
        sa.PrimaryKeyConstraint(
            "clock", "stage", "sanction", "konfliktrad", "landmark", name=op.f("pk_forecast_curve")
        ),
        comment="waiting times by clock and stage; counted anew every night and may be thrown away",
    )
    op.create_table(
        "forecast_calibration",
        sa.Column("clock", sa.Text(), nullable=False, comment="empty: all of them"),
        sa.Column(
            "until",
            sa.Date(),
            nullable=False,
            comment="what had happened was judged as known at the end of this day",
        ),
        sa.Column("first_asked", sa.Date(), nullable=False),
        sa.Column("last_asked", sa.Date(), nullable=False),
        sa.Column("forecasts", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False, comment="of these, ended in another way before the limit"),
        sa.Column("brier", sa.Float(), nullable=False),
        sa.Column(
            "brier_of_share",
            sa.Float(),
            nullable=False,
            comment="had everybody been told the share, known afterwards",
        ),
        sa.Column("share", sa.Float(), nullable=False, comment="that passed the limit"),
        sa.Column("bins", sa.Text(), nullable=False, comment="JSON: predicted, observed, how many forecasts"),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clock", name=op.f("pk_forecast_calibration")),
        comment="how forecasts of the past came out",
    )


def downgrade() -> None:
    op.drop_table("forecast_calibration")
    op.drop_table("forecast_curve")
