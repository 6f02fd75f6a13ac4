"""The log of access to person records: who read, searched for or changed which person. Rows are only added."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from ungdom.store import bulk, keyset
from ungdom.store.keyset import KeysetPosition
from ungdom.store.records import people_by_id, records_of
from ungdom.store.schema.persons import PersonAccessKind, person_access
from ungdom.workflow.vocabulary import Role

A = person_access.c


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAccess:
    """One access. `person_id`: None for a search as a whole, which has `criteria` and `hits`.

    `criteria`: the names of the fields searched by, separated by blanks; their values are not stored.
    """

    access_id: UUID
    at: datetime
    kind: PersonAccessKind
    subject: str
    role: Role
    konfliktrad: str | None
    person_id: UUID | None = None
    criteria: str | None = None
    hits: int | None = None


def add(tx: Connection, entries: Sequence[PersonAccess]) -> None:
    """Writes these accesses."""
    bulk.add(tx, person_access, [asdict(entry) for entry in entries])


def page(tx: Connection, person_id: UUID, after: KeysetPosition | None, limit: int) -> list[PersonAccess]:
    """One page of the accesses to the records of the person with this canonical id, newest first."""
    query = select(person_access).where(A.person_id.in_(records_of(people_by_id([person_id]))))
    rows = tx.execute(keyset.page(query, (A.at, A.access_id), after, limit)).mappings()
    return [PersonAccess(**row) for row in rows]
