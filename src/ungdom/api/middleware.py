"""Before a route is asked: who is it, is the body of a size and kind we read. Plain ASGI, no base class."""

import hashlib
import uuid
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom.api.problems import problem_response
from ungdom.api.tokens import BadToken, Principal, Verifier
from ungdom.clock import Clock

OPEN_PATHS = ("/health/", "/docs", "/openapi.json", "/static/", "/v1/problems/")
"""Answered without a token: health, the documentation, and what a problem type means."""

UNAUTHENTICATED = 401


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
        elif body and not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            await _refuse(scope, receive, send, 415, "unsupported_media_type", accepted="application/json")
        else:
            scope["state"]["body_hash"] = hashlib.sha256(body).digest()
            await self.app(scope, _again(body, receive), send)


def is_open(path: str) -> bool:
    """Whether a path is answered without a token."""
    return path == "/" or path.startswith(OPEN_PATHS)


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
    response = problem_response(status, code, language, scope["state"]["trace_id"], None, None, **values)
    if status == UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="ungdom"'
    await response(scope, receive, send)
