"""Events and cases as Arrow tables, set by set from the database: what `event_sets` is told from.

PostgreSQL sends them as Arrow batches (ADBC), without an object for each value, in a session of its own that may only
read (`default_transaction_read_only`). SQLite is asked through the reading connections that there are (`query_only`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pyarrow as pa
from sqlalchemy import URL

from ungdom.store.errors import Unavailable
from ungdom.store.session import Database
from ungdom.workflow.events import SHAPE, Corrected
from ungdom.workflow.vocabulary import EventType

WORDS = ("party", "reason", "outcome")
"""What of the details of an event is told, where it is a word of a closed list."""
SETTINGS = (
    "SET default_transaction_read_only = on",
    "SET timezone = 'UTC'",
    "SET statement_timeout = '600s'",
    "SET jit = off",  # compiling a statement takes longer than a set
)
"""Of a session on PostgreSQL."""

EVENTS = pa.schema(
    [
        ("place", pa.int32()),
        ("seq", pa.int32()),
        ("type", pa.string()),
        ("occurred_on", pa.date32()),
        ("recorded_at", pa.timestamp("us")),
        ("actor", pa.string()),
        ("role", pa.string()),
        *((name, pa.string()) for name in WORDS),
    ]
)
"""An event a row, by the place of its case among those asked for, then in the order recorded; instants in UTC."""
CASES = pa.schema(
    [
        ("place", pa.int32()),
        ("registered_on", pa.date32()),
        ("konfliktrad", pa.string()),
        ("sanction", pa.string()),
        ("last_offence", pa.date32()),
        ("updated_at", pa.timestamp("us")),
    ]
)
"""The current row of each case that was asked for."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open session. `ask`: the answer to a statement; `sets`: the SQL of a set."""

    ask: Callable[[str, pa.Schema], pa.Table]
    sets: "_Sets"

    def read(self, ids: Sequence[UUID], known_at: datetime) -> tuple[pa.Table, pa.Table]:
        """`CASES` and `EVENTS` of these cases, as far as they were recorded by then. Raises `Unavailable`."""
        found = ((self.sets.cases(ids), CASES), (self.sets.events(ids, known_at), EVENTS))
        cases, events = (self._table(self.ask(statement, schema), schema) for statement, schema in found)
        return cases, events

    @staticmethod
    def _table(found: pa.Table, schema: pa.Schema) -> pa.Table:
        arrays = [_as(found.column(name), kind) for name, kind in zip(schema.names, schema.types, strict=True)]
        return _in_order(pa.table(arrays, schema=schema))


@contextmanager
def opened(db: Database) -> Iterator[Source]:
    """A session that may only read. Raises `Unavailable`."""
    if db.reader.url.get_backend_name() == "sqlite":
        yield Source(partial(_from_sqlite, db), _Sqlite())
        return
    with _failures():
        connection = _postgresql(db.reader.url)
    with closing(connection), closing(connection.cursor()) as cursor:
        for said in SETTINGS:
            cursor.execute(said)
        yield Source(partial(_from_postgresql, cursor), _Postgresql())


def _from_sqlite(db: Database, statement: str, schema: pa.Schema) -> pa.Table:
    """Through the program's own SQLite.

    A driver with a SQLite of its own (ADBC's) must not open the file in the same process: on closing it, it lets go of
    the locks that the other one holds (sqlite.org, "How To Corrupt An SQLite Database File", 2.2.1).
    """
    with db.reading() as tx:
        rows = tx.exec_driver_sql(statement).all()
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    kinds = [kind if pa.types.is_integer(kind) else pa.string() for kind in schema.types]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=schema.names)


def _from_postgresql(cursor: Any, statement: str, _schema: pa.Schema) -> pa.Table:
    with _failures():
        cursor.execute(statement)
        return cursor.fetch_arrow_table()


@contextmanager
def _failures() -> Iterator[None]:
    from adbc_driver_manager import OperationalError  # noqa: PLC0415  # only where it is used

    try:
        yield
    except OperationalError as error:
        raise Unavailable("connection_lost") from error


