"""Persons that are corrected, merged and split, with their history, who has read them, and events of the register."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_persons"
down_revision = "2026_11_30_coordination_groups"

INSTANT = sa.DateTime(timezone=True)
TABLES = ("population_event", "person_proposal", "person_access", "person_change", "person_number")


def upgrade() -> None:
    added_columns()
    numbers_and_changes()
    access()
    proposals()
    population_events()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("person_version", "guardian_changes")
    op.drop_column("person", "review_protection")
    op.drop_column("person", "revision")


def added_columns() -> None:
    op.add_column(
        "person",
        sa.Column(
            "revision", sa.Integer(), nullable=False, server_default=sa.text("1"), comment="raised by every change"
        ),
    )
    review = "the level was taken over by a merge that has been undone, and has not been reviewed since"
    op.add_column(
        "person",
        sa.Column("review_protection", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=review),
    )
    days = "days from which the number is another: [[day, number], ...]"
    op.add_column("person_version", sa.Column("guardian_changes", sa.Text(), nullable=True, comment=days))


def refers(table: str, column: str) -> sa.ForeignKeyConstraint:
    """A reference to a person record."""
    return sa.ForeignKeyConstraint([column], ["person.person_id"], name=op.f(f"fk_{table}_{column}_person"))


def numbers_and_changes() -> None:
    op.create_table(
        "person_number",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        refers("person_number", "person_id"),
        sa.PrimaryKeyConstraint("person_id", "number_hash", name=op.f("pk_person_number")),
        comment="keyed hashes of identity numbers that a person has had before",
    )
    op.create_index("ix_person_number_number_hash", "person_number", ["number_hash"])
    op.create_table(
        "person_change",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "revision", sa.Integer(), autoincrement=False, nullable=False, comment="of the record after the change"
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False, comment="names of the fields that changed, separated by blanks"),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("konfliktrad", sa.Text(), nullable=True),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="the reason and the record before the change, encrypted; null when erased",
        ),
        refers("person_change", "person_id"),
        sa.PrimaryKeyConstraint("person_id", "revision", name=op.f("pk_person_change")),
        comment="the history of person records; rows are only added",
    )


def access() -> None:
    op.create_table(
        "person_access",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="null for the search itself"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=True),
        sa.Column(
            "criteria",
            sa.Text(),
            nullable=True,
            comment="what was searched by: names of fields, never their values",
        ),
        sa.Column("hits", sa.Integer(), nullable=True, comment="persons that a search returned"),
        refers("person_access", "person_id"),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_person_access")),
        comment="who has read, searched for or changed a person record; rows are only added",
    )
    op.create_index("ix_person_access_person_id_at", "person_access", ["person_id", "at", "access_id"])


def proposals() -> None:
    op.create_table(
        "person_proposal",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True, comment="the second person, once there is one"),
        sa.Column(
            "cases",
            sa.Text(),
            nullable=True,
            comment="ids of the cases that a split gives to the other person, as JSON",
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_role", sa.Text(), nullable=False),
        sa.Column("konfliktrad", sa.Text(), nullable=True, comment="the office of the leader who proposed it"),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_role", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="the reason, encrypted"),
        sa.Column(
            "effect", sa.Text(), nullable=True, comment="ids of the records and messages that a merge joined, as JSON"
        ),
        sa.CheckConstraint("kind IN ('merge', 'split')", name=op.f("ck_person_proposal_kind")),
        sa.CheckConstraint("status IN ('proposed', 'approved', 'rejected')", name=op.f("ck_person_proposal_status")),
        refers("person_proposal", "person_id"),
        refers("person_proposal", "other_id"),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_person_proposal")),
        comment="merges and splits of persons, which two people decide",
    )
    op.create_index("ix_person_proposal_proposed_at", "person_proposal", ["proposed_at", "proposal_id"])
    op.create_index(op.f("ix_person_proposal_person_id"), "person_proposal", ["person_id"])
    op.create_index(op.f("ix_person_proposal_other_id"), "person_proposal", ["other_id"])


def population_events() -> None:
    op.create_table(
        "population_event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the system that sends"),
        sa.Column("register_id", sa.Text(), nullable=False, comment="the sender's id of the event"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed hash of the content, to recognise a repeat",
        ),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="the event, encrypted; null when erased"),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("other_id", sa.Uuid(), nullable=True, comment="another person who has the new number"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="code of why a person has to decide"),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        refers("population_event", "person_id"),
        refers("population_event", "other_id"),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_population_event")),
        sa.UniqueConstraint("source", "register_id", name="uq_population_event_source_register_id"),
        comment="events of the population register; who they are about stands only encrypted",
    )
    op.create_index("ix_population_event_received_at", "population_event", ["received_at", "event_id"])
    op.create_index(op.f("ix_population_event_person_id"), "population_event", ["person_id"])
    op.create_index(op.f("ix_population_event_other_id"), "population_event", ["other_id"])
