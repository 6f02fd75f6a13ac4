"""The SQL that writes answers to the access log: each answer is one statement on PostgreSQL, rows by table on SQLite.

`access_log` has a row per answer; `access_entry` one per case or person in a short answer; `access_pending` one for a
long answer, whose row holds its entries packed. A test compares what both ways write.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, insert, literal_column

from ungdom.store.access_content import ENTRY_CONTENT, AccessEntry
from ungdom.store.prepared import Prepared
from ungdom.store.schema.access import access_entry, access_log, access_pending

Answer = tuple[dict[str, Any], Sequence[AccessEntry]]
"""The row of `access_log`, and the entries that get a row of `access_entry`; none for a long answer."""


def add_answers(tx: Connection, answers: Sequence[Answer]) -> None:
    """Writes these answers with their entries. Raises `SQLAlchemyError`."""
    if tx.dialect.name == "postgresql":
        add_combined(tx, answers)
    else:
        add_by_table(tx, answers)


def add_combined(tx: Connection, answers: Sequence[Answer]) -> None:
    """Writes each answer with one statement, on PostgreSQL."""
    for row, entries in answers:
        values = row | {
            f"{name}_{place}": id for place, entry in enumerate(entries) for name, id in _ids(entry).items()
        }
        _combined(len(entries), _is_long(row)).write(tx, values)


def add_by_table(tx: Connection, answers: Sequence[Answer]) -> None:
    """Writes the rows of one table after the other, on every database."""
    entries = [
        {"access_id": row["access_id"], "place": place, **_ids(entry)}
        for row, entries in answers
        for place, entry in enumerate(entries)
    ]
    pending = [{"access_id": row["access_id"]} for row, _ in answers if _is_long(row)]
    for statement, rows in ((_ANSWER, [row for row, _ in answers]), (_ENTRY, entries), (_PENDING, pending)):
        if rows:
            statement.write_each(tx, rows)


def _is_long(row: dict[str, Any]) -> bool:
    return row["entries"] is not None


def _ids(entry: AccessEntry) -> dict[str, Any]:
    return dict(zip(ENTRY_CONTENT, entry.ids, strict=True))


_ANSWER, _ENTRY, _PENDING = (Prepared(insert(table)) for table in (access_log, access_entry, access_pending))


def _bound_ids(place: int) -> dict[str, Any]:
    return {name: bindparam(f"{name}_{place}", type_=access_entry.c[name].type) for name in ENTRY_CONTENT}


@cache
def _combined(entries: int, is_long: bool) -> Prepared:
    """Writes an answer with that many rows of `access_entry`. The parameters of an entry have its place as suffix."""
    answer = insert(access_log).values({column.name: bindparam(column.name) for column in access_log.c})
    statement: Executable = answer
    if is_long:
        statement = insert(access_pending).values(access_id=bindparam("access_id")).add_cte(answer.cte("answer"))
    elif entries:
        rows = [
            {"access_id": bindparam("access_id"), "place": literal_column(str(place)), **_bound_ids(place)}
            for place in range(entries)
        ]
        statement = insert(access_entry).values(rows).add_cte(answer.cte("answer"))
    return Prepared(statement)