def _postgresql(where: URL) -> Any:
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415  # the same

    plain = where.set(drivername="postgresql").render_as_string(hide_password=False)
    return dbapi.connect(plain, autocommit=True)


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    return column.combine_chunks().cast(kind)


def _in_order(table: pa.Table) -> pa.Table:
    """Sorted by place and number, which it is already unless the database chose another way."""
    by = [("place", "ascending"), *([("seq", "ascending")] if "seq" in table.schema.names else [])]
    place = table.column("place").to_numpy()
    return table if bool((place[1:] >= place[:-1]).all()) else table.sort_by(by)


# --- SQL --------------------------------------------------------------------------------------------------------

_OF_CASE = "c.registered_on, c.konfliktrad, c.sanction, c.last_offence, c.updated_at"
_CURRENT = "JOIN case_current c ON c.case_id = u.case_id"
_FOUND = "e.details::jsonb ->> '{}'"
_OF_EVENT = "e.seq, e.type, e.occurred_on, e.recorded_at, e.actor, e.role"


class _Postgresql:
    def cases(self, ids: Sequence[UUID]) -> str:
        return f"SELECT (u.place - 1)::int AS place, {_OF_CASE} FROM {self._ids(ids)} {_CURRENT}"  # noqa: S608  # ids and words of ours

    def events(self, ids: Sequence[UUID], known_at: datetime) -> str:
        words = ", ".join(f"{_word(name, _FOUND.format(name))} AS {name}" for name in WORDS)
        mine = f"event.case_id = u.case_id AND event.recorded_at <= '{known_at.astimezone(UTC).isoformat()}'"
        return (
            f"SELECT (u.place - 1)::int AS place, {_OF_EVENT}, {words} FROM {self._ids(ids)} "  # noqa: S608  # the same
            f"CROSS JOIN LATERAL (SELECT * FROM event WHERE {mine} ORDER BY event.seq) e"
        )

    @staticmethod
    def _ids(ids: Sequence[UUID]) -> str:
        return f"unnest('{{{','.join(map(str, ids))}}}'::uuid[]) WITH ORDINALITY AS u(case_id, place)"


class _Sqlite:
    def cases(self, ids: Sequence[UUID]) -> str:
        return f"SELECT u.place, {_OF_CASE} FROM {self._ids(ids)} {_CURRENT}"  # noqa: S608  # the same

    def events(self, ids: Sequence[UUID], known_at: datetime) -> str:
        words = ", ".join(_word(name, f"json_extract(e.details, '$.{name}')") for name in WORDS)
        written = known_at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return (
            f"SELECT u.place, {_OF_EVENT}, {words} FROM {self._ids(ids)} "  # noqa: S608  # the same
            f"JOIN event e ON e.case_id = u.case_id WHERE e.recorded_at <= '{written}' ORDER BY u.place, e.seq"
        )

    @staticmethod
    def _ids(ids: Sequence[UUID]) -> str:
        listed = json.dumps([one.hex for one in ids])
        return f"(SELECT key AS place, value AS case_id FROM json_each('{listed}')) u"  # noqa: S608  # the same


_Sets = _Postgresql | _Sqlite


def _word(name: str, found: str) -> str:
    """The word under this name where the type of the event has a closed list for it, not said the default of it."""
    types = words(name)
    listed = ", ".join(f"'{kind}'" for kind in types)
    defaults = " ".join(f"WHEN '{kind}' THEN '{default}'" for kind, default in types.items() if default)
    spoken = f"coalesce({found}, CASE e.type {defaults} END)" if defaults else found
    return f"CASE WHEN e.type IN ({listed}) THEN {spoken} END"


@cache
def words(name: str) -> Mapping[EventType, str | None]:
    """The types of events whose details have a word of a closed list under this name, and what it is if not said."""
    found: dict[EventType, str | None] = {}
    for kind, shape in SHAPE.items():
        field = next((one for one in fields(shape) if one.name == name), None)
        if field is not None and shape is not Corrected and _lists(get_type_hints(shape)[name]):
            found[kind] = str(field.default) if isinstance(field.default, StrEnum) else None
    return found


def _lists(hint: Any) -> bool:
    return (isinstance(hint, type) and issubclass(hint, StrEnum)) or any(_lists(one) for one in get_args(hint))
