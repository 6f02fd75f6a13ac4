"""Moves (transitions of a case) per second that the service commits over HTTP, compared with the database alone.

The contenders run in turn on one machine: the service on PostgreSQL, pgbench with the four statements of a move,
pgbench with one combined statement; then the service on SQLite and plain sqlite3. Compare ratios of one run only.
Afterwards the rows are counted: one event, current row and message per acknowledged move, and no gap in the numbers.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

import load
import pgbench
from plain_sqlite import Plain
from server import Server
from service import Service, cpu_seconds, serve

from tests.pg import Databases, sqlalchemy_url, sqlite_url
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import Settings
from ungdom.store import rebuild
from ungdom.store.session import Database

KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
WARM_UP = 2.0
HTTP, FOUR, COMBINED = "service over HTTP", "pgbench, four statements", "pgbench, combined statement"
HTTP_SQLITE, SQLITE = "service over HTTP, SQLite", "bare sqlite3"
ROWS = """
SELECT count(*) AS events, count(DISTINCT case_id) AS cases, (SELECT count(*) FROM outbox) AS messages,
    count(CASE type WHEN 'postponed' THEN 1 END) AS told,
    (SELECT count(*) FROM (SELECT 1 FROM event GROUP BY case_id HAVING max(seq) <> count(*)) AS gap) AS gaps,
    (SELECT sum(version) FROM case_current) AS versions
