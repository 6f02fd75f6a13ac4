"""Queries for `bulk_events`: cases and their events as Arrow tables.

PostgreSQL returns Arrow batches (ADBC), without a Python object per value, in read-only transactions on a connection of
its own; what is set ends with each, for a pooler in transaction mode. SQLite uses the existing read connections
(`query_only`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pyarrow as pa
from sqlalchemy import URL

from ungdom.extracts.offices import WITHHELD
from ungdom.store.errors import Unavailable
from ungdom.store.session import Database
from ungdom.workflow.events import SHAPE, Corrected
from ungdom.workflow.vocabulary import EventType, Protection

WORDS = ("party", "reason", "outcome")
"""The fields of the payload of an event that are exported where they are enums."""
BEGIN = (
    "BEGIN TRANSACTION READ ONLY",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL statement_timeout = '600s'",
    "SET LOCAL jit = off",  # compiling a statement takes longer than running it
)
"""Begins a transaction on PostgreSQL."""

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
"""One row per event, sorted by the index of its case in the request (`place`), then as recorded; timestamps in UTC."""
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
"""The current row of each requested case."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open session. `execute`: runs a statement; `queries`: the SQL of the database."""

    execute: Callable[[str, pa.Schema], pa.Table]
    queries: "_SetQueries"

    def read(self, ids: Sequence[UUID], known_at: datetime) -> tuple[pa.Table, pa.Table]:
        """`CASES` and `EVENTS` of these cases, with the events recorded by `known_at`. Raises `Unavailable`."""
        return self._table(self.queries.cases(ids), CASES), self._table(self.queries.events(ids, known_at), EVENTS)

    def _table(self, statement: str, schema: pa.Schema) -> pa.Table:
        """The result with these columns, sorted by place and number; a database may choose another order."""
        result = self.execute(statement, schema)
        arrays = [result.column(field.name).combine_chunks().cast(field.type) for field in schema]
        table = pa.table(arrays, schema=schema)
        place = table.column("place").to_numpy()
        if bool((place[1:] >= place[:-1]).all()):
            return table
        return table.sort_by([(name, "ascending") for name in ("place", "seq") if name in schema.names])


@contextmanager
def open_source(db: Database) -> Iterator[Source]:
    """A read-only session. Raises `Unavailable`."""
    if db.reader.url.get_backend_name() == "sqlite":
        yield Source(partial(_query_sqlite, db), _SqliteQueries())
        return
    with _operational_errors():
        connection = _connect_postgresql(db.reader.url)
    with connection:
        yield Source(partial(_query_postgresql, connection), _PostgresqlQueries())


def _query_sqlite(db: Database, statement: str, schema: pa.Schema) -> pa.Table:
    """Runs a statement with the SQLite library of this process.

    A driver with its own copy of SQLite (ADBC) must not open the file in the same process: when it closes the file, it
    releases the locks of the other copy (sqlite.org, "How To Corrupt An SQLite Database File", 2.2.1).
    """
    with db.reading() as tx:
        rows = tx.exec_driver_sql(statement).all()
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    kinds = [kind if pa.types.is_integer(kind) else pa.string() for kind in schema.types]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=schema.names)


def _query_postgresql(connection: Any, statement: str, _schema: pa.Schema) -> pa.Table:
    from adbc_driver_manager import AdbcStatement  # noqa: PLC0415  # only where it is used

    with _operational_errors(), AdbcStatement(connection) as prepared:
        for beginning in BEGIN:
            prepared.set_sql_query(beginning)
            prepared.execute_update()
        prepared.set_sql_query(statement)
        stream, _ = prepared.execute_query()
        table = pa.RecordBatchReader._import_from_c(stream.address).read_all()
        prepared.set_sql_query("COMMIT")
        prepared.execute_update()
    return table


@contextmanager
def _operational_errors() -> Iterator[None]:
    from adbc_driver_manager import OperationalError  # noqa: PLC0415  # the same

    try:
        yield
    except OperationalError as error:
        raise Unavailable("connection_lost") from error


def _connect_postgresql(url: URL) -> Any:
    """A connection, closed where its `with` ends. The module `dbapi` would load 40 MB of what is not used here."""
    import adbc_driver_postgresql  # noqa: PLC0415  # the same
    from adbc_driver_manager import AdbcConnection  # noqa: PLC0415  # the same

    return AdbcConnection(
        adbc_driver_postgresql.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    )


