"""A minimal HTTP/1.1 client in its own process: every connection records one transition after another.

Standard input: one line with the job (JSON), then one line with a number of seconds per run. Standard output: one line
of results (JSON) per run. Each connection has its own cases, so that an ETag is never stale, and uses them in rotation;
every response must be 201.
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
    """A case: its path, the newest entity tag, and the number of transitions so far."""

    path: str
    tag: str
    moves: int = 0


class Mover(asyncio.Protocol):
    """One connection: sends a request, waits for the response, until the time is over."""

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
        """Store the transport."""
        self.transport = transport

    def start(self, until: float) -> "asyncio.Future[None]":
        """Send the first request; the future is done after the last response."""
        self.until, self.latencies = until, []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._send()
        return self.done

    def data_received(self, data: bytes) -> None:
        """Process a complete response, then send the next request."""
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
        case = self.cases[self.turn % len(self.cases)]
        case.tag, case.moves = _header(head, "etag"), case.moves + 1
        self.turn += 1
        self.latencies.append(now - self.sent_at)
        if now < self.until:
            self._send()
        else:
            self.done.set_result(None)

    def connection_lost(self, _error: Exception | None) -> None:
        """An error unless the run is over."""
        self._fail("the service closed the connection")

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
    latencies = sorted(latency for mover in movers for latency in mover.latencies)
    count = len(latencies)
    percentiles = {f"p{share}": latencies[min(count - 1, count * share // 100)] for share in (50, 95, 99)}
    return {"moves": count, "seconds": took, "client_cpu": cpu, **percentiles}


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
