"""What the access log costs a read: processor time and time taken with the log and without it, in one run.

    python bench/access_log.py [--cases 200] [--rounds 40] [--threads 8]

The service runs in this process on SQLite. Rounds with and without the log take turns, so that both see the same
machine. Processor time is that of the whole process, threads included.
"""

import argparse
import base64
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from unittest.mock import patch

import anyio.from_thread
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent))

import load

from ungdom.api.http.context import RequestContext
from ungdom.api.http.tokens import Issuer
from ungdom.app import create_app
from ungdom.settings import Settings
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

READER = Viewer(Role.COORDINATOR, load.COORDINATORS[0], load.OFFICE)


@dataclass(frozen=True)
class Cost:
    """Milliseconds per answer: processor time, and time taken."""

    processor: float
    taken: float


def main() -> None:
    """Measure, and print a line per way of reading."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder), arguments.cases) as ask:
        ways = {
            "a case": lambda n: f"/v1/cases/{load.case_id(n % arguments.cases)}",
            "its events": lambda n: f"/v1/cases/{load.case_id(n % arguments.cases)}/events",
            "a list of 50": lambda _: "/v1/cases?limit=50",
        }
        for name, path in ways.items():
            _compare(name, ask, path, arguments.rounds, 1)
        _compare(f"a case, {arguments.threads} at a time", ask, ways["a case"], arguments.rounds, arguments.threads)


def _compare(name: str, ask: Callable[[str], None], path: Callable[[int], str], rounds: int, threads: int) -> None:
    with_log, without = [], []
    for number in range(rounds):
        with_log.append(_round(ask, path, number, threads))
        with patch.object(RequestContext, "_access", lambda *_: None), patch.object(RequestContext, "_logged", _plain):
            without.append(_round(ask, path, number, threads))
    on, off = _middle(with_log), _middle(without)
    more = on.processor - off.processor
    print(
        f"{name}: {off.processor:.2f} ms of processor time without the log, {on.processor:.2f} with it: "
        f"{more:+.2f} ms, {more / off.processor:+.0%}; taken {off.taken:.2f} and {on.taken:.2f} ms"
    )


def _plain(context: RequestContext, response, _access):  # type: ignore[no-untyped-def]  # in place of a method
    context._request.state.access = None  # as the method itself does
    return response.to_http()


def _round(
    ask: Callable[[str], None], path: Callable[[int], str], number: int, threads: int, answers: int = 40
) -> Cost:
    paths = [path(number * answers + place) for place in range(answers)]
    began, used = time.perf_counter(), time.process_time()
    if threads == 1:
        for one in paths:
            ask(one)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, paths))
    return Cost((time.process_time() - used) * 1000 / answers, (time.perf_counter() - began) * 1000 / answers)


def _middle(costs: list[Cost]) -> Cost:
    return Cost(median(cost.processor for cost in costs), median(cost.taken for cost in costs))


@contextmanager
def _service(folder: Path, cases: int) -> Iterator[Callable[[str], None]]:
    keys = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    settings = Settings(
        env="development",
        database_url=f"sqlite:///{folder / 'ungdom.sqlite'}",
        data_dir=folder,
        people_keys=(keys[0],),
        cursor_key=keys[1],
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

        yield ask
    app.state.db.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]  # it has one
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=8)
    return parser.parse_args()


if __name__ == "__main__":
    main()
