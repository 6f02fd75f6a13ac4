"""The database is restarted, full, or out of connections: a clear 503, nothing lost, and it recovers by itself."""

import resource
import shutil
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests import pg, service
from tests.faults.test_killed import assert_whole, open_body, send
from tests.faults.writers import assert_kept, writing
from tests.process import environment, serving
from tests.service import Service
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import from_environment
from ungdom.store import rebuild
from ungdom.store.errors import Unavailable
from ungdom.store.fingerprint import differing, fingerprint
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

FULL = 64 * 1024
"""Bytes that a file may have while the disk is full."""


@pytest.fixture(scope="module")
def server() -> Iterator[pg.Server]:
    """PostgreSQL with its settings as delivered: what it has acknowledged survives a crash."""
    folder = Path(tempfile.mkdtemp(prefix="ungdom-"))
    archive = folder / "archive"
    archive.mkdir()
    archive.chmod(0o777)
    options = {**pg.AS_DELIVERED, "archive_mode": "on", "archive_command": f"cp %p {archive}/%f"}
    started = pg.Server(folder, options)
    started.ensure_started()
    yield started
    started.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def durable(server: pg.Server) -> str:
    """The address of a new database on that server, with schema, reference data and staff."""
    name = f"ungdom_{time.monotonic_ns()}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    url = pg.sqlalchemy_url(server.url.replace("/postgres?", f"/{name}?"))
    service.fill(url)
    return url


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_is_restarted_under_load_loses_nothing_that_was_acknowledged(
    server: pg.Server, durable: str, tmp_path: Path, mode: str, figure: Callable[[str], None]
) -> None:
    db = Database.open(durable, pool_size=6, wait_seconds=1)
    with Service(durable, tmp_path, db) as running:
        with writing(running) as written:
            for round_ in range(1, 3):
                written.wait_for(40 * round_)
                server.stop(mode)
                written.wait_until_unavailable(4)
                server.start_again()
            written.wait_for(written.notes + 20)
        assert_kept(running, written)
    figure(
        f"T24 PostgreSQL as delivered, stopped twice ({mode}) under load: {written.notes} acknowledged, 0 lost,"
        f" {written.unavailable} answers 503 with Retry-After, recovered by itself"
    )


def test_a_full_disk_is_503_and_once_there_is_room_again_nothing_is_missing(
    sqlite_template: Path, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """No file of the server may grow beyond some size: the write fails as on a full disk. Odd clients come as well."""
    url = service.sqlite_copy(sqlite_template, tmp_path)
    who = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
    token = Issuer(from_environment(environment(url, tmp_path))).issue(who, clock.now(), timedelta(hours=1))
    acknowledged: dict[str, int] = {}
    refused = 0
    with serving(url, tmp_path) as (base, process):
        for number in range(40):
            if number == 10:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL, resource.RLIM_INFINITY))
            if number == 30:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            status, answer = send(f"{base}/v1/cases", token, open_body(number))
            if status == 201:
                acknowledged[answer["id"]] = answer["version"]
            else:
                assert (status, answer["code"], 10 <= number < 30) == (503, "unavailable", True)
                refused += 1
        odd = odd_clients(base)
    assert 0 < refused <= 20
    assert len(acknowledged) == 40 - refused
    assert_whole(url, acknowledged)
    figure(
        f"T24 disk full, SQLite: {refused} answers 503, {len(acknowledged)} acknowledged, 0 lost, recovered by itself"
    )
    figure(f"odd clients: {odd} connections with garbage, halves and silence; ready within 5 s beside them")


GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{",
    b"POST /v1/decisions/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /v1/cases HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000,
    b"GET /v1/cases HT",
    b"",
)
"""What odd clients send before they fall silent: another protocol, nonsense, halves, nothing."""


def odd_clients(base: str) -> int:
    """Connections that send garbage or nothing and stay open; meanwhile the server answers others."""
    host, _, port = base.removeprefix("http://").partition(":")
    with ExitStack() as connections:
        for garbage in GARBAGE * 4:
            connection = connections.enter_context(socket.create_connection((host, int(port)), timeout=5))
            connection.sendall(garbage)
        with urllib.request.urlopen(f"{base}/health/live", timeout=5) as answer:  # noqa: S310 - a server of this test
            assert answer.status == 200
    return len(GARBAGE) * 4


