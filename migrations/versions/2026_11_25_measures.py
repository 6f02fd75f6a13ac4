"""The catalogue of measures: who offers what where, and whether there is room."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_measures"
down_revision = "2026_11_25_worklist"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    providers()
    offers()
    availability()


def downgrade() -> None:
    for table in ("measure_availability", "measure_offer", "measure_provider"):
        op.drop_table(table)


def providers() -> None:
    """A service, school or organisation."""
    op.create_table(
        "measure_provider",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("municipality", sa.Text(), nullable=True, comment="null: the whole konfliktråd"),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True, comment="the last day"),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name="pk_measure_provider"),
        sa.ForeignKeyConstraint(
            ["konfliktrad"], ["konfliktrad.code"], name="fk_measure_provider_konfliktrad_konfliktrad"
        ),
        sa.ForeignKeyConstraint(
            ["municipality"], ["municipality.number"], name="fk_measure_provider_municipality_municipality"
        ),
        sa.ForeignKeyConstraint(["agency"], ["agency.code"], name="fk_measure_provider_agency_agency"),
        comment="a service, school or organisation that carries out measures of plans",
    )
    op.create_index("ix_measure_provider_konfliktrad", "measure_provider", ["konfliktrad"])


def offers() -> None:
    """Which measures it carries out."""
    op.create_table(
        "measure_offer",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="of the list of krl § 25"),
        sa.PrimaryKeyConstraint("provider_id", "code", name="pk_measure_offer"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["measure_provider.provider_id"], name="fk_measure_offer_provider_id_measure_provider"
        ),
        comment="which measures a provider carries out",
    )


def availability() -> None:
    """What was known of the room there, over time."""
    op.create_table(
        "measure_availability",
        sa.Column("availability_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False, comment="the day it was so"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=True),
        sa.Column("waiting_days", sa.Integer(), nullable=True, comment="as the provider expects it"),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("availability_id", name="pk_measure_availability"),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["measure_provider.provider_id"],
            name="fk_measure_availability_provider_id_measure_provider",
        ),
        comment="what was known of the room at a provider; rows are only added",
    )
    op.create_index("ix_measure_availability_place", "measure_availability", ["provider_id", "code", "as_of"])
