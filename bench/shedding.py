"""512 connections that each read a case again and again: with the bounded queue, and with a queue without an end.

One worker process on SQLite. A client that gets 503 waits as long as `Retry-After` says, as a sound client does. Both
contenders run in turn on one machine: compare the figures of one run only.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the helper that names a database of the tests

import load
from service import Service, serve

from tests.pg import sqlite_url
from ungdom import clock
from ungdom.api.http.tokens import Issuer
from ungdom.settings import Settings

KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
CASES = 512
ENDLESS: dict[str, Any] = {"queue_limit": 1_000_000, "queue_seconds": 100_000}
CONTENDERS: dict[str, dict[str, Any]] = {"queue without an end": ENDLESS, "bounded queue": {}}
WARM_UP = 1.0


@dataclass
class Results:
    """What came of one contender: seconds until an answer 200, seconds until a 503, and how long it took in all."""

    accepted: list[float] = field(default_factory=list)
    shed: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    def row(self, name: str) -> str:
        """A row of the table."""
        cuts = statistics.quantiles(self.accepted, n=100)
        share = len(self.shed) / (len(self.shed) + len(self.accepted))
        quick = f"{statistics.median(self.shed) * 1000:.0f}" if self.shed else ""
        cpu = self.cpu / len(self.accepted) * 1000
        rate = len(self.accepted) / self.seconds
        times = f"{cuts[49] * 1000:.0f} | {cuts[98] * 1000:.0f}"
        return f"| {name} | {rate:.0f} | {times} | {share:.0%} | {quick} | {cpu:.1f} |"


async def _read_on(service: Service, token: str, case: str, until: float, results: Results) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    request = f"GET /v1/cases/{case} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        await reader.readexactly(int(_field(head, "content-length")))
        took = time.perf_counter() - began
        if head.startswith("http/1.1 200 "):
            results.accepted.append(took)
        elif head.startswith("http/1.1 503 "):
            results.shed.append(took)
            await asyncio.sleep(min(float(_field(head, "retry-after")), max(0.0, until - time.perf_counter())))
        else:
            raise SystemExit(f"bench: {head}")
    writer.close()


def _field(head: str, name: str) -> str:
    return head.partition(f"\r\n{name}: ")[2].partition("\r\n")[0]


async def _run(service: Service, tokens: list[str], connections: int, seconds: float) -> Results:
    results = Results()
    begun, cpu = time.perf_counter(), service.cpu_seconds()
    cases = (str(load.case_id(number % CASES)) for number in range(connections))
    await asyncio.gather(
        *(_read_on(service, tokens[n % len(tokens)], case, begun + seconds, results) for n, case in enumerate(cases))
    )
    results.seconds = time.perf_counter() - begun
    results.cpu = service.cpu_seconds() - cpu
    return results


@contextmanager
def _served(folder: Path, options: dict[str, Any]) -> Iterator[tuple[Service, list[str]]]:
    folder.mkdir()
    settings = Settings(
        env="development", database_url=sqlite_url(folder), data_dir=folder, people_keys=(KEY,), cursor_key=CURSOR_KEY,
        **options,
    )  # fmt: skip
    load.fill(settings.database_url, settings, CASES)
    issuer = Issuer(settings)
    tokens = [issuer.issue(viewer, clock.now(), timedelta(hours=2)) for viewer in load.viewers()]
    with serve(settings, 1) as service:
        yield service, tokens


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ungdom-bench-")))
        contenders = {
            name: stack.enter_context(_served(folder / str(number), options))
            for number, (name, options) in enumerate(CONTENDERS.items())
        }
        total = {name: Results() for name in contenders}
        for service, tokens in contenders.values():
            uvloop.run(_run(service, tokens, 8, WARM_UP))
        for _ in range(arguments.rounds):
            for name, (service, tokens) in contenders.items():
                results = uvloop.run(_run(service, tokens, arguments.connections, arguments.seconds))
                total[name].accepted += results.accepted
                total[name].shed += results.shed
                total[name].seconds += results.seconds
                total[name].cpu += results.cpu
    print(f"{arguments.connections} connections, {arguments.rounds} rounds of {arguments.seconds:g} s, one worker\n")
    print("| | accepted a second | median, ms | p99, ms | shed | median of 503, ms | processor time per accepted, ms |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, results in total.items():
        print(results.row(name))
    endless, bounded = (statistics.median(total[name].accepted) for name in CONTENDERS)
    print(f"\nThe median of what is accepted is {endless / bounded:.0f} times as quick with the bounded queue.")


if __name__ == "__main__":
    main()
