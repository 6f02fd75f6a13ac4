"""Where a case is on its way to: its new office sees it while the transfer waits for its answer.

The rows of cases that have been transferred, or are to be, are set here to what their events say: after an accepted
transfer the coordinator of the office that had the case is not its coordinator any more.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_transfer"
down_revision = "2026_11_25_measures"

DECIDED, ACCEPTED, DECLINED = "transfer_decided", "transfer_accepted", "transfer_declined"
ASSIGNED, CORRECTED = "assigned", "corrected"


def upgrade() -> None:
    op.add_column(
        "case_current",
        sa.Column(
            "transfer_to", sa.Text(), nullable=True, comment="the konfliktråd that is to have it, until it has answered"
        ),
    )
    set_ = sa.text("transfer_to IS NOT NULL")
    op.create_index(
        "ix_case_current_transfer_to", "case_current", ["transfer_to"], postgresql_where=set_, sqlite_where=set_
    )
    fill(op.get_bind())


def downgrade() -> None:
    op.drop_index("ix_case_current_transfer_to", "case_current")
    op.drop_column("case_current", "transfer_to")


def fill(tx: sa.Connection) -> None:
    """Every case in which a transfer was decided, one by one: they are few."""
    decided = sa.text("SELECT DISTINCT case_id FROM event WHERE type = :decided OR details LIKE :replaced")
    asked = {"decided": DECIDED, "replaced": f'%"{DECIDED}"%'}
    for (case_id,) in tx.execute(decided, asked).all():
        tx.execute(
            sa.text("UPDATE case_current SET transfer_to = :to, coordinator = :coordinator WHERE case_id = :case_id"),
            {"case_id": case_id, **standing(tx, case_id)},
        )


def standing(tx: sa.Connection, case_id: object) -> dict[str, str | None]:
    """Where the case is on its way to, and who coordinates it, as its events read with their corrections."""
    query = sa.text("SELECT seq, type, details FROM event WHERE case_id = :case_id ORDER BY seq")
    told = [(seq, kind, json.loads(details)) for seq, kind, details in tx.execute(query, {"case_id": case_id})]
    corrections = {said["corrects"]: said.get("replacement") for _, kind, said in told if kind == CORRECTED}
    to = coordinator = None
    for seq, kind, said in told:
        new = corrections.get(seq, {"type": kind, "details": said})
        if new and new["type"] == DECIDED:
            to = new["details"]["to"]
        elif new and new["type"] == ACCEPTED:
            to = coordinator = None
        elif new and new["type"] == DECLINED:
            to = None
        elif new and new["type"] == ASSIGNED:
            coordinator = new["details"]["coordinator"]
    closed = sa.text("SELECT closed_on FROM case_current WHERE case_id = :case_id")
    return {"to": None if tx.scalar(closed, {"case_id": case_id}) else to, "coordinator": coordinator}
