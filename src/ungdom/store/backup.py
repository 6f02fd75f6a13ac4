"""Backups while the service writes: everything up to one instant, and nothing later.

The copy and the fingerprint in its manifest come from one snapshot of the database, so that a restored copy can be
compared with it. Encrypted values stay encrypted: a backup is useless without the keys, which are not in it.
"""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from ungdom.new_files import name_new
from ungdom.store.fingerprint import TableFingerprint, fingerprint
from ungdom.store.session import Database

PG_DUMP = "pg_dump"
_WHERE = "The manifest is the file that `ungdom db backup` wrote beside the backup, with the ending .json"


class CannotBackUp(Exception):
    """No backup was made, for the reason given. Nothing is left at its place."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `taken_at`: the instant of its snapshot, at which nothing later is in it."""

    taken_at: datetime
    schema: str
    tables: Mapping[str, TableFingerprint]

    def text(self) -> str:
        """As JSON."""
        tables = {name: list(table) for name, table in self.tables.items()}
        values = {"taken_at": self.taken_at.isoformat(), "schema": self.schema, "tables": tables}
        return json.dumps(values, indent=1) + "\n"


def manifest_of(file: Path) -> Path:
    """The file beside a backup that says what it holds."""
    return file.with_name(file.name + ".json")


def read_tables(manifest: Path) -> Mapping[str, Any]:
    """The fingerprints in a manifest. Raises `CannotBackUp` if it is none."""
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotBackUp(f"{manifest} is no manifest of a backup: {error.strerror}. {_WHERE}") from None
    except ValueError:
        content = None
    tables = content.get("tables") if isinstance(content, dict) else None
    if not isinstance(tables, dict):
        raise CannotBackUp(f"{manifest} is no manifest of a backup. {_WHERE}")
    return tables


def back_up(db: Database, target: Path, now: datetime, pg_dump: str = PG_DUMP) -> Manifest:
    """Writes a backup of the database to this new file, with mode 600, and its manifest. Raises `CannotBackUp`."""
    if target.exists() or manifest_of(target).exists():
        raise CannotBackUp(f"{target} is there already: a backup never replaces another one")
    unfinished = target.with_name(target.name + ".part")
    try:
        unfinished.touch(mode=0o600)
        with db.reading() as tx:
            tx.execute(text("SELECT count(*) FROM alembic_version"))  # from here on it sees one state of the database
            copy = _copy_sqlite if db.file else _dump_postgresql
            copy(tx, unfinished, pg_dump)
            manifest = Manifest(now, db.current() or "", fingerprint(tx))
        manifest_of(target).touch(mode=0o600)
        manifest_of(target).write_text(manifest.text(), encoding="utf-8")
        _synchronise(manifest_of(target))
        _synchronise(unfinished)
        name_new(unfinished, target)
        _synchronise(target.parent)
    except FileExistsError:
        raise CannotBackUp(f"{target} is there already: a backup never replaces another one") from None
    except OSError as error:
        raise CannotBackUp(f"{target} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _copy_sqlite(tx: Connection, target: Path, _pg_dump: str) -> None:
    source: Any = tx.connection.driver_connection
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)  # inside the read transaction: pages of its snapshot
        damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if damage != "ok":
        raise CannotBackUp(f"the database is damaged: {damage}")


def _dump_postgresql(tx: Connection, target: Path, pg_dump: str) -> None:
    if shutil.which(pg_dump) is None:
        raise CannotBackUp(f"{pg_dump} is not installed here: name it with --pg-dump")
    snapshot = tx.scalar(text("SELECT pg_export_snapshot()"))
    url = tx.engine.url.set(drivername="postgresql")
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    command = [pg_dump, "--format=custom", f"--snapshot={snapshot}", f"--file={target}"]
    address = url.set(password=None).render_as_string()
    done = subprocess.run([*command, address], env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # the operator's program
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise CannotBackUp(f"{pg_dump} failed: {last}")


def restore(db: Database, source: Path) -> Path | None:
    """Puts this backup of a SQLite database in its place; returns where the database that was there is now.

    Nothing may have the database open. Raises `CannotBackUp` if the backup does not hold what its manifest says.
    """
    place = db.file
    if place is None:
        raise CannotBackUp("a PostgreSQL database is restored with pg_restore")
    unfinished = place.with_name(place.name + ".part")
    try:
        shutil.copyfile(source, unfinished)
        unfinished.chmod(0o600)
        _synchronise(unfinished)
        earlier = _set_aside(place)
        unfinished.rename(place)
        _synchronise(place.parent)
    except OSError as error:
        raise CannotBackUp(f"{source} cannot be restored: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return earlier


def _set_aside(place: Path) -> Path | None:
    """Renames the database and its log; they are never deleted."""
    if not place.exists():
        return None
    numbers = (place.with_name(f"{place.name}.replaced-{number}") for number in range(1, 10_000))
    earlier = next(name for name in numbers if not name.exists())
    for ending in ("-wal", "-shm", ""):
        file = place.with_name(place.name + ending)
        if file.exists():
            file.rename(earlier.with_name(earlier.name + ending))
    return earlier


def _synchronise(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
