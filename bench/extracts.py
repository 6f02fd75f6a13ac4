"""Five million events as an extract, beside `COPY (the same query) TO STDOUT` in one run.

The cases of a demo load are multiplied in PostgreSQL, set by set, each copy with its history and its current row. Then
each way runs in a process of its own, which tells its time and its peak memory: psycopg's `COPY (…) TO STDOUT`, read
and thrown away, and the command's own extract to a CSV and to a Parquet file, its SHA-256 taken, the file synced to the
disk. They take turns. Compare within one run only.

COPY is asked in three ways: the very statements that the extract asks, one after the other; one statement with all
columns, conditions and the order of the extract's rows (the case by its id where the extract has its pseudonym); and
the bare table as it lies there. The first is what the extract is held against.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests know how PostgreSQL is started

from server import Server

from tests.pg import Databases, sqlalchemy_url
from ungdom import clock
from ungdom.demo import load
from ungdom.extracts import arrow_queries, build, bulk_events
from ungdom.extracts.catalogue import extract
from ungdom.extracts.order import Order, as_of
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.extracts.purposes import DEMO
from ungdom.extracts.writers import Form
from ungdom.store import bulk
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

KEY = b64encode(b"A" * 32).decode()
TOLD = 2_000
"""Cases of the demo load that are multiplied."""
AT_LEAST, MEMORY = 0.7, 512
SETS, COPY, BARE, CSV, PARQUET = "sets", "copy", "bare", "csv", "parquet"
AS_IDS = """
CREATE TEMP TABLE copy AS SELECT c.case_id AS old, c.person_id AS old_person, n,
  md5(c.case_id::text || n)::uuid AS case_id, md5(c.person_id::text || n)::uuid AS person_id
