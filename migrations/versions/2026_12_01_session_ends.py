"""Sessions of the pages that an operator has ended by a command."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_session_ends"
down_revision = "2026_12_01_access_pending"

NAME = "web_session_end"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        NAME,
        sa.Column("end_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True, comment="whose sessions were ended; null: those of everybody"),
        sa.Column("sessions", sa.Integer(), nullable=False, comment="how many there were"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ended_by", sa.Text(), nullable=False, comment="the user of the operating system who ran the command"
        ),
        sa.PrimaryKeyConstraint("end_id", name=op.f("pk_web_session_end")),
        comment="sessions that an operator has ended; rows are only added",
    )
    guard_on_postgresql() if postgresql else guard_on_sqlite()


def downgrade() -> None:
    op.drop_table(NAME)


def guard_on_postgresql() -> None:
    op.execute(f"""
        CREATE TRIGGER {NAME}_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {NAME}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def guard_on_sqlite() -> None:
    for verb in ("update", "delete"):
        op.execute(f"""
            CREATE TRIGGER {NAME}_no_{verb} BEFORE {verb.upper()} ON {NAME}
            BEGIN SELECT RAISE(ABORT, 'rows of {NAME} are only ever added'); END
        """)
    there = f"EXISTS (SELECT 1 FROM {NAME} WHERE end_id = NEW.end_id)"  # noqa: S608  # a name of ours
    op.execute(f"""
        CREATE TRIGGER {NAME}_no_replace BEFORE INSERT ON {NAME} WHEN {there}
        BEGIN SELECT RAISE(ABORT, 'this row of {NAME} is there already'); END
    """)
