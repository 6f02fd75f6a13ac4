"""Retention and erasure: the basis of the rules, what was erased, and what is kept of an erased person for figures."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_retention"
down_revision = "2026_11_30_keys"

INSTANT = sa.DateTime(timezone=True)
APPENDED = {"retention_basis": ("rule", "n"), "erasure": ("erasure_id",)}
KIND = "ck_person_proposal_kind"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'") if postgresql() else None
    op.add_column("person", sa.Column("erased_at", INSTANT, nullable=True, comment="when the personal data was erased"))
    sex = "of an erased person: the sex, by which figures are broken down"
    op.add_column("person", sa.Column("kept_sex", sa.Text(), nullable=True, comment=sex))
    _proposals("merges, splits and erasures of persons, which two people decide", "'merge', 'split', 'erase'")
    bases()
    erasures()
    for table, key in APPENDED.items():
        guard_on_postgresql(table) if postgresql() else guard_on_sqlite(table, key)


def downgrade() -> None:
    op.drop_table("erasure")
    op.drop_table("retention_basis")
    op.execute("DELETE FROM person_proposal WHERE kind = 'erase'")
    _proposals("merges and splits of persons, which two people decide", "'merge', 'split'")
    op.drop_column("person", "kept_sex")
    op.drop_column("person", "erased_at")


def postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _proposals(comment: str, kinds: str) -> None:
    reason = "the reason, encrypted; null when erased"
    with op.batch_alter_table("person_proposal") as table:
        table.drop_constraint(op.f(KIND), type_="check")
        table.create_check_constraint(op.f(KIND), f"kind IN ({kinds})")
        table.alter_column("sealed", existing_type=sa.LargeBinary(), comment=reason)
    if postgresql():
        op.create_table_comment("person_proposal", comment)


def bases() -> None:
    op.create_table(
        "retention_basis",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column(
            "n",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="of several for a rule, which",
        ),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="act and paragraph, or the decision"),
        sa.Column("name", sa.Text(), nullable=False, comment="who confirms it"),
        sa.Column("keep", sa.Text(), nullable=True, comment="the length, as 10 years 6 months; null: that of the rule"),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.CheckConstraint("n >= 1", name=op.f("ck_retention_basis_n")),
        sa.PrimaryKeyConstraint("rule", "n", name=op.f("pk_retention_basis")),
        comment="the basis that an administrator has entered for a rule of retention; rows are only added",
    )


def erasures() -> None:
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.Uuid(), nullable=False, comment="of its line in the journal of erasures, a file"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "rule", sa.Text(), nullable=False, comment="by which it was erased; `request`: decided for one person"
        ),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("applied_at", INSTANT, nullable=False, comment="later where a restored database repeats it"),
        sa.Column(
            "line", sa.Text(), nullable=False, comment="as it stands in the journal: ids, rule and instant, no person"
        ),
        sa.Column("counts", sa.Text(), nullable=False, comment="JSON: how many rows of which table"),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasure")),
        comment="what was erased from this database; rows are only added",
    )
    op.create_index(op.f("ix_erasure_applied_at"), "erasure", ["applied_at"])


def guard_on_postgresql(table: str) -> None:
    """UPDATE, DELETE and TRUNCATE of the table fail, also when they would touch no row."""
    op.execute(f"""
        CREATE TRIGGER {table}_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def guard_on_sqlite(table: str, key: tuple[str, ...]) -> None:
    """UPDATE and DELETE of a row of the table fail, and so does INSERT OR REPLACE."""
    for name in ("update", "delete"):
        op.execute(f"""
            CREATE TRIGGER {table}_no_{name} BEFORE {name.upper()} ON {table}
            BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END
        """)
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    op.execute(f"""
        CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
        BEGIN SELECT RAISE(ABORT, 'this row of {table} is there already'); END
    """)  # noqa: S608  # names of this file
