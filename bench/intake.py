"""Decisions per second through the batch route, compared with plain inserts of the same rows.

    .venv/bin/python bench/intake.py [--decisions N] [--rounds N]

A server process receives a batch over HTTP from one sender, with fsync. Then the rows of all written tables are read
and inserted into an empty database by the driver alone, in the same number of transactions, without foreign keys and
triggers: the upper bound of the database. The rounds alternate, on SQLite and PostgreSQL, in one run.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import psycopg  # noqa: E402  # the paths come first
from server import Server  # noqa: E402
from service import cpu_seconds  # noqa: E402

from tests import pg, service  # noqa: E402
from tests.faults.whole_batch import Peak, Sent, push  # noqa: E402
from tests.intake import content, making  # noqa: E402
from tests.intake.wire import Wire, token  # noqa: E402
from tests.process import serving  # noqa: E402
from ungdom.intake.stream import GROUP  # noqa: E402

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


class Bare:
    """A connection of the driver, without foreign keys and triggers."""

    def __init__(self, url: str) -> None:
        self.on_sqlite = url.startswith("sqlite")
        self.connection: Any
        if self.on_sqlite:
            self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
                self.connection.execute(f"PRAGMA {pragma}")
        else:
            self.connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
            self.connection.execute("SET session_replication_role = replica")

    def read(self) -> Rows:
        """Every row of every table that messages write to, by table."""
        rows: Rows = {}
        for table in content.WRITTEN:
            cursor = self.connection.execute(f"SELECT * FROM {table.name}")  # noqa: S608  # our tables
            rows[table.name] = [column[0] for column in cursor.description], cursor.fetchall()
        return rows

    def write(self, rows: Rows, transactions: int) -> None:
        """Insert the rows in that many transactions."""
        mark = "?" if self.on_sqlite else "%s"
        for part in range(transactions):
            self.connection.execute("BEGIN")
            for name, (columns, values) in rows.items():
                into, marks = ", ".join(f'"{column}"' for column in columns), ", ".join([mark] * len(columns))
                statement = f"INSERT INTO {name} ({into}) VALUES ({marks})"  # noqa: S608  # our tables
                self.connection.cursor().executemany(statement, values[part::transactions])
            self.connection.execute("COMMIT")
        self.connection.close()


def through_the_batch(url: str, folder: Path, lines: list[bytes]) -> tuple[float, float, int]:
    """Seconds, processor seconds of the server, peak memory in MiB."""
    with serving(url, folder) as (base, process):
        wire, sent, peak = Wire(base, token(url, folder)), Sent(lines), Peak(process)
        begun, spent = time.perf_counter(), cpu_seconds(process.pid)
        push(wire, sent, 0, lambda _: False, lambda _: None)
        took, spent = time.perf_counter() - begun, cpu_seconds(process.pid) - spent
        assert sent.complete
        return took, spent, peak.end()


def measure(make: Iterator[str], folder: Path, lines: list[bytes]) -> tuple[float, float, float, int, int]:
    """One round: decisions per second over HTTP, by plain inserts, processor ms per decision, MiB, number of rows."""
    first, second = next(make), next(make)
    service.fill(first)
    service.fill(second)
    took, spent, memory = through_the_batch(first, folder, lines)
    rows = Bare(first).read()
    begun = time.perf_counter()
    Bare(second).write(rows, max(1, len(lines) // GROUP))
    bare = time.perf_counter() - begun
    count = sum(len(values) for _, values in rows.values())
    return len(lines) / took, len(lines) / bare, spent / len(lines) * 1000, memory, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    _keep_standard_output()
    lines = [making.line(decision) for decision in making.mixed(2, arguments.decisions)]
    server = Server(Path(tempfile.mkdtemp(prefix="ungdom-")))
    server.ensure_started()
    try:
        with tempfile.TemporaryDirectory(prefix="ungdom-") as name:
            _table(Path(name), server, lines, arguments.rounds)
    finally:
        server.stop()


def _keep_standard_output() -> None:
    """Standard output gets the table only: what the servers print goes to standard error."""
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)


def _table(folder: Path, server: Server, lines: list[bytes], rounds: int) -> None:
    databases = pg.Databases(server.url)
    kinds = {
        "SQLite": (f"sqlite:///{folder / f'{n}.sqlite'}" for n in range(100)),
        "PostgreSQL": (pg.sqlalchemy_url(databases.create()) for _ in range(100)),
    }
    print(f"{len(lines)} decisions in one batch, groups of {GROUP}; median of {rounds} rounds\n")
    print("| decisions per second | over HTTP | plain inserts | share | rows each | server processor, ms each | MiB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    results: dict[str, list[tuple[float, float, float, int, int]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, make in kinds.items():
            results[kind].append(measure(make, folder, lines))
    for kind, all_rounds in results.items():
        http, bare, spent, memory, rows = (statistics.median(values) for values in zip(*all_rounds, strict=True))
        share, each = http / bare, rows / len(lines)
        print(f"| {kind} | {http:.0f} | {bare:.0f} | {share:.2f} | {each:.1f} | {spent:.1f} | {memory:.0f} |")
    databases.close()


if __name__ == "__main__":
    main()
