"""Reference data: offices, municipalities, offence groups, statutes, measures, agencies and staff. Data, not code.

Each CSV file in `reference_data` holds one table with its columns; sources are named in the project's notices.
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
from ungdom.store.schema import core as tables
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.vocabulary import Role

LOADED: tuple[Table, ...] = (
    tables.police_district,
    tables.konfliktrad,
    tables.municipality,
    tables.offence_group,
    tables.statute,
    tables.measure,
    tables.agency,
)
"""The tables that come with the product, each after those it refers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody who works at a konfliktråd, from one day to another, both included.

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
    """Make the reference tables equal to the files; rows that the files no longer hold are left."""
    for table in LOADED:
        bulk.upsert(tx, table, list(read(table)))


def read(table: Table) -> Iterator[bulk.Row]:
    """The rows of the file of this table, with dates and numbers read; an empty field is None."""
    source = files("ungdom.store") / "reference_data" / f"{table.name}.csv"
    for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines()):
        yield {name: _column_value(table.c[name], text) for name, text in row.items()}


def konfliktrad_codes(tx: Connection) -> frozenset[str]:
    """The codes of every konfliktråd."""
    return frozenset(tx.scalars(select(tables.konfliktrad.c.code)))


def names(tx: Connection, table: Table, language: str) -> dict[str, str]:
    """What the rows of a table with codes and names are called in nb, nn or en, by code."""
    return {row[0]: row[1] for row in tx.execute(select(table.c.code, table.c[f"name_{language}"]))}


@cache
def office_name(code: str, language: str) -> str:
    """What the konfliktråd is called in nb, nn or en, as the product has it; the code where there is no such one."""
    return next((str(row[f"name_{language}"]) for row in read(tables.konfliktrad) if row["code"] == code), code)


def konfliktrad_of(tx: Connection, municipality: str) -> str | None:
    """The konfliktråd that serves this municipality (four digits); None when the number is unknown."""
    where = tables.municipality.c.number == municipality
    return tx.scalar(select(tables.municipality.c.konfliktrad).where(where))


def municipalities(tx: Connection) -> list[str]:
    """The numbers of all municipalities, in order."""
    return list(tx.scalars(select(tables.municipality.c.number).order_by(tables.municipality.c.number)))


def coordinator_status(tx: Connection, subject: str, konfliktrad: str, on: date) -> tuple[bool, bool]:
    """Whether this is an active coordinator or leader of that konfliktråd on that day, and whether they are cleared.

    Cleared: may be given the cases of people whose address is protected.
    """
    staff = tables.staff.c
    active = and_(staff.konfliktrad == konfliktrad, coordinates(on))
    row = tx.execute(select(active.label("active"), staff.cleared).where(staff.subject == subject)).one_or_none()
    return (bool(row.active), bool(row.cleared)) if row else (False, False)


def coordinator_is_cleared() -> ColumnElement[bool]:
    """The rows of `case_current` assigned to somebody who may have protected addresses, and has the case today.

    They coordinate or lead, today, in the konfliktråd that has the case, and are cleared.
    """
    staff, case = tables.staff.c, tables.case_current
    here = (staff.subject == case.c.coordinator, staff.konfliktrad == case.c.konfliktrad)
    return exists().where(*here, coordinates(TODAY), staff.cleared).correlate(case)


def coordinates(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """The rows of `staff` of those who coordinate or lead on that day."""
    return and_(tables.staff.c.role.in_([Role.COORDINATOR, Role.LEADER]), works(on))


def works(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """The rows of `staff` of those who work on that day: from the first to the last, both included."""
    staff = tables.staff.c
    return and_(staff.active_from <= on, or_(staff.active_to.is_(None), staff.active_to >= on))


TODAY: ColumnElement[date] = bindparam("today_in_oslo", callable_=lambda: oslo_date(clock.now()), type_=Date())
"""The day on which the statement is executed, in Oslo: what may be seen of a case is decided as of now."""


def in_office(tx: Connection, subject: str, on: date) -> Staff | None:
    """Who this is, if they coordinate or lead in a konfliktråd on that day."""
    query = select(tables.staff).where(tables.staff.c.subject == subject, coordinates(on))
    row = tx.execute(query).mappings().one_or_none()
    return Staff(**row) if row else None


def save_staff(tx: Connection, people: list[Staff]) -> None:
    """Write these staff, new ones and changed ones."""
    bulk.upsert(tx, tables.staff, [asdict(member) for member in people])


def staff_of(tx: Connection, konfliktrad: str, on: date) -> list[Staff]:
    """Who works at that konfliktråd on that day, by name."""
    staff = tables.staff.c
    query = select(tables.staff).where(staff.konfliktrad == konfliktrad, works(on))
    return [Staff(**row) for row in tx.execute(query.order_by(staff.display_name, staff.subject)).mappings()]


def all_staff(tx: Connection, on: date) -> list[Staff]:
    """Who works at any konfliktråd on that day, by subject."""
    query = select(tables.staff).where(works(on)).order_by(tables.staff.c.subject)
    return [Staff(**row) for row in tx.execute(query).mappings()]


def _column_value(column: Column[object], text: str) -> object:
    if not text:
        return None
    if isinstance(column.type, Date):
        return date.fromisoformat(text)
    return int(text) if isinstance(column.type, Integer) else text
