"""Who changed what in the list of staff. Rows are added and never changed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select

from ungdom.store import chain_changes, keyset
from ungdom.store.keyset import KeysetPosition
from ungdom.store.schema.staff import StaffAction, staff_change
from ungdom.workflow.vocabulary import Role

C = staff_change.c


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChange:
    """One change of an entry. `details`: JSON; of changed fields old and new value, of names only that they changed."""

    change_id: UUID
    subject: str
    action: StaffAction
    details: str
    changed_at: datetime
    changed_by: str
    role: Role


def add(tx: Connection, new: StaffChange) -> None:
    """Writes a change."""
    tx.execute(insert(staff_change), asdict(new))
    chain_changes.record(tx, staff_change, asdict(new))


def page(tx: Connection, subject: str, after: KeysetPosition | None, limit: int) -> list[StaffChange]:
    """The changes of this entry, newest first, from the one after `after`."""
    query = select(staff_change).where(C.subject == subject)
    rows = tx.execute(keyset.page(query, (C.changed_at, C.change_id), after, limit)).mappings()
    return [StaffChange(**row) for row in rows]
