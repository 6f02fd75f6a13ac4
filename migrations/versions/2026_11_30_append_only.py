"""Triggers keep the rows of four more histories: versions and changes of persons, changes of staff, rooms at providers.

Of a change of a person only the encrypted part may be replaced: by another key, or by nothing when it is erased.
"""

from alembic import op

revision = "2026_11_30_append_only"
down_revision = "2026_11_30_retention"

CHANGE = ("person_id", "revision", "kind", "fields", "changed_at", "changed_by", "role", "konfliktrad")
TABLES = {"person_version": (), "person_change": CHANGE, "staff_change": (), "measure_availability": ()}
"""The columns that never change; none named: all of them."""


def upgrade() -> None:
    guard = _guard_on_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite
    for table, columns in TABLES.items():
        guard(table, f" OF {', '.join(columns)}" if columns else "")


def downgrade() -> None:
    for table in TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER {table}_is_only_added ON {table}")
        else:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")


def _guard_on_postgresql(table: str, columns: str) -> None:
    op.execute(f"""
        CREATE TRIGGER {table}_is_only_added BEFORE UPDATE{columns} OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _guard_on_sqlite(table: str, columns: str) -> None:
    for name, when in (("update", f"UPDATE{columns}"), ("delete", "DELETE")):
        op.execute(f"""
            CREATE TRIGGER {table}_no_{name} BEFORE {when} ON {table}
            BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END
        """)
