"""Moves (transitions of a case) per second that the service commits over HTTP, beside the database alone and the peers.

The contenders run in turn on one machine: the service on PostgreSQL, pgbench with the four statements of a move,
pgbench with one combined statement, the peers of `bench/peers`; then the service on SQLite and plain sqlite3. The
service and each peer pass the same story before they are timed. Compare ratios of one run only. Afterwards the rows are
counted: one event, current row and message per acknowledged move, and no gap in the numbers.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helper that starts PostgreSQL

import load
import pgbench
from moves_results import COMBINED, FOUR, HTTP, HTTP_SQLITE, SQLITE, Cpu, Results, Start, say, table
from peer_services import PEERS, PYTHON, Machine, serve_peer
from peers.story import MOVES as MOVES_OF_THE_STORY
from peers.story import Contender, Play, Tokens
from plain_sqlite import Plain
from server import Server
from service import Service, cpu_seconds, serve

from tests.pg import Databases, sqlalchemy_url, sqlite_url
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import Settings
from ungdom.store import rebuild
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
WARM_UP = 2.0
ROWS = """
SELECT count(*) AS events, count(DISTINCT case_id) AS cases, (SELECT count(*) FROM outbox) AS messages,
    count(CASE type WHEN 'postponed' THEN 1 END) AS told,
    (SELECT count(*) FROM (SELECT 1 FROM event GROUP BY case_id HAVING max(seq) <> count(*)) AS gap) AS gaps,
    (SELECT sum(version) FROM case_current) AS versions
