"""The application in the thread of the test: no hand-over between threads, which takes as long as a short answer.

A route that is a plain function runs in the event loop itself, in a copy of the context as in a thread of its own. What
needs threads has them: whoever calls from another thread or inside a running loop, pages and exercises that hand work
back to the loop, streams; and the tests with a server, which is a process.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

import anyio.from_thread
import anyio.to_thread
import fastapi.dependencies.utils
import fastapi.routing
from anyio.to_thread import run_sync
from starlette.concurrency import run_in_threadpool

P = ParamSpec("P")
T = TypeVar("T")

WITH_A_LOOP_BESIDE = ("ungdom.web.", "ungdom.api.sandbox.", "ungdom.api.extracts.")
"""Where a plain function may call the event loop from its thread."""

SECONDS_WAITED = 20


class LoopOfTheTest(asyncio.SelectorEventLoop):
    """An event loop that runs in the thread of the test, one request at a time."""


def runs_here(function: Callable[..., object]) -> bool:
    """Whether the loop is the test's own and this plain function needs none beside it."""
    module = str(getattr(function, "__module__", ""))
    return isinstance(asyncio.get_running_loop(), LoopOfTheTest) and not module.startswith(WITH_A_LOOP_BESIDE)


async def run_route(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As `run_in_threadpool`, in the loop itself where that is possible."""
    called: Any = kwargs.get("function", function)
    if runs_here(called):
        return copy_context().run(partial(function, *args, **kwargs))
    return await run_in_threadpool(function, *args, **kwargs)


async def run_of_middleware(function: Callable[..., T], *args: Any, **limits: Any) -> T:
    """As `to_thread.run_sync`, the same."""
    if not limits and runs_here(function) and function.__module__.startswith("ungdom."):
        return copy_context().run(function, *args)
    return await run_sync(function, *args, **limits)


for module in (fastapi.routing, fastapi.dependencies.utils):
    module.run_in_threadpool = run_route  # type: ignore[attr-defined]
vars(anyio.to_thread)["run_sync"] = run_of_middleware


class Portal:
    """Runs coroutines for tests: in the thread that opened it, until a second one calls; then in a loop beside both."""

    def __init__(self) -> None:
        self._owner = threading.get_ident()
        self._own = LoopOfTheTest()
        self._lock = threading.RLock()
        self._opening: Any = None
        self._beside: anyio.from_thread.BlockingPortal | None = None

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function gives, or raises; a coroutine is awaited."""
        if self._is_alone():
            with self._lock:  # never in both loops at once: what waits in one is not woken from the other
                if self._beside is None:
                    return self._own.run_until_complete(_awaited(function, *args))
        return self.beside().call(function, *args)

    def beside(self) -> anyio.from_thread.BlockingPortal:
        """The loop in a thread of its own, from now on that of every call.

        A test whose second thread calls while its own call runs asks for it first: the second would wait for the first.
        """
        if not self._lock.acquire(timeout=SECONDS_WAITED):
            raise RuntimeError("a call of another thread is still running: call `portal.beside()` before it")
        try:
            if self._beside is None:
                self._opening = anyio.from_thread.start_blocking_portal()
                self._beside = self._opening.__enter__()
        finally:
            self._lock.release()
        return self._beside

    def close(self) -> None:
        if self._opening is not None:
            self._opening.__exit__(None, None, None)
        self._own.close()

    def _is_alone(self) -> bool:
        return threading.get_ident() == self._owner and asyncio._get_running_loop() is None


async def _awaited(function: Callable[..., Any], *args: Any) -> Any:
    result = function(*args)
    return await result if isinstance(result, Coroutine) else result
