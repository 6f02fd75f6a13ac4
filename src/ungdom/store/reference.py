"""Reference data (offices, municipalities, offence groups, statutes, measures, agencies), and staff.

Each CSV file in `reference_data` has one table with its columns; sources are named in the project's notices.
"""

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from sqlalchemy import Column, ColumnElement, Connection, Date, Integer, Table, and_, bindparam, exists, or_, select

from ungdom import clock
from ungdom.store import bulk
from ungdom.store.schema.cases import case_current
from ungdom.store.schema.reference import (
    agency,
    konfliktrad,
    measure,
    municipality,
    offence_group,
    police_district,
    statute,
)
from ungdom.store.schema.staff import staff
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Role

S = staff.c

LOADED: tuple[Table, ...] = (
    police_district,
    konfliktrad,
    municipality,
    offence_group,
    statute,
    measure,
    agency,
)
"""The tables loaded from files, each after those it refers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A person who works at a konfliktråd, from `active_from` to `active_to`, both included.

    `cleared`: may be given the cases of people whose address is protected.
    """

    subject: str
    konfliktrad: str
    role: Role
    display_name: str
    active_from: date
    active_to: date | None = None
    telephone: str | None = None
    cleared: bool = False


def load(tx: Connection) -> None:
    """Writes the files to the reference tables; rows that are not in the files are kept."""
    for table in LOADED:
        bulk.upsert(tx, table, list(read(table)))


def read(table: Table) -> Iterator[bulk.Row]:
    """The rows of the file of this table, with dates and numbers parsed; an empty field is None."""
    source = files("ungdom.store") / "reference_data" / f"{table.name}.csv"
    for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines()):
        yield {name: _column_value(table.c[name], text) for name, text in row.items()}


def konfliktrad_codes(tx: Connection) -> frozenset[str]:
    """The codes of every konfliktråd."""
    return frozenset(tx.scalars(select(konfliktrad.c.code)))


def names(tx: Connection, table: Table, language: str) -> dict[str, str]:
    """The names in nb, nn or en of the rows of a table with codes and names, by code."""
    return {row[0]: row[1] for row in tx.execute(select(table.c.code, table.c[f"name_{language}"]))}


@cache
def office_name(code: str, language: str) -> str:
    """The name of the konfliktråd in nb, nn or en, from the file; the code itself if it is unknown."""
    return next((str(row[f"name_{language}"]) for row in read(konfliktrad) if row["code"] == code), code)


def konfliktrad_of(tx: Connection, number: str) -> str | None:
    """The konfliktråd that serves the municipality with this number (four digits); None if it is unknown."""
    return tx.scalar(select(municipality.c.konfliktrad).where(municipality.c.number == number))


def municipalities(tx: Connection) -> list[str]:
    """The numbers of all municipalities, in order."""
    return list(tx.scalars(select(municipality.c.number).order_by(municipality.c.number)))


def coordinator_status(tx: Connection, subject: str, konfliktrad: str, on: date) -> tuple[bool, bool]:
    """Whether this is an active coordinator or leader of that konfliktråd on that day, and whether they are cleared.

    Cleared: may be given the cases of people whose address is protected.
    """
    active = and_(S.konfliktrad == konfliktrad, coordinates(on))
    row = tx.execute(select(active.label("active"), S.cleared).where(S.subject == subject)).one_or_none()
    return (bool(row.active), bool(row.cleared)) if row else (False, False)


def coordinator_is_cleared() -> ColumnElement[bool]:
    """SQL condition on `case_current`: the coordinator may have cases with protected addresses.

    They coordinate or lead, today, in the konfliktråd that has the case, and are cleared.
    """
    here = (S.subject == case_current.c.coordinator, S.konfliktrad == case_current.c.konfliktrad)
    return exists().where(*here, coordinates(TODAY), S.cleared).correlate(case_current)


def coordinates(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """SQL condition on `staff`: coordinates or leads on that day."""
    return and_(S.role.in_([Role.COORDINATOR, Role.LEADER]), works(on))


def works(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """SQL condition on `staff`: works on that day, first and last day included."""
    return and_(S.active_from <= on, or_(S.active_to.is_(None), S.active_to >= on))


TODAY: ColumnElement[date] = bindparam("today_in_oslo", callable_=lambda: oslo_date(clock.now()), type_=Date())
"""The day in Oslo on which the statement is executed: visibility is decided at that time."""


def in_office(tx: Connection, subject: str, on: date) -> Staff | None:
    """The staff member with this subject, if they coordinate or lead on that day."""
    query = select(staff).where(S.subject == subject, coordinates(on))
    row = tx.execute(query).mappings().one_or_none()
    return Staff(**row) if row else None


def save_staff(tx: Connection, people: list[Staff]) -> None:
    """Writes new and changed staff."""
    bulk.upsert(tx, staff, [asdict(member) for member in people])


def staff_of(tx: Connection, konfliktrad: str, on: date) -> list[Staff]:
    """The staff of that konfliktråd on that day, by name."""
    query = select(staff).where(S.konfliktrad == konfliktrad, works(on))
    return [Staff(**row) for row in tx.execute(query.order_by(S.display_name, S.subject)).mappings()]


def all_staff(tx: Connection, on: date) -> list[Staff]:
    """The staff of all konfliktråd on that day, by subject."""
    query = select(staff).where(works(on)).order_by(S.subject)
    return [Staff(**row) for row in tx.execute(query).mappings()]


def _column_value(column: Column[object], text: str) -> object:
    if not text:
        return None
    if isinstance(column.type, Date):
        return date.fromisoformat(text)
    return int(text) if isinstance(column.type, Integer) else text
