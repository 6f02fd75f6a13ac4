"""Standing contacts of coordination groups, and notices that name an agency."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_coordination_groups"
down_revision = "2026_11_30_matching"

COLUMNS = (
    ("agency", sa.Text(), "as whose standing contact; of an answer: whose part it is"),
    ("reason", sa.Text(), "why it is late, as the agency answered for its own part"),
    ("expected_on", sa.Date(), "the day on which the agency expects to be done"),
)


def upgrade() -> None:
    op.create_table(
        "coordination_contact",
        sa.Column("konfliktrad", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="the sign-in, or a key of ours where the contact has none"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="person or function, as the office calls it"),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["konfliktrad"], ["konfliktrad.code"], name=op.f("fk_coordination_contact_konfliktrad_konfliktrad")
        ),
        sa.PrimaryKeyConstraint("konfliktrad", "agency", "subject", name=op.f("pk_coordination_contact")),
        comment="who is notified for an agency before execution starts, as kept by the office; krl § 22 d",
    )
    for name, kind, comment in COLUMNS:
        op.add_column("notice", sa.Column(name, kind, nullable=True, comment=comment))


def downgrade() -> None:
    for name, *_ in COLUMNS:
        op.drop_column("notice", name)
    op.drop_table("coordination_contact")
