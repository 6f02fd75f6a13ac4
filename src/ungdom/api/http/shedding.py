"""A bounded queue for requests that need a thread: what cannot be answered soon is refused at once (decision 0048).

A process has few request threads (`UNGDOM_THREADS`). Without a bound every open connection waits for one of them, and
all are answered late. Health has a way of its own, batches of decisions and streams of extracts have threads of their
own; neither is queued.
"""

from collections import deque
from itertools import cycle

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom.api.http.limits import STREAMS, language_of_scope, trace_id_of
from ungdom.api.http.problems import problem_response

SLOTS_PER_THREAD = 2
"""Requests in progress for each thread: while one is parsed or written, the thread works for another."""
HEALTH = "/health/"
RETRY_SECONDS = (2, 3, 4, 5)
"""Seconds until the next attempt, in turn: who was refused together does not come back together."""


class RequestQueue:
    """Places for requests in progress, and those that wait for one: first come, first served. Of one event loop.

    `depth`: how many may wait. `seconds`: for how long each may wait.
    """

    def __init__(self, threads: int, depth: int, seconds: float) -> None:
        self._free = threads * SLOTS_PER_THREAD
        self._depth = depth
        self._seconds = seconds
        self._waiting: deque[anyio.Event] = deque()
        self._retry = cycle(RETRY_SECONDS)

    @property
    def is_full(self) -> bool:
        """Whether another request would be refused."""
        return len(self._waiting) >= self._depth

    async def enter(self) -> bool:
        """Take a place, after waiting for one if need be; False when there are too many or it takes too long."""
        if self._free and not self._waiting:
            self._free -= 1
            return True
        if self.is_full:
            return False
        turn = anyio.Event()
        self._waiting.append(turn)
        try:
            with anyio.move_on_after(self._seconds):
                await turn.wait()
        except BaseException:
            if turn.is_set():
                self.leave()
            raise
        finally:
            if not turn.is_set():
                self._waiting.remove(turn)
        return turn.is_set()

    def leave(self) -> None:
        """Give the place to whoever has waited longest, or back."""
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._free += 1

    def refusal(self, scope: Scope, part: str = "detail", headers: dict[str, str] | None = None) -> Response:
        """The answer to a request that is not taken. `part`: the text that says why."""
        retry = {"Retry-After": str(next(self._retry)), **(headers or {})}
        return problem_response(503, "overloaded", language_of_scope(scope), trace_id_of(scope), None, retry, part)


class EarlyShedding:
    """Refuses while the queue is full, before a token is checked or a body is read: that costs the least."""

    def __init__(self, app: ASGIApp, queue: RequestQueue) -> None:
        self.app = app
        self.queue = queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        refused = scope["type"] == "http" and self.queue.is_full and is_queued(scope["path"])
        await (self.queue.refusal(scope) if refused else self.app)(scope, receive, send)


class QueuedRequests:
    """Lets a request whose token and body have been checked to its route when it is its turn.

    The place is free again when the answer begins: a client that reads slowly holds none.
    """

    def __init__(self, app: ASGIApp, queue: RequestQueue) -> None:
        self.app = app
        self.queue = queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, pass on, or refuse."""
        if scope["type"] != "http" or not is_queued(scope["path"]):
            await self.app(scope, receive, send)
            return
        if not await self.queue.enter():
            await self.queue.refusal(scope)(scope, receive, send)
            return
        inside = True

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                self.queue.leave()

        async def send_and_leave(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self.app(scope, receive, send_and_leave)
        finally:
            leave()


def is_queued(path: str) -> bool:
    """Whether requests for this path need one of the request threads."""
    return not path.startswith(HEALTH) and STREAMS.fullmatch(path) is None
