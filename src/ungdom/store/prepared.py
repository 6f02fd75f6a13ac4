"""Statements of the hot paths: compiled once per database, and given to the driver as they are.

What a request executes again and again costs more in SQLAlchemy than in the database. A `Prepared` statement is built
with SQLAlchemy like any other, for both databases, and has its types, its errors and its transaction; only the work per
execution is left out. Whoever listens to the statements of an engine, as traces and tests do, gets the ordinary path.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

MOST_LENGTHS = 64
"""Combinations of lengths of lists for which a statement is kept as compiled."""


class Prepared:
    """One statement, executed with the same names each time. A list of an IN may have another length each time."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._compiled: dict[tuple[Any, ...], _Compiled] = {}

    def rows(self, tx: Connection, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """The rows that it returns; their columns are attributes. Raises what `tx.execute` raises."""
        if tx.dispatch.before_cursor_execute:
            return tx.execute(self.statement, dict(parameters)).all()
        compiled = self._for(tx.dialect, parameters)
        cursor = _executed(tx, compiled.sql, compiled.values(parameters))
        rows = compiled.rows(cursor.fetchall())
        cursor.close()
        return rows

    def write(self, tx: Connection, parameters: Mapping[str, Any]) -> int:
        """The number of rows that it wrote. Raises what `tx.execute` raises."""
        if tx.dispatch.before_cursor_execute:
            return int(tx.execute(self.statement, dict(parameters)).rowcount)
        compiled = self._for(tx.dialect, parameters)
        cursor = _executed(tx, compiled.sql, compiled.values(parameters))
        count = int(cursor.rowcount)
        cursor.close()
        return count

    def write_each(self, tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write several rows, the driver repeating the statement. Raises what `tx.execute` raises."""
        if tx.dispatch.before_cursor_execute:
            tx.execute(self.statement, [dict(row) for row in rows])
            return
        compiled = self._for(tx.dialect, rows[0])
        _executed(tx, compiled.sql, [compiled.values(row) for row in rows], many=True).close()

    def _for(self, dialect: Dialect, parameters: Mapping[str, Any]) -> "_Compiled":
        key = (dialect.name, *(len(value) for value in parameters.values() if isinstance(value, list)))
        compiled = self._compiled.get(key)
        if compiled is None:  # another thread may clear them at any time
            if len(self._compiled) >= MOST_LENGTHS:
                self._compiled.clear()
            compiled = self._compiled[key] = _Compiled(self.statement, parameters, dialect)
        return compiled


class _Compiled:
    """The statement of one database, and what converts its values and the columns of its rows."""

    def __init__(self, statement: Any, parameters: Mapping[str, Any], dialect: Dialect) -> None:
        dialect = _with_numbered_values(dialect)
        compiled = statement.compile(dialect=dialect, column_keys=list(parameters))
        expanded = compiled.construct_expanded_state(dict(parameters))
        self.sql = expanded.statement
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if bind.callable is None}
        self._called = [(name, bind.callable) for name, bind in compiled.binds.items() if bind.callable is not None]
        self._in_order: Sequence[str] | None = expanded.positiontup
        self._bind: Mapping[str, Any] = {**compiled._bind_processors, **expanded.processors}
        self._lists: Mapping[str, Sequence[str]] = expanded.parameter_expansion
        columns = list(compiled._result_columns or ())
        converters = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._convert = [(place, convert) for place, convert in enumerate(converters) if convert is not None]
        self._row_of = _row_class([column.keyname for column in columns])._make

    def values(self, parameters: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        given = {**self._fixed, **parameters}
        given |= {name: call() for name, call in self._called}  # what day it is, and the like
        for name, places in self._lists.items():
            given |= zip(places, given.pop(name), strict=True)
        bind = self._bind
        ready = {name: bind[name](value) if name in bind else value for name, value in given.items()}
        return ready if self._in_order is None else [ready[name] for name in self._in_order]

    def rows(self, fetched: Sequence[Sequence[Any]]) -> list[Any]:
        """The rows with the types of their columns. What a row has in common with the one before is not read again."""
        columns = list(zip(*fetched, strict=True))
        for place, convert in self._convert if columns else ():
            columns[place] = tuple(_converted(columns[place], convert))
        return [self._row_of(row) for row in zip(*columns, strict=True)]


_NOTHING: Any = object()


def _converted(values: Sequence[Any], convert: Callable[[Any], Any]) -> Iterator[Any]:
    """The values with the type of their column."""
    before, result = _NOTHING, None
    for value in values:
        if value != before:
            before, result = value, convert(value)
        yield result


def _row_class(names: list[str]) -> Any:
    return namedtuple("PreparedRow", names, rename=True)  # the names are those of the statement


def _with_numbered_values(dialect: Dialect) -> Dialect:
    """On PostgreSQL this dialect with the server's own numbered parameters, so that the driver translates no names.

    It would translate a statement of more than 4,096 characters anew each time.
    """
    if dialect.name != "postgresql":
        return dialect
    numbered: Any = copy(dialect)
    numbered.paramstyle, numbered.positional = "numeric_dollar", True
    numbered.identifier_preparer = numbered.preparer(numbered)
    return numbered  # type: ignore[no-any-return]  # a copy is of the same type


def _executed(tx: Connection, sql: str, values: Any, many: bool = False) -> Any:
    """The driver's cursor after this statement; `many`: once per row of values. Raises `DBAPIError` and its kinds."""
    if not tx.in_transaction():
        tx.begin()
    driver: Any = tx.connection.driver_connection
    dialect: Any = tx.dialect
    on_postgresql = dialect.name == "postgresql"
    cursor = dialect.loaded_dbapi.RawCursor(driver) if on_postgresql else driver.cursor()
    try:
        if many:
            cursor.executemany(sql, values)
        elif on_postgresql:
            cursor.execute(sql, values, prepare=True)
        else:
            cursor.execute(sql, values)
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, tx.connection, cursor)
        if lost:
            tx.invalidate(error)
        kinds = dialect.loaded_dbapi.Error
        named = {"hide_parameters": True, "connection_invalidated": lost, "dialect": dialect}
        raise DBAPIError.instance(sql, None, error, kinds, **named) from error
    return cursor
