"""What the drivers of SQLite and PostgreSQL raise, as the errors of the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ungdom.store.errors import DuplicateKey, Stale, Unavailable

_BUSY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}
_UNIQUE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_IS_THERE = "is there already"
"""How the trigger of a table that only grows refuses a second row with the same key."""
_SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
ON_STANDBY = frozenset({"25006", "0A000"})
"""What a standby says to a write (read_only_sql_transaction) and to its BEGIN (feature_not_supported)."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raises `Stale`, `DuplicateKey` or `Unavailable` for what a driver raises inside; anything else as it is."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("pool_exhausted") from error
    except IntegrityError as error:
        raise (_duplicate(error) or error) from error.orig
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _SERIALIZATION_FAILURES:  # a retry may succeed
            raise Stale(None, None) from error.orig
        raise (_unavailable(error) or error) from error.orig


def _duplicate(error: IntegrityError) -> DuplicateKey | None:
    driver_error: Any = error.orig
    if isinstance(driver_error, sqlite3.Error):
        text, code = str(driver_error), driver_error.sqlite_errorcode
        refused = code == sqlite3.SQLITE_CONSTRAINT_TRIGGER and text.endswith(_IS_THERE)
        return DuplicateKey(text.rpartition(": ")[2]) if code in _UNIQUE or refused else None
    return DuplicateKey(str(driver_error.diag.constraint_name)) if driver_error.sqlstate == "23505" else None


def _unavailable(error: DBAPIError) -> Unavailable | None:
    driver_error: Any = error.orig
    if error.connection_invalidated:
        return Unavailable("connection_lost")
    if isinstance(driver_error, sqlite3.Error):
        busy = getattr(driver_error, "sqlite_errorcode", 0) & 0xFF in _BUSY
        return Unavailable(driver_error.sqlite_errorname.lower()) if busy else None
    if isinstance(error, OperationalError) or driver_error.sqlstate in ON_STANDBY:  # classes 08, 40, 53, 55, 57 and 58
        return Unavailable(str(driver_error.sqlstate or "connection_lost"))
    return None
