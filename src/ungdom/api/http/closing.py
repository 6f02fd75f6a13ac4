"""What the server answers without the application: problems of the connection itself, and that it is too busy."""

import uuid
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom.api.http.headers import NO_STORE, RawHeaders, completed
from ungdom.api.http.limits import language_of_scope
from ungdom.api.http.problems import problem_response
from ungdom.api.http.shedding import HEALTH

RETRY_SECONDS = "2"
CLOSE = (b"connection", b"close")


def raw_problem(status: int, code: str, part: str, headers: RawHeaders, language: str | None) -> bytes:
    """A problem as it goes over the wire. The connection ends.

    `language`: the header Accept-Language, if it had arrived; None: in bokmål.
    """
    retry = {"Retry-After": RETRY_SECONDS} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    response = problem_response(status, code, language, uuid.uuid4().hex, None, retry, part)
    fields = completed([*response.raw_headers, CLOSE], headers)
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()), *(b"%s: %s" % field for field in fields)]
    return b"\r\n".join([*lines, b"", bytes(response.body)])


class BusyServer:
    """What is answered on a connection above the limit: health as ever, everything else 503. The connection ends."""

    def __init__(self, app: ASGIApp, headers: RawHeaders) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and close."""
        app: ASGIApp = self.app
        if not scope["path"].startswith(HEALTH):
            language, retry = language_of_scope(scope), {"Retry-After": RETRY_SECONDS}
            app = problem_response(503, "overloaded", language, uuid.uuid4().hex, None, retry, "connections")

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = completed([*message["headers"], CLOSE], (*self.headers, NO_STORE))
            await send(message)

        await app(scope, receive, send_last)
