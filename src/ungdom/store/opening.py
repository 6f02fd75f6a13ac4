"""Checks that a database can be used: it exists, answers in time, and has the schema of this program."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from threading import Thread

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.session import Connection, Database, revision_of

ANSWER_WITHIN = 8.0
"""Seconds in which a database has to answer, name resolution included, which no driver timeout covers."""


ERRORS: tuple[type[Exception], ...] = (StoreError, SQLAlchemyError)
"""The errors of any use of a database."""


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
    NOT_DURABLE = "not_durable"


UPGRADABLE = frozenset({DatabaseFault.MISSING, DatabaseFault.EMPTY, DatabaseFault.OUTDATED})
"""The faults that `ungdom db upgrade` fixes."""


class Unusable(StoreError):
    """The database cannot be used. `detail`: the file, or the message of the database; never a password."""

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
    """Whether any process has a connection to this SQLite file in WAL mode, idle or not; a file of another kind: no.

    Only the last connection can leave WAL mode; the next one to open the database enters it again.
    """
    with closing(sqlite3.connect(file, timeout=0)) as db:
        try:
            return bool(db.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return True
            raise
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                return False
            raise


def _fault(db: Database) -> Exception | None:
    """The fault of the database, as an error to raise in the waiting thread; None if there is none."""
    file = db.file
    try:
        if file is not None and not file.exists():
            here = file.parent.is_dir()
            fault = DatabaseFault.MISSING if here else DatabaseFault.NO_FOLDER
            return Unusable(fault, str(file if here else file.parent))
        with db.reading() as tx:
            return _fault_of_schema(db, tx)
    except Unavailable as error:
        busy = error.reason in ("sqlite_busy", "sqlite_locked", "writer_busy", "pool_exhausted")
        detail = _first_line(error.__cause__) if error.__cause__ else error.reason
        fault = DatabaseFault.BUSY if busy else DatabaseFault.UNREACHABLE
        return Unusable(fault, f"{file}: {detail}" if file else detail)
    except SQLAlchemyError as error:
        return Unusable(DatabaseFault.UNREACHABLE, _first_line(error))
    except PermissionError as error:
        return Unusable(DatabaseFault.UNREACHABLE, f"{file}: {error.strerror}")
    except Exception as error:  # noqa: BLE001  # raised again by whoever waits for this thread
        return error


def _fault_of_schema(db: Database, tx: Connection) -> Unusable | None:
    current, head = revision_of(tx), db.head()
    if current == head:
        return None
    if current is None:
        return Unusable(DatabaseFault.FOREIGN if inspect(tx).get_table_names() else DatabaseFault.EMPTY)
    known = current in db.revisions()
    return Unusable(DatabaseFault.OUTDATED if known else DatabaseFault.NEWER, f"{current}, and this program has {head}")


def _first_line(error: BaseException) -> str:
    """First line of the driver's message. libpq names host, port, user and database, never the password."""
    original = getattr(error, "orig", None) or error
    return next((line.strip() for line in str(original).splitlines() if line.strip()), type(original).__name__)
