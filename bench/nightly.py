"""The cost of the nightly run: it should grow with the number of due cases, not of open cases.

Cases with a short history (registered, suspect set) are inserted in bulk into PostgreSQL; some have a due day on the
night, most of them later. Each nightly run has its own process, which reports its time and peak memory, and also runs
plain SQL that selects the same rows. Compare ratios of one run only.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

from server import Server
from service import cpu_seconds

from tests.pg import Databases, sqlalchemy_url
from ungdom.alerts.sweep import sweep
from ungdom.store.journal import event_row
from ungdom.store.projection import CaseIdentity, row_of
from ungdom.store.session import Connection, Database
from ungdom.workflow import engine
from ungdom.workflow.case import Youth
from ungdom.workflow.events import Event, read_details
from ungdom.workflow.vocabulary import Actor, EventType, Role

NIGHT = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
BORN = date(2010, 6, 1)
PERSON, CASE = UUID(int=1), UUID(int=2)
BARE = """
SELECT c.look_on, c.version, e.*, v.born, v.guardians FROM case_current c
JOIN event e ON e.case_id = c.case_id JOIN person_version v ON v.person_id = c.person_id
WHERE c.look_on <= :night ORDER BY c.look_on, c.case_id, e.seq
"""
"""The same rows: due cases, their events, and the data of the youth that the rules need."""
MEGABYTE = 1024
SIZES = {10_000: (100, 10_000), 100_000: (1_000, 10_000), 1_000_000: (10_000,)}
"""Numbers of open cases, each with numbers of due cases: one per cent, and ten thousand."""


@dataclass(frozen=True)
class Measured:
    """One nightly run. Times in seconds: wall clock, and processor time of Python and PostgreSQL. Memory in MB.

    `bare`: plain SQL; `idle`: a second run with nothing due; `memory`: increase of the peak during the run.
    """

    open: int
    due: int
    night: float
    cpu: float
    bare: float
    idle: float
    memory: float
    peak: float
    counts: dict[str, int]
    database: float = 0

    @property
    def work(self) -> float:
        """Processor time of Python and PostgreSQL, in seconds."""
        return self.cpu + self.database


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)


# --- filling ----------------------------------------------------------------------------------------------------


def history(suspect_on: date) -> list[Event]:
    """Two events; the charge decision is due six weeks after the second, with a warning two weeks before."""
    registered: dict[str, Any] = {
        "sanction": "youth_follow_up",
        "konfliktrad": "oslo",
        "person": str(PERSON),
        "offences": [{"on": (suspect_on - timedelta(days=2)).isoformat()}],
    }
    steps: tuple[tuple[str, date, dict[str, Any]], ...] = (
        ("case_registered", suspect_on - timedelta(days=1), registered),
        ("suspect_set", suspect_on, {}),
    )
    return [
        Event(
            seq=seq,
            type=EventType(kind),
            occurred_on=on,
            recorded_at=datetime(on.year, on.month, on.day, 11, tzinfo=UTC),
            actor=Actor.POLICE,
            role=Role.COORDINATOR,
            subject="coordinator-oslo-1",
            source="api",
            details=read_details(EventType(kind), payload),
        )
        for seq, (kind, on, payload) in enumerate(steps, start=1)
    ]


def fill(tx: Connection, first: int, number: int, suspect_on: date) -> None:
    """Insert that many cases with this history, numbered from `first`."""
    events = history(suspect_on)
    case = engine.fold(Youth(BORN, 1), events)
    at = events[0].recorded_at
    row = row_of(CaseIdentity(CASE, "", PERSON), case, events[-1])
    own = {"case_id": "lpad(to_hex(n * 2), 32, '0')::uuid", "person_id": "lpad(to_hex(n * 2 + 1), 32, '0')::uuid"}
    called = {**own, "reference": "'R-' || n"}
    put = _Put(tx, first, number)
    person = {"person_id": own["person_id"]}
    put("person", person, {"protection": "none", "created_at": at, "updated_at": at})
    put("person_version", person, {"version": 1, "recorded_at": at, "born": BORN, "guardians": 1})
    put("case_file", called, {"opened_at": at})
    put("case_current", called, {name: value for name, value in row.items() if name not in called})
    for event in events:
        details = f"replace(CAST(:details AS text), '{PERSON}', ({own['person_id']})::text)"
        put("event", {"case_id": own["case_id"], "details": details}, event_row(CASE, event))


@dataclass(frozen=True)
class _Put:
    """Inserts one row per case: computed columns depend on the number `n`, the others are constant."""

    tx: Connection
    first: int
    number: int

    def __call__(self, table: str, computed: dict[str, str], same: dict[str, Any]) -> None:
        fixed = {name: value for name, value in same.items() if name not in computed and value is not None}
        columns = ", ".join((*computed, *fixed))
        values = ", ".join((*computed.values(), *(f":{name}" for name in fixed)))
        numbers = f"generate_series({self.first}, {self.first + self.number - 1}) AS n"
        statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {numbers}"  # noqa: S608 - words of ours
        used = {name: value for name, value in same.items() if f":{name}" in statement}
        self.tx.execute(text(statement), used)


def prepared(databases: Databases, open_cases: int, due: int) -> str:
    """A database with that many open cases, `due` of them due on the night."""
    url = sqlalchemy_url(databases.create())
    db = Database.open(url, statement_seconds=1800)
    db.upgrade()
    with db.writing() as tx:
        tx.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign key checks
        fill(tx, 1, due, NIGHT - timedelta(days=28))
        fill(tx, due + 1, open_cases - due, NIGHT - timedelta(days=1))
    with db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    db.close()
    return url


# --- measuring, in its own process ------------------------------------------------------------------------------


def measure(url: str) -> dict[str, Any]:
    """Measure plain SQL, the nightly run, and a second run with nothing left to do."""
    db = Database.open(url)
    bare = statistics.median(_timed(lambda: _bare(db)) for _ in range(3))
    before, cpu = _memory(), time.process_time()
    done: list[Any] = []
    night = _timed(lambda: done.append(sweep(db, NIGHT, lambda: AT)))
    cpu = time.process_time() - cpu
    peak = _memory()
    idle = statistics.median(
        _timed(lambda: sweep(db, NIGHT, lambda: datetime(2026, 3, 2, 3, tzinfo=UTC))) for _ in "ab"
    )
    db.close()
    return {
        **{"night": night, "cpu": cpu, "bare": bare, "idle": idle},
        **{"memory": peak - before, "peak": peak, "counts": done[0].counts()},
    }


def _bare(db: Database) -> None:
    with db.reading() as tx:
        for _ in tx.execution_options(yield_per=1_000).execute(text(BARE), {"night": NIGHT}):
            pass


def _timed(use: Callable[[], object]) -> float:
    begun = time.perf_counter()
    use()
    return time.perf_counter() - begun


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def measured(server: Server, url: str, open_cases: int, due: int) -> Measured:
    """Measure in a new process, for its own peak memory. The PostgreSQL time includes the plain SQL."""
    before = cpu_seconds(server.pid)
    done = subprocess.run([sys.executable, __file__, "--measure", url], capture_output=True, text=True, check=True)
    spent = cpu_seconds(server.pid) - before
    found = Measured(open_cases, due, **json.loads(done.stdout), database=spent)
    assert found.counts["scanned"] == found.counts["raised"] == due, found
    return found


# --- output -----------------------------------------------------------------------------------------------------


def table(results: list[Measured]) -> str:
    """The table of results, as in `bench/results.md`."""
    lines = [
        "| open | due | night, ms per due case | processor: Python | PostgreSQL | bare SQL, ms per due case | "
        "night / bare | nothing due, ms | memory over the start, MB | peak, MB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        each = [part / result.due * 1000 for part in (result.night, result.cpu, result.database)]
        figures = " | ".join(f"{part:.2f}" for part in each)
        rest = f"{result.bare / result.due * 1000:.3f} | {result.night / result.bare:.0f} | {result.idle * 1000:.1f}"
        lines.append(f"| {result.open} | {result.due} | {figures} | {rest} | {result.memory:.1f} | {result.peak:.0f} |")
    most = max(result.due for result in results)
    same = [result for result in results if result.due == most]
    more, growth = same[-1].open // same[0].open, same[-1].work / same[0].work
    lines += ["", f"{most} due: with {more} times as many open cases the processor time is {growth:.2f} times that."]
    return "\n".join(lines)


def run(largest: int) -> list[Measured]:
    """Measure every size up to the largest."""
    found = []
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="ungdom-pg-"))
        server = Server(folder)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(server.stop)
        server.ensure_started()
        databases = Databases(server.url)
        for open_cases, due in ((size, due) for size, dues in SIZES.items() if size <= largest for due in dues):
            say(f"{open_cases} open, {due} due: filling")
            url = prepared(databases, open_cases, due)
            say(f"{open_cases} open, {due} due: the night")
            found.append(measured(server, url, open_cases, due))
            databases.drop(url.replace("postgresql+psycopg", "postgresql"))
        databases.close()
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--largest", type=int, default=1_000_000, help="maximum number of open cases")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.measure)) if arguments.measure else table(run(arguments.largest)))


if __name__ == "__main__":
    main()
