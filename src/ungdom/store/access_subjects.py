"""Whose data an answer contains: the cases, persons and messages that it names by id."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection

from ungdom.store.access_log import AccessEntry

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


def _rows(tx: Connection, ids: Collection[UUID]) -> Iterator[tuple[UUID, AccessEntry]]:
    statement = _STATEMENTS[tx.dialect.name]
    if tx.dialect.name == "postgresql":
        for id, *named in tx.exec_driver_sql(statement, {"ids": sorted(ids)}):
            yield id, AccessEntry(*named)
        return
    names = json.dumps([id.hex for id in sorted(ids)])
    for id, *named in tx.exec_driver_sql(statement, (names,)):
        yield UUID(id), AccessEntry(*(None if value is None else UUID(value) for value in named))


def subjects_of(tx: Connection, ids: Collection[UUID], loaded: LoadedCases = NONE_LOADED) -> tuple[AccessEntry, ...]:
    """The cases and persons that these ids name, each once, in a fixed order. Other ids name nobody.

    A person whose case is among them has no entry of its own, nor has a message. `loaded`: cases that were read in this
    transaction, about which nothing is asked again.
    """
    cases = [AccessEntry(case_id, loaded[case_id]) for case_id in sorted(loaded.keys() & ids)]
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
            named: dict[UUID, list[AccessEntry]] = {id: [] for id in unknown}
            for id, entry in _rows(tx, unknown):
                named[id].append(entry)
            known |= {id: tuple(entries) for id, entries in named.items()}
        return _each_once([entry for id in sorted(ids) for entry in known[id]])


def _each_once(rows: list[AccessEntry]) -> tuple[AccessEntry, ...]:
    cases = {row.case_id: row for row in rows if row.case_id is not None and row.message_id is None}
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
