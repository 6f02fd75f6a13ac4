"""Middleware of a sandbox: the faults that are ordered, and identity numbers of real people are refused. Plain ASGI."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error

from anyio import sleep
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom import texts
from ungdom.api.http.limits import language_of_scope, trace_id_of
from ungdom.api.http.problems import problem_response
from ungdom.message.national_id import check_national_id
from ungdom.sandbox.faults import OrderedFault
from ungdom.sandbox.state import Sandbox
from ungdom.texts.places import field_problem

INTERFACE = "/v1/"
RETRY_AFTER = {"Retry-After": "1"}
_ELEVEN_DIGITS = re.compile(rb"(?<!\d)(\d{6})(?:[ :+-]|%20)?(\d{5})(?!\d)")

_ESCAPED_DIGIT = re.compile(rb"(?:\\u003|%3)(\d)")
"""A digit as JSON and forms may write it."""


class OrderedFaults:
    """Lets the faults happen that are ordered, to requests to the interface; refuses all after a reset."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self.app = app
        self.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the fault that is next."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        fault = await self._fault(scope["path"])
        if fault is OrderedFault.UNAVAILABLE:
            language, trace_id = language_of_scope(scope), trace_id_of(scope)
            refusal = problem_response(503, "overloaded", language, trace_id, headers=RETRY_AFTER)
            await refusal(scope, receive, send)
            return
        if fault is OrderedFault.DUPLICATE:
            body = await _whole_body(scope, receive)
            if body is None:
                return
            await self.app({**scope, "state": dict(scope.get("state", {}))}, _replayed(body, receive), _discarded)
            receive = _replayed(body, receive)
        await self.app(scope, receive, send)

    async def _fault(self, path: str) -> OrderedFault | None:
        """What happens to a request for this path, after the delay that is ordered; None for nothing."""
        if self.sandbox.is_ending:
            return OrderedFault.UNAVAILABLE
        if not path.startswith(INTERFACE):
            return None
        await sleep(self.sandbox.faults.delay_seconds)
        return self.sandbox.faults.next_fault()


class SyntheticPeopleOnly:
    """Refuses a request whose body has an identity number that may be a real one: a sandbox is no place for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse; nothing of a refused body is stored or logged."""
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        body = await _whole_body(scope, receive)
        if body is None:
            return
        if not has_real_number(body):
            await self.app(scope, _replayed(body, receive), send)
            return
        language = texts.negotiate(language_of_scope(scope))
        extra = {"errors": [field_problem(language, "", "real_identity_number")]}
        refusal = problem_response(422, "invalid_input", language, trace_id_of(scope), extra)
        await refusal(scope, receive, send)


def has_real_number(body: bytes) -> bool:
    """Whether there are eleven digits in the body, or in the content of a JWS, that may be a real identity number."""
    return any(
        check_national_id(f"{match[1].decode()}{match[2].decode()}").may_be_real
        for content in (body, _content_of_jws(body))
        for match in _ELEVEN_DIGITS.finditer(_ESCAPED_DIGIT.sub(rb"\1", content))
    )


def _content_of_jws(body: bytes) -> bytes:
    """The signed content, if the body is a compact JWS; otherwise nothing."""
    parts = body.strip().split(b".")
    if len(parts) != 3:  # noqa: PLR2004  # header, content, signature
        return b""
    try:
        return urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4))
    except Base64Error:
        return b""


async def _whole_body(scope: Scope, receive: Receive) -> bytes | None:
    """The body; None if the client went away before it was whole."""
    try:
        return await Request(scope, receive).body()
    except ClientDisconnect:
        return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the whole body in one part, and then what still comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return left.pop() if left else await receive()

    return receive_again


async def _discarded(_message: Message) -> None:
    """The answer to a request that is carried out a second time."""