# --- SQL --------------------------------------------------------------------------------------------------------

_PLACE = f"CASE WHEN p.protection = '{Protection.NONE}' THEN c.konfliktrad ELSE '{WITHHELD}' END AS konfliktrad"
_CASE_COLUMNS = f"c.registered_on, {_PLACE}, c.sanction, c.last_offence, c.updated_at"
_JOIN_CURRENT = "JOIN case_current c ON c.case_id = u.case_id JOIN person p ON p.person_id = c.person_id"
_JSON_VALUE = "e.details::jsonb ->> '{}'"
_EVENT_COLUMNS = "e.seq, e.type, e.occurred_on, e.recorded_at, e.actor, e.role"


class _PostgresqlQueries:
    def cases(self, ids: Sequence[UUID]) -> str:
        return f"SELECT (u.place - 1)::int AS place, {_CASE_COLUMNS} FROM {self._ids(ids)} {_JOIN_CURRENT}"  # noqa: S608  # ids and words of ours

    def events(self, ids: Sequence[UUID], known_at: datetime) -> str:
        words = ", ".join(f"{_word_expression(name, _JSON_VALUE.format(name))} AS {name}" for name in WORDS)
        condition = f"event.case_id = u.case_id AND event.recorded_at <= '{known_at.astimezone(UTC).isoformat()}'"
        return (
            f"SELECT (u.place - 1)::int AS place, {_EVENT_COLUMNS}, {words} FROM {self._ids(ids)} "  # noqa: S608  # the same
            f"CROSS JOIN LATERAL (SELECT * FROM event WHERE {condition} ORDER BY event.seq) e"
        )

    @staticmethod
    def _ids(ids: Sequence[UUID]) -> str:
        return f"unnest('{{{','.join(map(str, ids))}}}'::uuid[]) WITH ORDINALITY AS u(case_id, place)"


class _SqliteQueries:
    def cases(self, ids: Sequence[UUID]) -> str:
        return f"SELECT u.place, {_CASE_COLUMNS} FROM {self._ids(ids)} {_JOIN_CURRENT}"  # noqa: S608  # the same

    def events(self, ids: Sequence[UUID], known_at: datetime) -> str:
        words = ", ".join(_word_expression(name, f"json_extract(e.details, '$.{name}')") for name in WORDS)
        written = known_at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return (
            f"SELECT u.place, {_EVENT_COLUMNS}, {words} FROM {self._ids(ids)} "  # noqa: S608  # the same
            f"JOIN event e ON e.case_id = u.case_id WHERE e.recorded_at <= '{written}' ORDER BY u.place, e.seq"
        )

    @staticmethod
    def _ids(ids: Sequence[UUID]) -> str:
        listed = json.dumps([case_id.hex for case_id in ids])
        return f"(SELECT key AS place, value AS case_id FROM json_each('{listed}')) u"  # noqa: S608  # the same


_SetQueries = _PostgresqlQueries | _SqliteQueries


def _word_expression(name: str, value: str) -> str:
    """SQL for this field where it is an enum of the type of the event, with its default where it is absent."""
    types = default_words(name)
    listed = ", ".join(f"'{kind}'" for kind in types)
    defaults = " ".join(f"WHEN '{kind}' THEN '{default}'" for kind, default in types.items() if default)
    with_default = f"coalesce({value}, CASE e.type {defaults} END)" if defaults else value
    return f"CASE WHEN e.type IN ({listed}) THEN {with_default} END"


@cache
def default_words(name: str) -> Mapping[EventType, str | None]:
    """The types of events whose payload has an enum field of this name, with its default or None."""
    defaults: dict[EventType, str | None] = {}
    for kind, shape in SHAPE.items():
        field = next((candidate for candidate in fields(shape) if candidate.name == name), None)
        if field is not None and shape is not Corrected and _is_closed_list(get_type_hints(shape)[name]):
            defaults[kind] = str(field.default) if isinstance(field.default, StrEnum) else None
    return defaults


def _is_closed_list(hint: Any) -> bool:
    return (isinstance(hint, type) and issubclass(hint, StrEnum)) or any(
        _is_closed_list(argument) for argument in get_args(hint)
    )
