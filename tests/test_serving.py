"""The server as a process: its workers, its address, and what it says before and after it listens."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests import pg, process, service

PATIENCE = 60.0
"""Seconds that a busy machine may need for what takes a few."""


MOST_MB = 110
"""Megabytes of a worker process."""


def until(holds: Callable[[], bool]) -> bool:
    """Whether this comes to hold in time."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def refused(folder: Path, *arguments: str, **more: str) -> str:
    """What a command says that is refused."""
    env = process.environment(f"sqlite:///{folder / 'a.db'}", folder) | more
    command = [str(process.UNGDOM), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    return done.stderr


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """The folder of a database with the current schema."""
    service.fill(f"sqlite:///{tmp_path / 'a.db'}")
    return tmp_path


def test_two_workers_say_where_they_serve_and_end_with_a_parent_that_is_killed(
    tmp_path: Path, pg_database: pg.MakeDatabase
) -> None:
    env = process.environment(pg.sqlalchemy_url(pg_database(service.fill)), tmp_path)
    command = [str(process.UNGDOM), "serve", "--workers", "2", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        try:
            assert parent.stdout
            found = re.fullmatch(r"ungdom is served on (http://127\.0\.0\.1:(\d+))\n", parent.stdout.readline())
            assert found
            process.wait_until_ready(found[1], parent)
            parent.send_signal(signal.SIGKILL)
            assert until(lambda: not listens(int(found[2])))  # every worker holds the socket that listens
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def test_two_workers_share_what_they_have_imported(
    tmp_path: Path, pg_database: pg.MakeDatabase, figure: Callable[[str], None]
) -> None:
    env = process.environment(pg.sqlalchemy_url(pg_database(service.fill)), tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(process.UNGDOM), "serve", "--workers", "2", "--port", str(port)]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True) as parent:
        try:
            process.wait_until_ready(f"http://127.0.0.1:{port}", parent)
            assert until(lambda: len(workers_of(parent.pid)) == 2)
            shares = [memory(pid) for pid in workers_of(parent.pid)]
            figure(f"memory of two workers that have just begun, MB (PSS): {shares}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
    assert max(shares) < MOST_MB


def workers_of(server: int) -> list[int]:
    """The worker processes: children of the process that they are forked from."""
    return [worker for child in children(server) for worker in children(child)]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory(pid: int) -> int:
    """Megabytes, what several processes share divided among them (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 // 1_000_000


def test_one_worker_says_where_it_serves_once_it_listens(ready: Path) -> None:
    env = process.environment(f"sqlite:///{ready / 'a.db'}", ready)
    command = [str(process.UNGDOM), "serve", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            found = re.fullmatch(r"ungdom is served on http://127\.0\.0\.1:(\d+)\n", server.stdout.readline())
            assert found
            assert listens(int(found[1]))
        finally:
            server.kill()


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.name.invalid"])
def test_an_address_of_another_machine_is_refused_in_one_sentence(ready: Path, host: str) -> None:
    assert refused(ready, "serve", "--host", host) == (
        f"ungdom: {host} is no address of this machine to listen on; try --host 127.0.0.1\n"
    )


def test_a_wrong_access_file_is_named_before_a_port_in_use(ready: Path) -> None:
    (ready / "access.toml").write_text("issuers = 1\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        text = refused(ready, "serve", "--port", port, UNGDOM_ACCESS_FILE=str(ready / "access.toml"))
    assert "access.toml" in text
    assert "port" not in text


def test_a_number_of_workers_below_0_is_refused(tmp_path: Path) -> None:
    assert "be greater than or equal to 0" in " ".join(refused(tmp_path, "serve", "--workers", "-1").split())
