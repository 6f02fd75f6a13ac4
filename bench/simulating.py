"""The cost of a simulation of changed deadline rules, compared with reading and folding the same open cases.

One SQLite database; the three measurements alternate; the best of several rounds, in processor time. Memory is the peak
of Python objects during the simulation.
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import load

from ungdom import simulation
from ungdom.settings import Settings
from ungdom.simulation import RuleOverride
from ungdom.store import journal
from ungdom.store.schema.cases import case_current
from ungdom.store.session import Connection, Database
from ungdom.workflow import engine
from ungdom.workflow.calendar import Length
from ungdom.workflow.rules.deadlines import deadlines
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

DAY = date(2026, 3, 23)
CHANGES = [
    RuleOverride(code="plan_meeting", length=Length(days=45)),
    RuleOverride(code="lead_time", length=Length(days=270)),
]
KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="


def folded(tx: Connection) -> int:
    """Read and fold every open case; returns their number."""
    return sum(1 for _ in _cases(tx))


def with_clocks(tx: Connection) -> int:
    """Read and fold every open case, and compute its clocks once; returns their number."""
    return sum(1 for case in _cases(tx) if deadlines(case, DAY))


def simulated(tx: Connection) -> int:
    """Run the simulation; returns the number of cases."""
    return simulation.simulate(tx, Viewer(Role.SYSTEM, "bench", None), CHANGES, DAY, 200).cases


def _cases(tx: Connection):  # type: ignore[no-untyped-def]  # a generator of cases
    ids = list(tx.scalars(select(case_current.c.case_id).where(case_current.c.closed_on.is_(None))))
    return (engine.fold(stored.youth, stored.events) for stored in journal.load_many(tx, ids))


def seconds(db: Database, use: Callable[[Connection], int], cases: int) -> float:
    began = time.process_time()
    with db.reading() as tx:
        assert use(tx) == cases
    return time.process_time() - began


def megabytes(db: Database, cases: int) -> float:
    tracemalloc.start()
    seconds(db, simulated, cases)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("| open cases | fold, s | and clocks, s | simulation, s | of folding | ms per case | peak memory, MB |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for cases in arguments.cases:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            settings = Settings(
                env="development",
                database_url=url,
                data_dir=Path(folder),
                people_keys=(KEY,),
                cursor_key=CURSOR_KEY,
            )
            load.fill(url, settings, cases)
            db = Database.open(url)
            rounds = [
                [seconds(db, use, cases) for use in (folded, with_clocks, simulated)] for _ in range(arguments.rounds)
            ]
            fold, clocks, trial = map(min, zip(*rounds, strict=True))
            held = megabytes(db, cases)
            db.close()
        times = " | ".join(f"{one:.2f}" for one in (fold, clocks, trial, trial / fold, trial / cases * 1e3))
        print(f"| {cases} | {times} | {held:.1f} |")


if __name__ == "__main__":
    main()
