"""The worklist over 100,000 cases at 20 requests per second, as JSON and as the page of today, beside plain SQL.

The open cases of a demo load are multiplied in PostgreSQL and distributed over all offices and their coordinators; each
copy has its history, current row and tasks. Requests are sent on schedule, independent of earlier responses, and their
time counts from the scheduled time; the access log is on. The page of today is asked for by browsers that have signed
in: it has the list, its number and the counts of every kind. The list is then queried at the same rate with plain SQL,
rows fetched.
Compare numbers of one run only.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from starlette.responses import Response

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

from server import Server
from service import serve

from tests.pg import Databases, sqlalchemy_url
from tests.service import employee
from ungdom import clock
from ungdom.api.http.auth.principal import SCOPES, Principal
from ungdom.api.http.tokens import Issuer
from ungdom.demo import load
from ungdom.settings import Settings
from ungdom.store import case_lists, staff
from ungdom.store.case_queries import Filters
from ungdom.store.duties import TaskFilter
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.web.sessions import Sessions
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.vocabulary import Role

KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
TOLD, PAGE = 2_500, 25
REFUSED = 503
ALONE, ALONE_RATE = 9, 1.0
WARM_UP = 4
"""A cold service first gets one of so many requests, at most 100, so many times more slowly."""
CLONE = """
CREATE TEMP TABLE copy AS SELECT c.case_id AS old, c.person_id AS old_person, n,
  md5(c.case_id::text || n)::uuid AS case_id, md5(c.person_id::text || n)::uuid AS person_id,
  o.code AS office, 'coordinator-' || o.code || '-' || (1 + (n * 7 + c.rank) % 25) AS coordinator
FROM (SELECT *, row_number() OVER (ORDER BY case_id) AS rank FROM case_current WHERE closed_on IS NULL) c
CROSS JOIN generate_series(1, :times) n
JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS place FROM konfliktrad) o
  ON o.place = (n + c.rank) % (SELECT count(*) FROM konfliktrad)
