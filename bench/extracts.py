"""An extract of five million events, compared with `COPY (the same query) TO STDOUT` in one run.

The cases of a demo load are multiplied in PostgreSQL, each copy with its history and its current row. Each contender
runs in its own process, which reports its time and peak memory: `COPY (…) TO STDOUT` with psycopg, whose output is
discarded, and the extract of the command to a CSV and a Parquet file, with SHA-256 and fsync. The contenders alternate.
Compare numbers of one run only.

There are three COPY contenders: the statements of the extract, one after the other; one statement with all columns,
conditions and the order of the extract (the case id in place of the pseudonym); and the table without order or
conversion. The first is the reference for the extract.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

from server import Server
from service import cpu_seconds

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
LOADED = 2_000
"""Number of cases of the demo load that are multiplied."""
SETS, COPY, BARE, CSV, PARQUET = "sets", "copy", "bare", "csv", "parquet"
MOST_MEMORY = {CSV: 250, PARQUET: 300}
"""MB that an extract of five million events may take at most."""
MOST_PROCESSOR_TIME = 2.5
"""Times the processor time of a plain CSV dump of the same rows, that of PostgreSQL included."""
AS_IDS = """
CREATE TEMP TABLE copy AS SELECT c.case_id AS old, n, md5(c.case_id::text || n)::uuid AS case_id
FROM case_file c CROSS JOIN generate_series(1, :times) n
"""
"""A copied case is one more of the same person: the extract reads whether an address is protected."""
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
"""One query for the same rows, except for corrections of corrections, of which there are none."""
LYING = "COPY (SELECT * FROM event WHERE recorded_at <= '{known_at}') TO STDOUT (FORMAT csv)"
"""Every column of the table, unordered."""


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)


# --- filling ----------------------------------------------------------------------------------------------------


def fill(url: str, events: int) -> tuple[int, int]:
    """Create at least that many events. Returns the numbers of events and cases."""
    db = Database.open(url, statement_seconds=3600)
    db.upgrade()
    today = oslo_date(clock.now()) - timedelta(days=2)  # nothing is recorded after `known_at`
    load.load(db, EncryptionKeys((KEY,)), cases=LOADED, seed=1, today=today, progress=lambda _done, _all: None)
    with db.writing() as tx:
        loaded = tx.scalar(text("SELECT count(*) FROM event")) or 1
        tx.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign key checks
        tx.execute(text(AS_IDS), {"times": max(0, -(-events // loaded) - 1)})
        named = {"case_id": "k.case_id", "reference": "p.reference || '-' || k.n"}
        _copy(tx, "case_file", **named)
        _copy(tx, "event", case_id="k.case_id")
        _copy(tx, "case_current", **named)
        counts = tx.execute(text("SELECT count(*), count(DISTINCT case_id) FROM event")).one()
    with db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))
    db.close()
    return counts[0], counts[1]


def _copy(tx: Any, table: str, **changed: str) -> None:
    names = tx.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys()  # noqa: S608 - words of ours
    values = ", ".join(changed.get(name, f"p.{name}") for name in names)
    columns = ", ".join(names)
    tx.execute(text(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} p JOIN copy k ON p.case_id = k.old"))  # noqa: S608 - the same


# --- the contenders, each in its own process ----------------------------------------------------------------------


def order() -> Order:
    """The events of all cases as known at the end of yesterday."""
    known_at, day = as_of(None, None, clock.now())
    return Order(extract("events"), DEMO, ExtractKeys([KEY]).for_purpose(DEMO.name), known_at, day)


def copied(url: str, statements: Iterable[str]) -> tuple[float, int, int]:
    """Seconds, rows and bytes of COPY statements whose output is discarded."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for beginning in arrow_queries.BEGIN:
            cursor.execute(beginning)
        begun, size, rows = time.perf_counter(), 0, 0
        for query in statements:
            with cursor.copy(query) as output:
                for block in output:
                    size += len(block)
                    rows += bytes(block).count(b"\n")
        cursor.execute("COMMIT")
        return time.perf_counter() - begun, rows, size


def statement(query: str) -> str:
    """The query with the parameters of the order."""
    current = order()
    words = ", ".join(
        f"{arrow_queries._word_expression(name, arrow_queries._JSON_VALUE.format(name))} AS {name}"
        for name in arrow_queries.WORDS
    )
    return query.format(words=words, known_at=current.known_at.isoformat(), day=current.day)


def sets(url: str) -> Iterator[str]:
    """The statements of the extract, as COPY."""
    current = order()
    db = Database.open(sqlalchemy_url(url))
    cases = build.cases_of(db, current)
    db.close()
    for chunk in bulk.batches(cases, bulk_events.CASES):
        ids = [bulk_events._case_id(ranked) for ranked in chunk]
        query = arrow_queries._PostgresqlQueries().events(ids, current.known_at)
        yield f"COPY ({query}) TO STDOUT (FORMAT csv)"


