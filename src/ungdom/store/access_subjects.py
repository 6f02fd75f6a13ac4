"""Whose data an answer contains: the cases, persons and messages that it names by id."""

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ungdom.store.access_log import MOST_AT_ONCE, AccessEntry

LoadedCases = Mapping[UUID, UUID]
"""Cases, each with the record of the person on which it was opened."""
NONE_LOADED: LoadedCases = MappingProxyType({})
REMEMBERED_SECONDS = 30
MOST_REMEMBERED = 20_000

_EVERY_KIND = (
    ("case_file", "case_id", "case_id, person_id, NULL"),
    ("person", "person_id", "NULL, person_id, NULL"),
    ("decision", "message_id", "case_id, person_id, message_id"),
    ("identity_question", "question_id", "NULL, record_id, NULL"),
    ("population_event", "event_id", "NULL, person_id, event_id"),
    ("exchange_message", "exchange_id", "NULL, NULL, exchange_id"),
)
"""The tables whose rows are about somebody: the column of the id, and what it names: case, person and message."""


def _statement(selection: Callable[[str], str], among: str) -> str:
    return " UNION ALL ".join(
        f"SELECT {key}, {selection(columns)} FROM {table} WHERE {key} {among}"  # noqa: S608  # names of ours
        for table, key, columns in _EVERY_KIND
    )


_STATEMENTS = {
    "sqlite": _statement(lambda columns: columns, "IN (SELECT value FROM json_each(?1))"),
    "postgresql": _statement(lambda columns: columns.replace("NULL", "NULL::uuid"), "= ANY(%(ids)s)"),
}
"""Every kind of id in one query. It runs for every answer, so it goes to the driver as it is."""


_CASES = {
    "sqlite": "SELECT case_id, person_id FROM case_file WHERE case_id IN (SELECT value FROM json_each(?1))",
    "postgresql": "SELECT encode(uuid_send(case_id), 'hex'), encode(uuid_send(person_id), 'hex') FROM case_file"
    " WHERE case_id = ANY(%(ids)s::uuid[])",
}
"""The cases alone, asked first about the many ids of a list, of which mostly all are cases. No id is of two kinds.

Ids go to the database and come back as hexadecimal digits: the driver of PostgreSQL takes many times as long for them.
"""


def _rows(tx: Connection, ids: Collection[UUID]) -> Iterator[tuple[UUID, AccessEntry]]:
    if len(ids) > MOST_AT_ONCE:
        cases = _cases(tx, ids)
        yield from cases.items()
        ids = [id for id in ids if id not in cases]
    if ids:
        yield from _rows_of_every_kind(tx, ids)


def _cases(tx: Connection, ids: Collection[UUID]) -> dict[UUID, AccessEntry]:
    by_digits = {id.hex: id for id in _in_order(ids)}
    on_postgresql = tx.dialect.name == "postgresql"
    given: Any = {"ids": f"{{{','.join(by_digits)}}}"} if on_postgresql else (json.dumps([*by_digits]),)
    rows = tx.exec_driver_sql(_CASES[tx.dialect.name], given).all()
    return {(id := by_digits[case]): AccessEntry(id, UUID(int=int(record, 16))) for case, record in rows}


def _rows_of_every_kind(tx: Connection, ids: Collection[UUID]) -> Iterator[tuple[UUID, AccessEntry]]:
    statement = _STATEMENTS[tx.dialect.name]
    if tx.dialect.name == "postgresql":
        for id, *named in tx.exec_driver_sql(statement, {"ids": _in_order(ids)}):
            yield id, AccessEntry(*named)
        return
    names = json.dumps([id.hex for id in _in_order(ids)])
    for id, *named in tx.exec_driver_sql(statement, (names,)):
        yield UUID(id), AccessEntry(*(None if value is None else UUID(value) for value in named))


def _in_order(ids: Iterable[UUID]) -> list[UUID]:
    return sorted(ids, key=attrgetter("int"))  # as the ids themselves are ordered, and several times as fast


def subjects_of(tx: Connection, ids: Collection[UUID], loaded: LoadedCases = NONE_LOADED) -> tuple[AccessEntry, ...]:
    """The cases and persons that these ids name, each once, in a fixed order. Other ids name nobody.

    A person whose case is among them has no entry of its own, nor has a message. `loaded`: cases that were read in this
    transaction, about which nothing is asked again.
    """
    cases = [AccessEntry(case_id, loaded[case_id]) for case_id in _in_order(loaded.keys() & ids)]
    unknown = {id for id in ids if id not in loaded and all(id != entry.person_id for entry in cases)}
    return _each_once([*cases, *(entry for _, entry in _rows(tx, unknown))] if unknown else cases)


class KnownSubjects:
    """What the ids in the answers to reads name, remembered by one process for a short time.

    For reads only: an id that a write or a dry run shows may name somebody a moment later. After persons were merged
    or split a case may be written down with its former record for `REMEMBERED_SECONDS`.
    """

    def __init__(self) -> None:
        self._by_id: dict[UUID, tuple[AccessEntry, ...]] = {}
        self._until = 0.0

    def of(self, tx: Connection, ids: Collection[UUID], _loaded: LoadedCases = NONE_LOADED) -> tuple[AccessEntry, ...]:
        """As `subjects_of`."""
        now = time.monotonic()
        if now > self._until or len(self._by_id) > MOST_REMEMBERED:
            self._by_id, self._until = {}, now + REMEMBERED_SECONDS
        known = self._by_id
        unknown = [id for id in ids if id not in known]
        if unknown:
            named: dict[UUID, tuple[AccessEntry, ...]] = dict.fromkeys(unknown, ())
            for id, entry in _rows(tx, unknown):
                named[id] += (entry,)
            known |= named
        return _each_once([entry for id in _in_order(ids) for entry in known[id]])


def _each_once(rows: list[AccessEntry]) -> tuple[AccessEntry, ...]:
    cases = {row.case_id: row for row in rows if row.case_id is not None and row.message_id is None}
    if len(cases) == len(rows):
        return tuple(rows)
    return (*cases.values(), *_beside(cases, rows))


def _beside(cases: dict[UUID, AccessEntry], rows: list[AccessEntry]) -> Iterator[AccessEntry]:
    """The persons and messages that are in none of these cases."""
    known = {entry.person_id for entry in cases.values()}
    for row in dict.fromkeys(rows):
        if row.case_id in cases:
            continue
        if row.message_id is None:
            if row.person_id not in known:
                known.add(row.person_id)
                yield row
        elif row.person_id is None or row.person_id not in known or row.case_id is not None:
            yield row
