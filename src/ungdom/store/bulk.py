"""Inserts and updates of many rows."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
Row = dict[str, Any]

WORTH_COPYING = 20
"""Number of rows from which COPY is faster than INSERT."""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of that size; the last list may be shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def add(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts the rows, which all have the same columns. On PostgreSQL many rows are inserted with COPY."""
    if len(rows) >= WORTH_COPYING and tx.dialect.name == "postgresql":
        _copy(tx, table, rows)
    elif rows:
        tx.execute(insert(table), rows)


def add_directly(tx: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts the rows, each with the values of all columns in their order, without SQLAlchemy's work per statement."""
    if rows:
        statement, processors = _direct_insert(table, tx.dialect)
        values = [
            tuple(value if process is None else process(value) for process, value in zip(processors, row, strict=True))
            for row in rows
        ]
        tx.exec_driver_sql(statement, values)


_DIRECT: dict[tuple[str, str], tuple[str, list[Any]]] = {}
"""By table and dialect the statement of `add_directly`, and what converts the value of each column."""


def _direct_insert(table: Table, dialect: Dialect) -> tuple[str, list[Any]]:
    key = (table.name, dialect.name)
    if key not in _DIRECT:
        marks = ", ".join(("?" if dialect.paramstyle == "qmark" else "%s",) * len(table.columns))
        names = ", ".join(dialect.identifier_preparer.quote(column.name) for column in table.columns)
        processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
        _DIRECT[key] = f"INSERT INTO {table.name} ({names}) VALUES ({marks})", processors  # noqa: S608  # names of ours
    return _DIRECT[key]


def dialect_insert(tx: Connection, table: Table) -> Any:
    """An INSERT of the dialect in use, which takes `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return (postgresql if tx.dialect.name == "postgresql" else sqlite).insert(table)


def upsert(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts the rows; a stored row with the same primary key is updated."""
    if not rows:
        return
    new = dialect_insert(tx, table)
    keys = [column.name for column in table.primary_key]
    values = {name: new.excluded[name] for name in rows[0] if name not in keys}
    tx.execute(new.on_conflict_do_update(index_elements=keys, set_=values), rows)


def add_missing(tx: Connection, table: Table, rows: Sequence[Row]) -> list[Row]:
    """Inserts the rows whose primary key is not stored yet, and returns them; a stored row is never touched."""
    if not rows:
        return []
    keys = [column.name for column in table.primary_key]
    new = dialect_insert(tx, table).on_conflict_do_nothing(index_elements=keys).returning(*table.primary_key)
    added = {tuple(key) for key in tx.execute(new, rows)}
    return [row for row in rows if tuple(row[name] for name in keys) in added]


def _copy(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    names = list(rows[0])
    columns = ", ".join(tx.dialect.identifier_preparer.quote(name) for name in names)
    statement = f"COPY {table.name} ({columns}) FROM STDIN"
    if not tx.in_transaction():
        tx.begin()
    driver: Any = tx.connection.driver_connection
    errors = tx.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except errors as error:
        raise DBAPIError.instance(statement, None, error, errors, dialect=tx.dialect) from error
