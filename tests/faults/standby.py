"""A primary with a streaming replica: two servers of the bundled PostgreSQL on sockets below one folder."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests import pg

STANDBY = "standby"
"""The name under which the replica receives the log; a commit waits for it."""
PRIMARY_PORT, STANDBY_PORT = 5432, 5434
PATIENCE = 30.0


@dataclass
class Pair:
    """Both servers. `name`: the database on them."""

    server: pg.Server
    standby: Path
    name: str

    @property
    def socket(self) -> str:
        """The folder with the sockets of both."""
        return str(self.server.folder)

    @property
    def both(self) -> str:
        """The address of whichever server can be written: both are named, and libpq takes that one."""
        options = f"host={self.socket},{self.socket}&port={PRIMARY_PORT},{STANDBY_PORT}"
        return f"postgresql://postgres@/{self.name}?{options}&target_session_attrs=read-write&connect_timeout=2"

    @property
    def replica(self) -> str:
        """The address of the replica."""
        return f"postgresql://postgres@/{self.name}?host={self.socket}&port={STANDBY_PORT}"

    def on_standby(self, statement: str) -> object:
        """The first value of the first row of this statement, executed on the replica."""
        with psycopg.connect(self.replica, autocommit=True) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]  # a statement of a test
        return None if row is None else row[0]

    def crash_primary(self) -> None:
        """Stop the primary as if it had crashed."""
        self.server.stop("immediate")

    def promote(self) -> None:
        """Make the replica the primary; it has none itself, and no commit waits for one."""
        self.server.run("pg_ctl", "promote", "--wait", "--pgdata", str(self.standby))


@contextmanager
def pair(name: str = "ungdom") -> Iterator[Pair]:
    """A primary with an empty database of that name, and its replica, which acknowledges each commit."""
    folder = Path(tempfile.mkdtemp(prefix="ungdom-"))
    server = pg.Server(folder, {**pg.AS_DELIVERED, "wal_keep_size": "256MB"})
    started = Pair(server, folder / "standby", name)
    try:
        server.ensure_started()
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]  # the name is of this test
        _start_standby(started)
        yield started
    finally:
        for data in (started.standby, server.data):
            if (data / "postmaster.pid").exists():
                server.run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(data))
        shutil.rmtree(folder, ignore_errors=True)


def _start_standby(started: Pair) -> None:
    server, data = started.server, started.standby
    address = f"host={started.socket} port={PRIMARY_PORT} user=postgres application_name={STANDBY}"
    server.run(
        "pg_basebackup", "--pgdata", str(data), "--dbname", address, "--checkpoint", "fast", "--write-recovery-conf",
        "--no-sync",
    )  # fmt: skip
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(f"port = {STANDBY_PORT}\n")
    server.run("pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", f"{started.socket}/standby.log")
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        admin.execute("SELECT pg_reload_conf()")
        until = time.monotonic() + PATIENCE
        while not admin.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone():
            assert time.monotonic() < until, "the replica does not receive the log"
            time.sleep(0.05)
