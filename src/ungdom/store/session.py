"""The database and its transactions. The only module that commits.

**SQLite** (the default): one file in WAL mode, foreign keys on, `synchronous=FULL` so that a committed event survives a
power failure. The driver's transaction control is off and `BEGIN` is executed here: `BEGIN IMMEDIATE` to write, after
taking the writer lock of this process. Readers never wait for the writer. The connection that was used last is used
next, so that few of them fill their caches; each reader keeps at most `READER_CACHE_KIB` of pages, all of which SQLite
drops with every commit of another connection.

**PostgreSQL**: a connection pool without overflow; after `wait_seconds` without a connection `Unavailable` is raised.
Writing is READ COMMITTED, reading one read-only snapshot. `statement_timeout` and the time zone are set on connection.
Behind a pooler in transaction mode (`?pooler=transaction`) nothing may outlive a transaction in the session: both are
set in each transaction, and no statement is prepared on the server.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    NestedTransaction,
    NullPool,
    QueuePool,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import DBAPIError

from ungdom.lazy import lazy
from ungdom.settings.files import refuse_shared, restrict_to_owner
from ungdom.store import postgresql_address, reference
from ungdom.store.driver_errors import ON_STANDBY, translated_errors
from ungdom.store.errors import Unavailable
from ungdom.store.postgresql_address import PostgresqlAddress

if TYPE_CHECKING:
    from alembic import command
    from alembic import config as alembic_config
else:
    command = lazy("alembic.command")
    alembic_config = lazy("alembic.config")

__all__ = [
    "Connection",
    "Database",
    "release_savepoint",
]  # a connection inside a transaction, for the layers above to name

_HERE = Path(__file__).resolve().parent
MIGRATIONS = next((p for p in (_HERE / "migrations", _HERE.parents[2] / "migrations") if p.is_dir()), _HERE)
"""The migrations: beside this file in a wheel, in the folder `migrations` of a source checkout."""

VERSION_TABLE = "alembic_version"
"""Where Alembic notes the version of the schema."""
_REVISION = re.compile(r'^(revision|down_revision)[^=\n]*= "(\w+)"', re.MULTILINE)

WAIT_SECONDS = 5.0
"""Seconds to wait for a connection of the pool, a lock, or the writer lock."""

READER_CACHE_KIB = 512
"""KiB of database pages that a connection for reading keeps on SQLite."""

_WRITER_LOCKS: dict[str, Semaphore] = {}


@dataclass(frozen=True, slots=True)
class Database:
    """One database: `reading()` and `writing()` give a connection inside a transaction."""

    reader: Engine
    writer: Engine
    writer_lock: Semaphore | None
    wait_seconds: float

    @classmethod
    def open(
        cls,
        url: str,
        *,
        pool_size: int = 6,
        wait_seconds: float = WAIT_SECONDS,
        statement_seconds: float = 30,
        synchronous: str = "FULL",
    ) -> Database:
        """The database at this URL, `sqlite:///file` or `postgresql://…`. Does not connect or create anything yet.

        `synchronous`: the SQLite pragma; NORMAL is faster and may lose the last transactions in a power failure.
        """
        if postgresql_address.is_postgresql(url):
            return _open_postgresql(postgresql_address.parse(url), pool_size, wait_seconds, statement_seconds)
        return _open_sqlite(make_url(url), pool_size, wait_seconds, synchronous)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only transaction on one snapshot. Raises `Unavailable`.

        It has nothing to commit, and ends with a commit all the same: with each rollback the driver gives up the
        prepared statements of the connection, which PostgreSQL would have to plan anew.
        """
        with translated_errors(), self.reader.connect() as tx:
            yield tx
            tx.commit()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any exception. Raises the errors of the store."""
        with self.trying() as tx:
            yield tx
            _commit(tx)

    @contextmanager
    def trying(self) -> Iterator[Connection]:
        """A transaction that may write and is rolled back at the end, for a dry run. Raises the errors of the store."""
        lock = nullcontext() if self.writer_lock is None else _acquired(self.writer_lock, self.wait_seconds)
        with translated_errors(), lock, self._primary_only(), self.writer.connect() as tx:
            yield tx

    @contextmanager
    def rehearsing(self) -> Iterator[Connection]:
        """As `trying`, for a dry run that takes longer than one write.

        On SQLite it is a temporary copy of the database as it is now, since one writer would keep all others waiting.
        On PostgreSQL the rows that it writes stay locked to its end: who writes the same case or person waits.
        """
        if self.file is None:
            with self.trying() as tx:
                yield tx
            return
        with translated_errors(), _temporary_copy(self.reader).connect() as tx:
            yield tx

    @contextmanager
    def _primary_only(self) -> Iterator[None]:
        """Lets go of the connections to a server that has become a standby: the next ones go to the primary."""
        try:
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in ON_STANDBY:
                self.writer.dispose()
            raise

    def open_readers(self) -> None:
        """Opens every connection for reading that SQLite may need, so that none is opened later. Raises `Unavailable`.

        PostgreSQL has a process for each connection: there they are opened as they are needed.
        """
        pool = self.reader.pool
        if self.file is None or not isinstance(pool, QueuePool):
            return
        with translated_errors(), ExitStack() as opened:
            for _ in range(pool.size() - pool.checkedout()):
                opened.enter_context(self.reader.connect())

    def close(self) -> None:
        """Closes all connections."""
        self.reader.dispose()
        self.writer.dispose()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None for a database in memory and for PostgreSQL."""
        return _file_of(self.writer.url)

    # --- the schema -----------------------------------------------------------------------------------------

    def upgrade(self) -> None:
        """Upgrades the schema to the newest version and loads the reference data, in one transaction."""
        with self.writing() as tx:
            command.upgrade(_alembic(tx), "head")
            reference.load(tx)

    def current(self) -> str | None:
        """The version of the schema in the database; None if it is empty."""
        with self.reading() as tx:
            return revision_of(tx)

    def head(self) -> str | None:
        """The newest version of the schema among the migrations: the one that no other follows."""
        followed = _migrations()
        return next((revision for revision in followed if revision not in followed.values()), None)

    def revisions(self) -> set[str]:
        """All versions of the schema among the migrations."""
        return set(_migrations())

    def is_current(self) -> bool:
        """Whether the schema in the database is the newest version."""
        return self.current() == self.head()


