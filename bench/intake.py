"""Decisions a second through the batch, beside bare inserts of the very rows that they become.

    .venv/bin/python bench/intake.py [--decisions N] [--rounds N]

A real server takes a batch over HTTP, one sender, fsync on. Then the rows of all its tables are read back and written
to an empty database by the bare driver, in as many transactions, foreign keys and triggers off: what the database
allows.
Both are done in turns, SQLite and PostgreSQL, in one run.
"""

import argparse
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
from tests.faults.batch_100k import Peak, Sent, push  # noqa: E402
from tests.intake import content, making  # noqa: E402
from tests.intake.wire import Wire, token  # noqa: E402
from tests.process import serving  # noqa: E402
from ungdom.intake.stream import GROUP  # noqa: E402

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


class Bare:
    """One driver's connection, with foreign keys and triggers off."""

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
        """Every row of every table that messages write to."""
        found: Rows = {}
        for table in content.WRITTEN:
            cursor = self.connection.execute(f"SELECT * FROM {table.name}")  # noqa: S608  # our tables
            found[table.name] = [column[0] for column in cursor.description], cursor.fetchall()
        return found

    def write(self, rows: Rows, transactions: int) -> None:
        """The same rows again, in so many transactions."""
        mark = "?" if self.on_sqlite else "%s"
        for part in range(transactions):
            self.connection.execute("BEGIN")
            for name, (columns, found) in rows.items():
                into, marks = ", ".join(f'"{column}"' for column in columns), ", ".join([mark] * len(columns))
                said = f"INSERT INTO {name} ({into}) VALUES ({marks})"  # noqa: S608  # our tables
                self.connection.cursor().executemany(said, found[part::transactions])
            self.connection.execute("COMMIT")
        self.connection.close()


def through_the_batch(url: str, folder: Path, lines: list[bytes]) -> tuple[float, float, int]:
    """Seconds, seconds of the server's processor, MiB at most."""
    with serving(url, folder) as (base, process):
        wire, sent, peak = Wire(base, token(url, folder)), Sent(lines), Peak(process)
        begun, spent = time.perf_counter(), cpu_seconds(process.pid)
        push(wire, sent, 0, lambda _: False, lambda _: None)
        took, spent = time.perf_counter() - begun, cpu_seconds(process.pid) - spent
        assert sent.complete
        return took, spent, peak.end()


def measure(make: Iterator[str], folder: Path, lines: list[bytes]) -> tuple[float, float, float, int, int]:
    """One round: decisions a second, bare ones a second, ms of processor each, MiB, rows each."""
    first, second = next(make), next(make)
    service.fill(first)
    service.fill(second)
    took, spent, memory = through_the_batch(first, folder, lines)
    rows = Bare(first).read()
    begun = time.perf_counter()
    Bare(second).write(rows, max(1, len(lines) // GROUP))
    bare = time.perf_counter() - begun
    count = sum(len(found) for _, found in rows.values())
    return len(lines) / took, len(lines) / bare, spent / len(lines) * 1000, memory, count


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--decisions", type=int, default=5_000)
    asked.add_argument("--rounds", type=int, default=3)
    said = asked.parse_args()
    lines = [making.line(one) for one in making.mixed(2, said.decisions)]
    server = Server(Path(tempfile.mkdtemp(prefix="ungdom-")))
    server.ensure_started()
    try:
        with tempfile.TemporaryDirectory(prefix="ungdom-") as name:
            _table(Path(name), server, lines, said.rounds)
    finally:
        server.stop()


def _table(folder: Path, server: Server, lines: list[bytes], rounds: int) -> None:
    databases = pg.Databases(server.url)
    kinds = {
        "SQLite": (f"sqlite:///{folder / f'{n}.sqlite'}" for n in range(100)),
        "PostgreSQL": (pg.sqlalchemy_url(databases.create()) for _ in range(100)),
    }
    print(f"{len(lines)} decisions in one batch, groups of {GROUP}; median of {rounds} rounds\n")
    print("| decisions a second | over HTTP | bare inserts | share | rows each | server processor, ms each | MiB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    found: dict[str, list[tuple[float, float, float, int, int]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, make in kinds.items():
            found[kind].append(measure(make, folder, lines))
    for kind, all_rounds in found.items():
        http, bare, spent, memory, rows = (statistics.median(values) for values in zip(*all_rounds, strict=True))
        share, each = http / bare, rows / len(lines)
        print(f"| {kind} | {http:.0f} | {bare:.0f} | {share:.2f} | {each:.1f} | {spent:.1f} | {memory:.0f} |")
    databases.close()


if __name__ == "__main__":
    main()
