"""Processor time of one operation in one process, beside another checkout of this program, in turns.

    .venv/bin/python bench/operations.py [--beside DIRECTORY] [--rounds N] [--only WORD] [--profile NAME] [--shares]

Each checkout runs in a process of its own for each database, without a server in front of it: a request is given to the
application itself, with its middleware, its thread and its transaction. `not kept`: of cases that the process has not
read before. The processes take turns, so that both meet the same machine; processor time is that of the process. A
ratio below one says that this checkout needs less.
"""

import argparse
import asyncio
import cProfile
import importlib
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import anyio.to_thread  # noqa: E402  # the paths come first
import load  # noqa: E402
import shares  # noqa: E402
from server import Server  # noqa: E402
from sqlalchemy import text  # noqa: E402

from tests import pg  # noqa: E402
from tests.intake import making  # noqa: E402
from ungdom import clock  # noqa: E402
from ungdom.alerts.sweep import sweep  # noqa: E402
from ungdom.api.http.tokens import Issuer  # noqa: E402
from ungdom.app import create_app  # noqa: E402
from ungdom.intake import Sender  # noqa: E402
from ungdom.intake.stream import NdjsonLine, StreamContext, process_lines  # noqa: E402
from ungdom.settings import Settings  # noqa: E402
from ungdom.workflow.vocabulary import Actor  # noqa: E402

LENGTHS = (10, 25, 50, 75)
"""Events in the history of a case."""
CASES = 40
"""Cases of each length."""
NIGHTS = 30
"""Cases that are due in each night that is measured."""
KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
BATCH = 100
"""Decisions of one measurement of the intake."""


# --- one checkout, in its own process -------------------------------------------------------------------------------


class Operations:
    """The operations of the checkout that this process runs, on one database."""

    def __init__(self, url: str, folder: Path) -> None:

        settings = Settings(
            env="development",
            database_url=url,
            data_dir=folder,
            people_keys=(KEY,),
            cursor_key=CURSOR_KEY,
            subject_limit=10_000_000,
            address_limit=10_000_000,
        )
        load.fill(url, settings, CASES, LENGTHS)
        self.app = create_app(settings)
        self.db = self.app.state.db
        self.keys = self.app.state.keys
        issuer, now = Issuer(settings), datetime.now(UTC)
        self.token = issuer.issue(load.viewers()[0], now, timedelta(hours=4))
        self.moves = dict.fromkeys(LENGTHS, 0)
        self.lines = [making.line(decision) for decision in making.mixed(2, 20_000)]
        self.pushed = 0
        self.night, self.due = date(2026, 6, 1), 10_000
        self.loop = asyncio.new_event_loop()

    def run(self, name: str, number: int) -> float:
        """Milliseconds of processor time for each of that many operations."""
        what, _, unread = name.partition(", ")
        kind, _, length = what.partition(" at ")
        work = getattr(self, kind.replace(" ", "_"))
        if unread:
            forget_cases()
        prepared = [work(n, int(length)) if length else work(n) for n in range(number)]
        began = time.process_time()
        self.loop.run_until_complete(self._answered(prepared))
        return (time.process_time() - began) * 1000 / number

    async def _answered(self, requests: list[Any]) -> None:
        for request in requests:
            if callable(request):
                request()
            else:
                await self._send(*request)

    async def _send(self, method: str, path: str, tag: str, body: bytes) -> None:
        sent = [{"type": "http.request", "body": body, "more_body": False}]
        got: list[Any] = []

        async def receive() -> Any:
            return sent.pop() if sent else await asyncio.Event().wait()  # the client stays

        async def send(message: Any) -> None:
            got.append(message)

        path, _, query = path.partition("?")
        headers = {"host": "bench", "authorization": f"Bearer {self.token}", "accept": "application/json"}
        headers |= {"content-type": "application/json", "if-match": tag} if body else {}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("bench", 80),
        }  # fmt: skip
        await self.app(scope, receive, send)
        if got[0]["status"] not in (200, 201):
            raise SystemExit(f"{method} {path}: {got}")

    # --- the operations: each gives a request, or something to call -----------------------------------------------

    def move(self, _n: int, length: int) -> Any:
        """A move of a case with that many events or a few more: out of `preparing` and back, in turn."""
        moved, self.moves[length] = self.moves[length], self.moves[length] + 1
        case, before = moved % CASES, moved // CASES
        kind, details = load.MOVES[before % 2]
        body = {"type": kind, "occurred_on": load.moved_on(length).isoformat(), "details": details}
        path = f"/v1/cases/{load.case_of_length(length, case)}/events"
        return "POST", path, f'"{length + before}"', json.dumps(body).encode()

    def options(self, n: int, length: int) -> Any:
        """What may be recorded next."""
        return "GET", f"/v1/cases/{load.case_of_length(length, n % CASES)}/options", "", b""

    def case(self, n: int, length: int) -> Any:
        """One case."""
        return "GET", f"/v1/cases/{load.case_of_length(length, n % CASES)}", "", b""

    def events(self, n: int, length: int) -> Any:
        """Its history."""
        return "GET", f"/v1/cases/{load.case_of_length(length, n % CASES)}/events", "", b""

    def worklist(self, n: int) -> Any:
        """A page of 25 cases."""
        return "GET", f"/v1/worklist?limit=25&mine={'true' if n % 2 else 'false'}", "", b""

    def decision(self, n: int) -> Any:
        """One of a batch: all of the batch with the first, the others nothing."""
        if n:
            return lambda: None
        first, self.pushed = self.pushed, self.pushed + BATCH
        return lambda: self._push(self.lines[first : first + BATCH])

    def _push(self, lines: list[bytes]) -> None:

        sender = Sender("prosecution-1", frozenset(Actor))
        context = StreamContext(self.db, self.keys, clock.now, "en", sender)
        receipts = process_lines(context, [NdjsonLine(n, raw.strip()) for n, raw in enumerate(lines, start=1)])
        if any(receipt.outcome == "rejected" for receipt in receipts):
            raise SystemExit([receipt for receipt in receipts if receipt.outcome == "rejected"][:3])

    def due_case(self, n: int) -> Any:
        """One of a night: the whole night with the first, the others nothing."""
        if n:
            return lambda: None
        self._make_due()
        return self._sweep

    def _make_due(self) -> None:

        first, self.due = self.due, self.due + NIGHTS
        load.add_cases(self.db, self.keys, LENGTHS[0], range(first, self.due))
        ids = [load.case_of_length(LENGTHS[0], n) for n in range(first, self.due)]
        with self.db.writing() as tx:
            tx.execute(
                text("UPDATE case_current SET look_on = NULL WHERE look_on <= :day"), {"day": self.night.isoformat()}
            )
            for case_id in ids:
                name = str(case_id) if tx.dialect.name == "postgresql" else case_id.hex
                tx.execute(
                    text("UPDATE case_current SET look_on = :day WHERE case_id = :id"),
                    {"day": self.night.isoformat(), "id": name},
                )

    def _sweep(self) -> None:

        done = sweep(self.db, self.night, lambda: datetime.now(UTC))
        if done.scanned != NIGHTS or done.failures:
            raise SystemExit(f"a night of {done.scanned}: {done.failures}")


