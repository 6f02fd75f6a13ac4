"""Reference data: offices, municipalities, offence groups, statutes, measures, agencies.

Each CSV file in `reference_data` has one table with its columns; sources are named in the project's notices.
"""

import csv
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files

from sqlalchemy import Column, Connection, Date, Integer, Table, bindparam, select

from ungdom.store import bulk
from ungdom.store.prepared import Prepared
from ungdom.store.schema.reference import (
    agency,
    konfliktrad,
    measure,
    municipality,
    offence_group,
    police_district,
    statute,
)

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


_OFFICES = Prepared(select(konfliktrad.c.code))
_OFFICE_OF = Prepared(select(municipality.c.konfliktrad).where(municipality.c.number == bindparam("number")))


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
    return frozenset(row.code for row in _OFFICES.rows(tx, {}))


def names(tx: Connection, table: Table, language: str) -> dict[str, str]:
    """The names in nb, nn or en of the rows of a table with codes and names, by code."""
    return {row[0]: row[1] for row in tx.execute(select(table.c.code, table.c[f"name_{language}"]))}


@cache
def office_name(code: str, language: str) -> str:
    """The name of the konfliktråd in nb, nn or en, from the file; the code itself if it is unknown."""
    return next((str(row[f"name_{language}"]) for row in read(konfliktrad) if row["code"] == code), code)


def konfliktrad_of(tx: Connection, number: str) -> str | None:
    """The konfliktråd that serves the municipality with this number (four digits); None if it is unknown."""
    return next((row.konfliktrad for row in _OFFICE_OF.rows(tx, {"number": number})), None)


def municipalities(tx: Connection) -> list[str]:
    """The numbers of all municipalities, in order."""
    return list(tx.scalars(select(municipality.c.number).order_by(municipality.c.number)))


def _column_value(column: Column[object], text: str) -> object:
    if not text:
        return None
    if isinstance(column.type, Date):
        return date.fromisoformat(text)
    return int(text) if isinstance(column.type, Integer) else text
