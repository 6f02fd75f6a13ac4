"""Whether the database and the data folder can be written, and whether what is committed survives a power failure.

A probe really writes: a commit that changes nothing that anybody reads, and a small file that is removed again. The
result is kept for some seconds, so that health checks cost the primary no more than that.

**SQLite**: the header field `user_version`, which this program does not use, is written with its own value: one page
through the journal. **PostgreSQL**: an empty logical message, which is a record of the journal (WAL) and in no table.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ungdom.store.errors import Stale, Unavailable
from ungdom.store.session import Database

KEPT_SECONDS = 5.0
"""Seconds for which the result of a probe counts."""
LEAST_FREE = 64 * 1024 * 1024
"""Bytes that must be free where the data folder is: several times the largest message and its receipt."""
OK, UNKNOWN = "ok", "unknown"
_BLOCK = bytes(4096)
_DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings of PostgreSQL without which a commit that was acknowledged may be lost."""


class WriteProbe:
    """The probe of one process. `strict`: a database that has given up durability is a fault."""

    def __init__(
        self, db: Database, data_dir: Path, *, strict: bool, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._db, self._folder, self._strict, self._now = db, data_dir, strict, now
        self._lock = Lock()
        self._result: dict[str, str] = {}
        self._until = 0.0

    def result(self) -> dict[str, str]:
        """What is wrong with `journal`, `disk` and `durability`, each `ok` if nothing is."""
        with self._lock:
            if not self._result or self._now() >= self._until:
                self._result = self._probe()
                self._until = self._now() + KEPT_SECONDS
            return self._result

    def _probe(self) -> dict[str, str]:
        folders = {self._folder, *([self._db.file.parent] if self._db.file else [])}
        disk = disk_fault([folder for folder in folders if folder.is_dir()])
        try:
            journal, durability = self._journal(), self._durability()
        except (Unavailable, Stale, DBAPIError, sqlite3.Error) as error:
            reason = error.reason if isinstance(error, Unavailable) else _reason(error)
            journal, durability = f"cannot be written ({reason}): see docs/operations.md, Health", UNKNOWN
        return {"disk": disk, "journal": journal, "durability": durability}

    def _journal(self) -> str:
        if self._db.writer_lock is not None:
            return _write_sqlite(self._db.file)
        with self._db.writing() as tx:
            standby, read_only = tx.execute(
                text("SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'")
            ).one()
            if standby or read_only:
                return "a standby, which cannot be written" if standby else "read only (default_transaction_read_only)"
            tx.execute(text("SELECT pg_logical_emit_message(true, 'ungdom', '')"))
        return OK

    def _durability(self) -> str:
        """Which settings of PostgreSQL give up durability; SQLite has `synchronous=FULL` from this program."""
        if self._db.writer_lock is not None or not self._strict:
            return OK
        with self._db.reading() as tx:
            values = {
                name: str(tx.scalar(text("SELECT current_setting(:name)"), {"name": name})) for name in _DURABILITY
            }
        off = [name for name, value in values.items() if value == "off"]
        return f"{', '.join(off)} is off: a commit may be lost; set it to on" if off else OK


def disk_fault(folders: list[Path]) -> str:
    """What is wrong with these folders: too little space, or a file that cannot be written; `ok` if nothing is."""
    for folder in folders:
        try:
            if shutil.disk_usage(folder).free < LEAST_FREE:
                return f"less than {LEAST_FREE // 2**20} MB are free"
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                file.write(_BLOCK)
                os.fsync(file.fileno())
        except OSError as error:
            return f"the data folder cannot be written: {error.strerror}"
    return OK


def _write_sqlite(file: Path | None) -> str:
    """Write one page through the journal. `ok` also while another writer is at work: then it can be written."""
    if file is None:
        return OK
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version={int(version)}")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
    finally:
        connection.close()
    return OK


def _reason(error: Exception) -> str:
    """The name of the error, without anything of the database in it."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__)).lower()
