"""The order and the due days of the worklist, notes that the youth may read, and where imported cases came from."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_lists"
down_revision = "2026_11_30_persons"

COLUMNS = {
    "dated_on": "the same day of its most pressing task with a due day",
    "undated_on": "the same day of its most pressing task without a due day",
}
DUTIES = "the earliest due day by kind of task and by who has it to do: |kind:who=day"
OLD_DUTIES = "its tasks as |kind:actor|, to look for"
OLD_INDEXES = {
    "ix_case_current_act_on": ["act_on", "case_id"],
    "ix_case_current_konfliktrad_act_on": ["konfliktrad", "act_on", "case_id"],
}
INDEXES = {
    "ix_case_current_dated_on": ["dated_on", "case_id"],
    "ix_case_current_konfliktrad_dated_on": ["konfliktrad", "dated_on", "case_id"],
    "ix_case_current_undated_on": ["undated_on", "case_id"],
    "ix_case_current_konfliktrad_undated_on": ["konfliktrad", "undated_on", "case_id"],
}


def upgrade() -> None:
    """The new columns are filled from the events afterwards: `store.rebuild.backfill`."""
    for name, comment in COLUMNS.items():
        op.add_column("case_current", sa.Column(name, sa.Date(), nullable=True, comment=comment))
    _comment_on_duties(DUTIES)
    _replace(OLD_INDEXES, INDEXES)
    marked = "the youth may read it as a party to the case"
    op.add_column(
        "note",
        sa.Column("youth_may_read", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=marked),
    )
    _imports()


def downgrade() -> None:
    op.drop_table("case_import")
    op.drop_column("note", "youth_may_read")
    _replace(INDEXES, OLD_INDEXES)
    for name in COLUMNS:
        op.drop_column("case_current", name)
    _comment_on_duties(OLD_DUTIES)


def _replace(old: dict[str, list[str]], new: dict[str, list[str]]) -> None:
    for name in old:
        op.drop_index(name, "case_current")
    for name, columns in new.items():
        op.create_index(name, "case_current", columns)


def _comment_on_duties(comment: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite stores no comments
        op.alter_column("case_current", "duties", existing_type=sa.Text(), comment=comment)


def _imports() -> None:
    op.create_table(
        "case_import",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="of the case in that system; never the number of a person"),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "fingerprint",
            sa.LargeBinary(),
            nullable=False,
            comment="of what the file said, keyed: no text can be tried",
        ),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_case_import_case_id_case_file")),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_case_import")),
        comment="which case came from which case of another system, so that a file can be read again",
    )
    op.create_index(op.f("ix_case_import_case_id"), "case_import", ["case_id"])