"""
"""One row per copy: the original, the new ids, office and coordinator."""


@dataclass(frozen=True)
class Request:
    """One page: the viewer and the parameters of the query."""

    who: Viewer
    query: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """Response times in milliseconds. `processor`: time of the service per request, in milliseconds."""

    name: str
    times: list[float]
    processor: float | None = None

    def row(self) -> str:
        """A row of the table."""
        cuts = statistics.quantiles(self.times, n=100)
        processor = "" if self.processor is None else f"{self.processor:.1f}"
        return f"| {self.name} | {len(self.times)} | {cuts[49]:.1f} | {cuts[94]:.1f} | {cuts[98]:.1f} | {processor} |"


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)


# --- filling ----------------------------------------------------------------------------------------------------


def fill(url: str, cases: int) -> int:
    """Create at least that many open cases; returns their number."""
    db = Database.open(url, statement_seconds=1800)
    db.upgrade()
    load.load(
        db,
        EncryptionKeys((KEY,)),
        cases=min(TOLD, cases),
        seed=1,
        today=oslo_date(clock.now()),
        progress=lambda _done, _all: None,
    )
    with db.writing() as tx:
        told = tx.scalar(text("SELECT count(*) FROM case_current WHERE closed_on IS NULL"))
        tx.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign key checks
        tx.execute(text(CLONE), {"times": -(-cases // told)})
        _copy(tx, "person", "p.person_id = k.old_person", person_id="k.person_id")
        _copy(tx, "person_version", "p.person_id = k.old_person", person_id="k.person_id")
        named = {"case_id": "k.case_id", "person_id": "k.person_id", "reference": "p.reference || '-' || k.n"}
        _copy(tx, "case_file", "p.case_id = k.old", **named)
        _copy(tx, "event", "p.case_id = k.old", case_id="k.case_id")
        assigned = "CASE WHEN p.coordinator IS NULL THEN NULL ELSE k.coordinator END"
        _copy(tx, "case_current", "p.case_id = k.old", **named, konfliktrad="k.office", coordinator=assigned)
        there = tx.scalar(text("SELECT count(*) FROM case_current WHERE closed_on IS NULL"))
    with db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    db.close()
    return int(there or 0)


def _copy(tx: Any, table: str, joined: str, **changed: str) -> None:
    found = tx.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys()  # noqa: S608 - words of ours
    columns = ", ".join(found)
    values = ", ".join(changed.get(name, f"p.{name}") for name in found)
    distinct = "DISTINCT ON (k.person_id, p.version) " if table == "person_version" else ""
    distinct = "DISTINCT ON (k.person_id) " if table == "person" else distinct
    select = f"SELECT {distinct}{values} FROM {table} p JOIN copy k ON {joined}"  # noqa: S608 - words of ours
    tx.execute(text(f"INSERT INTO {table} ({columns}) {select}"))


# --- requests ---------------------------------------------------------------------------------------------------


def requests(number: int, offices: list[str]) -> list[Request]:
    """A mix of requests: own cases (half), the cases of the office, one kind of task, the whole country."""
    rng = random.Random(1)
    found = []
    for _ in range(number):
        office, kind = rng.choice(offices), rng.random()
        coordinator = Viewer(Role.COORDINATOR, f"coordinator-{office}-{rng.randint(1, 25)}", office)
        if kind < 0.5:
            found.append(Request(coordinator, {"mine": "true"}))
        elif kind < 0.75:
            found.append(Request(Viewer(Role.LEADER, f"leader-{office}", office), {}))
        elif kind < 0.9:
            found.append(Request(coordinator, {"kind": rng.choice(list(TaskKind))}))
        else:
            found.append(Request(Viewer(Role.SECRETARIAT, "secretariat-1", None), {}))
    return found


def bare(asked: Request) -> tuple[str, dict[str, Any]]:
    """The SQL statement of that page, and its parameters."""
    mine = asked.who if "mine" in asked.query else None
    task = TaskFilter(kind=asked.query.get("kind", ""))
    order = case_lists.most_pressing_first(oslo_date(clock.now()))
    query = case_lists.page_statement(asked.who, Filters(task=task, held_by=mine), order, None, PAGE)
    compiled = query.compile(dialect=postgresql.psycopg.dialect(), compile_kwargs={"render_postcompile": True})
    return str(compiled), {
        name: str(value) if not isinstance(value, int) else value for name, value in compiled.params.items()
    }


# --- measuring --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """How a page is asked for. `headers`: by viewer; `address`: with the parameters of one request."""

    headers: dict[Viewer, dict[str, str]]
    address: Callable[[Request], tuple[str, dict[str, str]]]


def by_interface(asked: list[Request], settings: Settings) -> Way:
    """With the token of the viewer."""
    issuer = Issuer(settings)
    tokens = {one.who: issuer.issue(one.who, clock.now(), timedelta(hours=2)) for one in asked}
    headers = {who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}
    return Way(headers, lambda request: ("/v1/worklist", request.query))


def by_browser(asked: list[Request], settings: Settings) -> Way:
    """With the cookie of a browser that has signed in."""
    db = Database.open(settings.database_url)
    sessions, headers = Sessions(settings, db), {}
    for who in {one.who for one in asked}:
        response = sessions.begin(Principal(who, frozenset(SCOPES[who.role]), 0), clock.now(), Response())
        cookie = response.headers["set-cookie"].partition(";")[0]
        headers[who] = {"Cookie": cookie, "Accept": "text/html", "Accept-Encoding": "gzip"}
    db.close()
    return Way(headers, lambda request: ("/today", _form_of(request)))


def _form_of(request: Request) -> dict[str, str]:
    """The form of the page that asks for the same list."""
    whose = "mine" if "mine" in request.query else "office"
    return {"whose": whose} | {name: value for name, value in request.query.items() if name != "mine"}


async def over_http(port: int, asked: list[Request], rate: float, way: Way) -> list[float]:
    """Send the requests on schedule; milliseconds from the scheduled time to the response.

    A request that is refused because the service has too much to do is sent again when the service says so, and its
    time goes on.
    """
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60) as client:
        begun = time.perf_counter() + 0.2

        async def one(place: int, asking: Request) -> float:
            due = begun + place / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            path, query = way.address(asking)
            answer = await client.get(path, params=query, headers=way.headers[asking.who])
            while answer.status_code == REFUSED:
                await asyncio.sleep(float(answer.headers["Retry-After"]))
                answer = await client.get(path, params=query, headers=way.headers[asking.who])
            assert answer.status_code == 200, answer.text
            return (time.perf_counter() - due) * 1000

        return list(await asyncio.gather(*(one(place, asking) for place, asking in enumerate(asked))))


def of_database(url: str, asked: list[Request], rate: float) -> list[float]:
    """The same pages as plain SQL on one connection, at the same rate; milliseconds."""
    times = []
    with psycopg.connect(url, autocommit=True) as connection:
        begun = time.perf_counter()
        for place, asking in enumerate(asked):
            statement, params = bare(asking)
            due = begun + place / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            started = time.perf_counter()
            connection.execute(statement, params).fetchall()
            times.append((time.perf_counter() - started) * 1000)
    return times


def measured(chosen: argparse.Namespace) -> str:
    """Fill, warm up and measure; the table of results."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.ensure_started()
        databases = Databases(server.url)
        raw = databases.create()
        say(f"filling {chosen.cases} cases")
        there = fill(sqlalchemy_url(raw), chosen.cases)
        rows, accesses = run(raw, Path(folder), chosen)
        databases.close()
        server.stop()
    return _table(rows, accesses, there, chosen)


