"""Members of staff: who is in service on a day, who is absent, and who substitutes for whom.

Days of service and of absence include the first and the last day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    ScalarSelect,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from ungdom import clock
from ungdom.store import bulk, chain_changes
from ungdom.store.schema.base import EnumSet
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.staff import staff, staff_absence, staff_handover
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.errors import NotInService, ServiceGap
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, STAFF_ROLES, Viewer, is_staff
from ungdom.workflow.vocabulary import Role

S, A = staff.c, staff_absence.c

_RANK = (Role.LEADER, Role.COORDINATOR, Role.SECRETARIAT)
"""Of several roles of one person, the one in which they are notified: the first of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A member of staff, in service from `active_from` to `active_to`; None: without an end.

    `konfliktrad`: None for the secretariat. `cleared`: may be given the cases of people whose address is protected.
    `version`: raised by every change of the entry.
    """

    subject: str
    konfliktrad: str | None
    roles: tuple[Role, ...]
    display_name: str
    active_from: date
    active_to: date | None = None
    telephone: str | None = None
    cleared: bool = False
    version: int = 1

    @property
    def main_role(self) -> Role:
        """The role in which the member is notified: leader before coordinator before secretariat."""
        return next((role for role in _RANK if role in self.roles), self.roles[0])

    @property
    def viewer(self) -> Viewer:
        """The member as a viewer in their main role."""
        return Viewer(self.main_role, self.subject, self.konfliktrad)

    def serves_as(self, viewer: Viewer) -> bool:
        """Whether role and konfliktråd of the viewer are theirs; a national role has no konfliktråd."""
        same_office = viewer.role not in OF_THE_OFFICE or self.konfliktrad == viewer.konfliktrad
        return viewer.role in self.roles and same_office

    def in_service(self, on: date) -> bool:
        """Whether the day is one of their days of service."""
        return self.active_from <= on and (self.active_to is None or on <= self.active_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Days on which a member of staff is away. `substitute`: who stands in; None: the leaders of the office.

    `hand_over`: the open cases are reassigned to the substitute, and come back after the last day. `handed_over_on`,
    `taken_back_on`: the days on which that was done; None: not yet.
    """

    absence_id: UUID
    subject: str
    first_day: date
    last_day: date
    substitute: str | None = None
    hand_over: bool = False
    handed_over_on: date | None = None
    taken_back_on: date | None = None
    written_by: str
    written_role: Role
    created_at: datetime


# --- SQL conditions ---------------------------------------------------------------------------------------------

TODAY: ColumnElement[date] = bindparam("today_in_oslo", callable_=lambda: oslo_date(clock.now()), type_=Date())
"""The day in Oslo on which the statement is executed: visibility is decided at that time."""


def has_role(*roles: Role) -> ColumnElement[bool]:
    """SQL condition on `staff`: has one of these roles."""
    return or_(*(S.roles.contains(EnumSet.pattern(role)) for role in roles))


