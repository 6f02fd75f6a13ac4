"""A secret of the database's own, for keyed hashes that stay the same when the encryption keys are replaced."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_keys"
down_revision = "2026_11_30_chain"

COMMENTS = (
    ("population_event", "content_hash", "keyed hash of the content, to recognise a repeat",
     "encrypted keyed hash, to recognise a repeat"),
    ("case_import", "fingerprint", "of what the file said, keyed: no text can be tried",
     "encrypted keyed hash of what the file said"),
)  # fmt: skip
"""Table, column, and its comment before and after."""


def upgrade() -> None:
    op.create_table(
        "kept_secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the secret, encrypted"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_kept_secret")),
        comment="secrets of this database, which stay the same when the encryption keys are replaced",
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column, before, after in COMMENTS:
            op.alter_column(table, column, comment=after, existing_comment=before)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column, before, after in COMMENTS:
            op.alter_column(table, column, comment=before, existing_comment=after)
    op.drop_table("kept_secret")