def test_a_write_that_the_full_database_refuses_is_503_and_is_kept_when_it_is_sent_again(
    pg_database: pg.MakeDatabase, tmp_path: Path
) -> None:
    """PostgreSQL refuses with the code that it has for a full disk, in the middle of a transaction."""
    url = pg.sqlalchemy_url(pg_database(service.fill))
    with Service(url, tmp_path) as running:
        with writing(running, clients=2) as written:
            written.wait_for(4)
            with running.db.writing() as tx:
                tx.exec_driver_sql(
                    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
                )
                tx.exec_driver_sql(
                    "CREATE TRIGGER no_room BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION no_room()"
                )
            written.wait_until_unavailable(4)
            with running.db.writing() as tx:
                tx.exec_driver_sql("DROP TRIGGER no_room ON outbox")
            written.wait_for(written.notes + 4)
        assert_kept(running, written)


def test_an_exhausted_pool_is_503_and_recovers_by_itself(
    database_url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    service.fill(database_url)
    db = Database.open(database_url, pool_size=3, wait_seconds=0.2)
    with Service(database_url, tmp_path, db) as running:
        with writing(running, clients=2) as written:
            written.wait_for(4)
            with ExitStack() as taken:
                for _ in range(3 if db.writer_lock is None else 1):
                    take(taken, running.db)
                written.wait_until_unavailable(4)
            written.wait_for(written.notes + 4)
        assert_kept(running, written)
    kind = database_url.split(":", maxsplit=1)[0]
    figure(f"T24 pool exhausted, {kind}: {written.unavailable} answers 503, {written.notes} acknowledged, 0 lost")


def take(taken: ExitStack, db: Database) -> None:
    """One more connection of the pool, once one of the clients has given it back."""
    for _ in range(100):
        with suppress(Unavailable):
            taken.enter_context(db.writing())
            return
    raise AssertionError("the clients never gave a connection back")


# --- to a point in time -------------------------------------------------------------------------------------

PORT = 5433
"""Of the restored server, in the folder of the first one."""


def test_a_base_backup_and_the_archived_log_give_the_database_of_an_instant(
    server: pg.Server, durable: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """As in docs/operations.md: pg_basebackup while the service writes, then the log up to an instant."""
    data = server.folder / "restored"
    with Service(durable, tmp_path) as running:
        with writing(running) as written:
            written.wait_for(20)
            server.run("pg_basebackup", "--pgdata", str(data), "--dbname", server.url, "--checkpoint", "fast")
            written.wait_for(written.notes + 20)
        with running.db.reading() as tx:
            instant = tx.exec_driver_sql("SELECT clock_timestamp()::text").scalar()
            expected = fingerprint(tx)
        with writing(running) as later:
            later.wait_for(10)
        with running.db.reading() as tx:
            assert differing(expected, fingerprint(tx)) != []
    archive_the_log(server)

    with restored(server, data, str(instant)):
        db = Database.open(f"{durable}&port={PORT}")
        with db.reading() as tx:
            assert differing(expected, fingerprint(tx)) == []
        assert rebuild.check(db) == []
        db.close()
    figure(f"T25 PostgreSQL, base backup and log to an instant while writing: {len(expected)} tables, equal row hashes")


def archive_the_log(server: pg.Server) -> None:
    """Until the log of everything so far is in the archive."""
    with psycopg.connect(server.url, autocommit=True) as admin:
        switched = admin.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert switched is not None
        for _ in range(600):
            if (server.folder / "archive" / switched[0]).exists():
                return
            time.sleep(0.05)
    raise AssertionError("the log was not archived")


@contextmanager
def restored(server: pg.Server, data: Path, instant: str) -> Iterator[None]:
    """A server on this base backup, with the log up to that instant."""
    settings = {
        "restore_command": f"cp {server.folder}/archive/%f %p", "recovery_target_time": instant,
        "recovery_target_action": "promote", "archive_mode": "off", "port": str(PORT),
    }  # fmt: skip
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    (data / "recovery.signal").touch()
    (data / "recovery.signal").chmod(0o666)
    server.run("pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", str(server.folder / "restored.log"))
    try:
        yield
    finally:
        server.run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(data))
