"""Staff: several roles, absence with a substitute, cases handed over, and who changed the list.

The secretariat has no konfliktråd. The role that was stored becomes the only one of the set.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_staff"
down_revision = "2026_11_29_identity"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("staff") as table:
        table.alter_column("konfliktrad", existing_type=sa.Text(), nullable=True, comment="null for the secretariat")
        table.add_column(sa.Column("roles", sa.Text(), nullable=True, comment="|role|role|, to look for"))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.execute("UPDATE staff SET roles = '|' || role || '|'")
    with op.batch_alter_table("staff") as table:
        table.alter_column(
            "roles", existing_type=sa.Text(), nullable=False, existing_comment="|role|role|, to look for"
        )
        table.drop_column("role")
    absences()
    changes()


def downgrade() -> None:
    op.drop_table("staff_change")
    op.drop_table("staff_handover")
    op.drop_table("staff_absence")
    with op.batch_alter_table("staff") as table:
        table.add_column(sa.Column("role", sa.Text(), nullable=True))
    op.execute("DELETE FROM staff WHERE konfliktrad IS NULL")
    op.execute("UPDATE staff SET role = CASE WHEN roles LIKE '%|leader|%' THEN 'leader' ELSE 'coordinator' END")
    with op.batch_alter_table("staff") as table:
        table.alter_column("role", existing_type=sa.Text(), nullable=False)
        table.alter_column("konfliktrad", existing_type=sa.Text(), nullable=False, comment=None)
        table.drop_column("roles")
        table.drop_column("version")


def absences() -> None:
    """Days on which somebody is away, and the cases that the substitute has for that time."""
    op.create_table(
        "staff_absence",
        sa.Column("absence_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("substitute", sa.Text(), nullable=True),
        sa.Column("hand_over", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("handed_over_on", sa.Date(), nullable=True, comment="when the cases went to the substitute"),
        sa.Column("taken_back_on", sa.Date(), nullable=True, comment="when they came back"),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_role", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_staff_absence_days")),
        sa.CheckConstraint("substitute <> subject", name=op.f("ck_staff_absence_substitute")),
        sa.ForeignKeyConstraint(["subject"], ["staff.subject"], name=op.f("fk_staff_absence_subject_staff")),
        sa.ForeignKeyConstraint(["substitute"], ["staff.subject"], name=op.f("fk_staff_absence_substitute_staff")),
        sa.PrimaryKeyConstraint("absence_id", name=op.f("pk_staff_absence")),
        comment="days on which somebody is away, both included, and who stands in",
    )
    op.create_index(op.f("ix_staff_absence_subject"), "staff_absence", ["subject"])
    op.create_index(op.f("ix_staff_absence_substitute"), "staff_absence", ["substitute"])
    op.create_table(
        "staff_handover",
        sa.Column("absence_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["absence_id"], ["staff_absence.absence_id"], name=op.f("fk_staff_handover_absence_id_staff_absence")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_staff_handover_case_id_case_file")),
        sa.PrimaryKeyConstraint("absence_id", "case_id", name=op.f("pk_staff_handover")),
        comment="cases that were reassigned to the substitute for the time of an absence",
    )


def changes() -> None:
    """Who changed what in the list of staff."""
    op.create_table(
        "staff_change",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column(
            "details", sa.Text(), nullable=False, comment="JSON: the changed fields, each with its old and new value"
        ),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_staff_change")),
        comment="who changed what in the list of staff; nothing is removed",
    )
    op.create_index(op.f("ix_staff_change_subject"), "staff_change", ["subject"])
