"""Questions of identity: two records of one person, and who is cleared for protected addresses."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_identity"
down_revision = "2026_11_29_idempotency"

INSTANT = sa.DateTime(timezone=True)
REFERS = (
    ("record_id", "person", "person_id"),
    ("known_id", "person", "person_id"),
    ("case_id", "case_file", "case_id"),
)


def upgrade() -> None:
    same_as()
    cleared = "may be given cases of people whose address is protected"
    op.add_column(
        "staff", sa.Column("cleared", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=cleared)
    )
    offices = "who may know why it waits, untold to the sender: |office:protection:reason|, each"
    op.add_column("decision", sa.Column("offices", sa.Text(), nullable=True, comment=offices))
    questions()


def downgrade() -> None:
    op.drop_table("identity_question")
    op.drop_column("decision", "offices")
    op.drop_column("staff", "cleared")
    op.drop_index(op.f("ix_person_same_as"), "person")
    op.drop_column("person", "same_as")


def same_as() -> None:
    """Which record counts. In one statement with its constraints: SQLite adds none to a column that is there."""
    dialect = op.get_bind().dialect
    kind = sa.Uuid().compile(dialect)
    refers = "CONSTRAINT fk_person_same_as_person REFERENCES person (person_id)"
    other = "CONSTRAINT ck_person_same_as CHECK (same_as <> person_id)"
    op.execute(f"ALTER TABLE person ADD COLUMN same_as {kind} {refers} {other}")
    if dialect.name == "postgresql":
        op.execute("COMMENT ON COLUMN person.same_as IS 'the record of the same person that counts'")
    op.create_index(op.f("ix_person_same_as"), "person", ["same_as"])


def questions() -> None:
    """Whether two records are of one person."""
    op.create_table(
        "identity_question",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False, comment="made from what was given"),
        sa.Column("known_id", sa.Uuid(), nullable=False, comment="stored before"),
        sa.Column("case_id", sa.Uuid(), nullable=False, comment="opened on the new record"),
        sa.Column("resemblance", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="the reason for the answer, encrypted"),
        sa.CheckConstraint("resemblance IN ('agrees', 'contradicts')", name=op.f("ck_identity_question_resemblance")),
        sa.CheckConstraint("status IN ('open', 'confirmed', 'rejected')", name=op.f("ck_identity_question_status")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=op.f(f"fk_identity_question_{column}_{table}"))
            for column, table, key in REFERS
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_identity_question")),
        sa.UniqueConstraint("record_id", "known_id", name="uq_identity_question_record_id_known_id"),
        comment="whether two records are of one person; a pair is asked about once",
    )
    op.create_index("ix_identity_question_raised_at", "identity_question", ["raised_at", "question_id"])
    op.create_index(op.f("ix_identity_question_known_id"), "identity_question", ["known_id"])
    op.create_index(op.f("ix_identity_question_case_id"), "identity_question", ["case_id"])
