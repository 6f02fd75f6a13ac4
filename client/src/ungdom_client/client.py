"""The two clients: `Client` waits for each answer, `AsyncClient` is for asyncio. Both have every resource."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx

from ungdom_client import batch, following, resources
from ungdom_client.core import Alone, Answer, Authentication, Core, Flow, Operation, Retries, run
from ungdom_client.tokens import Token

T = TypeVar("T")


class Client(resources.Resources):
    """The service at `base_url`, asked by whoever `token` is for.

    `token`: a text, or something of `ungdom_client.tokens` that gets one when it is needed. `language`: of texts in
    answers. `transport`: of httpx, for tests and proxies. Close it, or use it in a `with` statement.
    """

    def __init__(
        self,
        base_url: str,
        token: str | Authentication | None = None,
        *,
        language: Literal["nb", "nn", "en"] = "nb",
        retries: Retries | None = None,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(self)
        self._core = _core(base_url, token, language, retries, timeout)
        self._http = httpx.Client(transport=transport)
        self._alone = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        operation: Operation[T],
        places: Mapping[str, Any],
        query: Mapping[str, Any],
        body: Any = None,
        if_match: str | None = None,
        key: str | None = None,
    ) -> T:
        """The answer of an operation: what every method of a resource does."""
        return self._run(self._core.run(operation, places, query, body, if_match, key))

    def each(self, operation: Operation[Any], places: Mapping[str, Any], query: Mapping[str, Any]) -> Iterator[Any]:
        """Every item of a list, a page at a time."""
        cursor = None
        while True:
            page = self.call(operation, places, {**query, "cursor": cursor})
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def save(self, path: str, file: Path) -> int:
        """Write the answer to a GET of this path to a file: an extract, an archive. Its size in bytes."""
        return file.write_bytes(self._run(self._core.raw(path)).content)

    @cached_property
    def decisions(self) -> batch.Decisions:
        """Decisions, and many of them at once."""
        return batch.Decisions(self)

    @cached_property
    def feed(self) -> following.Feed:
        """The change feed, which can be followed."""
        return following.Feed(self)

    def _run(self, flow: Flow[T]) -> T:
        return run(flow, self._http.send, self._alone)


class AsyncClient(resources.AsyncResources):
    """As `Client`, for asyncio."""

    def __init__(
        self,
        base_url: str,
        token: str | Authentication | None = None,
        *,
        language: Literal["nb", "nn", "en"] = "nb",
        retries: Retries | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(self)
        self._core = _core(base_url, token, language, retries, timeout)
        self._http = httpx.AsyncClient(transport=transport)
        self._alone = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self,
        operation: Operation[T],
        places: Mapping[str, Any],
        query: Mapping[str, Any],
        body: Any = None,
        if_match: str | None = None,
        key: str | None = None,
    ) -> T:
        """The answer of an operation: what every method of a resource does."""
        return await self._run(self._core.run(operation, places, query, body, if_match, key))

    async def each(
        self, operation: Operation[Any], places: Mapping[str, Any], query: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        """Every item of a list, a page at a time."""
        cursor = None
        while True:
            page = await self.call(operation, places, {**query, "cursor": cursor})
            for item in page["items"]:
                yield item
            cursor = page["next"]
            if cursor is None:
                return

    async def save(self, path: str, file: Path) -> int:
        """Write the answer to a GET of this path to a file: an extract, an archive. Its size in bytes."""
        response = await self._run(self._core.raw(path))
        return file.write_bytes(response.content)

    @cached_property
    def decisions(self) -> batch.AsyncDecisions:
        """Decisions, and many of them at once."""
        return batch.AsyncDecisions(self)

    @cached_property
    def feed(self) -> following.AsyncFeed:
        """The change feed, which can be followed."""
        return following.AsyncFeed(self)

    async def _run(self, flow: Flow[T]) -> T:
        answer: Answer = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # StopIteration carries any value
            if isinstance(step, httpx.Request):
                try:
                    answer = await self._http.send(step)
                except httpx.TransportError as error:
                    answer = error
            elif isinstance(step, Alone):
                async with self._alone:
                    step.result = await self._run(step.flow)
                answer = None
            else:
                await asyncio.sleep(step)
                answer = None


def _core(
    base_url: str,
    token: str | Authentication | None,
    language: Literal["nb", "nn", "en"],
    retries: Retries | None,
    timeout: float,
) -> Core:
    return Core(
        base_url.rstrip("/").removesuffix("/v1"),
        Token(token) if isinstance(token, str) else token,
        language,
        retries or Retries(),
        timeout,
    )
