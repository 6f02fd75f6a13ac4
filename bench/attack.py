"""Attacks two releases of the national demo (T35): every figure, both releases, every relation of the definitions.

The demo is written into a database of its own; the releases are made, verified and attacked. The attacker
(`tests/disclosure/attacker.py`) shares no code with what protects. It solves the linear equations, searches for sets of
hidden counts whose sum is known exactly and small, and asks an integer solver of each hidden count from 1 to 4 whether
it may be 1, 2, 3 and 4.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import pg, service
from tests.disclosure import attacker
from ungdom import clock
from ungdom.analytics.case_reader import police_districts
from ungdom.demo import load
from ungdom.release import store
from ungdom.release.disclosure import Policy
from ungdom.release.plan import RELEASE_PLAN
from ungdom.store import releases
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment, oslo_date

BETWEEN = timedelta(days=61)
"""From one release to the next."""


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    """Note the seconds."""
    begun = time.monotonic()
    yield
    times[name] = times.get(name, 0.0) + time.monotonic() - begun
    print(f"{name}: {times[name]:.0f} s", file=sys.stderr, flush=True)


def main() -> None:
    """Write the demo, make two releases, attack them, print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, help="default: as many as there are in the country")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="ungdom-attack-") as folder:
        url = pg.sqlite_url(Path(folder))
        service.fill(url)
        db = Database.open(url)
        try:
            attack(db, asked.cases, asked.seed)
        finally:
            db.close()


def attack(db: Database, cases: int | None, seed: int) -> None:
    """The attack on this database, which has no case yet."""
    keys = EncryptionKeys([service.KEY])
    times: dict[str, float] = {}
    now = clock.now()
    today = oslo_date(now)
    total = cases or load.national(today)
    with timed(times, "demo"):
        load.load(db, keys, cases=total, seed=seed, today=today, processes=os.cpu_count() or 1)
    days = [today - timedelta(days=1) - BETWEEN, today - timedelta(days=1)]
    for n, day in enumerate(days, start=1):
        with timed(times, f"release {n}"):
            store.release(db, keys, last_moment(day), now)
    with timed(times, "verification"), db.reading() as tx:
        faults = list(store.faults(tx))
    with db.reading() as tx:
        stored = releases.all_with_exact(tx)
        offices = {district: office for office, district in police_districts(tx).items()}
    with timed(times, "attack"):
        books = [attacker.read(json.loads(one.content), offices) for one in stored]
        exact = [attacker.counted(json.loads(one.exact), offices) for one in stored]
        system = attacker.together(books, exact)
        found, sums, possible = system.determined(), system.known_small_sums(), system.possible()
    narrow = [values for values in possible.values() if not {*attacker.SMALL} <= values]
    proofs = [json.loads(one.proof)["system"] for one in stored]
    if not all(proof["nonzero"] for proof in proofs):
        raise SystemExit(f"attack: a release has no number of its own: {proofs}")
    hidden = sum(proof["hidden"] for proof in proofs)
    lines = [
        f"T35, {total} cases, releases of {days[0]} and {days[1]}; {platform.machine()}, {os.cpu_count()} processors.",
        "",
        "| what | first | second |",
        "|---|---|---|",
        row("counts that are not zero", proofs, lambda proof: proof["nonzero"]),
        row("of these hidden", proofs, lambda proof: proof["nonzero_hidden"]),
        row("share hidden", proofs, lambda proof: f"{proof['nonzero_hidden'] / proof['nonzero']:.1%}"),
        row("core counts", proofs, lambda proof: proof["core"]),
        row("core counts hidden", proofs, lambda proof: proof["core_hidden"]),
        row("tables that stand as earlier or are withheld", proofs, lambda proof: proof["left_out"]),
        f"| seconds | {times['release 1']:.0f} | {times['release 2']:.0f} |",
        "",
        f"Hidden counts in both: {hidden}, of which {len(system.names)} different unknown numbers; {len(system.right)} "
        f"equations and {len(system.least)} inequalities. Recovered by equations: {len(found)}. Sums from 1 to 4 "
        f"recovered: {len(sums)}. Counts from 1 to 4 that cannot be each of 1, 2, 3 and 4: {len(narrow)} of "
        f"{len(possible)}. Faults found by verification: {len(faults)}. The attack took {times['attack']:.0f} s, the "
        f"verification {times['verification']:.0f} s. Figures in the plan: "
        f"{sum(len(group.codes) for group in RELEASE_PLAN)}; at most {Policy().small_share:.0%} of a table's "
        "counts small.",
    ]
    print("\n".join(lines))
    if found or sums or narrow or faults:
        raise SystemExit("attack: something that is hidden can be worked out")


def row(label: str, proofs: list[dict[str, Any]], value: Callable[[dict[str, Any]], Any]) -> str:
    """A row of the table."""
    return f"| {label} | " + " | ".join(str(value(proof)) for proof in proofs) + " |"


if __name__ == "__main__":
    main()