FROM event
"""


@dataclass(frozen=True)
class Cpu:
    """Processor time per move in milliseconds: of the service, PostgreSQL, and the client (or pgbench)."""

    service: float
    database: float
    client: float

    @property
    def total(self) -> float:
        """The sum of the three."""
        return self.service + self.database + self.client


@dataclass
class Results:
    """The results of the rounds, by contender."""

    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    moves: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cpu: dict[str, list[Cpu]] = field(default_factory=lambda: defaultdict(list))
    latency: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, name: str, moves: int, rate: float, counted: bool) -> None:
        """Add one run. A warm-up counts only for the number of rows."""
        self.moves[name] += moves
        if counted:
            self.rates[name].append(rate)
            say(f"  {name:<28} {rate:8.0f} moves/s")

    def median(self, name: str) -> float:
        """The median rate."""
        return statistics.median(self.rates[name])

    def share(self, name: str, of: str) -> float:
        """The median over the rounds of the ratio of two rates."""
        return statistics.median(a / b for a, b in zip(self.rates[name], self.rates[of], strict=True))

    def cpu_median(self, name: str, part: str) -> float:
        """The median processor time of one part, in milliseconds per move."""
        return statistics.median(getattr(cpu, part) for cpu in self.cpu[name])

    def latency_median(self, name: str, mark: str) -> float:
        """The median over the rounds of a percentile, in milliseconds."""
        return statistics.median(figures[mark] for figures in self.latency[name]) * 1000


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)


class Bench:
    """One benchmark. Everything that it starts is stopped with the exit stack."""

    def __init__(self, arguments: argparse.Namespace, stack: ExitStack) -> None:
        self.arguments = arguments
        self.stack = stack
        self.results = Results()
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ungdom-bench-")))

    def run(self) -> Results:
        """Prepare, warm up, run the contenders in turn, count the rows."""
        self._postgresql()
        self._sqlite()
        self.turn(WARM_UP, counted=False)
        for number in range(self.arguments.rounds):
            say(f"round {number + 1} of {self.arguments.rounds}")
            self.turn(self.arguments.seconds, counted=True)
        say("counting the rows")
        for name, url in self.urls.items():
            self.results.rows[name] = self._counted(name, url)
        self.databases.close()
        return self.results

    # --- preparing ----------------------------------------------------------------------------------------------

    def _postgresql(self) -> None:
        say("starting PostgreSQL")
        folder = Path(tempfile.mkdtemp(prefix="ungdom-pg-"))
        self.server = server = Server(folder)
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.stack.callback(server.stop)
        server.ensure_started()
        say(f"opening {self.arguments.cases} cases")
        self.databases = Databases(server.url)
        made = [self.databases.create(self._fill) for _ in range(3)]
        self.urls = dict(zip((HTTP, FOUR, COMBINED), made, strict=True))
        for url in made:
            _settle(url)
        self.service = self._service(sqlalchemy_url(made[0]), self.arguments.workers)
        self.client = self._client(self.service)

    def _sqlite(self) -> None:
        say(f"opening {self.arguments.cases} cases on SQLite")
        folders = [self.folder / "service", self.folder / "bare"]
        folders[0].mkdir()
        self._fill(sqlite_url(folders[0]))
        shutil.copytree(*folders)
        self.urls |= {HTTP_SQLITE: sqlite_url(folders[0]), SQLITE: sqlite_url(folders[1])}
        self.small_service = self._service(self.urls[HTTP_SQLITE], 1)
        self.small_client = self._client(self.small_service)
        self.plain = Plain(folders[1] / "ungdom.sqlite", self.arguments.cases)

    def _fill(self, url: str) -> None:
        load.fill(url, self._settings(""), self.arguments.cases)

    def _settings(self, url: str) -> Settings:
        return Settings(
            env="development",
            database_url=url,
            data_dir=self.folder,
            people_keys=(KEY,),
            cursor_key=CURSOR_KEY,
            threads=self.arguments.threads,
        )

    def _service(self, url: str, workers: int) -> Service:
        return self.stack.enter_context(serve(self._settings(url), workers))

    def _client(self, service: Service) -> "Client":
        issuer = Issuer(self._settings(""))
        lifetime = timedelta(hours=2)
        job = {
            "port": service.port,
            "connections": self.arguments.connections,
            "tokens": [issuer.issue(viewer, clock.now(), lifetime) for viewer in load.viewers()],
            "bodies": [
                json.dumps({"type": kind, "occurred_on": load.MOVED_ON.isoformat(), "details": details})
                for kind, details in load.MOVES
            ],
            "cases": [str(load.case_id(number)) for number in range(self.arguments.cases)],
            "tag": f'"{load.EVENTS}"',
        }
        return self.stack.enter_context(_client(job))

    # --- measuring ----------------------------------------------------------------------------------------------

    def turn(self, seconds: float, counted: bool) -> None:
        """Run every contender once."""
        self._http(HTTP, self.service, self.client, seconds, counted)
        self._pgbench(FOUR, pgbench.FOUR, seconds, counted)
        self._pgbench(COMBINED, pgbench.COMBINED, seconds, counted)
        self._http(HTTP_SQLITE, self.small_service, self.small_client, seconds, counted)
        before = self.plain.moves
        rate = self.plain.run(seconds / 2)
        self.results.add(SQLITE, self.plain.moves - before, rate, counted)

    def _http(self, name: str, service: Service, client: "Client", seconds: float, counted: bool) -> None:
        of_service, of_database = service.cpu_seconds(), cpu_seconds(self.server.pid)
        found = client.run(seconds)
        of_service, of_database = service.cpu_seconds() - of_service, cpu_seconds(self.server.pid) - of_database
        moves = int(found["moves"])
        if counted:
            self.results.latency[name].append(found)
            self._spent(name, moves, of_service, of_database, found["client_cpu"])
        self.results.add(name, moves, moves / found["seconds"], counted)

    def _pgbench(self, name: str, script: Path, seconds: float, counted: bool) -> None:
        clients, cases = self.arguments.connections, self.arguments.cases
        before = cpu_seconds(self.server.pid)
        rate = pgbench.run(self.server.program("pgbench"), self.urls[name], script, clients, cases, seconds)
        if counted:
            self._spent(name, rate.moves, 0, cpu_seconds(self.server.pid) - before, rate.cpu_seconds)
        self.results.add(name, rate.moves, rate.per_second, counted)

    def _spent(self, name: str, moves: int, *seconds: float) -> None:
        self.results.cpu[name].append(Cpu(*(part / moves * 1000 for part in seconds)))

    # --- counting -----------------------------------------------------------------------------------------------

    def _counted(self, name: str, url: str) -> dict[str, int]:
        db = Database.open(url)
        with db.reading() as tx:
            rows = dict(tx.execute(text(ROWS)).mappings().one())
        differing = 0 if name == SQLITE else len(rebuild.check(db))
        db.close()
        moves, before = self.results.moves[name], self.arguments.cases * load.EVENTS
        found = {"moves": moves, **{key: int(value) for key, value in rows.items()}, "differing": differing}
        assert found["events"] == found["versions"] == before + moves, (name, found)
        assert found["messages"] == moves + found["told"], (name, found)
        assert found["gaps"] == found["differing"] == 0, (name, found)
        return found


class Client:
    """The process of the client, which runs for all rounds."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, seconds: float) -> dict[str, float]:
        """One run of that many seconds."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(f"{seconds}\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise SystemExit("bench: a response was not 201, see above")
        figures: dict[str, float] = json.loads(line)
        return figures


@contextmanager
def _client(job: dict[str, Any]) -> Iterator[Client]:
    command = [sys.executable, str(Path(__file__).with_name("client.py"))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin
        process.stdin.write(json.dumps(job) + "\n")
        yield Client(process)
    finally:
        process.terminate()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _settle(url: str) -> None:
    db = Database.open(url)
    with db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    db.close()


# --- output -----------------------------------------------------------------------------------------------------


def table(found: Results, asked: argparse.Namespace) -> str:
    """The table of results, as in `bench/results.md`."""
    lines = [
        f"{asked.connections} connections, {asked.workers} workers of {asked.threads} threads, {asked.cases} cases; "
        f"median of {asked.rounds} rounds of {asked.seconds:g} s",
        "",
        "| moves committed per second | median | rounds | of four statements | of combined |",
        "|---|---:|---|---:|---:|",
    ]
    for name in (HTTP, FOUR, COMBINED):
        shares = " | ".join(f"{found.share(name, of):.2f}" for of in (FOUR, COMBINED))
        lines.append(f"| {name} | {found.median(name):.0f} | {_rounds(found, name)} | {shares} |")
    lines += ["", "| SQLite, one worker | median | rounds | of bare sqlite3 |", "|---|---:|---|---:|"]
    for name in (HTTP_SQLITE, SQLITE):
        share = f"{found.share(name, SQLITE):.2f}"
        lines.append(f"| {name} | {found.median(name):.0f} | {_rounds(found, name)} | {share} |")
    lines += ["", "| processor time per move | service | PostgreSQL | client | total |", "|---|---:|---:|---:|---:|"]
    for name in (HTTP, FOUR, COMBINED):
        parts = " | ".join(f"{found.cpu_median(name, part):.2f}" for part in ("service", "database", "client", "total"))
        lines.append(f"| {name}, ms | {parts} |")
    lines.append(f"| {HTTP_SQLITE}, ms | {found.cpu_median(HTTP_SQLITE, 'service'):.2f} | | | |")
    lines += ["", "| response time, ms | p50 | p95 | p99 |", "|---|---:|---:|---:|"]
    for name in (HTTP, HTTP_SQLITE):
        times = " | ".join(f"{found.latency_median(name, mark):.0f}" for mark in ("p50", "p95", "p99"))
        lines.append(f"| {name} | {times} |")
    counted = found.rows[HTTP]
    lines += [
        "",
        f"Counted afterwards: {counted['moves']} moves acknowledged over HTTP, as many events added, a message each "
        f"and one more for each of {counted['told']} that the sector is told of, "
        f"{counted['gaps']} gaps in the numbers, {counted['differing']} current rows that differ from their events; "
        "so it is for the others (of bare sqlite3 the current rows are not compared).",
    ]
    return "\n".join(lines)


def _rounds(found: Results, name: str) -> str:
    return ", ".join(f"{rate:.0f}" for rate in found.rates[name])


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2, help="worker processes on PostgreSQL")
    parser.add_argument("--threads", type=int, default=3, help="request threads per worker")
    parser.add_argument("--cases", type=int, default=4096, help="rounded to a multiple of the connections")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    asked = parser.parse_args()
    asked.cases -= asked.cases % asked.connections
    return asked


def main() -> None:
    """Measure, print the table, and write the JSON file if requested."""
    asked = arguments()
    begun = time.monotonic()
    with ExitStack() as stack:
        found = Bench(asked, stack).run()
    print(table(found, asked))
    say(f"took {time.monotonic() - begun:.0f} s")
    if asked.json:
        asked.json.write_text(json.dumps(vars(found), indent=1, default=asdict), encoding="utf-8")


if __name__ == "__main__":
    main()
