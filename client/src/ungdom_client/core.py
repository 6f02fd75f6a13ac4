"""One request from its parts to its answer, with tokens, versions, keys and retries; run by httpx, waiting or not.

What has to be done is written once, as a generator that yields requests to send and seconds to wait, and gets the
answers. `Client` and `AsyncClient` run it.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, Protocol, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx

from ungdom_client.problems import NotReached, problem_of

T = TypeVar("T")

Answer = httpx.Response | httpx.TransportError | None


@dataclass
class Alone:
    """A flow of which a client runs one at a time. `result`: what it has returned."""

    flow: Generator[httpx.Request | float | Alone, Answer, str] = field(repr=False)
    result: str = field(default="", init=False, repr=False)


Flow = Generator[httpx.Request | float | Alone, Answer, T]
"""Yields requests to send, seconds to wait and flows to run alone; gets the answer of a request, or why it has none."""

REPEATED_STATUSES = frozenset({429, 502, 503, 504})
"""Nothing was stored, or it can be sent again without harm: a write has its key."""
UNAUTHENTICATED = 401
OK, REDIRECT = 200, 300
SAFE = ("GET", "PUT", "DELETE")


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One operation of the service, and what it answers with. `if_match`: it needs a version. `key`: it takes one."""

    id: str
    method: str
    path: str
    kind: Literal["json", "text", "bytes", "none"]
    media: str = "application/json"
    if_match: bool = False
    key: bool = False


@dataclass(frozen=True)
class Retries:
    """How often a request is sent, and how long is waited between two attempts.

    The wait is drawn between half and all of `first` seconds, doubled with each attempt up to `longest`. It is never
    shorter than `Retry-After` says; where that is longer than `patience`, the problem is raised at once.
    """

    attempts: int = 5
    first: float = 0.5
    longest: float = 30.0
    patience: float = 300.0

    def wait(self, attempt: int, asked_for: float | None) -> float:
        """Seconds before the attempt after this one, of which the first is 1."""
        usual = min(self.first * 2.0 ** (attempt - 1), self.longest)
        drawn = usual * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it
        return drawn if asked_for is None else asked_for + drawn


class Authentication(Protocol):
    """Where tokens come from."""

    def token(self, renew: bool) -> Flow[str]:
        """A token that holds; with `renew` a new one, because the service has refused the last."""
        ...


@dataclass
class Core:
    """What both clients share: where the service is, who asks, and the versions that were seen last."""

    base_url: str
    authentication: Authentication | None = field(default=None, repr=False)
    language: Literal["nb", "nn", "en"] = "nb"
    retries: Retries = field(default_factory=Retries)
    timeout: float = 30.0
    etags: dict[str, str] = field(default_factory=dict)

    def run(
        self,
        operation: Operation[T],
        places: Mapping[str, Any],
        query: Mapping[str, Any],
        body: Any = None,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Flow[T]:
        """The answer of an operation. Raises `Problem` and `NotReached`."""
        path = _path(operation.path, places)
        headers: dict[str, str] = {"Accept-Language": self.language}
        if operation.key:
            headers["Idempotency-Key"] = key or str(uuid4())
        if operation.if_match:
            headers["If-Match"] = if_match or (yield from self._version(path))
        content = _content(body, operation.media, headers)
        repeatable = operation.method in SAFE or operation.key or operation.media == "application/x-ndjson"
        response = yield from self._send(operation.method, path, _query(query), headers, content, repeatable)
        if not {"valid_at", "known_at"} & {name for name, value in query.items() if value is not None}:
            self._remember(path, response)
        result: T = _read(operation, response)
        return result

    def raw(self, path: str) -> Flow[httpx.Response]:
        """The answer to a GET of this path below the address of the service. Raises `Problem` and `NotReached`."""
        return (yield from self._send("GET", path, [], {"Accept-Language": self.language}, None, True))

    def _send(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        headers: dict[str, str],
        content: bytes | None,
        repeatable: bool,
    ) -> Flow[httpx.Response]:
        token, refused, attempt = "", "", 0
        while True:
            attempt += 1
            sent = dict(headers)
            if self.authentication is not None:
                turn = Alone(_other_than(refused, self.authentication))
                yield turn
                token = turn.result
                sent["Authorization"] = f"Bearer {token}"
            url = httpx.URL(self.base_url + path, params=query or None)
            request = httpx.Request(method, url, headers=sent, content=content, extensions=self._extensions())
            answer = yield request
            if isinstance(answer, httpx.Response) and OK <= answer.status_code < REDIRECT:
                return answer
            if _refuses_token(answer) and self.authentication is not None and not refused:
                refused, attempt = token, attempt - 1
                continue
            yield self._pause(answer, attempt, repeatable)

    def _extensions(self) -> dict[str, Any]:
        return {"timeout": httpx.Timeout(self.timeout).as_dict()}

    def _pause(self, answer: Answer, attempt: int, repeatable: bool) -> float:
        """Seconds to wait before the next attempt. Raises what has happened where there is to be none."""
        if isinstance(answer, httpx.Response):
            problem = problem_of(answer)
            asked_for = retry_after(answer)
            again = answer.status_code in REPEATED_STATUSES and (repeatable or answer.status_code in (429, 503))
            if not again or attempt >= self.retries.attempts or (asked_for or 0) > self.retries.patience:
                raise problem
            return self.retries.wait(attempt, asked_for)
        if attempt >= self.retries.attempts or not (repeatable or isinstance(answer, httpx.ConnectError)):
            raise NotReached(f"{self.base_url} did not answer: {type(answer).__name__}") from answer
        return self.retries.wait(attempt, None)

    def _version(self, path: str) -> Flow[str]:
        """The version that this client has seen last of what the path belongs to; read now if it has seen none."""
        owner = _owner(path)
        if owner not in self.etags:
            response = yield from self._send("GET", owner, [], {"Accept-Language": self.language}, None, True)
            self._remember(owner, response)
        return self.etags[owner]

    def _remember(self, path: str, response: httpx.Response) -> None:
        location = response.headers.get("Location", "")
        if etag := response.headers.get("ETag"):
            self.etags[_owner(location if location.startswith("/v1/") else path)] = etag


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks to wait, from a number or a date; None where it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    try:
        wait: timedelta = parsedate_to_datetime(value) - datetime.now(UTC)
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())


