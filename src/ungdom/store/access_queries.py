"""Reading the access log: by case, person, reader, office, time and route, newest first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from ungdom.store.access_log import AccessEntry
from ungdom.store.ids import uuid7
from ungdom.store.records import people_by_id, records_of
from ungdom.store.schema.access import AccessKind, access_entry, access_log
from ungdom.store.schema.persons import PersonChangeKind, person, person_change
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.permissions import NATIONAL
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Protection, Role

A, N = access_log.c, access_entry.c
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

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """The conditions on `access_log`."""
        yield A.kind != AccessKind.BROKEN_OFF
        if self.case_id is not None:
            yield A.access_id.in_(select(N.access_id).where(N.case_id == self.case_id))
        if self.person_id is not None:
            yield A.access_id.in_(select(N.access_id).where(N.person_id.in_(_records(self.person_id))))
        if self.konfliktrad is not None:
            yield A.konfliktrad == self.konfliktrad
            yield ~_GRADED
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

    def condition(self, person_id: UUID) -> ColumnElement[bool]:
        """The condition on `access_log`, for the person with this canonical id."""
        change = person_change.c
        of_merges = (change.person_id == person_id, change.kind == PersonChangeKind.MERGED)
        merged_at = select(func.max(change.changed_at)).where(*of_merges).scalar_subquery()
        own_record = A.access_id.in_(select(N.access_id).where(N.person_id.in_(self.record_ids)))
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
    query = select(*_COLUMNS).where(*filters.conditions())
    if scope is not None and filters.person_id is not None:
        query = query.where(scope.condition(filters.person_id))
    if after is not None:
        query = query.where(A.access_id < after)
    rows = tx.execute(query.order_by(A.access_id.desc()).limit(limit)).mappings().all()
    entries = _entries(tx, [row["access_id"] for row in rows], filters)
    return [_logged(row, entries[row["access_id"]]) for row in rows]


def is_of_case(tx: Connection, case_id: UUID, access_id: UUID) -> bool:
    """Whether data of this case were given in the answer with this id."""
    named = (N.access_id == access_id, N.case_id == case_id)
    return tx.scalar(select(N.access_id).where(*named).limit(1)) is not None


def _records(person_id: UUID) -> Select[Any]:
    return select(records_of(people_by_id([person_id])).subquery())


def _logged(row: Any, entries: Iterable[AccessEntry]) -> LoggedAccess:
    given = {**row, "broken_off": bool(row["broken_off"]), "graded": bool(row["graded"])}
    return LoggedAccess(**given, entries=tuple(entries))


def _entries(tx: Connection, access_ids: Sequence[UUID], filters: AccessFilters) -> dict[UUID, list[AccessEntry]]:
    query = select(N.access_id, N.case_id, N.person_id, N.message_id).where(N.access_id.in_(access_ids))
    if filters.case_id is not None:
        query = query.where(N.case_id == filters.case_id)
    if filters.person_id is not None:
        query = query.where(N.person_id.in_(_records(filters.person_id)))
    entries: dict[UUID, list[AccessEntry]] = defaultdict(list)
    for access_id, *subject in tx.execute(query.order_by(N.access_id, N.place)):
        entries[access_id].append(AccessEntry(*subject))
    return entries


_GRADED = exists(
    select(N.access_id)
    .join(person, person.c.person_id == N.person_id)
    .where(N.access_id == A.access_id, person.c.protection != Protection.NONE)
)

_COLUMNS = (
    *(A[name] for name in ("access_id", "at", "kind", "subject", "role", "konfliktrad", "system", "organisation")),
    *(A[name] for name in ("route", "matters", "purpose", "criteria", "hits")),
    exists(select(_BROKEN.c.access_id).where(_BROKEN.c.about == A.access_id)).label("broken_off"),
    _GRADED.label("graded"),
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
        .where(*AccessFilters(case_id=case_id, since=since, until=until).conditions())
        .order_by(A.access_id.desc())
    )
    return [AccessToCase(*row) for row in tx.execute(query)]