def forget_cases() -> None:
    """Drop what this process keeps of cases, so that each is read from the database. An older checkout keeps none."""
    with suppress(ImportError):
        kept = importlib.import_module("ungdom.store.kept_cases")
        for case_id in [load.case_of_length(length, number) for length in LENGTHS for number in range(CASES)]:
            kept.forget(case_id)


def child(url: str, folder: Path) -> None:
    """Reads a line `number name`, runs the operation, writes the milliseconds; or the profile or its shares."""
    operations = Operations(url, folder)
    print("ready", flush=True)
    for line in sys.stdin:
        number, _, name = line.strip().partition(" ")
        if number == "profile":
            print(json.dumps(_text(_profiled(operations, name))), flush=True)
        elif number == "shares":
            print(json.dumps(shares.shares(_profiled(operations, name))), flush=True)
        else:
            print(operations.run(name, int(number)), flush=True)


def _profiled(operations: Operations, name: str) -> cProfile.Profile:
    operations.run(name, NUMBERS.get(name, 20))
    profile = cProfile.Profile(time.process_time)  # not the time spent waiting for the database
    with _in_this_thread():
        profile.enable()
        operations.run(name, NUMBERS.get(name, 40))
        profile.disable()
    return profile


def _text(profile: cProfile.Profile) -> str:
    with tempfile.TemporaryFile("w+") as output:
        pstats.Stats(profile, stream=output).sort_stats("cumulative").print_stats(140)
        pstats.Stats(profile, stream=output).sort_stats("tottime").print_stats(50)
        output.seek(0)
        return output.read()


