"""Extracts: who pulled what, which are to be made, and which are made again and again."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_extracts"
down_revision = "2026_11_25_leadtime"

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("finished_at IS NULL")


def upgrade() -> None:
    schedules()
    jobs()
    pulls()


def downgrade() -> None:
    for table in ("extract_pull", "extract_job", "extract_schedule"):
        op.drop_table(table)


def ordered() -> list[sa.Column]:  # type: ignore[type-arg]
    """What is asked for."""
    return [sa.Column(name, sa.Text(), nullable=False) for name in ("extract", "purpose", "form")]


def by() -> list[sa.Column]:  # type: ignore[type-arg]
    """Who asks."""
    return [sa.Column(name, sa.Text(), nullable=False) for name in ("subject", "role")]


def schedules() -> None:
    """Extracts that are made again and again."""
    op.create_table(
        "extract_schedule",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        *ordered(),
        sa.Column("every", sa.Text(), nullable=False, comment="day, month or quarter"),
        *by(),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column(
            "next_on", sa.Date(), nullable=True, comment="the first day on which the next job is due; null: ended"
        ),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_extract_schedule")),
        comment="extracts that are made again and again",
    )


def jobs() -> None:
    """Extracts to be made, and those that were."""
    op.create_table(
        "extract_job",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        *ordered(),
        sa.Column("known_at", INSTANT, nullable=False),
        sa.Column("valid_at", sa.Date(), nullable=False),
        *by(),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="waiting, running, done, failed or removed"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column(
            "claimed_until",
            INSTANT,
            nullable=True,
            comment="whoever makes it has said so until then; afterwards anybody may",
        ),
        sa.Column("cases_done", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("cases", sa.Integer(), nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it failed: the kind of error"),
        sa.Column("manifest", sa.Text(), nullable=True, comment="JSON, once it is done"),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["extract_schedule.schedule_id"],
            name=op.f("fk_extract_job_schedule_id_extract_schedule"),
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_extract_job")),
        comment="extracts to be made, and those that were",
    )
    op.create_index("ix_extract_job_open", "extract_job", ["created_at"], postgresql_where=OPEN, sqlite_where=OPEN)


def pulls() -> None:
    """Who took out what."""
    op.create_table(
        "extract_pull",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *by(),
        *ordered(),
        sa.Column(
            "parameters", sa.Text(), nullable=False, comment="JSON: everything that decides which rows these are"
        ),
        sa.Column("job_id", sa.Uuid(), nullable=True, comment="null: made for this pull alone"),
        sa.Column("file", sa.Text(), nullable=True, comment="of the job"),
        sa.Column("status", sa.Text(), nullable=False, comment="running, finished or broken_off"),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["extract_job.job_id"], name=op.f("fk_extract_pull_job_id_extract_job")),
        sa.PrimaryKeyConstraint("pull_id", name=op.f("pk_extract_pull")),
        comment="who took out what, for which purpose",
    )
    op.create_index(op.f("ix_extract_pull_at"), "extract_pull", ["at"])
