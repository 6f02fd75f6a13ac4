"""The speed of `ungdom audit verify` beside a plain read of the same rows, in one run, and the time of the backfill.

    python bench/audit.py [--cases 5000] [--postgresql]

Cases of 20 events are inserted with their links. Times are processor time of this process, and of the wall clock.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

from server import Server
from sqlalchemy import select, text

from tests.pg import Databases, sqlalchemy_url
from ungdom.audit.export import verify_export
from ungdom.store import bulk, chain_backfill, chain_events, chain_export, chain_verification
from ungdom.store.schema.cases import case_file, event
from ungdom.store.schema.persons import person
from ungdom.store.session import Database

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
EVENTS = 20
ROWS_PER_SECOND = 50_000
"""What a verification has to reach."""


def fill(db: Database, cases: int) -> None:
    """Cases with linked events, and nothing else of them."""
    with db.writing() as tx:
        who = UUID(int=1)
        row = {"person_id": who, "protection": "none", "created_at": AT, "updated_at": AT}
        bulk.add(tx, person, [row])
        for first in range(0, cases, 500):
            ids = [UUID(int=1000 + n) for n in range(first, min(first + 500, cases))]
            files = [{"case_id": i, "reference": str(i), "person_id": who, "opened_at": AT} for i in ids]
            bulk.add(tx, case_file, files)
            bulk.add(tx, event, [row for case_id in ids for row in history(case_id)])


def history(case_id: UUID) -> list[dict[str, Any]]:
    """The linked events of one case, with details of a usual length."""
    details = json.dumps({"present": ["youth", "guardian", "police"], "place": None, "note_id": str(case_id)})
    rows = [
        {
            "case_id": case_id,
            "seq": seq,
            "type": "plan_meeting_held",
            "occurred_on": date(2026, 3, 2),
            "occurred_at": AT if seq % 4 == 0 else None,
            "details": details,
            "recorded_at": AT,
            "actor": "coordinator",
            "role": "coordinator",
            "subject": "coordinator-oslo-1",
            "source": "pages",
        }
        for seq in range(1, EVENTS + 1)
    ]
    return chain_events.linked(chain_events.NO_ROWS, case_id, rows)


def measured(label: str, rows: int, run: Callable[[], object]) -> float:
    """Runs it three times and prints the best; rows per second of processor time."""
    best, wall = 0.0, 0.0
    for _ in range(3):
        began, cpu = time.perf_counter(), time.process_time()
        run()
        best = max(best, rows / (time.process_time() - cpu))
        wall = max(wall, rows / (time.perf_counter() - began))
    print(f"  {label:<42} {best:>10,.0f} rows/s processor {wall:>10,.0f} rows/s wall clock")
    return best


def verified(db: Database) -> None:
    """Verifies everything; nothing may be found."""
    with db.reading() as tx:
        assert chain_verification.verify(tx).findings == []


def plainly_read(db: Database) -> None:
    """Reads the same rows and does nothing with them."""
    with db.reading() as tx:
        query = text("SELECT * FROM event ORDER BY case_id, seq").execution_options(yield_per=5_000)
        for _ in tx.execute(query):
            pass


def offline(lines: Sequence[str]) -> None:
    """Verifies an export; nothing may be found."""
    assert verify_export(lines).findings == []


def measure(name: str, url: str, cases: int) -> bool:
    """The figures of one kind of database; whether the verification is fast enough."""
    db = Database.open(url, statement_seconds=600)
    db.upgrade()
    fill(db, cases)
    rows = cases * EVENTS
    print(f"{name}: {rows:,} events in {cases:,} cases")
    measured("plain read", rows, lambda: plainly_read(db))
    speed = measured("ungdom audit verify", rows, lambda: verified(db))
    with db.reading() as tx:
        lines = list(chain_export.lines(tx))
    measured("ungdom audit verify --export", rows, lambda: offline(lines))
    unlink(db)
    began = time.perf_counter()
    done = chain_backfill.link_events(db)
    print(f"  {done:,} events of an older version linked in {time.perf_counter() - began:.1f} s")
    verified(db)
    db.close()
    return speed >= ROWS_PER_SECOND


def unlink(db: Database) -> None:
    """Removes all links, as the owner of the database."""
    with db.writing() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
            tx.execute(text("UPDATE event SET link = NULL"))
            tx.execute(text("ALTER TABLE event ENABLE TRIGGER USER"))
        else:
            trigger = tx.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'event_no_update'"))
            tx.execute(text("DROP TRIGGER event_no_update"))
            tx.execute(text("UPDATE event SET link = NULL"))
            tx.exec_driver_sql(str(trigger))
        assert tx.scalar(select(event.c.seq).where(event.c.link.is_not(None)).limit(1)) is None


def places(kinds: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A new database of each kind: its name and address."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if "sqlite" in kinds:
            yield "SQLite", f"sqlite:///{folder}/audit.sqlite"
        if "postgresql" in kinds:
            server_folder = Path(tempfile.mkdtemp(prefix="ungdom-pg-"))
            stack.callback(shutil.rmtree, server_folder, ignore_errors=True)
            server = Server(server_folder)
            stack.callback(server.stop)
            server.ensure_started()
            databases = Databases(server.url)
            stack.callback(databases.close)
            yield "PostgreSQL", sqlalchemy_url(databases.create())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--postgresql", action="store_true", help="PostgreSQL as well")
    given = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if given.postgresql else ["sqlite"]
    fast = [measure(name, url, given.cases) for name, url in places(kinds)]
    return 0 if all(fast) else 1


if __name__ == "__main__":
    sys.exit(main())
