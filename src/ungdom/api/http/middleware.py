"""Middleware before the routes: authentication, access rules, size and media type of the body. Plain ASGI."""

import hashlib
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anyio import to_thread
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom import texts
from ungdom.api.http.auth.principal import (
    AccessError,
    BadToken,
    KeysUnavailable,
    NotLetIn,
    NoToken,
    Principal,
)
from ungdom.api.http.auth.verify import Verifier
from ungdom.api.http.problems import problem_response
from ungdom.clock import Clock
from ungdom.message.sound import MAX_DEPTH, json_fault
from ungdom.observability.logger import EventLogger
from ungdom.texts.places import field_problem

log = EventLogger("ungdom.access")

OPEN_PATHS = (
    *("/health/", "/docs", "/openapi.json", "/static/", "/v1/problems/", "/sign-in", "/language", "/survey/"),
    *("/sandbox", "/control/"),
)
"""Answered without a token: health, the documentation, what a problem type means, and the way in to the pages.

The last two are the page and the interface of a sandbox, and have no route anywhere else.
"""

CALENDAR = re.compile(r"/v1/calendar/[A-Za-z0-9_-]{43}\.ics")
"""Answered without a token too: calendar programs cannot send one, the secret in the address stands in for it."""

SURVEY = re.compile(r"/v1/surveys/[^/]+")
"""Answered without a token of ours: whoever is asked has none, the token in the address stands in for it."""

CHALLENGE = 'Bearer realm="ungdom"'
INVALID = f'{CHALLENGE}, error="invalid_token"'
LEVEL_TOO_LOW = f'{CHALLENGE}, error="insufficient_user_authentication"'
"""By RFC 9470: signing in again, at a higher level, is what helps."""

LARGE_BODY = 64 * 1024
"""Bytes of JSON that are looked at in a thread, so that others are not held up."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes that a body may have, ordinarily and as an official message."""

    body: int
    exchange: int


@dataclass(frozen=True, slots=True)
class BodyPolicy:
    """Accepted media types of a request body, and whether the route reads it itself as a stream."""

    kinds: tuple[str, ...] = ("application/json",)
    streamed: bool = False
    exchange: bool = False

    @property
    def accepted(self) -> str:
        """The kinds, as an answer names them."""
        return ", ".join(self.kinds)


BODY_POLICIES: dict[str, BodyPolicy] = {
    "/v1/decisions/batch": BodyPolicy(("application/x-ndjson",), streamed=True),
    "/v1/esas/messages": BodyPolicy(("application/json", "application/jose"), exchange=True),
}
"""Where a body is taken in another way than elsewhere."""

JSON_BODY_POLICY = BodyPolicy()
FORM_BODY_POLICY = BodyPolicy(("application/x-www-form-urlencoded",))
"""What the form of a page sends."""

PAGE = "page"
"""In the state of a request for a page: who has signed in to the pages; None for nobody."""

IDENTITY_CODING = "identity"
"""The one content coding that is taken (RFC 9110 § 8.4.1, § 12.5.3)."""

Refusal = Callable[[Scope], Awaitable[Response | None]]
"""Response to a request whose token may not use the route, made before the body is read; None if it may."""


