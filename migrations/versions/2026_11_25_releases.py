"""The register of released tables, only ever added to."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_releases"
down_revision = "2026_11_25_recidivism"

TABLES = ("release", "release_exact")


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False, comment="what is told was known then"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the content"),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON: every table as it is told"),
        sa.Column(
            "proof",
            sa.Text(),
            nullable=False,
            comment="JSON: that no hidden count can be worked out; none of them in it",
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release")),
        sa.UniqueConstraint("known_at", name=op.f("uq_release_known_at")),
        comment="what has been released, never changed",
    )
    op.create_table(
        "release_exact",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON: every count, hidden ones too; told to nobody"),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.release_id"], name=op.f("fk_release_exact_release_id_release")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release_exact")),
        comment="what later releases are held against; never changed",
    )
    for table in TABLES:
        _guard(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _guard(table: str) -> None:
    """A row is never changed or removed; on SQLite not by INSERT OR REPLACE either."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"""
            CREATE TRIGGER {table}_is_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
        return
    for name in ("update", "delete"):
        op.execute(f"""
            CREATE TRIGGER {table}_no_{name} BEFORE {name.upper()} ON {table}
            BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END
        """)
    op.execute(f"""
        CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE release_id = NEW.release_id)
        BEGIN SELECT RAISE(ABORT, 'this row of {table} is there already'); END
    """)  # noqa: S608  # the names stand above
