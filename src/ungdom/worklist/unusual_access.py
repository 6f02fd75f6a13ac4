"""Nightly checks of the access log of the day before: what was looked at by whom without an obvious reason.

A finding is a question to a leader, not a breach. `about` is the subject of whoever looked.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from ungdom.store import emergency_access
from ungdom.store.emergency_access import UnreviewedEmergency
from ungdom.store.ids import uuid7
from ungdom.store.schema.access import AccessKind, access_entry, access_log
from ungdom.store.schema.cases import case_current, event
from ungdom.store.schema.persons import person
from ungdom.store.schema.staff import staff_absence
from ungdom.workflow.calendar import OSLO
from ungdom.workflow.rules.access import EMERGENCY_PURPOSES, EMERGENCY_REVIEW
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, STAFF_ROLES
from ungdom.workflow.vocabulary import EventType, Role

MANY_PERSONS = 100
"""Persons whose data somebody opened one by one in a day, from which it is a finding. Office norm, not law."""
TRANSFER_DAYS = timedelta(days=31)
"""How long after a transfer the former office has reasons to have looked before it. Office norm, not law."""

A, N, C = access_log.c, access_entry.c, case_current.c
OTHER = case_current.alias("other").c
"""A case of the answer, when its cases are looked at together."""


def of_another_office(tx: Connection, day: date) -> Iterator[tuple[Any, str]]:
    """Cases that were opened by an office that has no case in the answer, is to have none, and gave none away.

    Not what was read by an emergency access: that is reviewed by itself.
    """
    moved = (
        exists()
        .where(
            event.c.case_id == OTHER.case_id,
            event.c.type == EventType.TRANSFER_ACCEPTED,
            event.c.recorded_at >= _starts_at(day) - TRANSFER_DAYS,
        )
        .correlate_except(event)
    )
    office = A.konfliktrad
    reason = or_(OTHER.konfliktrad == office, OTHER.transfer_to == office, moved)
    query = _opened_cases(day).where(
        A.role.in_(sorted(OF_THE_OFFICE)),
        office.is_not(None),
        A.purpose.not_in(sorted(EMERGENCY_PURPOSES.values())),
    )
    return ((row, row.subject) for row in tx.execute(query.where(~_any_case_in_the_answer(reason))))


def without_a_task(tx: Connection, day: date) -> Iterator[tuple[Any, str]]:
    """Cases that a coordinator opened who has no case in the answer, substitutes in none and recorded in none."""
    recorded = exists().where(event.c.case_id == OTHER.case_id, event.c.subject == A.subject).correlate_except(event)
    substitutes = (
        exists()
        .where(
            staff_absence.c.subject == OTHER.coordinator,
            staff_absence.c.substitute == A.subject,
            staff_absence.c.first_day <= day,
            staff_absence.c.last_day >= day,
        )
        .correlate_except(staff_absence)
    )
    reason = or_(OTHER.coordinator == A.subject, recorded, substitutes)
    query = _opened_cases(day).where(
        A.role == Role.COORDINATOR, A.konfliktrad == C.konfliktrad, C.coordinator.is_not(None)
    )
    return ((row, row.subject) for row in tx.execute(query.where(~_any_case_in_the_answer(reason))))


def _any_case_in_the_answer(reason: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is this reason in a case of the answer. A youth may have several: one of them is enough."""
    entry = access_entry.alias("of_answer")
    return exists(
        select(OTHER.case_id)
        .join(entry, entry.c.case_id == OTHER.case_id)
        .where(entry.c.access_id == A.access_id, reason)
        .correlate(access_log)
    )


def of_very_many_persons(tx: Connection, day: date) -> Iterator[tuple[str, int]]:
    """Members of staff who opened the data of very many persons one by one, with how many."""
    persons = func.count(func.distinct(func.coalesce(person.c.same_as, N.person_id)))
    query = (
        select(A.subject, persons)
        .join(access_entry, N.access_id == A.access_id)
        .outerjoin(person, person.c.person_id == N.person_id)
        .where(*_opened(day), A.role.in_(sorted(STAFF_ROLES)))
        .group_by(A.subject)
        .having(persons > MANY_PERSONS)
        .order_by(A.subject)
    )
    return ((subject, count) for subject, count in tx.execute(query))


def unreviewed_emergencies(tx: Connection, day: date) -> list[UnreviewedEmergency]:
    """Emergency accesses that nobody has reviewed, although the time for it was over before that day."""
    return emergency_access.unreviewed(tx, taken_before=_starts_at(day) - EMERGENCY_REVIEW)


def _starts_at(day: date) -> datetime:
    return datetime.combine(day, time(), OSLO)


def _opened(day: date) -> tuple[Any, ...]:
    """Accesses of that day to one person that the address named, with one case or several: a list is not counted."""
    first, last = (uuid7(_starts_at(start), 0) for start in (day, day + timedelta(days=1)))
    entry, record = access_entry.alias("entry"), person.alias("record")
    persons = (
        select(func.count(func.distinct(func.coalesce(record.c.same_as, entry.c.person_id))))
        .select_from(entry.outerjoin(record, record.c.person_id == entry.c.person_id))
        .where(entry.c.access_id == A.access_id)
        .scalar_subquery()
    )
    of_one = persons <= 1
    return (A.access_id >= first, A.access_id < last, A.kind != AccessKind.BROKEN_OFF, A.route.contains("{"), of_one)


def _opened_cases(day: date) -> Select[Any]:
    return (
        select(C.case_id, C.reference, A.subject)
        .distinct()
        .join(access_entry, N.access_id == A.access_id)
        .join(case_current, C.case_id == N.case_id)
        .where(*_opened(day))
        .order_by(C.case_id, A.subject)
    )
