"""People are found by name and day of birth as well, and an office may open a case in spite of a doubt."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_matching"
down_revision = "2026_11_30_staff"

DOUBT = "a person decided to open the case although the person of the message resembles another"
NAME = "keyed hash of the words of the name; null without a name"


def upgrade() -> None:
    op.add_column("person", sa.Column("name_hash", sa.LargeBinary(), nullable=True, comment=NAME))
    op.create_index(op.f("ix_person_name_hash"), "person", ["name_hash"])
    op.create_index(op.f("ix_person_version_born"), "person_version", ["born"])
    accepted = sa.Column("doubt_accepted", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=DOUBT)
    op.add_column("decision", accepted)


def downgrade() -> None:
    op.drop_column("decision", "doubt_accepted")
    op.drop_index(op.f("ix_person_version_born"), "person_version")
    op.drop_index(op.f("ix_person_name_hash"), "person")
    op.drop_column("person", "name_hash")