@contextmanager
def _in_this_thread() -> Iterator[None]:
    """Runs what a route does in the thread of the event loop, so that the profiler sees it."""

    async def run_sync(function: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
        return function(*arguments)

    before, anyio.to_thread.run_sync = anyio.to_thread.run_sync, run_sync
    try:
        yield
    finally:
        anyio.to_thread.run_sync = before


# --- both checkouts in turns ----------------------------------------------------------------------------------------

NAMES = (
    *(f"move at {length}" for length in LENGTHS),
    *(f"{what} at 75, not kept" for what in ("move", "options", "case", "events")),
    *(f"{read} at {length}" for read in ("options", "case", "events") for length in (10, 75)),
    "worklist",
    "decision",
    "due case",
)
NUMBERS = {"decision": BATCH, "due case": NIGHTS}


class Process:
    """A checkout at work on one database."""

    def __init__(self, checkout: Path, url: str, folder: Path) -> None:
        folder.mkdir()
        environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "PYTHONHASHSEED": "1"}
        command = [sys.executable, __file__, "--child", url, "--folder", str(folder)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def ask(self, line: str) -> str:
        """Its answer to one line; an empty line only waits."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        if line:
            stdin.write(line + "\n")
            stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise SystemExit("bench: a process has ended, see above")
        return answer.strip()

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(10)


def measured(processes: list[Process], name: str, rounds: int) -> list[float]:
    """Milliseconds of each process, in turns: the medians of the rounds."""
    number = NUMBERS.get(name, 20)
    for process in processes:
        process.ask(f"{number} {name}")
    taken: list[list[float]] = [[] for _ in processes]
    for turn in range(rounds):
        for place in sorted(range(len(processes)), reverse=bool(turn % 2)):
            taken[place].append(float(processes[place].ask(f"{number} {name}")))
    return [statistics.median(times) for times in taken]


def table(kinds: dict[str, list[Process]], names: list[str], rounds: int) -> None:
    """Print a row for each operation: beside the other checkout, or beside the same operation with a short history."""
    beside = len(next(iter(kinds.values()))) > 1
    columns = "before | now | ratio" if beside else "now | of that at 10"
    print("| processor time, ms | " + " | ".join(f"{kind} {columns}" for kind in kinds) + " |")
    print("|---|" + "---:|" * (3 if beside else 2) * len(kinds))
    short: dict[tuple[str, str], float] = {}
    for name in names:
        cells = []
        for kind, processes in kinds.items():
            now, *before = measured(processes, name, rounds)
            what = name.partition(" at ")[0] if "," not in name and " at " in name else name
            first = short.setdefault((kind, what), now)
            growth = "" if what == name else f"{now / first:.2f}"
            cells += [f"{before[0]:.2f}", f"{now:.2f}", f"{now / before[0]:.2f}"] if before else [f"{now:.2f}", growth]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Measure and print the table, or a profile."""
    asked = arguments()
    if asked.child:
        child(asked.child, asked.folder)
        return

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ungdom-")))
        checkouts = [ROOT, *([asked.beside] if asked.beside else [])]
        kinds: dict[str, list[Process]] = {}
        for kind in asked.databases.split(","):
            if kind == "PostgreSQL":
                server = Server(Path(tempfile.mkdtemp(prefix="ungdom-pg-")))
                stack.callback(server.stop)
                server.ensure_started()
                databases = pg.Databases(server.url)
                stack.callback(databases.close)
                urls = [pg.sqlalchemy_url(databases.create()) for _ in checkouts]
            else:
                urls = [f"sqlite:///{folder / f'{n}.sqlite'}" for n, _ in enumerate(checkouts)]
            kinds[kind] = [
                Process(c, u, folder / f"{kind}{n}") for n, (c, u) in enumerate(zip(checkouts, urls, strict=True))
            ]
        for process in (process for processes in kinds.values() for process in processes):
            stack.callback(process.stop)
            process.ask("")
        names = [name for name in NAMES if asked.only in name]
        if asked.shares:
            process = next(iter(kinds.values()))[0]
            found = {name: json.loads(process.ask(f"shares {name}")) for name in ("move at 10", "move at 75")}
            print(shares.table(found))
        elif asked.profile:
            print(json.loads(next(iter(kinds.values()))[0].ask(f"profile {asked.profile}")))
        else:
            table(kinds, names, asked.rounds)


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turns with this one")
    parser.add_argument("--databases", default="SQLite,PostgreSQL")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="only operations whose name contains this")
    parser.add_argument("--profile", help="print the profile of this operation instead")
    parser.add_argument("--shares", action="store_true", help="print where the time of a move goes instead")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