FROM event
"""


class Bench:
    """One benchmark. Everything that it starts is stopped with the exit stack."""

    def __init__(self, arguments: argparse.Namespace, stack: ExitStack) -> None:
        self.arguments = arguments
        self.stack = stack
        self.results = Results()
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ungdom-bench-")))
        self.issuer = Issuer(self._settings(""))
        self.urls: dict[str, str] = {}
        self.services: dict[str, Service] = {}
        self.turns: list[Callable[[float, bool], None]] = []

    def run(self) -> Results:
        """Prepare, play the story, warm up, run the contenders in turn, count the rows."""
        self._postgresql()
        if self.arguments.peers:
            self._peers()
        self._sqlite()
        for name in self.services:
            self._story(name)
        self.turn(WARM_UP, counted=False)
        for number in range(self.arguments.rounds):
            say(f"round {number + 1} of {self.arguments.rounds}")
            self.turn(self.arguments.seconds, counted=True)
        say("counting the rows")
        for name, url in self.urls.items():
            self.results.rows[name] = self._counted(name, url)
        self.results.memory = {name: service.worker_memory() for name, service in self.services.items()}
        self.arguments.load = os.getloadavg()[0]
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
        self.stack.callback(self.databases.close)
        for name in (HTTP, FOUR, COMBINED):
            self._database(name)
        self._service(HTTP, sqlalchemy_url(self.urls[HTTP]), self.arguments.workers)
        for name, script in ((FOUR, pgbench.FOUR), (COMBINED, pgbench.COMBINED)):
            self.turns.append(partial(self._pgbench, name, script))

    def _peers(self) -> None:
        machine = Machine(self.arguments.workers, self.arguments.threads, self._public_key())
        for peer in PEERS:
            self._database(peer.name)
            served = serve_peer(self.arguments.peers, peer, self.urls[peer.name], machine)
            self._contender(peer.name, self.stack.enter_context(served))

    def _sqlite(self) -> None:
        say(f"opening {self.arguments.cases} cases on SQLite")
        folders = [self.folder / "service", self.folder / "bare"]
        folders[0].mkdir()
        self._fill(sqlite_url(folders[0]))
        shutil.copytree(*folders)
        self.urls |= {HTTP_SQLITE: sqlite_url(folders[0]), SQLITE: sqlite_url(folders[1])}
        self._service(HTTP_SQLITE, self.urls[HTTP_SQLITE], 1)
        self.plain = Plain(folders[1] / "ungdom.sqlite", self.arguments.cases)
        self.turns.append(self._bare_sqlite)

    def _database(self, name: str) -> None:
        """A copy of the same cases; the one with the last number is that of the story."""
        self.urls[name] = self.databases.create(self._fill)
        _settle(self.urls[name])

    def _fill(self, url: str) -> None:
        load.fill(url, self._settings(""), self.arguments.cases + 1)

    def _settings(self, url: str) -> Settings:
        return Settings(
            env="development",
            database_url=url,
            data_dir=self.folder,
            people_keys=(KEY,),
            cursor_key=CURSOR_KEY,
            threads=self.arguments.threads,
        )

    def _service(self, name: str, url: str, workers: int) -> None:
        self._contender(name, self.stack.enter_context(serve(self._settings(url), workers)))

    def _contender(self, name: str, service: Service) -> None:
        """A server with a client of its own."""
        self.services[name] = service
        self.results.start[name] = Start(service.cpu_seconds())
        job = {
            "port": service.port,
            "connections": self.arguments.connections,
            "tokens": [self._token(viewer) for viewer in load.viewers()],
            "bodies": [
                json.dumps({"type": kind, "occurred_on": load.MOVED_ON.isoformat(), "details": details})
                for kind, details in load.MOVES
            ],
            "cases": [str(load.case_id(number)) for number in range(self.arguments.cases)],
            "tag": f'"{load.EVENTS}"',
        }
        client = self.stack.enter_context(_client(job))
        self.turns.append(partial(self._http, name, service, client))

    def _token(self, viewer: Viewer) -> str:
        return self.issuer.issue(viewer, clock.now(), timedelta(hours=2))

    def _public_key(self) -> str:
        return json.dumps(self.issuer.key.as_dict(private=False))

    def _story(self, name: str) -> None:
        """The story, on PostgreSQL: it reads the rows that were written."""
        if name == HTTP_SQLITE:
            return
        good = load.viewers()[0]
        others = (Viewer(Role.COORDINATOR, "elsewhere", "ost"), Viewer(Role.TEAM_MEMBER, "member", None))
        case = str(load.case_id(self.arguments.cases))
        contender = Contender(name, self.services[name].port, self.urls[name], case, load.EVENTS, good.subject)
        Play(contender, Tokens(*(self._token(viewer) for viewer in (good, *others)))).run()
        self.results.moves[name] += MOVES_OF_THE_STORY
        say(f"the story holds: {name}")

    # --- measuring ----------------------------------------------------------------------------------------------

    def turn(self, seconds: float, counted: bool) -> None:
        """Run every contender once; every other time in the opposite order."""
        for contender in self.turns:
            contender(seconds, counted)
        self.turns.reverse()

    def _bare_sqlite(self, seconds: float, counted: bool) -> None:
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
        moves, before = self.results.moves[name], (self.arguments.cases + 1) * load.EVENTS
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


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2, help="worker processes on PostgreSQL")
    parser.add_argument("--threads", type=int, default=3, help="request threads per worker")
    parser.add_argument("--cases", type=int, default=4096, help="rounded to a multiple of the connections")
    parser.add_argument(
        "--peers",
        type=Path,
        default=os.environ.get("PEERS_PYTHON", PYTHON),
        help="the Python of the peers' environment",
    )
    parser.add_argument("--no-peers", action="store_const", const=None, dest="peers", help="without the peers")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    asked = parser.parse_args()
    asked.cases -= asked.cases % asked.connections
    if asked.peers and not asked.peers.exists():
        parser.error(f"the peers are not installed: {asked.peers} is missing; `make bench` installs them")
    return asked


def main() -> None:
    """Measure, print the table, and write the JSON file if requested."""
    asked = arguments()
    begun = time.monotonic()
    with ExitStack() as stack:
        found = Bench(asked, stack).run()
    print(table(found, asked, [name for name in found.start if name not in (HTTP, HTTP_SQLITE)]))
    say(f"took {time.monotonic() - begun:.0f} s")
    if asked.json:
        asked.json.write_text(json.dumps(vars(found), indent=1, default=asdict), encoding="utf-8")


if __name__ == "__main__":
    main()
