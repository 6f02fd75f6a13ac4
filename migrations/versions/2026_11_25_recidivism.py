"""Observations of people beside and after their cases, only ever added; what recidivism needs of each case."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_recidivism"
down_revision = "2026_11_25_extracts"

KINDS = ("charge", "final_decision", "dropped", "acquitted", "death", "emigration", "immigration")
TRACE = "JSON: the acts and new offences of the case, for recidivism, days"


def upgrade() -> None:
    op.add_column("case_figures", sa.Column("trace", sa.Text(), nullable=True, comment=TRACE))
    observations()
    if op.get_bind().dialect.name == "postgresql":
        guard_on_postgresql()
    else:
        guard_on_sqlite()


def downgrade() -> None:
    op.drop_table("observation")
    op.drop_column("case_figures", "trace")


def observations() -> None:
    op.create_table(
        "observation",
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False, comment="of several tellings, which"),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("offence_on", sa.Date(), nullable=True, comment="the last act it is about, where that is told"),
        sa.Column("matter_id", sa.Uuid(), nullable=True, comment="shared by what is observed of one new matter"),
        sa.Column("simplified_fine", sa.Boolean(), nullable=False, comment="forenklet forelegg"),
        sa.Column("withdrawn", sa.Boolean(), nullable=False, comment="it has turned out not to be so"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the system that told of it"),
        sa.Column("subject", sa.Text(), nullable=False, comment="who recorded it"),
        sa.Column("message_id", sa.Uuid(), nullable=True, comment="the version of a message that told of it"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_observation_person_id_person")),
        sa.PrimaryKeyConstraint("observation_id", "n", name=op.f("pk_observation")),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_observation_kind")),
        sa.CheckConstraint("n >= 1", name=op.f("ck_observation_n")),
        comment="what is known of people beside their cases; the highest n counts; rows are only added",
    )
    op.create_index(op.f("ix_observation_person_id"), "observation", ["person_id"])


def guard_on_postgresql() -> None:
    """UPDATE, DELETE and TRUNCATE of `observation` fail, also when they would touch no row."""
    op.execute("""
        CREATE TRIGGER observation_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON observation
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def guard_on_sqlite() -> None:
    """UPDATE and DELETE of a row of `observation` fail, and so does INSERT OR REPLACE."""
    for name, when in (("update", "BEFORE UPDATE"), ("delete", "BEFORE DELETE")):
        op.execute(f"""
            CREATE TRIGGER observation_no_{name} {when} ON observation
            BEGIN SELECT RAISE(ABORT, 'rows of observation are only ever added'); END
        """)
    op.execute("""
        CREATE TRIGGER observation_no_replace BEFORE INSERT ON observation
        WHEN EXISTS (SELECT 1 FROM observation WHERE observation_id = NEW.observation_id AND n = NEW.n)
        BEGIN SELECT RAISE(ABORT, 'this row of observation is there already'); END
    """)
