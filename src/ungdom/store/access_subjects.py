"""Whose data an answer contains: the cases, persons and messages that it names by id."""

import json
from collections.abc import Callable, Collection, Iterator
from uuid import UUID

from sqlalchemy import Connection

from ungdom.store.access_log import AccessEntry

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
        f"SELECT {selection(columns)} FROM {table} WHERE {key} {among}"  # noqa: S608  # names of ours
        for table, key, columns in _EVERY_KIND
    )


_STATEMENTS = {
    "sqlite": _statement(lambda columns: columns, "IN (SELECT value FROM json_each(?1))"),
    "postgresql": _statement(lambda columns: columns.replace("NULL", "NULL::uuid"), "= ANY(%(ids)s)"),
}
"""Every kind of id in one query. It runs for every answer, so it goes to the driver as it is."""


def _rows(tx: Connection, ids: Collection[UUID]) -> Iterator[AccessEntry]:
    statement = _STATEMENTS[tx.dialect.name]
    if tx.dialect.name == "postgresql":
        yield from (AccessEntry(*row) for row in tx.exec_driver_sql(statement, {"ids": sorted(ids)}))
        return
    names = json.dumps([id.hex for id in sorted(ids)])
    for row in tx.exec_driver_sql(statement, (names,)):
        yield AccessEntry(*(None if value is None else UUID(value) for value in row))


def subjects_of(tx: Connection, ids: Collection[UUID]) -> tuple[AccessEntry, ...]:
    """The cases and persons that these ids name, each once, in a fixed order. Other ids name nobody.

    A person whose case is among them has no entry of its own, nor has a message.
    """
    if not ids:
        return ()
    rows = [*_rows(tx, ids)]
    cases = {row.case_id: row for row in rows if row.case_id is not None and row.message_id is None}
    return tuple(_each_once(cases, rows))


def _each_once(cases: dict[UUID, AccessEntry], rows: list[AccessEntry]) -> Iterator[AccessEntry]:
    yield from cases.values()
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
