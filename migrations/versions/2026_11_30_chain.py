"""The hash chains: a link per event, records of changes, seals, and verifications.

Links of stored events are filled afterwards in batches (`store.chain_backfill`): this migration touches no row.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_chain"
down_revision = "2026_11_30_access_log"

INSTANT = sa.DateTime(timezone=True)
ADDED_ONLY = {
    "audit_change": ("stream", "position"),
    "audit_seal": ("number",),
    "audit_head": ("chain", "stream", "position"),
}
LINK = "of the hash chain of the case; null until an older version's row is linked"


def upgrade() -> None:
    op.add_column("event", sa.Column("link", sa.LargeBinary(), nullable=True, comment=LINK))
    changes()
    seals()
    verifications()
    for table, key in ADDED_ONLY.items():
        guard(table, key)


def downgrade() -> None:
    for table in ("audit_verification", "audit_anchor", "audit_head", "audit_seal", "audit_change"):
        op.drop_table(table)
    op.drop_column("event", "link")


def changes() -> None:
    """Each change of a person, a proposal, staff or other administration."""
    op.create_table(
        "audit_change",
        sa.Column("stream", sa.Text(), nullable=False, comment="the table and the key of what the row belongs to"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the table of the row"),
        sa.Column("key", sa.Text(), nullable=False, comment="JSON: the primary key of the row"),
        sa.Column(
            "content",
            sa.Text(),
            nullable=True,
            comment="JSON: the row after the change, without what is encrypted; null: removed",
        ),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "position", name=op.f("pk_audit_change")),
        comment="each change of a person, proposal, staff or other administration, linked; rows are only added",
    )
    op.create_index("ix_audit_change_source_key", "audit_change", ["source", "key"])


def seals() -> None:
    """The seals with their heads, and which were exported."""
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("streams", sa.Integer(), nullable=False, comment="of all chains together"),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="of all chains together"),
        sa.Column(
            "leaves",
            sa.Integer(),
            nullable=False,
            comment="the streams that this seal covers: its rows of audit_head",
        ),
        sa.Column("root", sa.LargeBinary(), nullable=False, comment="Merkle root over the heads"),
        sa.Column("link", sa.LargeBinary(), nullable=False, comment="over the seal before it and this one"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
        comment="the seals over the hash chains; rows are only added",
    )
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Text(), nullable=False, comment="the table"),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the seal"),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["audit_seal.number"], name=op.f("fk_audit_head_number_audit_seal")),
        sa.PrimaryKeyConstraint("chain", "stream", "position", name=op.f("pk_audit_head")),
        comment="the last row of each stream that had grown at a seal; rows are only added",
    )
    op.create_index(op.f("ix_audit_head_number"), "audit_head", ["number"])
    op.create_table(
        "audit_anchor",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("exported_at", INSTANT, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["audit_seal.number"], name=op.f("fk_audit_anchor_number_audit_seal")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_anchor")),
        comment="which seals were exported, and when",
    )


def verifications() -> None:
    """What verifications found."""
    op.create_table(
        "audit_verification",
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="all, or part: what had changed and a share of the rest"),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.Column("streams", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column(
            "first", sa.Text(), nullable=True, comment="JSON: the first findings; table, stream, position, problem"
        ),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("pk_audit_verification")),
        comment="verifications of the hash chains, and what they found",
    )
    op.create_index(op.f("ix_audit_verification_started_at"), "audit_verification", ["started_at"])


def guard(table: str, key: tuple[str, ...]) -> None:
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
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    op.execute(f"""
        CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
        BEGIN SELECT RAISE(ABORT, 'this row of {table} is there already'); END
    """)  # noqa: S608  # the names stand above
