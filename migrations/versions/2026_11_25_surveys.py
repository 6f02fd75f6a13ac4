"""User surveys: invitations by token, counts, and answers that lead back to nobody."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_surveys"
down_revision = "2026_11_25_transfer"

TABLES = ("survey_moment", "survey_invitation", "survey_count", "survey_answer")


def upgrade() -> None:
    moments()
    invitations()
    counts()
    answers()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def moments() -> None:
    """For which events somebody has fetched an invitation."""
    op.create_table(
        "survey_moment",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="the event that gave cause"),
        sa.Column("respondent", sa.Text(), nullable=False),
        sa.Column("handed", sa.Integer(), nullable=False, comment="how many were handed over: one for each guardian"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_survey_moment_case_id_case_file")),
        sa.PrimaryKeyConstraint("case_id", "seq", "respondent", name=op.f("pk_survey_moment")),
        comment=(
            "for which events of a case the coordinator has fetched an invitation; not which, nor whether it was used"
        ),
        sqlite_with_rowid=False,
    )


def invitations() -> None:
    """Those that can be used."""
    op.create_table(
        "survey_invitation",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="SHA-256; the token itself is not kept"),
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("sanction", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("respondent", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False, comment="of the questionnaire"),
        sa.Column("month", sa.Date(), nullable=False, comment="the first day of the month in which it was handed over"),
        sa.Column("expires", sa.Date(), nullable=False, comment="the last day it can be used; follows from the month"),
        sa.Column(
            "tries", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="answers that did not fit"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_survey_invitation")),
        comment="invitations that can be used; a used or expired one is gone",
        sqlite_with_rowid=False,
    )


def counts() -> None:
    """How many were invited and have answered."""
    op.create_table(
        "survey_count",
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("sanction", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("respondent", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False, comment="the first day of the quarter of the invitations"),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "konfliktrad", "sanction", "kind", "respondent", "quarter", name=op.f("pk_survey_count")
        ),
        comment="how many were invited and how many have answered",
        sqlite_with_rowid=False,
    )


def answers() -> None:
    """What was answered."""
    op.create_table(
        "survey_answer",
        sa.Column("answer_id", sa.Uuid(), nullable=False, comment="random, version 4"),
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("sanction", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("respondent", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False, comment="the first day of the quarter of the invitation"),
        sa.Column("version", sa.Text(), nullable=False, comment="of the questionnaire"),
        sa.Column(
            "answers", sa.Text(), nullable=False, comment="JSON: question and grade, in the order of the questionnaire"
        ),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_survey_answer")),
        comment="what was answered; no time, no case, no person",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_survey_answer_quarter"), "survey_answer", ["quarter"], unique=False)
