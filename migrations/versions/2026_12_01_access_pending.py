"""Entries of long answers of the access log: packed in the row of the answer, written to `access_entry` later."""

import sqlalchemy as sa
from alembic import op

from ungdom.store.access_content import unpack

revision = "2026_12_01_access_pending"
down_revision = "2026_12_02_web_views"

COMMENT = "of a long answer: what `shown` is the hash of, packed"
LOG = sa.table("access_log", sa.column("access_id", sa.Uuid()), sa.column("entries", sa.LargeBinary()))
PENDING = sa.table("access_pending", sa.column("access_id", sa.Uuid()))
IDS = ("case_id", "person_id", "message_id")
ENTRY = sa.table(
    "access_entry",
    sa.column("access_id", sa.Uuid()),
    sa.column("place", sa.Integer()),
    *(sa.column(name, sa.Uuid()) for name in IDS),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("access_log", sa.Column("entries", sa.LargeBinary(), nullable=True, comment=COMMENT))
    op.create_table(
        "access_pending",
        sa.Column("access_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_access_pending")),
        comment="long answers of `access_log` whose rows of `access_entry` are not written yet",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """The entries that are not written yet are written first: the version before reads `access_entry` only."""
    tx = op.get_bind()
    pending = sa.select(LOG).where(LOG.c.access_id.in_(sa.select(PENDING.c.access_id)), LOG.c.entries.is_not(None))
    for access_id, packed in tx.execute(pending).all():
        for place, ids in enumerate(unpack(packed)):
            named = {"access_id": access_id, "place": place, **dict(zip(IDS, ids, strict=True))}
            tx.execute(sa.insert(ENTRY), named)
    op.drop_table("access_pending")
    op.drop_column("access_log", "entries")
