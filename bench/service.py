"""Runs the service with worker processes, and measures their processor time and memory."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ungdom.settings import Settings

PATIENCE = 120.0
UNLIMITED = "10000000"
"""Requests a minute: one client of a benchmark sends as many as a whole country, and is not refused for it."""
_TRIES = 20
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Service:
    """A running service."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time of the process and those below it so far."""
        return cpu_seconds(self.pid)

    def worker_memory(self) -> float:
        """As the function `worker_memory`."""
        return worker_memory(self.pid)


@contextmanager
def serve(settings: Settings, workers: int) -> Iterator[Service]:
    """The service on a free port of this machine; it is stopped at the end of the `with` statement."""
    port = free_port()
    command = [
        sys.executable, "-c", "from ungdom.cli import main; main()",
        "serve", "--port", str(port), "--workers", str(workers),
    ]  # fmt: skip
    with running(command, os.environ | environment(settings), port) as service:
        yield service


@contextmanager
def running(
    command: list[str], variables: Mapping[str, str], port: int, errors: IO[bytes] | None = None
) -> Iterator[Service]:
    """A server that this command starts on the port; it is stopped at the end of the `with` statement.

    `errors`: where its log goes; None: with that of this process.
    """
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        _wait_until_served(process, port)
        yield Service(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


def environment(settings: Settings) -> dict[str, str]:
    """The variables of a service with these settings, without limits per caller."""
    return {
        "UNGDOM_ENV": settings.env,
        "UNGDOM_DATABASE_URL": settings.database_url,
        "UNGDOM_DATA_DIR": str(settings.data_dir),
        "UNGDOM_PEOPLE_KEYS": ",".join(settings.people_keys),
        "UNGDOM_CURSOR_KEY": settings.cursor_key,
        "UNGDOM_THREADS": str(settings.threads),
        "UNGDOM_QUEUE_LIMIT": str(settings.queue_limit),
        "UNGDOM_QUEUE_SECONDS": str(settings.queue_seconds),
        "UNGDOM_CONNECTION_LIMIT": str(settings.connection_limit),
        "UNGDOM_SUBJECT_LIMIT": UNLIMITED,
        "UNGDOM_ADDRESS_LIMIT": UNLIMITED,
        "UNGDOM_REPLICA_URL": "" if settings.replica_url is None else "".join(settings.replica_url),
    }


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_served(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as knock:
            knock.settimeout(5)
            try:
                knock.connect(("127.0.0.1", port))
                knock.sendall(b"GET /health/live HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                if knock.recv(64).startswith(b"HTTP/1.1 "):
                    return
            except OSError:
                time.sleep(0.1)
    raise SystemExit("bench: the service did not start")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all below it so far, including ended children, in seconds."""
    for _ in range(_TRIES):
        # A child may end during the measurement: then its parent has its time.
        with suppress(FileNotFoundError, ProcessLookupError):
            return sum(sum(_times(member)) for member in _family(pid))
    raise SystemExit(f"bench: the processes below {pid} keep changing")


def worker_memory(pid: int) -> float:
    """Memory of the largest worker process of this server, in MB, what several share divided among them (PSS)."""
    return max(_memory(member) for member in _family(pid) if not _children(member))


def _family(pid: int) -> list[int]:
    """This process and all below it."""
    return [pid, *(member for child in _children(pid) for member in _family(child))]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1_000_000 for line in lines if line.startswith("Pss:"))


def _times(pid: int) -> list[float]:
    """Own user and system time, and those of children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(ticks) / _TICKS for ticks in fields[11:15]]
