"""Queries of `case_current`: visibility, and the filters of lists of cases."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select, true

from ungdom.store.duties import TaskFilter
from ungdom.store.schema.cases import FIRST_EVENT, case_current, case_file, case_number, case_team, event
from ungdom.store.schema.persons import WITH_PROTECTION, person
from ungdom.store.staff import coordinator_is_cleared, substitute_is_cleared, substitutes_for_coordinator
from ungdom.workflow.rules.permissions import (
    ANY,
    OF_THE_OFFICE,
    PROSECUTION_SEES,
    CaseAccessRule,
    Disclosure,
    Relation,
    Viewer,
    access_rules_for,
)
from ungdom.workflow.vocabulary import Party, Phase, Protection, Regime, Sanction, State

C = case_current.c
VIEWERS = 1_000
"""Viewers whose conditions are remembered by a process: to put one together costs more than to read a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCurrentRow:
    """A row of `case_current`. In a list the location fields are None if the viewer lacks `Disclosure.LISTED`."""

    case_id: UUID
    reference: str
    person_id: UUID
    version: int
    sanction: Sanction
    konfliktrad: str | None
    state: State
    phase: Phase
    waiting_for: Party | None
    waiting_since: date | None
    decision_regime: Regime | None
    registered_on: date
    first_offence: date
    last_offence: date
    received_on: date | None
    started_on: date | None
    start_rule: str | None
    planned_end: date | None
    adjusted_end: date | None
    closed_on: date | None
    coordinator: str | None
    transfer_to: str | None
    next_due_on: date | None
    next_due_code: str | None
    look_on: date | None
    turns_18_on: date
    act_on: date | None
    dated_on: date | None
    undated_on: date | None
    duties: str | None
    task_kinds: str | None
    tasks: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Conditions on a list of cases; None is no condition.

    `overdue_on`: open, and the next due date is before that day; `not_overdue_on`: every other case. `held_by`:
    assigned to this viewer or to somebody for whom they substitute today, or opened by them and not assigned yet.
    `of_office`: of this viewer's own konfliktråd, for office roles. `task`: it has such a task. `q`: the beginning of
    the reference, or a whole police or court case number.
    """

    state: State | None = None
    phase: Phase | None = None
    sanction: Sanction | None = None
    konfliktrad: str | None = None
    coordinator: str | None = None
    waiting_for: Party | None = None
    person_id: UUID | None = None
    closed: bool | None = None
    overdue_on: date | None = None
    not_overdue_on: date | None = None
    held_by: Viewer | None = None
    of_office: Viewer | None = None
    task: TaskFilter | None = None
    q: str | None = None


@lru_cache(maxsize=VIEWERS)
def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The cases that this viewer may know of: `permissions.may_see` in SQL. A test compares the two."""
    return _any_rule_matches(access_rules_for(viewer.role), viewer)


def counted_for(viewer: Viewer) -> ColumnElement[bool]:
    """The cases in statistics and worklists of this viewer: those they see, and for an office only its own.

    A case being transferred therefore counts in one konfliktråd, which also receives its messages.
    """
    return and_(visible_to(viewer), _in_the_office(viewer) if viewer.role in OF_THE_OFFICE else true())


@lru_cache(maxsize=VIEWERS)
def disclosable_to(viewer: Viewer, fact: Disclosure) -> ColumnElement[bool]:
    """The cases of which this viewer may learn that fact: `permissions.learns` in SQL."""
    return _any_rule_matches(access_rules_for(viewer.role, fact), viewer)


def _any_rule_matches(rows: Iterable[CaseAccessRule], viewer: Viewer) -> ColumnElement[bool]:
    """One of these rules matches. Rules with equal relations are merged; a relation common to all can use an index."""
    levels: dict[tuple[Relation, ...], set[Protection]] = {}
    for row in rows:
        levels.setdefault(row.relations, set()).update(row.protection)
    shared = [relation for relation in Relation if levels and all(relation in relations for relations in levels)]
    each = [
        and_(_protection_in(allowed), *(RELATION_CONDITIONS[r](viewer) for r in relations if r not in shared))
        for relations, allowed in levels.items()
    ]
    return and_(true(), *(RELATION_CONDITIONS[relation](viewer) for relation in shared), or_(false(), *each))