def of_filled(chosen: argparse.Namespace) -> str:
    """The table of results of a PostgreSQL database that `fill` has filled, to compare two versions in turns."""
    with psycopg.connect(chosen.database) as connection:
        [there] = connection.execute("SELECT count(*) FROM case_current WHERE closed_on IS NULL").fetchone() or [0]
    with tempfile.TemporaryDirectory() as folder:
        rows, accesses = run(chosen.database, Path(folder), chosen)
    return _table(rows, accesses, int(there), chosen)


def _table(rows: list[Measured], accesses: int, there: int, chosen: argparse.Namespace) -> str:
    pace = f"{chosen.rate:g} requests per second for {chosen.seconds:g} s, {chosen.workers} workers"
    head = "| a page of 25, ms | requests | p50 | p95 | p99 | processor |\n|---|---:|---:|---:|---:|---:|"
    told = "\n".join(row.row() for row in rows)
    return f"{there} open cases, {pace}\n\n{head}\n{told}\n\n{accesses} answers in the access log."


def _employ(url: str, people: set[Viewer]) -> None:
    """Enter everybody who sends requests in the list of staff: nobody else is answered."""
    db = Database.open(url)
    members = [employee(one.role, one.subject, one.konfliktrad) for one in sorted(people, key=lambda one: one.subject)]
    with db.writing() as tx:
        staff.save_staff(tx, members)
    db.close()


def run(raw: str, folder: Path, chosen: argparse.Namespace) -> tuple[list[Measured], int]:
    """The times of interface, page and plain SQL, and how many answers the access log has."""
    settings = _settings(raw, folder)
    with psycopg.connect(raw) as connection:
        offices = [row[0] for row in connection.execute("SELECT code FROM konfliktrad ORDER BY code").fetchall()]
    asked = requests(int(chosen.rate * chosen.seconds), offices)
    _employ(sqlalchemy_url(raw), {one.who for one in asked})
    rows = []
    with serve(settings, chosen.workers) as service:
        for name, way in (("interface", by_interface(asked, settings)), ("page of today", by_browser(asked, settings))):
            first = asked[: min(100, len(asked) // WARM_UP)]
            asyncio.run(over_http(service.port, first, chosen.rate / WARM_UP, way))
            before = service.cpu_seconds()
            times = asyncio.run(over_http(service.port, asked, chosen.rate, way))
            cpu = (service.cpu_seconds() - before) / len(asked) * 1000
            rows.append(Measured(name, times, cpu))
            rows += _by_role(name, asked, times)
        accesses = _accesses(raw)
    return [*rows, Measured("bare SQL", of_database(raw, asked, chosen.rate))], accesses


def alone(chosen: argparse.Namespace) -> str:
    """The page of today of each role, one request at a time: what one costs where the machine cannot hold the pace."""
    offices = ["oslo"]
    seen = {(one.who.role, frozenset(one.query)): one for one in requests(200, offices)}
    asked = [one for _, one in sorted(seen.items(), key=lambda pair: (pair[0][0], sorted(pair[0][1])))]
    _employ(sqlalchemy_url(chosen.database), {one.who for one in asked})
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(chosen.database, Path(folder))
        way = by_browser(asked, settings)
        with serve(settings, 1) as service:
            for one in asked:
                repeated = [one] * (ALONE + 2)
                times = asyncio.run(over_http(service.port, repeated, ALONE_RATE, way))[2:]
                query = ", ".join(f"{name}={value}" for name, value in one.query.items()) or "whole list"
                rows.append(f"| {one.who.role}, {query} | {statistics.median(times):.0f} | {max(times):.0f} |")
    return "| page of today, ms, one at a time | median | slowest |\n|---|---:|---:|\n" + "\n".join(rows)


def _settings(raw: str, folder: Path) -> Settings:
    return Settings(
        env="development",
        database_url=sqlalchemy_url(raw),
        data_dir=folder,
        people_keys=(KEY,),
        cursor_key=CURSOR_KEY,
    )


def _by_role(name: str, asked: list[Request], times: list[float]) -> list[Measured]:
    by_role: dict[Role, list[float]] = {}
    for request, milliseconds in zip(asked, times, strict=True):
        by_role.setdefault(request.who.role, []).append(milliseconds)
    return [Measured(f"{name}, {role}", of_role) for role, of_role in sorted(by_role.items()) if len(of_role) > 1]


def _accesses(url: str) -> int:
    """The answers that stand in the access log."""
    with psycopg.connect(url) as connection:
        [count] = connection.execute("SELECT count(*) FROM access_log").fetchone() or [0]
    return int(count)


def main() -> None:
    """Measure and print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--rate", type=float, default=20.0)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--database", help="libpq URL of a database that an earlier run has filled")
    options.add_argument("--alone", action="store_true", help="one request at a time, of that database")
    chosen = options.parse_args()
    print(alone(chosen) if chosen.alone else of_filled(chosen) if chosen.database else measured(chosen))


if __name__ == "__main__":
    main()
