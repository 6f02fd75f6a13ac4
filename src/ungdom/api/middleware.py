"""Before a route is asked: who is it, is the body of a size and kind we read. Plain ASGI, no base class."""

import hashlib
import json
import math
import uuid
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom import texts
from ungdom.api.problems import field_problem, problem_response
from ungdom.api.tokens import BadToken, Principal, Verifier
from ungdom.clock import Clock

OPEN_PATHS = ("/health/", "/docs", "/openapi.json", "/static/", "/v1/problems/")
"""Answered without a token: health, the documentation, and what a problem type means."""

UNAUTHENTICATED = 401

DEEPEST = 32
"""Objects and lists inside each other: a body nested deeper is not read."""


class Gate:
    """Lets a request in when its token holds and its body is JSON of a bearable size; otherwise answers at once."""

    def __init__(self, app: ASGIApp, verifier: Verifier, clock: Callable[[], Clock], body_limit: int) -> None:
        self.app = app
        self.verifier = verifier
        self.clock = clock
        self.body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, remember in `scope["state"]`, pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        state = scope.setdefault("state", {})
        state["trace_id"] = uuid.uuid4().hex
        principal = self._principal(headers)
        if principal is None and not is_open(scope["path"]):
            await _refuse(scope, receive, send, UNAUTHENTICATED, "unauthenticated")
            return
        state["principal"] = principal
        await self._with_body(scope, receive, send, headers)

    def _principal(self, headers: dict[bytes, bytes]) -> Principal | None:
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        try:
            return self.verifier.check(token.strip(), self.clock()())
        except BadToken:
            return None

    async def _with_body(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        body = await _read(receive, self.body_limit)
        if body is None:
            await _refuse(scope, receive, send, 413, "body_too_large", limit=self.body_limit)
        elif body and not _is_json(headers):
            await _refuse(scope, receive, send, 415, "unsupported_media_type", accepted="application/json")
        elif body and not is_sound_json(body):
            await _refuse(scope, receive, send, 400, "malformed_json")
        else:
            scope["state"]["body_hash"] = hashlib.sha256(body).digest()
            scope["state"]["body"] = body
            await self.app(scope, _again(body, receive), send)


def is_open(path: str) -> bool:
    """Whether a path is answered without a token."""
    return path == "/" or path.startswith(OPEN_PATHS)


def is_sound_json(body: bytes) -> bool:
    """Whether every reader takes the body for the same JSON (RFC 7493): UTF-8, no name twice, no NaN, whole characters.

    Python's own reader takes UTF-16, lets the last of two equal names win, and knows NaN and halves of characters.
    """
    try:
        _sound(json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant), DEEPEST)
    except (ValueError, RecursionError):
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _sound(value: object, left: int) -> None:
    if left < 0:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for inner in value:
            _sound(inner, left - 1)
    elif isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot be: UnicodeEncodeError is a ValueError
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is no number")


def _is_json(headers: dict[bytes, bytes]) -> bool:
    kind, _, more = headers.get(b"content-type", b"").decode("latin-1").lower().partition(";")
    charset = more.replace(" ", "").replace('"', "")
    return kind.strip() == "application/json" and charset in ("", "charset=utf-8")


async def _read(receive: Receive, limit: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > limit:
            return None
    return b"".join(parts)


def _again(body: bytes, then: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return first.pop() if first else await then()

    return receive


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str, **values: str | int) -> None:
    headers = dict(scope["headers"])
    language = headers.get(b"accept-language", b"").decode("latin-1")
    extra = {"errors": [field_problem(texts.pick(language), "", "json_invalid")]} if code == "malformed_json" else None
    response = problem_response(status, code, language, scope["state"]["trace_id"], extra, None, **values)
    if status == UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="ungdom"'
    await response(scope, receive, send)