def extracted(url: str, form: Form) -> tuple[float, int, int]:
    """Seconds, rows and bytes of the extract, written as by the command."""
    with tempfile.TemporaryDirectory(prefix="ungdom-") as folder:
        db = Database.open(sqlalchemy_url(url), statement_seconds=3600)
        begun = time.perf_counter()
        result = build.file(db, order(), form, Path(folder) / f"events.{form}")
        took = time.perf_counter() - begun
        db.close()
        return took, result.rows, sum(file.bytes for file in result.files.values())


def one_round(way: str, url: str) -> dict[str, float]:
    """One round of one contender."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    if way in (CSV, PARQUET):
        took, rows, size = extracted(url, Form(way))
    else:
        took, rows, size = copied(url, sets(url) if way == SETS else [statement(SAME if way == COPY else LYING)])
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": took, "rows": rows, "bytes": size, "peak": peak(), "processor": spent}


def peak() -> float:
    """Peak memory of this process, in MB."""
    (line,) = (row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def run(way: str, url: str, server: Server) -> dict[str, float]:
    """One round of one contender in its own process, with the processor time of it and of PostgreSQL."""
    before = cpu_seconds(server.pid)
    done = subprocess.run(
        [sys.executable, __file__, "--one", way, "--url", url], stdout=subprocess.PIPE, text=True, check=True
    )
    figures = dict(json.loads(done.stdout))
    figures["processor"] += cpu_seconds(server.pid) - before
    say(f"{way}: {figures['seconds']:.1f} s, {figures['peak']:.0f} MB; load {os.getloadavg()[0]:.1f}")
    return figures


# --- output -------------------------------------------------------------------------------------------------------

LABELS = {
    SETS: "COPY (the same statements) TO STDOUT",
    COPY: "COPY (all columns, one statement) TO STDOUT",
    BARE: "COPY (the table, unordered) TO STDOUT",
    CSV: "extract to CSV",
    PARQUET: "extract to Parquet",
}


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """The table of results."""
    lines = [
        "| | seconds | rows per second | share of the first | processor s | of the dump | peak MB | file MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    reference = statistics.median(figures["seconds"] for figures in results[SETS])
    plain = processor_seconds(results[COPY])
    for way, rounds in results.items():
        seconds = statistics.median(each["seconds"] for each in rounds)
        most, size, rows = max(each["peak"] for each in rounds), rounds[0]["bytes"] / 1e6, rounds[0]["rows"]
        spent = processor_seconds(rounds)
        figures = (
            f"{seconds:.1f} | {rows / seconds:,.0f} | {reference / seconds:.2f} | {spent:.1f} | {spent / plain:.2f} | "
            f"{most:.0f} | {size:.0f}"
        )
        lines.append(f"| {LABELS[way]} | {figures} |")
    return "\n".join(lines)


def processor_seconds(rounds: list[dict[str, float]]) -> float:
    """Processor time of a contender and of PostgreSQL, median of the rounds."""
    return statistics.median(each["processor"] for each in rounds)


def limits(results: dict[str, list[dict[str, float]]]) -> list[str]:
    """What an extract may take at most, and what it took, as lines."""
    plain, lines = processor_seconds(results[COPY]), []
    for way, most in MOST_MEMORY.items():
        peak_memory, times = max(each["peak"] for each in results[way]), processor_seconds(results[way]) / plain
        reached = "reached" if peak_memory <= most and times <= MOST_PROCESSOR_TIME else "not reached"
        lines.append(
            f"- {LABELS[way]}: {peak_memory:.0f} MB (at most {most}), {times:.2f} times the processor time of the dump "
            f"of all columns (at most {MOST_PROCESSOR_TIME}): {reached}."
        )
    return lines


class WithoutPandas(MetaPathFinder):
    """Makes pandas, which Arrow imports where it is installed, as absent here as it is beside the product."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002  # interface
        """Raises `ModuleNotFoundError` for pandas."""
        if fullname.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(name=fullname)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=[*LABELS])
    parser.add_argument("--url")
    arguments = parser.parse_args()
    if arguments.one:
        sys.meta_path.insert(0, WithoutPandas())
        print(json.dumps(one_round(arguments.one, arguments.url)))
        return
    server = Server(Path(tempfile.mkdtemp(prefix="ungdom-")))
    server.ensure_started()
    try:
        databases = Databases(server.url)
        url = databases.create()
        events, cases = fill(sqlalchemy_url(url), arguments.events)
        say(f"{events} events of {cases} cases")
        results: dict[str, list[dict[str, float]]] = {way: [] for way in LABELS}
        for _ in range(arguments.rounds):
            for way in LABELS:
                results[way].append(run(way, url, server))
        databases.close()
    finally:
        server.stop()
    print(f"{events:,} events of {cases:,} cases; median of {arguments.rounds} alternating rounds\n\n{table(results)}")
    print("", *limits(results), sep="\n")
    assert results[SETS][0]["rows"] == results[CSV][0]["rows"] == results[PARQUET][0]["rows"]


if __name__ == "__main__":
    main()
