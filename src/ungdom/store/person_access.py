"""The log of access to person records: who read, searched for or changed which person. Rows are only added."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, or_, select

from ungdom.store import bulk, keyset
from ungdom.store.keyset import KeysetPosition
from ungdom.store.records import people_by_id, records_of
from ungdom.store.schema.persons import PersonAccessKind, PersonChangeKind, person_access, person_change
from ungdom.workflow.rules.permissions import NATIONAL
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


@dataclass(frozen=True, slots=True)
class OfficeScope:
    """The accesses that an office is shown: its own, and those of national roles to the records of its cases.

    From a merge on, accesses are logged to the canonical record. `both_sides`: merges and splits by national roles are
    shown as well.
    """

    konfliktrad: str | None
    record_ids: frozenset[UUID]
    both_sides: bool


def add(tx: Connection, entries: Sequence[PersonAccess]) -> None:
    """Writes these accesses."""
    bulk.add(tx, person_access, [asdict(entry) for entry in entries])


def page(
    tx: Connection, person_id: UUID, scope: OfficeScope | None, after: KeysetPosition | None, limit: int
) -> list[PersonAccess]:
    """One page of the accesses to the records of the person with this canonical id, newest first.

    `scope`: of the office that reads; None: all accesses.
    """
    query = select(person_access).where(A.person_id.in_(records_of(people_by_id([person_id]))))
    if scope is not None:
        query = query.where(_in_scope(scope, person_id))
    rows = tx.execute(keyset.page(query, (A.at, A.access_id), after, limit)).mappings()
    return [PersonAccess(**row) for row in rows]


def _in_scope(scope: OfficeScope, person_id: UUID) -> ColumnElement[bool]:
    change = person_change.c
    of_merges = (change.person_id == person_id, change.kind == PersonChangeKind.MERGED)
    merged_at = select(func.max(change.changed_at)).where(*of_merges).scalar_subquery()
    national = A.role.in_(sorted(NATIONAL)) & or_(A.person_id.in_(scope.record_ids), A.at > merged_at)
    if not scope.both_sides:
        national &= A.kind.not_in([PersonAccessKind.MERGED, PersonAccessKind.SPLIT])
    return or_(A.konfliktrad == scope.konfliktrad, national)