def _protection_in(levels: set[Protection]) -> ColumnElement[bool]:
    """The protection level of the youth's address is one of these.

    Few have a protected address: a database that reads many cases first reads the people who have one, from an index.
    """
    if levels == set(ANY):
        return true()
    if Protection.NONE in levels:
        return ~_is_protected(set(ANY) - levels)
    return _is_protected(levels)


def _is_protected(levels: set[Protection]) -> ColumnElement[bool]:
    of_person = (person.c.person_id == C.person_id, WITH_PROTECTION, person.c.protection.in_(sorted(levels)))
    return exists().where(*of_person).correlate(case_current)


def _in_the_office(viewer: Viewer) -> ColumnElement[bool]:
    return false() if viewer.konfliktrad is None else C.konfliktrad == viewer.konfliktrad


def _opened_by(viewer: Viewer) -> ColumnElement[bool]:
    opened = exists().where(event.c.case_id == C.case_id, FIRST_EVENT, event.c.subject == viewer.subject)
    own = exists().where(case_file.c.case_id == C.case_id, case_file.c.person_id == C.person_id)
    return and_(C.coordinator.is_(None), opened.correlate(case_current), own.correlate(case_current))


def _on_the_team(viewer: Viewer) -> ColumnElement[bool]:
    here = case_team.c.case_id == C.case_id
    return select(here).where(here, case_team.c.member == viewer.subject).correlate(case_current).exists()


RELATION_CONDITIONS: dict[Relation, Callable[[Viewer], ColumnElement[bool]]] = {
    Relation.OFFICE: _in_the_office,
    Relation.ASSIGNED: lambda viewer: C.coordinator == viewer.subject,
    Relation.CLEARED: lambda _viewer: coordinator_is_cleared(),
    Relation.SUBSTITUTE: lambda viewer: substitutes_for_coordinator(viewer.subject),
    Relation.SUBSTITUTE_CLEARED: lambda _viewer: substitute_is_cleared(),
    Relation.OPENED: _opened_by,
    Relation.TEAM: _on_the_team,
    Relation.DECIDING: lambda _viewer: C.state.in_(sorted(PROSECUTION_SEES)),
    Relation.RECEIVING: lambda viewer: false() if viewer.konfliktrad is None else C.transfer_to == viewer.konfliktrad,
}
"""Each relation of `permissions.Relation` as a condition on `case_current`."""


def any_case(tx: Connection) -> bool:
    """Whether the database has a case."""
    return tx.scalar(select(case_file.c.case_id).limit(1)) is not None


def read_case(tx: Connection, case_id: UUID) -> CaseCurrentRow | None:
    """The current row of one case."""
    row = tx.execute(select(case_current).where(C.case_id == case_id)).mappings().one_or_none()
    return CaseCurrentRow(**row) if row else None


def read_cases(tx: Connection, case_ids: Sequence[UUID]) -> dict[UUID, CaseCurrentRow]:
    """The current rows of these cases, by id."""
    rows = tx.execute(select(case_current).where(C.case_id.in_(case_ids))).mappings()
    return {row["case_id"]: CaseCurrentRow(**row) for row in rows}


