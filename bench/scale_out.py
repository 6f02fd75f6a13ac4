"""Starts what `make scale` measures: two PostgreSQL servers, PgBouncer, services, workers and HAProxy on one machine.

Everything listens on the loopback address or on sockets below a folder of its own, and is stopped at the end.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from service import PATIENCE, Service, cpu_seconds, environment, free_port, running

from tests.faults.standby import Pair, pair
from ungdom.settings import Settings

PROGRAMS = {"haproxy": "haproxy", "pgbouncer": "pgbouncer"}
"""Each program, and the package that has it in Debian, Ubuntu and Fedora."""
ADMINISTRATORS = ("/usr/sbin", "/usr/local/sbin", "/sbin")
"""Where packages put programs that are not on the path of every user."""
NOBODY = "nobody"

Prepare = Callable[[str], None]
Log = IO[bytes] | int

PGBOUNCER = """\
[databases]
{name} = host={socket} port=5432 user=postgres dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = {pool}
"""
HAPROXY = """\
defaults
    mode http
    option redispatch
    retries 3
    timeout connect 2s
    timeout client 60s
    timeout server 60s
frontend cases
    bind 127.0.0.1:{port}
    default_backend replicas
backend replicas
    balance leastconn
    option httpchk GET /health/live
    timeout check 5s
    default-server inter 1s fall 2 rise 1
{servers}
"""


@dataclass
class Parts:
    """What runs. `pooled`: the address through PgBouncer. `logs`: those of the service replicas."""

    servers: Pair
    port: int
    pooled: str
    services: list[Service]
    workers: list[int]
    pooler: int
    balancer: int
    logs: list[Path] = field(default_factory=list)

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far, by part."""
        server = self.servers.server
        return {
            "services": sum(_spent(service.pid) for service in self.services),
            "primary": cpu_seconds(_postmaster(server.data)),
            "streaming replica": cpu_seconds(_postmaster(self.servers.standby)),
            "PgBouncer": cpu_seconds(self.pooler),
            "HAProxy": cpu_seconds(self.balancer),
            "workers": sum(cpu_seconds(pid) for pid in self.workers),
        }


def missing() -> list[str]:
    """A sentence for each program that is not installed."""
    return [
        f"{program} is not installed: the package {package} of Debian, Ubuntu and Fedora has it"
        for program, package in PROGRAMS.items()
        if _path(program) is None
    ]


@contextmanager
def started(settings: Settings, replicas: int, workers: int, prepare: Prepare) -> Iterator[Parts]:
    """All parts with that many service replicas and workers; `prepare` fills the database first."""
    with ExitStack() as stack:
        servers = stack.enter_context(pair())
        prepare(servers.both)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ungdom-scale-")))
        folder.chmod(0o755)
        pooler, port = stack.enter_context(_pooler(servers, folder))
        pooled = f"postgresql://postgres@127.0.0.1:{port}/{servers.name}?pooler=transaction"
        chosen = settings.model_copy(update={"database_url": pooled, "replica_url": servers.replica})
        logs = [folder / f"service-{number}.log" for number in range(replicas)]
        services = [stack.enter_context(_service(chosen, log)) for log in logs]
        pids = [stack.enter_context(_worker(chosen, folder / f"worker-{number}.log")) for number in range(workers)]
        balancer, public = stack.enter_context(_balancer(services, folder))
        yield Parts(servers, public, pooled, services, pids, pooler, balancer, logs)


@contextmanager
def _service(settings: Settings, log: Path) -> Iterator[Service]:
    port = free_port()
    command = [*_ungdom(), "serve", "--port", str(port), "--workers", "1"]
    with log.open("wb") as errors, running(command, os.environ | environment(settings), port, errors) as service:
        yield service


@contextmanager
def _worker(settings: Settings, log: Path) -> Iterator[int]:
    command = [*_ungdom(), "worker", "--every", "1"]
    with log.open("wb") as errors, _process(command, os.environ | environment(settings), errors=errors) as pid:
        yield pid


@contextmanager
def _pooler(servers: Pair, folder: Path) -> Iterator[tuple[int, int]]:
    """PgBouncer in transaction mode in front of the primary: its process and its port. It refuses to run as root."""
    port = free_port()
    file = folder / "pgbouncer.ini"
    file.write_text(PGBOUNCER.format(name=servers.name, socket=servers.socket, port=port, pool=20), encoding="utf-8")
    user = NOBODY if os.geteuid() == 0 else None
    command = [str(_path("pgbouncer")), str(file)]
    with (folder / "pgbouncer.log").open("wb") as log, _process(command, dict(os.environ), user, log) as pid:
        _wait_for_port(port, "PgBouncer")
        yield pid, port


@contextmanager
def _balancer(services: list[Service], folder: Path) -> Iterator[tuple[int, int]]:
    """HAProxy in front of the service replicas: its process and its port."""
    port = free_port()
    servers = "\n".join(f"    server s{number} 127.0.0.1:{s.port} check" for number, s in enumerate(services))
    file = folder / "haproxy.cfg"
    file.write_text(HAPROXY.format(port=port, servers=servers), encoding="utf-8")
    command = [str(_path("haproxy")), "-db", "-f", str(file)]
    with (folder / "haproxy.log").open("wb") as log, _process(command, dict(os.environ), None, log) as pid:
        _wait_for_port(port, "HAProxy")
        yield pid, port


@contextmanager
def _process(
    command: list[str], variables: dict[str, str], user: str | None = None, errors: Log = subprocess.DEVNULL
) -> Iterator[int]:
    account = pwd.getpwnam(user) if user else None
    process = subprocess.Popen(
        command,
        env=variables,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


def _ungdom() -> list[str]:
    return [sys.executable, "-c", "from ungdom.cli import main; main()"]


def _path(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(ADMINISTRATORS))


def _postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def _spent(pid: int) -> float:
    """Processor seconds of a service; 0 of one that was killed, whose time is lost to the measurement."""
    return cpu_seconds(pid) if Path(f"/proc/{pid}/task/{pid}/children").exists() else 0.0


def _wait_for_port(port: int, name: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"bench: {name} did not start")
