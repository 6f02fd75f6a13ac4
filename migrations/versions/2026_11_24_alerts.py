"""What people are told of delay: alerts, what happened to each, and when a case has to be looked at next."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_alerts"
down_revision = "2026_11_24_decisions"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    alerts()
    looks()
    if op.get_context().dialect.name == "postgresql":
        guard_on_postgresql()
    else:
        guard_on_sqlite()


def downgrade() -> None:
    op.drop_table("alert_change")
    op.drop_table("alert")
    op.drop_index("ix_case_current_look_on", "case_current")
    op.drop_column("case_current", "look_on")


def alerts() -> None:
    """One row a case, clock and due day; and everything that happened to it."""
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="the clock"),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False, comment="the step of the ladder it has reached, from 0"),
        sa.Column("quiet_until", sa.Date(), nullable=True, comment="snoozed, or answered with an expected day"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it is late, as answered"),
        sa.Column("raised_for", sa.Date(), nullable=False, comment="the night it was raised for, the last time it was"),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False, comment="how many rows of alert_change it has"),
        sa.Column("cleared_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_alert_case_id_case_file")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert")),
        sa.UniqueConstraint("case_id", "code", "due", name="uq_alert_case_id_code_due"),
        comment="one row a case, clock and due day, told from the rows of alert_change",
    )
    live = sa.text("cleared_at IS NULL")
    op.create_index("ix_alert_live", "alert", ["case_id"], postgresql_where=live, sqlite_where=live)
    op.create_index("ix_alert_changed_at", "alert", ["changed_at", "alert_id"])
    op.create_table(
        "alert_change",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("for_date", sa.Date(), nullable=False, comment="the day it was judged for"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False, comment="JSON: level, rung, reason, days; no person"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name=op.f("fk_alert_change_alert_id_alert")),
        sa.PrimaryKeyConstraint("alert_id", "n", name=op.f("pk_alert_change")),
        comment="what happened to alerts; triggers refuse to change or remove a row",
    )


def looks() -> None:
    """Every open case is looked at once in the first night."""
    op.add_column(
        "case_current",
        sa.Column(
            "look_on", sa.Date(), nullable=True, comment="the next day on which its alerts may change by themselves"
        ),
    )
    set_ = sa.text("look_on IS NOT NULL")
    op.create_index(
        "ix_case_current_look_on", "case_current", ["look_on", "case_id"], postgresql_where=set_, sqlite_where=set_
    )
    op.execute("UPDATE case_current SET look_on = registered_on WHERE closed_on IS NULL")


def guard_on_postgresql() -> None:
    """UPDATE, DELETE and TRUNCATE of `alert_change` fail, also when they would touch no row."""
    op.execute("""
        CREATE TRIGGER alert_change_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_change
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def guard_on_sqlite() -> None:
    """UPDATE and DELETE of a row of `alert_change` fail, and so does INSERT OR REPLACE."""
    for name, when in (("update", "BEFORE UPDATE"), ("delete", "BEFORE DELETE")):
        op.execute(f"""
            CREATE TRIGGER alert_change_no_{name} {when} ON alert_change
            BEGIN SELECT RAISE(ABORT, 'rows of alert_change are only ever added'); END
        """)
    op.execute("""
        CREATE TRIGGER alert_change_no_replace BEFORE INSERT ON alert_change
        WHEN EXISTS (SELECT 1 FROM alert_change WHERE alert_id = NEW.alert_id AND n = NEW.n)
        BEGIN SELECT RAISE(ABORT, 'this row of alert_change is there already'); END
    """)