class AccessMiddleware:
    """Lets a request in when its token holds and may use the route, and its body is JSON of a bearable size.

    In that order; otherwise it answers at once, and reads no more of the body than it has to.
    """

    def __init__(
        self,
        app: ASGIApp,
        verifier: Verifier,
        clock: Callable[[], Clock],
        limits: BodyLimits,
        refusal: Refusal,
    ) -> None:
        self.app = app
        self.refusal = refusal
        self.verifier = verifier
        self.clock = clock
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, remember in `scope["state"]`, pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        state = scope.setdefault("state", {})
        state.setdefault("trace_id", uuid.uuid4().hex)
        state["principal"] = None
        try:
            if not is_open(scope["path"]):
                state["principal"] = state.get(PAGE) or await self._principal(scope, self.clock()())
        except AccessError as error:
            await _refuse_token(scope, receive, send, error)
            return
        refused = await self.refusal(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._check_body(scope, receive, send)

    async def _principal(self, scope: Scope, now: datetime) -> Principal:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        kind, _, token = (given or [""])[0].partition(" ")
        if len(given) > 1:
            raise BadToken("two Authorization headers")
        if kind.lower() != "bearer":
            raise NoToken
        return await self.verifier.check(token.strip(), now)

    async def _check_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            scope["state"]["body_hash"] = hashlib.sha256().digest()
            await self.app(scope, receive, send)
            return
        if not _is_uncompressed(scope):
            headers = {"Accept-Encoding": IDENTITY_CODING}
            await _refuse(scope, receive, send, 415, "unsupported_content_encoding", headers)
            return
        plain = FORM_BODY_POLICY if PAGE in scope["state"] else JSON_BODY_POLICY
        policy, kind = BODY_POLICIES.get(scope["path"], plain), _media_type(dict(scope["headers"]))
        if not policy.streamed:
            await self._check_whole_body(scope, receive, send, policy, kind)
        elif kind in policy.kinds:
            await self.app(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 415, "unsupported_media_type", accepted=policy.accepted)

    async def _check_whole_body(
        self, scope: Scope, receive: Receive, send: Send, policy: BodyPolicy, kind: str
    ) -> None:
        limit = self.limits.exchange if policy.exchange else self.limits.body
        try:
            body = await _read_body(receive, limit)
        except ClientDisconnect:  # part of a request is none, also where the part could be read (RFC 9112 § 8)
            return
        if body is None:
            await _refuse(scope, receive, send, 413, "body_too_large", limit=limit)
        elif body and kind not in policy.kinds:
            await _refuse(scope, receive, send, 415, "unsupported_media_type", accepted=policy.accepted)
        elif body and kind == "application/json" and (fault := await _find_json_fault(body)):
            await _refuse_malformed(scope, receive, send, fault)
        else:
            scope["state"]["body_hash"] = hashlib.sha256(body).digest()
            scope["state"]["body"] = body
            await self.app(scope, _replay_body(body, receive), send)


def is_open(path: str) -> bool:
    """Whether a path is answered without a token."""
    return path == "/" or path.startswith(OPEN_PATHS) or any(x.fullmatch(path) for x in (CALENDAR, SURVEY))


def _is_uncompressed(scope: Scope) -> bool:
    """Whether the body comes as it is: a compressed one could be small on the way and of any size here."""
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-encoding"]
    codings = [coding.strip().lower() for value in named for coding in value.split(",")]
    return all(coding in ("", IDENTITY_CODING) for coding in codings)


def _without_body(send: Send) -> Send:
    """The answer to HEAD: that to GET with its headers and no body (RFC 9110 § 9.3.2)."""

    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


async def _find_json_fault(body: bytes) -> str | None:
    return json_fault(body) if len(body) < LARGE_BODY else await to_thread.run_sync(json_fault, body)


def _media_type(headers: dict[bytes, bytes]) -> str:
    """The media type, without a charset where that is UTF-8; empty for any other parameter."""
    kind, _, more = headers.get(b"content-type", b"").decode("latin-1").lower().partition(";")
    charset = more.replace(" ", "").replace('"', "")
    return kind.strip() if charset in ("", "charset=utf-8") else ""


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """The whole body; None if it is larger than the limit. Raises `ClientDisconnect` if it does not arrive whole."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > limit:
            return None
    return b"".join(parts)


def _replay_body(body: bytes, then: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return first.pop() if first else await then()

    return receive


async def _refuse_token(scope: Scope, receive: Receive, send: Send, error: AccessError) -> None:
    """Every invalid token gets the same response; the reason is logged only."""
    if not isinstance(error, NoToken):
        log.warning("token.refused", reason=error.reason, about=str(error.about) or None)
    if isinstance(error, KeysUnavailable):
        await _refuse(scope, receive, send, 503, "unavailable", {"Retry-After": str(error.retry_after)})
    elif isinstance(error, NotLetIn):
        challenge = {"WWW-Authenticate": LEVEL_TOO_LOW} if error.code == "login_level_too_low" else None
        await _refuse(scope, receive, send, 403, error.code, challenge)
    else:
        wanted = CHALLENGE if isinstance(error, NoToken) else INVALID
        await _refuse(scope, receive, send, 401, "unauthenticated", {"WWW-Authenticate": wanted})


async def _refuse_malformed(scope: Scope, receive: Receive, send: Send, fault: str) -> None:
    problem = field_problem(_language(scope), "", fault, values={"limit": MAX_DEPTH})
    response = _refusal(scope, 400, "malformed_json", None, {"errors": [problem]}, fault=str(problem["detail"]))
    await response(scope, receive, send)


async def _refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    code: str,
    headers: dict[str, str] | None = None,
    **values: str | int,
) -> None:
    response = _refusal(scope, status, code, headers, None, **values)
    await response(scope, receive, send)


def _refusal(
    scope: Scope,
    status: int,
    code: str,
    headers: dict[str, str] | None,
    extra: dict[str, Any] | None,
    **values: str | int,
) -> Response:
    return problem_response(
        status, code, _language(scope), scope["state"]["trace_id"], extra, headers, "detail", **values
    )


def _language(scope: Scope) -> texts.Language:
    return texts.negotiate(dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1"))
