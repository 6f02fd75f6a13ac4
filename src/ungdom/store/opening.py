"""Whether a database can be used: there, answering in time, and with the schema of this program."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from threading import Thread

from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.session import Connection, Database

ANSWER_WITHIN = 8.0
"""Seconds in which a database has to answer. Looking up its name counts, which no timeout of a driver covers."""


ERRORS: tuple[type[Exception], ...] = (StoreError, SQLAlchemyError)
"""What anything done with a database may raise."""


class DatabaseFault(StrEnum):
    """Why a database cannot be used."""

    MISSING = "missing"
    NO_FOLDER = "no_folder"
    EMPTY = "empty"
    FOREIGN = "foreign"
    OUTDATED = "outdated"
    NEWER = "newer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    SILENT = "silent"


UPGRADABLE = frozenset({DatabaseFault.MISSING, DatabaseFault.EMPTY, DatabaseFault.OUTDATED})
"""What `ungdom db upgrade` is there for."""


class Unusable(StoreError):
    """The database cannot be used as it is. `detail`: the file or what the database answered; never a password."""

    def __init__(self, fault: DatabaseFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail


def require(db: Database, allowed: Collection[DatabaseFault] = ()) -> None:
    """Raises `Unusable` with the first fault that is not allowed, after `ANSWER_WITHIN` seconds at the latest."""
    outcome: list[Exception | None] = []
    check = Thread(target=lambda: outcome.append(_fault(db)), name="database", daemon=True)
    check.start()
    check.join(ANSWER_WITHIN)
    if not outcome:
        raise Unusable(DatabaseFault.SILENT)
    error = outcome[0]
    if error is not None and not (isinstance(error, Unusable) and error.fault in allowed):
        raise error


def is_open_elsewhere(file: Path) -> bool:
    """Whether a connection to this SQLite file in WAL mode is open, idle or not, in this process or another.

    The last connection alone can leave WAL mode; the next one to open the database enters it again.
    """
    with closing(sqlite3.connect(file, timeout=0)) as db:
        try:
            return bool(db.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return True
            raise


def _fault(db: Database) -> Exception | None:
    """What is wrong with it, as an error to raise in the thread that waits."""
    file = db.file
    try:
        if file is not None and not file.exists():
            return _absent(file)
        with db.reading() as tx:
            return _fault_of_schema(db, tx)
    except Unavailable as error:
        return _unavailable(error, file)
    except SQLAlchemyError as error:
        return Unusable(DatabaseFault.UNREACHABLE, _first_line(error))
    except PermissionError as error:
        return Unusable(DatabaseFault.UNREACHABLE, f"{file}: {error.strerror}")
    except Exception as error:  # noqa: BLE001  # raised again by whoever waits for this thread
        return error


def _absent(file: Path) -> Unusable:
    if file.parent.is_dir():
        return Unusable(DatabaseFault.MISSING, str(file))
    return Unusable(DatabaseFault.NO_FOLDER, str(file.parent))


def _fault_of_schema(db: Database, tx: Connection) -> Unusable | None:
    current, head = MigrationContext.configure(tx).get_current_revision(), db.head()
    if current == head:
        return None
    if current is None:
        return Unusable(DatabaseFault.FOREIGN if inspect(tx).get_table_names() else DatabaseFault.EMPTY)
    known = current in db.revisions()
    return Unusable(DatabaseFault.OUTDATED if known else DatabaseFault.NEWER, f"{current}, and this program has {head}")


def _unavailable(error: Unavailable, file: Path | None) -> Unusable:
    busy = error.reason in ("sqlite_busy", "sqlite_locked", "writer_busy", "pool_exhausted")
    detail = _first_line(error.__cause__) if error.__cause__ else error.reason
    return Unusable(DatabaseFault.BUSY if busy else DatabaseFault.UNREACHABLE, f"{file}: {detail}" if file else detail)


def _first_line(error: BaseException) -> str:
    """What the driver says: libpq names host, port, user and database, never the password."""
    original = getattr(error, "orig", None) or error
    return next((line.strip() for line in str(original).splitlines() if line.strip()), type(original).__name__)
