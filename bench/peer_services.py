"""Starts the peers of `bench/peers` as services, each in the environment that `make bench` installs for them."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import load
from moves_results import DJANGO
from service import Service, free_port, running

HERE = Path(__file__).parent / "peers"
PYTHON = Path(__file__).resolve().parents[1] / ".venv" / "peers" / "bin" / "python"
"""The Python of the environment that `make bench` installs; `PEERS_PYTHON` names another."""


@dataclass(frozen=True)
class Peer:
    """A peer: its name in the tables, its module, the application in it, and whether it is served as WSGI."""

    name: str
    module: str
    wsgi: bool = False
    prepared: bool = False
    """Whether the module is run as a program first: it makes its own tables in the database."""


PEERS = (
    Peer(DJANGO, "django_peer", wsgi=True),
    Peer("FastAPI, ORM, python-statemachine", "orm_peer"),
    Peer("FastAPI, SpiffWorkflow, psycopg", "spiff_peer", prepared=True),
    Peer("FastAPI, DBOS, ORM", "dbos_peer", prepared=True),
)


@dataclass(frozen=True)
class Machine:
    """What all contenders are given alike: worker processes, request threads of each, and the key of the tokens."""

    workers: int
    threads: int
    public_key: str


@contextmanager
def serve_peer(python: Path, peer: Peer, database: str, machine: Machine) -> Iterator[Service]:
    """The peer on a free port; it is stopped at the end of the `with` statement."""
    port = free_port()
    command = [str(python), "-m", *(_gunicorn if peer.wsgi else _uvicorn)(peer, port, machine)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    given = {
        "PYTHONPATH": str(HERE),
        "PEER_DATABASE_URL": database,
        "PEER_KEY": machine.public_key,
        "PEER_THREADS": str(machine.threads),
        "PEER_ROWS": json.dumps(rows()),
    }
    if peer.prepared:
        subprocess.run([str(python), str(HERE / f"{peer.module}.py")], env=kept | given, check=True)
    with running(command, kept | given, port) as service:
        yield service


def _gunicorn(peer: Peer, port: int, machine: Machine) -> list[str]:
    return [
        "gunicorn", f"{peer.module}:application", "--bind", f"127.0.0.1:{port}", "--workers", str(machine.workers),
        "--worker-class", "gthread", "--threads", str(machine.threads), "--http-parser", "fast",
        "--keep-alive", "120", "--timeout", "120",
        "--log-level", "warning",
    ]  # fmt: skip


def _uvicorn(peer: Peer, port: int, machine: Machine) -> list[str]:
    return [
        "uvicorn", f"{peer.module}:app", "--port", str(port), "--workers", str(machine.workers), "--loop", "uvloop",
        "--http", "httptools", "--ws", "none", "--no-server-header", "--no-proxy-headers", "--log-level", "warning",
        "--no-access-log",
    ]  # fmt: skip


def rows() -> dict[str, dict[str, str | None]]:
    """The columns of the current row that a peer does not compute, by the move after which they are written."""
    ways = dict(zip((kind for kind, _ in load.MOVES), ("out", "back"), strict=True))
    columns = {kind: load.derived_columns(way) for kind, way in ways.items()}
    return {
        kind: {name: None if value == "None" else value for name, value in row.items()} for kind, row in columns.items()
    }
