"""Reading the access log: by case, person, reader, office, time and route, newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from ungdom.store.access_content import AccessEntry
from ungdom.store.access_index import EntryIndex
from ungdom.store.ids import uuid7
from ungdom.store.records import people_by_id, records_of
from ungdom.store.schema.access import AccessKind, access_log
from ungdom.store.schema.persons import PersonChangeKind, person_change
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.permissions import NATIONAL
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role

A = access_log.c
_BROKEN = access_log.alias("broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAccess:
    """An answer in the access log. `graded`: it contains data of somebody whose address is protected now."""

    access_id: UUID
    at: datetime
    kind: AccessKind
    subject: str
    role: Role
    konfliktrad: str | None
    system: str | None
    organisation: str | None
    route: str
    matters: tuple[Matter, ...]
    purpose: AccessPurpose
    criteria: str | None
    hits: int | None
    broken_off: bool
    graded: bool
    entries: tuple[AccessEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilters:
    """Which answers; None: whatever it is. `person_id`: canonical. `since` is included, `until` is not."""

    case_id: UUID | None = None
    person_id: UUID | None = None
    subject: str | None = None
    konfliktrad: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    route: str | None = None

    def conditions(self, tx: Connection, index: EntryIndex) -> Iterator[ColumnElement[bool]]:
        """The conditions on `access_log`."""
        yield A.kind != AccessKind.BROKEN_OFF
        if self.case_id is not None:
            yield index.names_case(self.case_id)
        if self.person_id is not None:
            yield index.names_record(_records(tx, self.person_id))
        if self.konfliktrad is not None:
            yield A.konfliktrad == self.konfliktrad
            yield ~index.names_protected(tx)
        equal = ((A.subject, self.subject), (A.route, self.route))
        yield from (column == value for column, value in equal if value is not None)
        if self.since is not None:
            yield A.access_id >= uuid7(self.since, 0)
        if self.until is not None:
            yield A.access_id < uuid7(self.until, 0)


@dataclass(frozen=True, slots=True)
class OfficeScope:
    """The accesses to a person that an office is shown: its own, and those of national roles to records of its cases.

    From a merge on, those to the joined person. `both_sides`: merges and splits by national roles are shown as well.
    """

    konfliktrad: str | None
    record_ids: frozenset[UUID]
    both_sides: bool

    def condition(self, index: EntryIndex, person_id: UUID) -> ColumnElement[bool]:
        """The condition on `access_log`, for the person with this canonical id."""
        change = person_change.c
        of_merges = (change.person_id == person_id, change.kind == PersonChangeKind.MERGED)
        merged_at = select(func.max(change.changed_at)).where(*of_merges).scalar_subquery()
        own_record = index.names_record(self.record_ids)
        national = A.role.in_(sorted(NATIONAL)) & or_(own_record, A.at > merged_at)
        if not self.both_sides:
            national &= A.kind.not_in([AccessKind.MERGED, AccessKind.SPLIT])
        return or_(A.konfliktrad == self.konfliktrad, national)


def page(
    tx: Connection,
    filters: AccessFilters,
    after: UUID | None,
    limit: int,
    scope: OfficeScope | None = None,
) -> list[LoggedAccess]:
    """One page, newest first, each with the entries that the filters name.

    `after`: the last access of the page before. `scope`: of the office that reads.
    """
    index = EntryIndex.read(tx)
    query = select(*_COLUMNS, index.names_protected(tx).label("graded")).where(*filters.conditions(tx, index))
    if scope is not None and filters.person_id is not None:
        query = query.where(scope.condition(index, filters.person_id))
    if after is not None:
        query = query.where(A.access_id < after)
    rows = tx.execute(query.order_by(A.access_id.desc()).limit(limit)).mappings().all()
    entries = index.entries(tx, [row["access_id"] for row in rows])
    records = None if filters.person_id is None else _records(tx, filters.person_id)
    return [_logged(row, _of_filters(entries[row["access_id"]], filters, records)) for row in rows]


def is_of_case(tx: Connection, case_id: UUID, access_id: UUID) -> bool:
    """Whether data of this case were given in the answer with this id."""
    named = (A.access_id == access_id, EntryIndex.read(tx).names_case(case_id))
    return tx.scalar(select(A.access_id).where(*named)) is not None


def _records(tx: Connection, person_id: UUID) -> frozenset[UUID]:
    return frozenset(tx.scalars(records_of(people_by_id([person_id]))))


def _logged(row: Any, entries: Iterable[AccessEntry]) -> LoggedAccess:
    given = {**row, "broken_off": bool(row["broken_off"]), "graded": bool(row["graded"])}
    return LoggedAccess(**given, entries=tuple(entries))


def _of_filters(
    entries: Iterable[AccessEntry], filters: AccessFilters, records: frozenset[UUID] | None
) -> Iterator[AccessEntry]:
    """The entries of an answer that the filters name. `records`: of the person of the filters."""
    for entry in entries:
        of_case = filters.case_id is None or entry.case_id == filters.case_id
        if of_case and (records is None or entry.person_id in records):
            yield entry


_COLUMNS = (
    *(A[name] for name in ("access_id", "at", "kind", "subject", "role", "konfliktrad", "system", "organisation")),
    *(A[name] for name in ("route", "matters", "purpose", "criteria", "hits")),
    exists(select(_BROKEN.c.access_id).where(_BROKEN.c.about == A.access_id)).label("broken_off"),
)


@dataclass(frozen=True, slots=True)
class AccessToCase:
    """One access to a case, without what it contained."""

    access_id: UUID
    at: datetime
    subject: str
    role: Role
    konfliktrad: str | None
    purpose: AccessPurpose


def of_case(tx: Connection, case_id: UUID, since: datetime, until: datetime) -> list[AccessToCase]:
    """The accesses to a case in this time, the newest first. `since` is included, `until` is not."""
    query = (
        select(*A["access_id", "at", "subject", "role", "konfliktrad", "purpose"])
        .where(*AccessFilters(case_id=case_id, since=since, until=until).conditions(tx, EntryIndex.read(tx)))
        .order_by(A.access_id.desc())
    )
    return [AccessToCase(*row) for row in tx.execute(query)]