def revision_of(tx: Connection) -> str | None:
    """The version of the schema that Alembic has noted in the database; None if there is none."""
    if not inspect(tx).has_table(VERSION_TABLE):
        return None
    return tx.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  # a constant


@cache
def _migrations() -> Mapping[str, str | None]:
    """Each version of the schema, and the one that it follows, as the files of the migrations state them.

    Alembic reads the same by importing every file, which takes longer than all else that most commands do.
    """
    texts = [file.read_text(encoding="utf-8") for file in sorted((MIGRATIONS / "versions").glob("*.py"))]
    named = [dict(_REVISION.findall(text)) for text in texts]
    return {names["revision"]: names.get("down_revision") for names in named}


def _open_sqlite(where: URL, pool_size: int, wait_seconds: float, synchronous: str) -> Database:
    def engine(begin: str, size: int, *pragmas: str) -> Engine:
        new_engine = create_engine(
            where, pool_size=size, max_overflow=0, pool_timeout=wait_seconds, pool_use_lifo=True, hide_parameters=True
        )
        common_pragmas = ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", *pragmas)
        _configure_sqlite(new_engine, begin, (f"busy_timeout={int(wait_seconds * 1000)}", *common_pragmas))
        return new_engine

    writer_lock = _WRITER_LOCKS.setdefault(str(Path(where.database or "").resolve()), Semaphore())
    return Database(
        engine("BEGIN", pool_size, "query_only=ON", f"cache_size=-{READER_CACHE_KIB}"),
        engine("BEGIN IMMEDIATE", 1),
        writer_lock,
        wait_seconds,
    )


def _temporary_copy(source: Engine) -> Engine:
    """Gives connections to a copy each, in a file without a name: SQLite deletes it, also when the process is killed.

    SQLite places it in the folder for temporary files, with mode 600. Encrypted values are encrypted in it too.
    """

    def connect() -> sqlite3.Connection:
        copy = sqlite3.connect("", check_same_thread=False)
        with source.connect() as tx:
            original: Any = tx.connection.driver_connection
            original.backup(copy)
        return copy

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    _configure_sqlite(engine, "BEGIN", ("foreign_keys=ON",))
    return engine


def _file_of(where: URL) -> Path | None:
    name = where.database if where.get_backend_name() == "sqlite" else None
    return Path(name) if name and name != ":memory:" else None


def _keep_private(file: Path) -> None:
    """Restricts the database file and its WAL files to the owner; SQLite creates new ones with the mode of the first.

    Raises `BadSettings` if other users could replace the files.
    """
    refuse_shared(file.parent)
    if not file.exists():
        with suppress(OSError):  # SQLite reports why it cannot create the file
            file.touch(mode=0o600)
    for path in (file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm"))):
        with suppress(FileNotFoundError):
            restrict_to_owner(path)


def _configure_sqlite(engine: Engine, begin: str, pragmas: tuple[str, ...]) -> None:
    file = _file_of(engine.url)

    @event.listens_for(engine, "do_connect")
    def connecting(*_: object) -> None:
        if file is not None:
            _keep_private(file)

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver executes no BEGIN of its own
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(tx: Connection) -> None:
        tx.exec_driver_sql(begin)


def _open_postgresql(
    address: PostgresqlAddress, pool_size: int, wait_seconds: float, statement_seconds: float
) -> Database:
    settings = {"TimeZone": "UTC", "statement_timeout": str(int(statement_seconds * 1000))}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    in_session: dict[str, Any] = {"prepare_threshold": None} if address.pooled else {"options": options}
    writer = create_engine(
        address.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": address.url.query.get("connect_timeout", max(2, int(wait_seconds))),
            **in_session,
        },
    )
    if address.pooled:
        _set_in_transactions(writer, settings)
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(reader, writer, None, wait_seconds)


def _set_in_transactions(engine: Engine, settings: Mapping[str, str]) -> None:
    """Set these settings of PostgreSQL at the beginning of each transaction, until its end."""
    statement = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items())

    @event.listens_for(engine, "begin")
    def begun(tx: Connection) -> None:
        tx.exec_driver_sql(statement)


def release_savepoint(savepoint: NestedTransaction) -> None:
    """Keeps the changes since the savepoint as part of the transaction."""
    savepoint.commit()


def _commit(tx: Connection) -> None:
    try:
        tx.commit()
    except DBAPIError:
        tx.invalidate()  # SQLite leaves a transaction open whose commit failed: the connection must not be used again
        raise


@contextmanager
def _acquired(writer_lock: Semaphore, wait_seconds: float) -> Iterator[None]:
    if not writer_lock.acquire(timeout=wait_seconds):
        raise Unavailable("writer_busy")
    try:
        yield
    finally:
        writer_lock.release()


def _alembic(tx: Connection | None = None) -> alembic_config.Config:
    config = alembic_config.Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
