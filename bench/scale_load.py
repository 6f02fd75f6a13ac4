"""The load of `make scale`: connections that move cases and read, and go on when a service replica is gone.

A move is sent again under its idempotency key until it is acknowledged, as a sound client does.
"""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field

import load

AGAIN_SECONDS = 0.2
BUSY = ("409", "429")
"""Answers after which the same request may be sent again: the first attempt is still being processed; too many."""
CASELOAD = "/v1/statistics/caseload"


@dataclass
class Tally:
    """What came of a phase. `errors`: answers and broken connections after which a request was sent again."""

    seconds: float = 0.0
    moves: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    figures: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    versions: dict[str, int] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Mix:
    """What a connection sends in turn: so many moves, reads of a case, and reads of the caseload."""

    moves: int = 0
    reads: int = 0
    figures: int = 0


class Caller:
    """One connection with cases of its own. `versions` of the tally has the newest acknowledged version of each."""

    def __init__(self, port: int, token: str, cases: list[str], tally: Tally) -> None:
        self._port, self._token, self._cases, self._tally = port, token, cases, tally
        self._turn = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, mix: Mix, until: float) -> None:
        """Send the mix again and again until then."""
        while time.perf_counter() < until:
            self._turn += 1
            for _ in range(mix.moves):
                await self._move(until)
            for _ in range(mix.reads):
                await self._timed(self._tally.reads, f"/v1/cases/{self._case}", until)
            for _ in range(mix.figures):
                await self._timed(self._tally.figures, CASELOAD, until)
        self._close()

    @property
    def _case(self) -> str:
        return self._cases[self._turn % len(self._cases)]

    async def _move(self, until: float) -> None:
        case = self._case
        version = self._tally.versions.setdefault(case, load.EVENTS)
        kind, details = load.MOVES[(version - load.EVENTS) % len(load.MOVES)]
        body = json.dumps({"type": kind, "occurred_on": load.MOVED_ON.isoformat(), "details": details}).encode()
        headers = f'If-Match: "{version}"\r\nIdempotency-Key: {case}-{version}\r\nContent-Type: application/json\r\n'
        self._tally.unanswered.add(case)
        began = time.perf_counter()
        if await self._sent("POST", f"/v1/cases/{case}/events", until, headers, body):
            self._tally.moves.append(time.perf_counter() - began)
            self._tally.versions[case] = version + 1
            self._tally.unanswered.discard(case)

    async def _timed(self, times: list[float], path: str, until: float) -> None:
        began = time.perf_counter()
        if await self._sent("GET", path, until):
            times.append(time.perf_counter() - began)

    async def _sent(self, method: str, path: str, until: float, headers: str = "", body: bytes = b"") -> bool:
        """Whether it was answered with success, at once or after further attempts until then."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        )
        while True:
            outcome = await self._outcome(head.encode() + body)
            if outcome in ("200", "201"):
                return True
            self._tally.errors[outcome] += 1
            if outcome.startswith("4") and outcome not in BUSY:
                raise SystemExit(f"bench: {method} {path} was answered {outcome}")
            if time.perf_counter() > until:
                return False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _outcome(self, request: bytes) -> str:
        """The status of the answer, or `broken` for a connection that ended before it."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await reader.readexactly(int(head.partition("\r\ncontent-length:")[2].partition("\r\n")[0]))
        except (OSError, asyncio.IncompleteReadError):
            self._close()
            return "broken"
        if "\r\nconnection: close" in head:
            self._close()
        return head.split(" ", 2)[1]

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def phase(callers: list[Caller], mix: Mix, tally: Tally, seconds: float) -> None:
    """All connections send this mix for that long."""
    begun = time.perf_counter()
    await asyncio.gather(*(caller.run(mix, begun + seconds) for caller in callers))
    tally.seconds = time.perf_counter() - begun
