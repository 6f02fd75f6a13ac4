"""Many rows at once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
Row = dict[str, Any]

WORTH_COPYING = 20
"""With fewer rows the statements around a COPY cost more than it saves."""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of that size, the last one shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def add(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, which have the same columns; many of them by COPY on PostgreSQL."""
    if len(rows) >= WORTH_COPYING and tx.dialect.name == "postgresql":
        _copy(tx, table, rows)
    elif rows:
        tx.execute(insert(table), rows)


def upsert(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, or make the rows with their keys equal to them."""
    if not rows:
        return
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    new = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    values = {name: new.excluded[name] for name in rows[0] if name not in keys}
    tx.execute(new.on_conflict_do_update(index_elements=keys, set_=values), rows)


def _copy(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    names = list(rows[0])
    columns = ", ".join(tx.dialect.identifier_preparer.quote(name) for name in names)
    statement = f"COPY {table.name} ({columns}) FROM STDIN"
    driver, errors = _driver(tx)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except errors as error:
        raise DBAPIError.instance(statement, None, error, errors, dialect=tx.dialect) from error


def _driver(tx: Connection) -> tuple[Any, type[Exception]]:
    """The connection below SQLAlchemy's, in the same transaction, and the class of its errors."""
    if not tx.in_transaction():
        tx.begin()
    return tx.connection.driver_connection, tx.dialect.loaded_dbapi.Error
