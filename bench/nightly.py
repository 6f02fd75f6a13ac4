"""What the night costs: with what is due, not with what is open.

Cases with a small real history (registered, suspect set) are written set by set into PostgreSQL, most of them due for a
look long after the night, some of them on it. Each night runs in a process of its own, which tells its time and peak
memory; beside it, in the same process, the bare SQL that selects the same rows. Only ratios of one run say something.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests know how PostgreSQL is started

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
"""The same rows: what is due, its events and what the rules need to know of the youth."""
MEGABYTE = 1024
SIZES = {10_000: (100, 10_000), 100_000: (1_000, 10_000), 1_000_000: (10_000,)}
"""Open cases, and how many of them are due: one in a hundred, and ten thousand."""


@dataclass(frozen=True)
class Measured:
    """One night. Times in seconds: by the clock, and of the processor, Python's and PostgreSQL's. Memory in MB.

    `bare`: the same rows selected; `idle`: the night again with nothing due; `memory`: above what there was before.
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
        """Processor time of both, in seconds."""
        return self.cpu + self.database


def say(line: str) -> None:
    """Progress, apart from the table."""
    print(line, file=sys.stderr, flush=True)


# --- filling ----------------------------------------------------------------------------------------------------


def history(suspect_on: date) -> list[Event]:
    """Two events; the charge decision is due six weeks after the second, and warned of two weeks before."""
    registered: dict[str, Any] = {
        "sanction": "youth_follow_up",
        "konfliktrad": "oslo",
        "person": str(PERSON),
        "offences": [{"on": (suspect_on - timedelta(days=2)).isoformat()}],
    }
    told = (("case_registered", suspect_on - timedelta(days=1), registered), ("suspect_set", suspect_on, {}))
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
            details=read_details(EventType(kind), said),
        )
        for seq, (kind, on, said) in enumerate(told, start=1)
    ]


def fill(tx: Connection, first: int, number: int, suspect_on: date) -> None:
    """That many cases with this history, set by set, numbered from `first`."""
    events = history(suspect_on)
    case = engine.fold(Youth(BORN, 1), events)
    at = events[0].recorded_at
    row = row_of(CaseIdentity(CASE, "", PERSON), case, events[-1])
    own = {"case_id": "lpad(to_hex(n * 2), 32, '0')::uuid", "person_id": "lpad(to_hex(n * 2 + 1), 32, '0')::uuid"}
    called = {**own, "reference": "'R-' || n"}
    put = _Put(tx, first, number)
    kept = {"person_id": own["person_id"]}
    put("person", kept, {"protection": "none", "created_at": at, "updated_at": at})
    put("person_version", kept, {"version": 1, "recorded_at": at, "born": BORN, "guardians": 1})
    put("case_file", called, {"opened_at": at})
    put("case_current", called, {name: value for name, value in row.items() if name not in called})
    for one in events:
        told = event_row(CASE, one)
        details = f"replace(CAST(:details AS text), '{PERSON}', ({own['person_id']})::text)"
        put("event", {"case_id": own["case_id"], "details": details}, told)


@dataclass(frozen=True)
class _Put:
    """Writes one row a case: computed columns from the number `n`, the others the same in every row."""

    tx: Connection
    first: int
    number: int

    def __call__(self, table: str, computed: dict[str, str], same: dict[str, Any]) -> None:
        fixed = {name: value for name, value in same.items() if name not in computed and value is not None}
        columns = ", ".join((*computed, *fixed))
        values = ", ".join((*computed.values(), *(f":{name}" for name in fixed)))
        numbers = f"generate_series({self.first}, {self.first + self.number - 1}) AS n"
        statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {numbers}"  # noqa: S608 - words of ours
        asked = {name: value for name, value in same.items() if f":{name}" in statement}
        self.tx.execute(text(statement), asked)


def prepared(databases: Databases, open_cases: int, due: int) -> str:
    """A database with that many open cases, of which so many are due on the night."""
    url = sqlalchemy_url(databases.create())
    db = Database.open(url, statement_seconds=1800)
    db.upgrade()
    with db.writing() as tx:
        tx.execute(text("SET LOCAL session_replication_role = replica"))  # no check of keys row by row
        fill(tx, 1, due, NIGHT - timedelta(days=28))
        fill(tx, due + 1, open_cases - due, NIGHT - timedelta(days=1))
    with db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    db.close()
    return url


# --- measuring, in a process of its own -------------------------------------------------------------------------


def measure(url: str) -> dict[str, Any]:
    """The bare SQL, the night, and the same night again with nothing left to do."""
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
    """The same from outside: a fresh process, so that its peak is its own. PostgreSQL's part has the bare SQL in it."""
    before = cpu_seconds(server.pid)
    done = subprocess.run([sys.executable, __file__, "--measure", url], capture_output=True, text=True, check=True)
    spent = cpu_seconds(server.pid) - before
    found = Measured(open_cases, due, **json.loads(done.stdout), database=spent)
    assert found.counts["scanned"] == found.counts["raised"] == due, found
    return found


# --- telling ----------------------------------------------------------------------------------------------------


def table(found: list[Measured]) -> str:
    """What is printed, and what `bench/results.md` shows."""
    lines = [
        "| open | due | night, ms a due case | processor: Python | PostgreSQL | bare SQL, ms a due case | "
        "night / bare | nothing due, ms | memory over the start, MB | peak, MB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        each = [part / one.due * 1000 for part in (one.night, one.cpu, one.database)]
        figures = " | ".join(f"{part:.2f}" for part in each)
        rest = f"{one.bare / one.due * 1000:.3f} | {one.night / one.bare:.0f} | {one.idle * 1000:.1f}"
        lines.append(f"| {one.open} | {one.due} | {figures} | {rest} | {one.memory:.1f} | {one.peak:.0f} |")
    most = max(one.due for one in found)
    same = [one for one in found if one.due == most]
    more, growth = same[-1].open // same[0].open, same[-1].work / same[0].work
    lines += ["", f"{most} due: with {more} times as many open the processor time of the night is {growth:.2f} of it."]
    return "\n".join(lines)


def run(largest: int) -> list[Measured]:
    """Every size up to the largest."""
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
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--largest", type=int, default=1_000_000, help="open cases at most")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.measure)) if asked.measure else table(run(asked.largest)))


if __name__ == "__main__":
    main()