FROM case_file c CROSS JOIN generate_series(1, :times) n
"""
SAME = """
COPY (SELECT e.case_id, extract(year FROM c.registered_on)::int AS year, c.konfliktrad, c.sanction, e.seq, e.type,
  e.occurred_on, (e.recorded_at AT TIME ZONE 'Europe/Oslo')::date AS recorded_on,
  (e.recorded_at AT TIME ZONE 'Europe/Oslo')::date - e.occurred_on AS recorded_after, e.actor, e.role,
  CASE WHEN e.type = 'corrected' THEN 'correction' WHEN k.seq IS NULL THEN 'stands'
    WHEN k.details::jsonb ? 'replacement' THEN 'replaced' ELSE 'annulled' END AS status,
  k.seq AS corrected_by,
  CASE WHEN e.type = 'corrected' THEN (e.details::jsonb ->> 'corrects')::int END AS corrects,
  CASE WHEN e.type = 'corrected' THEN e.details::jsonb ->> 'reason' END AS correction_reason,
  CASE WHEN e.type = 'corrected' THEN e.details::jsonb #>> '{{replacement,type}}'
    WHEN k.seq IS NULL THEN e.type END AS effective_type,
  CASE WHEN e.type = 'corrected' THEN (e.details::jsonb #>> '{{replacement,occurred_on}}')::date
    WHEN k.seq IS NULL THEN e.occurred_on END AS effective_on,
  {words}
FROM event e JOIN case_current c ON c.case_id = e.case_id
LEFT JOIN event k ON k.case_id = e.case_id AND k.type = 'corrected' AND (k.details::jsonb ->> 'corrects')::int = e.seq
WHERE e.recorded_at <= '{known_at}' AND e.occurred_on <= '{day}' ORDER BY e.case_id, e.seq
) TO STDOUT (FORMAT csv)
"""
"""One query of the same rows: a correction of a correction, which there is none of, would be told otherwise."""
LYING = "COPY (SELECT * FROM event WHERE recorded_at <= '{known_at}') TO STDOUT (FORMAT csv)"
"""The table as it lies there, in no order, everything in it."""


def say(line: str) -> None:
    """Progress, apart from the table."""
    print(line, file=sys.stderr, flush=True)


# --- filling ----------------------------------------------------------------------------------------------------


def fill(url: str, events: int) -> tuple[int, int]:
    """That many events, a little more; how many, and of how many cases."""
    db = Database.open(url, statement_seconds=3600)
    db.upgrade()
    today = oslo_date(clock.now()) - timedelta(days=2)  # everything is settled on the day that is asked
    load.load(db, EncryptionKeys((KEY,)), cases=TOLD, seed=1, today=today, progress=lambda _done, _all: None)
    with db.writing() as tx:
        told = tx.scalar(text("SELECT count(*) FROM event")) or 1
        tx.execute(text("SET LOCAL session_replication_role = replica"))  # no check of keys row by row
        tx.execute(text(AS_IDS), {"times": max(0, -(-events // told) - 1)})
        named = {"case_id": "k.case_id", "person_id": "k.person_id", "reference": "p.reference || '-' || k.n"}
        _copy(tx, "case_file", **named)
        _copy(tx, "event", case_id="k.case_id")
        _copy(tx, "case_current", **named)
        found = tx.execute(text("SELECT count(*), count(DISTINCT case_id) FROM event")).one()
    with db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))
    db.close()
    return found[0], found[1]


def _copy(tx: Any, table: str, **changed: str) -> None:
    found = tx.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys()  # noqa: S608 - words of ours
    values = ", ".join(changed.get(name, f"p.{name}") for name in found)
    columns = ", ".join(found)
    tx.execute(text(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} p JOIN copy k ON p.case_id = k.old"))  # noqa: S608 - the same


# --- the ways, each in a process of its own -----------------------------------------------------------------------


def order() -> Order:
    """The events of all cases as known at the end of yesterday."""
    known_at, day = as_of(None, None, clock.now())
    return Order(extract("events"), DEMO, ExtractKeys([KEY]).for_purpose(DEMO.name), known_at, day)


def copied(url: str, statements: Iterable[str]) -> tuple[float, int, int]:
    """Seconds, rows and bytes of COPYs that are read and thrown away."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for said in arrow_queries.SETTINGS:
            cursor.execute(said)
        begun, size, rows = time.perf_counter(), 0, 0
        for one in statements:
            with cursor.copy(one) as found:
                for block in found:
                    size += len(block)
                    rows += bytes(block).count(b"\n")
        return time.perf_counter() - begun, rows, size


def statement(query: str) -> str:
    """That query for this order."""
    asked = order()
    words = ", ".join(
        f"{arrow_queries._word_expression(name, arrow_queries._JSON_VALUE.format(name))} AS {name}"
        for name in arrow_queries.WORDS
    )
    return query.format(words=words, known_at=asked.known_at.isoformat(), day=asked.day)


def sets(url: str) -> Iterator[str]:
    """What the extract asks of the events, set by set."""
    asked = order()
    db = Database.open(sqlalchemy_url(url))
    cases = build.cases_of(db, asked)
    db.close()
    for some in bulk.batches(cases, bulk_events.CASES):
        query = arrow_queries._PostgresqlQueries().events([bulk_events._case_id(one) for one in some], asked.known_at)
        yield f"COPY ({query}) TO STDOUT (FORMAT csv)"


def taken(url: str, form: Form) -> tuple[float, int, int]:
    """Seconds, rows and bytes of the extract, as the command makes it."""
    with tempfile.TemporaryDirectory(prefix="ungdom-") as folder:
        db = Database.open(sqlalchemy_url(url), statement_seconds=3600)
        begun = time.perf_counter()
        made = build.file(db, order(), form, Path(folder) / f"events.{form}")
        took = time.perf_counter() - begun
        db.close()
        return took, made.rows, sum(one.bytes for one in made.files.values())


def one(way: str, url: str) -> dict[str, float]:
    """One round of one way."""
    if way in (CSV, PARQUET):
        took, rows, size = taken(url, Form(way))
    else:
        took, rows, size = copied(url, sets(url) if way == SETS else [statement(SAME if way == COPY else LYING)])
    return {"seconds": took, "rows": rows, "bytes": size, "peak": peak()}


def peak() -> float:
    """The most memory that this process has had, in MB."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def run(way: str, url: str) -> dict[str, float]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", way, "--url", url], stdout=subprocess.PIPE, text=True, check=True
    )
    found = dict(json.loads(done.stdout))
    say(f"{way}: {found['seconds']:.1f} s, {found['peak']:.0f} MB; load {os.getloadavg()[0]:.1f}")
    return found


# --- telling ------------------------------------------------------------------------------------------------------

LABELS = {
    SETS: "COPY (the same statements) TO STDOUT",
    COPY: "COPY (all columns, one statement) TO STDOUT",
    BARE: "COPY (the table as it lies) TO STDOUT",
    CSV: "extract to CSV",
    PARQUET: "extract to Parquet",
}


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """What is printed."""
    lines = ["| | seconds | rows a second | share of the first | peak MB | file MB |", "|---|---:|---:|---:|---:|---:|"]
    reference = statistics.median(one["seconds"] for one in found[SETS])
    for way, rounds in found.items():
        seconds = statistics.median(one["seconds"] for one in rounds)
        most, size, rows = max(one["peak"] for one in rounds), rounds[0]["bytes"] / 1e6, rounds[0]["rows"]
        figures = f"{seconds:.1f} | {rows / seconds:,.0f} | {reference / seconds:.2f} | {most:.0f} | {size:.0f}"
        lines.append(f"| {LABELS[way]} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=int, default=5_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--one", choices=[*LABELS])
    asked.add_argument("--url")
    said = asked.parse_args()
    if said.one:
        print(json.dumps(one(said.one, said.url)))
        return
    server = Server(Path(tempfile.mkdtemp(prefix="ungdom-")))
    server.ensure_started()
    try:
        databases = Databases(server.url)
        url = databases.create()
        events, cases = fill(sqlalchemy_url(url), said.events)
        say(f"{events} events of {cases} cases")
        found: dict[str, list[dict[str, float]]] = {way: [] for way in LABELS}
        for _ in range(said.rounds):
            for way in LABELS:
                found[way].append(run(way, url))
        databases.close()
    finally:
        server.stop()
    print(f"{events:,} events of {cases:,} cases; median of {said.rounds} rounds, in turns\n\n{table(found)}")
    assert found[SETS][0]["rows"] == found[CSV][0]["rows"] == found[PARQUET][0]["rows"]
    assert max(one["peak"] for way in (CSV, PARQUET) for one in found[way]) < MEMORY


if __name__ == "__main__":
    main()
