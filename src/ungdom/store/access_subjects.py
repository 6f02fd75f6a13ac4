"""Whose data an answer contains: the cases, persons and messages that it names by id."""

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ungdom.store.access_content import AccessEntry, are_cases
from ungdom.store.access_log import MOST_AT_ONCE

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


def _statement(kinds: Iterable[tuple[str, str, str]], selected: Callable[[str], str], among: str) -> str:
    return " UNION ALL ".join(
        f"SELECT {', '.join(map(selected, (key, *columns.split(', '))))} FROM {table} WHERE {key} {among}"  # noqa: S608  # names of ours
        for table, key, columns in kinds
    )


def _as_it_is(column: str) -> str:
    return column


def _in_digits(column: str) -> str:
    return "NULL::text" if column == "NULL" else f"encode(uuid_send({column}), 'hex')"


def _statements(kinds: Iterable[tuple[str, str, str]]) -> Mapping[str, str]:
    """By database. Ids are given and returned as digits: the driver of PostgreSQL takes many times as long for ids."""
    return {
        "sqlite": _statement(kinds, _as_it_is, "IN (SELECT value FROM json_each(?1))"),
        "postgresql": _statement(kinds, _in_digits, "= ANY(%(ids)s::uuid[])"),
    }


_OF_EVERY_KIND = _statements(_EVERY_KIND)
"""Every kind of id in one query. It runs for every answer, so it goes to the driver as it is."""
_OF_CASES = _statements(_EVERY_KIND[:1])
"""The cases alone, asked first about the many ids of a list, of which mostly all are cases. No id is of two kinds."""


def _named(tx: Connection, ids: Collection[str]) -> dict[str, tuple[AccessEntry, ...]]:
    """What each of these ids names."""
    if len(ids) <= MOST_AT_ONCE:
        return _selected(tx, _OF_EVERY_KIND, ids)
    named = _selected(tx, _OF_CASES, ids)
    others = [id for id, entries in named.items() if not entries]
    return named | _selected(tx, _OF_EVERY_KIND, others) if others else named


def _selected(
    tx: Connection, statements: Mapping[str, str], ids: Collection[str]
) -> dict[str, tuple[AccessEntry, ...]]:
    named: dict[str, tuple[AccessEntry, ...]] = dict.fromkeys(sorted(ids), ())
    given: Any = {"ids": f"{{{','.join(named)}}}"} if tx.dialect.name == "postgresql" else (json.dumps([*named]),)
    for id, case, person, message in tx.exec_driver_sql(statements[tx.dialect.name], given).all():
        named[id] += (AccessEntry.of_digits(case, person, message),)
    return named


def subjects_of(tx: Connection, ids: Collection[str], loaded: LoadedCases = NONE_LOADED) -> tuple[AccessEntry, ...]:
    """The cases and persons that these ids name, each once, in a fixed order. Other ids name nobody.

    A person whose case is among them has no entry of its own, nor has a message. `ids`: each as its 32 hexadecimal
    digits. `loaded`: cases that were read in this transaction, about which nothing is asked again.
    """
    read = [(case_id, record) for case_id, record in sorted(loaded.items()) if case_id.hex in ids]
    unknown = {*ids}.difference(id.hex for both in read for id in both)
    others = _named(tx, unknown).values() if unknown else ()
    return _each_once([*(AccessEntry(*both) for both in read), *chain.from_iterable(others)])


class KnownSubjects:
    """What the ids in the answers to reads name, remembered by one process for a short time.

    For reads only: an id that a write or a dry run shows may name somebody a moment later. After persons were merged
    or split a case may be written down with its former record for `REMEMBERED_SECONDS`.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[AccessEntry, ...]] = {}
        self._until = 0.0

    def of(self, tx: Connection, ids: Collection[str], _loaded: LoadedCases = NONE_LOADED) -> tuple[AccessEntry, ...]:
        """As `subjects_of`."""
        now = time.monotonic()
        if now > self._until or len(self._by_id) > MOST_REMEMBERED:
            self._by_id, self._until = {}, now + REMEMBERED_SECONDS
        known = self._by_id
        unknown = [id for id in ids if id not in known]
        if unknown:
            known |= _named(tx, unknown)
        return _each_once([*chain.from_iterable([known[id] for id in sorted(ids)])])


def _each_once(rows: list[AccessEntry]) -> tuple[AccessEntry, ...]:
    if are_cases(b"".join(rows)):
        return tuple(dict.fromkeys(rows))
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