def visible_case_ids(tx: Connection, viewer: Viewer, case_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these cases that the viewer may know of."""
    return frozenset(tx.scalars(select(C.case_id).where(C.case_id.in_(case_ids), visible_to(viewer))))


def open_cases(tx: Connection, konfliktrad: str | None = None) -> list[UUID]:
    """The ids of all open cases, or of those of one konfliktråd, in order; without a check of visibility."""
    in_office = true() if konfliktrad is None else C.konfliktrad == konfliktrad
    return list(tx.scalars(select(C.case_id).where(C.closed_on.is_(None), in_office).order_by(C.case_id)))


def open_cases_of(tx: Connection, viewer: Viewer, coordinator: str, filters: Filters = Filters()) -> list[UUID]:
    """The ids of the open cases of this coordinator that the viewer may see and that pass the filters, in order."""
    listable = disclosable_to(viewer, Disclosure.LISTED)
    theirs = (C.coordinator == coordinator, C.closed_on.is_(None), visible_to(viewer), *conditions(filters, listable))
    return list(tx.scalars(select(C.case_id).where(*theirs).order_by(C.case_id)))


def listed_case_ids(tx: Connection, viewer: Viewer, case_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these cases whose konfliktråd a list may show to the viewer."""
    listable = disclosable_to(viewer, Disclosure.LISTED)
    return frozenset(tx.scalars(select(C.case_id).where(C.case_id.in_(case_ids), listable)))


def protected_among(tx: Connection, case_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these cases whose youth has a protected address; without a check of visibility."""
    return set(tx.scalars(select(C.case_id).where(C.case_id.in_(case_ids), ~_protection_in({Protection.NONE}))))


def count_open_cases_of(tx: Connection, coordinators: Sequence[str]) -> dict[str, int]:
    """The number of open cases by coordinator, of those who have any; without a check of visibility."""
    query = select(C.coordinator, func.count()).where(C.coordinator.in_(coordinators), C.closed_on.is_(None))
    return {row[0]: row[1] for row in tx.execute(query.group_by(C.coordinator))}


def teams_of(tx: Connection, case_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The members of the teams of these cases, by case id; cases without a team are left out."""
    teams: dict[UUID, list[str]] = {}
    query = select(case_team).where(case_team.c.case_id.in_(case_ids)).order_by(case_team.c.member)
    for row in tx.execute(query):
        teams.setdefault(row.case_id, []).append(row.member)
    return teams


HELD_BY = (Relation.ASSIGNED, Relation.OPENED, Relation.SUBSTITUTE)
"""The relations of which one makes a case that of a viewer, for their worklist and agenda."""

LOCATION_COLUMNS = ("konfliktrad", "coordinator")
"""Columns that reveal where a youth lives: shown in lists and usable as filters only with `Disclosure.LISTED`."""

_EQUALITY_FILTERS = ("state", "phase", "sanction", *LOCATION_COLUMNS, "waiting_for", "person_id")


def location_conditions(viewer: Viewer, **locations: str | None) -> list[ColumnElement[bool]]:
    """The cases at this `konfliktrad` or `coordinator`, of those of which the viewer may learn it."""
    equal: list[ColumnElement[bool]] = [C[name] == value for name, value in locations.items() if value is not None]
    return [*equal, disclosable_to(viewer, Disclosure.LISTED)] if equal else []


def conditions(filters: Filters, listable: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """The filters as SQL conditions. `listable`: the cases whose location a list may show to the viewer."""
    equal = {name: getattr(filters, name) for name in _EQUALITY_FILTERS if getattr(filters, name) is not None}
    conditions: list[ColumnElement[bool]] = [C[name] == value for name, value in equal.items()]
    if any(name in equal for name in LOCATION_COLUMNS):
        conditions.append(listable)
    if filters.closed is not None:
        conditions.append(C.closed_on.is_not(None) if filters.closed else C.closed_on.is_(None))
    if filters.overdue_on is not None:
        conditions += [C.closed_on.is_(None), C.next_due_on < filters.overdue_on]
    if filters.not_overdue_on is not None:
        conditions.append(
            or_(C.closed_on.is_not(None), C.next_due_on.is_(None), C.next_due_on >= filters.not_overdue_on)
        )
    conditions += _viewer_conditions(filters)
    if filters.task is not None:
        conditions.append(filters.task.condition(C.duties))
    if filters.q:
        conditions.append(matches_search(filters.q))
    return conditions


def _viewer_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """The filters that depend on a viewer: whose cases, and of which office."""
    conditions: list[ColumnElement[bool]] = []
    if filters.held_by is not None:
        conditions.append(or_(*(RELATION_CONDITIONS[relation](filters.held_by) for relation in HELD_BY)))
    if filters.of_office is not None and filters.of_office.role in OF_THE_OFFICE:
        conditions.append(_in_the_office(filters.of_office))
    return conditions


def matches_search(q: str) -> ColumnElement[bool]:
    number = exists().where(case_number.c.case_id == C.case_id, case_number.c.number == q)
    return or_(C.reference.istartswith(q, autoescape=True), number)


def busiest_members(tx: Connection, limit: int) -> list[str]:
    """The members of follow-up teams with the most cases, those with the same number by subject."""
    query = select(case_team.c.member).group_by(case_team.c.member)
    return list(tx.scalars(query.order_by(func.count().desc(), case_team.c.member).limit(limit)))
