"""A lean HTTP/1.1 client in a process of its own: connections that each send one move after another.

Read from standard input: one line with what to do (JSON), then a line with a number of seconds for every run. Written
to standard output: one line of results (JSON) a run. Each connection has cases of its own, so that no ETag is ever
stale; it goes round among them, and every answer has to be 201.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import uvloop


@dataclass
class Case:
    """A case as this client knows it: its path, the newest entity tag, and how many moves it has made."""

    path: str
    tag: str
    moves: int = 0


class Mover(asyncio.Protocol):
    """One connection: a request out, an answer in, until the time is over."""

    def __init__(self, port: int, token: str, bodies: list[str], cases: list[Case]) -> None:
        self.cases = cases
        self.turn = 0
        self.until = 0.0
        self.buffer = b""
        self.sent_at = 0.0
        self.latencies: list[float] = []
        self.bodies = [body.encode() for body in bodies]
        self.head = (
            f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Accept: application/json\r\nContent-Type: application/json\r\nIf-Match: "
        )

    def connection_made(self, transport: Any) -> None:
        """Open."""
        self.transport = transport

    def start(self, until: float) -> "asyncio.Future[None]":
        """Send the first request; the future is done when the last answer has come."""
        self.until, self.latencies = until, []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._send()
        return self.done

    def data_received(self, data: bytes) -> None:
        """Take the answer once it is whole, then send the next request."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].decode("latin-1").lower()
        if len(self.buffer) < end + 4 + int(_header(head, "content-length")):
            return
        now = time.perf_counter()
        if not head.startswith("http/1.1 201"):
            self._fail(self.buffer.decode("utf-8", "replace"))
            return
        self.buffer = b""
        self._moved(_header(head, "etag"))
        self.latencies.append(now - self.sent_at)
        if now < self.until:
            self._send()
        else:
            self.done.set_result(None)

    def connection_lost(self, _error: Exception | None) -> None:
        """Closed; before its time that is an error."""
        self._fail("the service closed the connection")

    def _moved(self, tag: str) -> None:
        case = self.cases[self.turn % len(self.cases)]
        case.tag, case.moves = tag, case.moves + 1
        self.turn += 1

    def _send(self) -> None:
        case = self.cases[self.turn % len(self.cases)]
        body = self.bodies[case.moves % len(self.bodies)]
        head = f"POST {case.path}{self.head}{case.tag}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.sent_at = time.perf_counter()
        self.transport.write(head.encode() + body)

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why))


def _header(head: str, name: str) -> str:
    begin = head.index(f"\r\n{name}:") + len(name) + 3
    end = head.find("\r\n", begin)
    return head[begin : end if end >= 0 else None].strip()


async def _run(job: dict[str, Any], movers: list[Mover], seconds: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    for mover in movers:
        await loop.create_connection(lambda mover=mover: mover, "127.0.0.1", job["port"])
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(mover.start(begun + seconds) for mover in movers))
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    for mover in movers:
        mover.transport.close()
    found = sorted(latency for mover in movers for latency in mover.latencies)
    marks = {f"p{share}": found[min(len(found) - 1, len(found) * share // 100)] for share in (50, 95, 99)}
    return {"moves": len(found), "seconds": took, "client_cpu": cpu, **marks}


def _movers(job: dict[str, Any]) -> list[Mover]:
    count, tokens = job["connections"], job["tokens"]
    return [
        Mover(
            job["port"],
            tokens[number % len(tokens)],
            job["bodies"],
            [Case(f"/v1/cases/{case}/events", job["tag"]) for case in job["cases"][number::count]],
        )
        for number in range(count)
    ]


async def _main() -> None:
    job = json.loads(sys.stdin.readline())
    movers = _movers(job)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await _run(job, movers, float(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