def _other_than(refused: str, authentication: Authentication) -> Flow[str]:
    """A token that holds. It is not renewed where another call has already replaced the one that was refused."""
    token = yield from authentication.token(False)
    return token if token != refused else (yield from authentication.token(True))


def _refuses_token(answer: Answer) -> bool:
    return isinstance(answer, httpx.Response) and answer.status_code == UNAUTHENTICATED


def _owner(path: str) -> str:
    """The path of the case, person or member of staff that a path belongs to: its first three parts."""
    return "/".join(path.split("/")[:4])


def _path(template: str, places: Mapping[str, Any]) -> str:
    return re.sub(r"{(\w+)}", lambda place: quote(str(places[place[1]]), safe=""), template)


def _query(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        several = value if isinstance(value, list | tuple) else [] if value is None else [value]
        pairs += [(name, _text(one)) for one in several]
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _content(body: Any, media: str, headers: dict[str, str]) -> bytes | None:
    """The body as bytes, and its type in the headers. A text beside JSON is a signed message (JOSE)."""
    if body is None:
        return None
    headers["Content-Type"] = "application/jose" if isinstance(body, str) else media
    if isinstance(body, bytes | str):
        return body.encode() if isinstance(body, str) else body
    return json.dumps(body, ensure_ascii=False, default=_as_json).encode()


def _as_json(value: Any) -> str:
    if isinstance(value, date | UUID):
        return _text(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def _read(operation: Operation[Any], response: httpx.Response) -> Any:
    if operation.kind == "none":
        return None
    is_json = "json" in response.headers.get("Content-Type", "").partition(";")[0]
    if operation.kind == "json" and is_json:
        return response.json() if response.content else None
    return response.content if operation.kind == "bytes" else response.text


# --- running ------------------------------------------------------------------------------------------------------


def run(flow: Flow[T], send: Callable[[httpx.Request], httpx.Response], lock: AbstractContextManager[Any]) -> T:
    """The result of a flow, waiting for each answer. `lock`: held while a flow is run alone."""
    answer: Answer = None
    while True:
        try:
            step = flow.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # StopIteration carries any value
        if isinstance(step, httpx.Request):
            try:
                answer = send(step)
            except httpx.TransportError as error:
                answer = error
        elif isinstance(step, Alone):
            with lock:
                step.result = run(step.flow, send, lock)
            answer = None
        else:
            time.sleep(step)
            answer = None


class Calls(Protocol):
    """What a resource needs of its client."""

    def call(
        self,
        operation: Operation[T],
        places: Mapping[str, Any],
        query: Mapping[str, Any],
        body: Any = None,
        if_match: str | None = None,
        key: str | None = None,
    ) -> T: ...

    def each(self, operation: Operation[Any], places: Mapping[str, Any], query: Mapping[str, Any]) -> Iterator[Any]: ...


class AsyncCalls(Protocol):
    """The same for asyncio."""

    async def call(
        self,
        operation: Operation[T],
        places: Mapping[str, Any],
        query: Mapping[str, Any],
        body: Any = None,
        if_match: str | None = None,
        key: str | None = None,
    ) -> T: ...

    def each(
        self, operation: Operation[Any], places: Mapping[str, Any], query: Mapping[str, Any]
    ) -> AsyncIterator[Any]: ...


class Resource:
    """Operations on one kind of thing."""

    def __init__(self, client: Calls) -> None:
        self._client = client


class AsyncResource:
    """The same for asyncio."""

    def __init__(self, client: AsyncCalls) -> None:
        self._client = client
