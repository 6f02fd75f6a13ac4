"""What the access log costs a read: processor time and time taken with the log and without it, in one run.

Beside it what it costs where nothing is remembered of whose data the answers before contained, and what it costs to
write the entries of long answers later.

    python bench/access_log.py [--cases 200] [--rounds 40] [--threads 8] [--database PostgreSQL]

The service runs in this process, on SQLite or PostgreSQL. Rounds of each kind take turns, so that all see the same
machine. Processor time is that of the whole process, threads included, without that of PostgreSQL. Each round is
compared with the one without the log beside it; printed is the middle of the rounds. As in a server process, what was
loaded before the first request is left out of garbage collections.
"""

import argparse
import base64
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from unittest.mock import patch

import anyio.from_thread
import httpx
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the tests' PostgreSQL

import load
from server import Server

from tests.pg import Databases, sqlalchemy_url
from ungdom.api.http.context import RequestContext
from ungdom.api.http.tokens import Issuer
from ungdom.app import create_app
from ungdom.settings import Settings
from ungdom.store import access_index
from ungdom.store.access_subjects import KnownSubjects
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

ANSWERS = 40
"""Answers per round."""
NO_LIMIT = 1_000_000
"""Requests a minute, so that none is refused."""
READER = Viewer(Role.COORDINATOR, load.COORDINATORS[0], load.OFFICE)


@dataclass(frozen=True)
class Cost:
    """Milliseconds per answer: processor time, and time taken."""

    processor: float
    taken: float


def main() -> None:
    """Measure, and print a line per way of reading."""
    arguments = _arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = _postgresql(stack) if arguments.database == "PostgreSQL" else f"sqlite:///{folder / 'ungdom.sqlite'}"
        ask, app = stack.enter_context(_service(folder, url, arguments.cases))
        measure = partial(_compare, ask, app, rounds=arguments.rounds)
        of_case = lambda n: f"/v1/cases/{load.case_id(n % arguments.cases)}"  # noqa: E731  # used twice
        measure("a case", of_case)
        measure("its events", lambda n: f"/v1/cases/{load.case_id(n % arguments.cases)}/events")
        for limit in (10, 50, 200):
            measure(f"a list of {limit}", lambda _, limit=limit: f"/v1/cases?limit={limit}")
        measure(f"a case, {arguments.threads} at a time", of_case, threads=arguments.threads)


def _compare(
    ask: Callable[[str], None], app: FastAPI, name: str, path: Callable[[int], str], rounds: int, threads: int = 1
) -> None:
    """Three ways in turns: without the log, with it, and with it where nothing is remembered of the answers before."""
    without, filling = [], []
    ways: dict[str, list[Cost]] = {"with the log": [], "nothing remembered": []}

    def ask_anew(path: str) -> None:
        app.state.known_subjects = KnownSubjects()
        ask(path)

    for number in range(rounds):
        with patch.object(RequestContext, "_access", lambda *_: None), patch.object(RequestContext, "_logged", _plain):
            without.append(_round(ask, path, number, threads))
        ways["with the log"].append(_round(ask, path, number, threads))
        filling.append(_cost(lambda: access_index.fill(app.state.db), ANSWERS))
        ways["nothing remembered"].append(_round(ask_anew, path, number, threads))
        access_index.fill(app.state.db)
    off, fill = _middle(without), _middle(filling)
    print(f"{name}: {off.processor:.2f} ms of processor time without the log, taken {off.taken:.2f} ms")
    for way, costs in ways.items():
        more = _middle([_difference(on, beside) for on, beside in zip(costs, without, strict=True)])
        share = more.processor / off.processor
        print(f"  {way}: {more.processor:+.2f} ms, {share:+.0%}; taken {more.taken:+.2f} ms")
    print(f"  the entries, written in batches afterwards: {fill.processor:.2f} ms per answer", flush=True)


def _plain(context: RequestContext, response, _access):  # type: ignore[no-untyped-def]  # in place of a method
    context._request.state.access = None  # as the method itself does
    return response.to_http()


def _round(ask: Callable[[str], None], path: Callable[[int], str], number: int, threads: int) -> Cost:
    paths = [path(number * ANSWERS + place) for place in range(ANSWERS)]
    if threads == 1:
        return _cost(lambda: [ask(path) for path in paths], ANSWERS)
    with ThreadPoolExecutor(threads) as pool:
        return _cost(lambda: list(pool.map(ask, paths)), ANSWERS)


def _cost(action: Callable[[], object], answers: int) -> Cost:
    began, used = time.perf_counter(), time.process_time()
    action()
    return Cost((time.process_time() - used) * 1000 / answers, (time.perf_counter() - began) * 1000 / answers)


def _difference(on: Cost, off: Cost) -> Cost:
    return Cost(on.processor - off.processor, on.taken - off.taken)


def _middle(costs: list[Cost]) -> Cost:
    return Cost(median(cost.processor for cost in costs), median(cost.taken for cost in costs))


def _postgresql(stack: ExitStack) -> str:
    """The address of an empty database of a server that ends with the stack."""
    server = Server(Path(tempfile.mkdtemp(prefix="ungdom-pg-")))
    stack.callback(server.stop)
    server.ensure_started()
    databases = Databases(server.url)
    stack.callback(databases.close)
    return sqlalchemy_url(databases.create())


@contextmanager
def _service(folder: Path, url: str, cases: int) -> Iterator[tuple[Callable[[str], None], FastAPI]]:
    keys = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    settings = Settings(
        env="development",
        database_url=url,
        data_dir=folder,
        people_keys=(keys[0],),
        cursor_key=keys[1],
        subject_limit=NO_LIMIT,
    )
    load.fill(settings.database_url, settings, cases)
    app = create_app(settings)
    token = Issuer(settings).issue(READER, datetime.now(UTC), timedelta(hours=4))
    transport = httpx.ASGITransport(app=app)
    with anyio.from_thread.start_blocking_portal() as portal:

        async def answer(path: str) -> int:
            request = httpx.Request("GET", f"http://ungdom.test{path}", headers={"Authorization": f"Bearer {token}"})
            response = await transport.handle_async_request(request)
            await response.aread()
            return response.status_code

        def ask(path: str) -> None:
            status = portal.call(answer, path)
            if status != 200:  # any other is no answer to be measured
                raise SystemExit(f"{path}: {status}")

        ask("/v1/cases")
        gc.collect()
        gc.freeze()
        yield ask, app
    app.state.db.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]  # it has one
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--database", choices=("SQLite", "PostgreSQL"), default="SQLite")
    return parser.parse_args()


if __name__ == "__main__":
    main()
