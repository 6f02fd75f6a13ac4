"""The queries by which the journal reads cases: the file, the facts about the youth, and what decides about sight."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, exists, func, select

from ungdom.store import alerts
from ungdom.store.prepared import Prepared
from ungdom.store.records import CANONICAL_ID, record
from ungdom.store.schema.base import UtcDateTime
from ungdom.store.schema.cases import case_current, case_file, case_number, event
from ungdom.store.schema.persons import person, person_version
from ungdom.store.staff import coordinator_is_cleared, substitute_is_cleared, substitute_of_coordinator


def _case_columns(case_id: ColumnElement[UUID]) -> tuple[ColumnElement[Any], ...]:
    """Alerts (`alerted`, `look_on`), and what decides about the sight of coordinator and substitute."""
    here = case_current.c.case_id == case_id
    substitute = select(substitute_of_coordinator()).where(here).scalar_subquery()
    return (
        alerts.any_live(case_id).label("alerted"),
        select(case_current.c.look_on).where(here).scalar_subquery().label("look_on"),
        exists().where(here, coordinator_is_cleared()).label("cleared"),
        substitute.label("substitute"),
        exists().where(here, substitute_is_cleared()).label("substitute_cleared"),
    )


def _newest_known() -> ScalarSelect[Any]:
    versions = person_version.alias()
    newest = select(func.coalesce(func.max(versions.c.version), 1))
    known = versions.c.recorded_at <= bindparam("known_at", type_=UtcDateTime())
    return newest.where(versions.c.person_id == case_file.c.person_id, known).scalar_subquery()


_PERSON = (
    *person_version.c["born", "guardians", "guardian_changes"],
    person_version.c.version.label("youth_version"),
    person_version.c.recorded_at.label("youth_recorded_at"),
    case_file.c.person_id.label("record_id"),
    *person.c["person_id", "protection"],
)
ALL_CASE_FILES = (
    select(
        *case_file.c["case_id", "reference", "opened_at"],
        *_PERSON,
        *_case_columns(case_file.c.case_id),
    )
    .join(record, record.c.person_id == case_file.c.person_id)
    .join(person, person.c.person_id == CANONICAL_ID)
    .join(person_version, person_version.c.person_id == case_file.c.person_id)
    .where(person_version.c.version == _newest_known())
)
CASE_FILES = ALL_CASE_FILES.where(case_file.c.case_id.in_(bindparam("case_ids", expanding=True)))
EVENTS = (
    select(event)
    .where(event.c.case_id.in_(bindparam("case_ids", expanding=True)))
    .where(event.c.recorded_at <= bindparam("known_at"))
    .order_by(event.c.case_id, event.c.seq)
)
CASE = Prepared(
    select(
        event,
        *case_file.c["reference", "opened_at"],
        *_PERSON,
        *_case_columns(bindparam("case_id")),
    )
    .join(case_file, case_file.c.case_id == event.c.case_id)
    .join(record, record.c.person_id == case_file.c.person_id)
    .join(person, person.c.person_id == CANONICAL_ID)
    .join(person_version, person_version.c.person_id == case_file.c.person_id)
    .where(event.c.case_id == bindparam("case_id"), event.c.seq >= bindparam("from_seq"))
    .where(event.c.recorded_at <= bindparam("known_at"))
    .where(person_version.c.version == _newest_known())
    .order_by(event.c.seq)
)
NUMBERS = Prepared(
    select(*case_number.c["kind", "number"])
    .where(case_number.c.case_id == bindparam("case_id"))
    .order_by(case_number.c.kind, case_number.c.main.desc(), case_number.c.number)
)
