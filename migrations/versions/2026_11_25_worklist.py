"""What needs doing in a case, beside its current row."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_worklist"
down_revision = "2026_11_24_notices"

COLUMNS = {
    "act_on": (sa.Date(), "the day its most pressing task is put in order by; null when nothing needs doing"),
    "duties": (sa.Text(), "its tasks as |kind:actor|, to look for"),
    "tasks": (sa.Text(), "JSON: what needs doing, by whom, by when, and from when it can be done; no person"),
}
INDEXES = {
    "ix_case_current_act_on": ["act_on", "case_id"],
    "ix_case_current_konfliktrad_act_on": ["konfliktrad", "act_on", "case_id"],
}


def upgrade() -> None:
    """The columns are filled from the events afterwards, by whoever upgrades: `store.rebuild.fill`."""
    for name, (kind, comment) in COLUMNS.items():
        op.add_column("case_current", sa.Column(name, kind, nullable=True, comment=comment))
    for name, columns in INDEXES.items():
        op.create_index(name, "case_current", columns)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "case_current")
    for name in COLUMNS:
        op.drop_column("case_current", name)
