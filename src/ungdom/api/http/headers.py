"""The security headers of every answer, success and refusal alike (OWASP ASVS 5.0 V3.4).

They are added around everything, also around the handler of unforeseen errors. An answer that has one of them already
keeps its own: the pages of the documentation have a policy of their own, and files may be cached.
"""

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RawHeaders = tuple[tuple[bytes, bytes], ...]

POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""What a browser may load for an answer of the interface: nothing."""
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
"""Two years, by RFC 6797: only where people reach the service by https."""
NO_STORE = (b"cache-control", b"no-store")

HEADERS: RawHeaders = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What every answer has."""

CACHED = "/static/"
"""The style sheets and scripts of the documentation, which hold no data: a browser may keep them."""


def headers_for(public_url: str) -> RawHeaders:
    """The headers of every answer of a service that is reached at this address."""
    return (*HEADERS, HSTS) if public_url.startswith("https://") else HEADERS


def install(app: FastAPI, headers: RawHeaders) -> None:
    """Add these headers to every answer of the application, also to those of its outermost error handler."""
    plain = app.build_middleware_stack

    def build_middleware_stack() -> ASGIApp:
        return SecurityHeaders(plain(), headers)

    app.build_middleware_stack = build_middleware_stack  # type: ignore[method-assign]  # no hook is around the outermost


class SecurityHeaders:
    """Adds the headers that an answer lacks."""

    def __init__(self, app: ASGIApp, headers: RawHeaders) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and complete the head of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = self.headers if scope["path"].startswith(CACHED) else (*self.headers, NO_STORE)

        async def send_complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = completed(message.get("headers", ()), wanted)
            await send(message)

        await self.app(scope, receive, send_complete)


def completed(sent: Any, wanted: RawHeaders) -> list[tuple[bytes, bytes]]:
    """The headers that are sent, and those of the wanted ones that are not among them."""
    names = {name.lower() for name, _ in sent}
    return [*sent, *(header for header in wanted if header[0] not in names)]