def works(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """SQL condition on `staff`: in service on that day."""
    return and_(S.active_from <= on, or_(S.active_to.is_(None), S.active_to >= on))


def coordinates(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """SQL condition on `staff`: in service on that day as coordinator or leader."""
    return and_(has_role(Role.COORDINATOR, Role.LEADER), works(on))


def coordinator_is_cleared() -> ColumnElement[bool]:
    """SQL condition on `case_current`: the coordinator may have cases with protected addresses.

    They coordinate or lead, today, in the konfliktråd that has the case, and are cleared.
    """
    here = (S.subject == case_current.c.coordinator, S.konfliktrad == case_current.c.konfliktrad)
    return exists().where(*here, coordinates(TODAY), S.cleared).correlate(case_current)


def substitute_of_coordinator() -> ScalarSelect[Any]:
    """The substitute of the coordinator of a row of `case_current`, today; NULL if there is none.

    The substitute coordinates or leads, today, in the konfliktråd that has the case.
    """
    return select(A.substitute).where(*_substitutes_today()).correlate(case_current).scalar_subquery()


def substitutes_for_coordinator(subject: str) -> ColumnElement[bool]:
    """SQL condition on `case_current`: this person is the substitute of its coordinator, today.

    The same as `substitute_of_coordinator() == subject`, in a form of which a database reads the few absences once.
    """
    return exists().where(*_substitutes_today(), A.substitute == subject).correlate(case_current)


def substitute_is_cleared() -> ColumnElement[bool]:
    """SQL condition on `case_current`: the substitute of the coordinator may have cases with protected addresses."""
    return exists().where(*_substitutes_today(), S.cleared).correlate(case_current)


def _substitutes_today() -> tuple[ColumnElement[bool], ...]:
    away = and_(A.subject == case_current.c.coordinator, A.first_day <= TODAY, A.last_day >= TODAY)
    here = and_(S.subject == A.substitute, S.konfliktrad == case_current.c.konfliktrad)
    return away, here, coordinates(TODAY)


# --- service ----------------------------------------------------------------------------------------------------


def find(tx: Connection, subject: str, for_update: bool = False) -> Staff | None:
    """The entry of this person, in service or not; None if there is none. `for_update`: locked until the commit."""
    query = select(staff).where(S.subject == subject)
    row = tx.execute(query.with_for_update() if for_update else query).mappings().one_or_none()
    return Staff(**row) if row else None


def require_service(tx: Connection, viewer: Viewer, on: date) -> None:
    """Returns where the viewer is in service that day, in this role and office, or has a role without service.

    Raises `NotInService`.
    """
    if not is_staff(viewer):
        return
    member = find(tx, viewer.subject)
    gap = _service_gap(viewer, member, on)
    if gap is not None:
        raise NotInService(gap, member.active_from if member else None, member.active_to if member else None)


def serves(tx: Connection, subject: str, role: Role, on: date) -> bool:
    """Whether this person is in service that day with this role; True for a role without service."""
    if role not in STAFF_ROLES:
        return True
    member = find(tx, subject)
    return member is not None and member.in_service(on) and role in member.roles


def _service_gap(viewer: Viewer, member: Staff | None, on: date) -> ServiceGap | None:
    if member is None:
        return ServiceGap.UNKNOWN
    if not member.in_service(on):
        return ServiceGap.NOT_YET if on < member.active_from else ServiceGap.ENDED
    if viewer.role not in member.roles:
        return ServiceGap.OTHER_ROLE
    return None if member.serves_as(viewer) else ServiceGap.OTHER_OFFICE


def coordinator_status(tx: Connection, subject: str, konfliktrad: str, on: date) -> tuple[bool, bool]:
    """Whether this is an active coordinator or leader of that konfliktråd on that day, and whether they are cleared.

    Cleared: may be given the cases of people whose address is protected.
    """
    active = and_(S.konfliktrad == konfliktrad, coordinates(on))
    row = tx.execute(select(active.label("active"), S.cleared).where(S.subject == subject)).one_or_none()
    return (bool(row.active), bool(row.cleared)) if row else (False, False)


def in_office(tx: Connection, subject: str, on: date) -> Staff | None:
    """The member of staff with this subject, if they coordinate or lead on that day."""
    row = tx.execute(select(staff).where(S.subject == subject, coordinates(on))).mappings().one_or_none()
    return Staff(**row) if row else None


def staff_of(tx: Connection, konfliktrad: str, on: date) -> list[Staff]:
    """The members of staff in service at that konfliktråd on that day, by name."""
    query = select(staff).where(S.konfliktrad == konfliktrad, works(on))
    return [Staff(**row) for row in tx.execute(query.order_by(S.display_name, S.subject)).mappings()]


def all_staff(tx: Connection, on: date) -> list[Staff]:
    """The members of staff in service on that day, by subject."""
    query = select(staff).where(works(on)).order_by(S.subject)
    return [Staff(**row) for row in tx.execute(query).mappings()]


def page(
    tx: Connection,
    konfliktrad: str | None,
    on: date | None,
    after: str | None = None,
    limit: int | None = None,
    role: Role | None = None,
) -> list[Staff]:
    """Entries by subject, from the one after `after`. `on`: only those in service that day; None: all."""
    query = select(staff).order_by(S.subject).limit(limit)
    if konfliktrad is not None:
        query = query.where(S.konfliktrad == konfliktrad)
    if role is not None:
        query = query.where(has_role(role))
    if on is not None:
        query = query.where(works(on))
    if after is not None:
        query = query.where(S.subject > after)
    return [Staff(**row) for row in tx.execute(query).mappings()]


def names(tx: Connection, konfliktrad: str | None) -> dict[str, str]:
    """What the members of staff are called, by subject, in service or not; of one konfliktråd, or of all."""
    query = select(S.subject, S.display_name)
    rows = tx.execute(query if konfliktrad is None else query.where(S.konfliktrad == konfliktrad))
    return {row.subject: row.display_name for row in rows}


def save_staff(tx: Connection, people: Sequence[Staff]) -> None:
    """Writes new and changed entries, whole."""
    bulk.upsert(tx, staff, [asdict(member) for member in people])
    chain_changes.record(tx, staff, *(asdict(member) for member in people))


# --- absence ----------------------------------------------------------------------------------------------------


def absences_of(tx: Connection, subjects: Iterable[str]) -> dict[str, list[Absence]]:
    """The absences of these people by subject, earliest first."""
    by_subject: dict[str, list[Absence]] = {}
    query = select(staff_absence).where(A.subject.in_(list(subjects))).order_by(A.first_day)
    for row in tx.execute(query).mappings():
        by_subject.setdefault(row["subject"], []).append(Absence(**row))
    return by_subject


def substitutes_on(tx: Connection, on: date) -> dict[str, str | None]:
    """Who stands in for whom on that day: the substitute by the subject of who is away; None: away without one."""
    query = select(A.subject, A.substitute).where(A.first_day <= on, A.last_day >= on)
    return {row.subject: row.substitute for row in tx.execute(query)}


def find_absence(tx: Connection, absence_id: UUID, for_update: bool = False) -> Absence | None:
    """The absence with this id. `for_update`: locked until the commit."""
    query = select(staff_absence).where(A.absence_id == absence_id)
    row = tx.execute(query.with_for_update() if for_update else query).mappings().one_or_none()
    return Absence(**row) if row else None


def add_absence(tx: Connection, absence: Absence) -> None:
    """Writes a new absence."""
    tx.execute(insert(staff_absence), asdict(absence))
    chain_changes.record(tx, staff_absence, asdict(absence))


def change_absence(tx: Connection, absence_id: UUID, **values: Any) -> None:
    """Changes columns of an absence."""
    tx.execute(update(staff_absence).where(A.absence_id == absence_id).values(**values))
    chain_changes.record(tx, staff_absence, {"absence_id": absence_id})


def delete_absence(tx: Connection, absence_id: UUID) -> None:
    """Deletes an absence with its list of cases handed over."""
    tx.execute(delete(staff_handover).where(staff_handover.c.absence_id == absence_id))
    tx.execute(delete(staff_absence).where(A.absence_id == absence_id))
    chain_changes.record(tx, staff_absence, {"absence_id": absence_id})
    chain_changes.record_group(tx, staff_handover, absence_id)


def due_for_hand_over(tx: Connection, on: date) -> list[Absence]:
    """The absences whose cases have to be handed over by that day and have not all been."""
    due = (A.hand_over, A.substitute.is_not(None), A.first_day <= on, A.last_day >= on, A.handed_over_on.is_(None))
    rows = tx.execute(select(staff_absence).where(*due).order_by(A.first_day, A.absence_id)).mappings()
    return [Absence(**row) for row in rows]


def due_for_taking_back(tx: Connection, on: date) -> list[Absence]:
    """The absences that are over on that day and whose cases have not all come back."""
    handed = exists().where(staff_handover.c.absence_id == A.absence_id)
    due = (or_(A.handed_over_on.is_not(None), handed), A.last_day < on, A.taken_back_on.is_(None))
    rows = tx.execute(select(staff_absence).where(*due).order_by(A.last_day, A.absence_id)).mappings()
    return [Absence(**row) for row in rows]


def add_handed_over(tx: Connection, absence_id: UUID, case_ids: Sequence[UUID]) -> None:
    """Writes the cases that were reassigned for the time of the absence."""
    bulk.add(tx, staff_handover, [{"absence_id": absence_id, "case_id": case_id} for case_id in case_ids])
    chain_changes.record_group(tx, staff_handover, absence_id)


def delete_handed_over(tx: Connection, absence_id: UUID, case_ids: Sequence[UUID]) -> None:
    """Deletes cases that have come back from those that were reassigned for the time of the absence."""
    back = (staff_handover.c.absence_id == absence_id, staff_handover.c.case_id.in_(case_ids))
    tx.execute(delete(staff_handover).where(*back))
    chain_changes.record_group(tx, staff_handover, absence_id)


def handed_over(tx: Connection, absence_id: UUID) -> list[UUID]:
    """The cases that were reassigned for the time of the absence, in order."""
    column = staff_handover.c
    return list(tx.scalars(select(column.case_id).where(column.absence_id == absence_id).order_by(column.case_id)))
