"""Middleware of the pages: who has signed in, forms of other sites, and problems drawn as pages. Plain ASGI."""

import gzip
import json
from datetime import datetime
from urllib.parse import quote

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom import texts
from ungdom.api.http.authorisation import SAFE_METHODS
from ungdom.api.http.handlers import response_for
from ungdom.api.http.middleware import PAGE
from ungdom.api.http.origins import is_same_origin
from ungdom.api.http.problems import PROBLEM
from ungdom.store.errors import StoreError
from ungdom.web.page import OPEN, answer, is_page
from ungdom.web.sessions import LANGUAGE_COOKIE, Browser, Sessions, cookies_of

SMALL = 1_000
"""Bytes of a page below which compression gains nothing."""
LEVEL = 5


class PageSessions:
    """Finds out who has signed in, and sends whoever has not to sign in. Refuses forms that another site has sent."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with `browser` in the state of the request, or answer."""
        if scope["type"] != "http" or not is_page(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            refused = await self._refusal(request)
        except StoreError as error:
            refused = await response_for(request, error)
        await (refused or self.app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not go on; None for any other."""
        state = request.scope.setdefault("state", {})
        state[PAGE] = state["browser"] = None
        safe = request.method in SAFE_METHODS
        if not safe and not is_same_origin(request):
            return answer(request, "refused.html", {"code": "other_site"}, 403)
        secret = cookies_of(request.scope).get(self.sessions.cookie)
        now: datetime = request.app.state.clock()
        browser = await to_thread.run_sync(self._find, secret, now) if secret else None
        if browser is not None:
            state["browser"], state[PAGE] = browser, browser.principal
        if browser is not None or OPEN.fullmatch(request.url.path):
            return None
        return self._sign_in(request, safe)

    def _find(self, secret: str, now: datetime) -> Browser | None:
        return self.sessions.find(secret, now)

    def _sign_in(self, request: Request, safe: bool) -> Response:
        """To the page for signing in and back, or a page that says that the session is over.

        A link on another site does not carry the cookie: the browser follows it once more from a page of ours.
        """
        if not safe:
            return answer(request, "refused.html", {"code": "signed_out"}, 401)
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.headers.get("sec-fetch-site") == "cross-site":
            return answer(request, "continue.html", {"target": target})
        sign_in = f"/sign-in?next={quote(target)}"
        if "hx-request" in request.headers:  # a script follows `Location` unseen, and would put the page into this one
            return Response(status_code=401, headers={"HX-Redirect": sign_in, "Cache-Control": "no-store"})
        return RedirectResponse(sign_in, 303)


class PageAnswers:
    """Draws every problem of a page as a page, in the language of the browser; and compresses pages.

    What comes back is held until it is whole, except a stream of events, which is passed on as it comes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer."""
        if scope["type"] != "http" or not is_page(scope):
            await self.app(scope, receive, send)
            return
        scope = {**scope, "headers": _in_language(scope), "state": scope.get("state", {})}
        held = _HeldAnswer(send)
        try:
            await self.app(scope, receive, held.send)
        finally:  # an error that nobody foresaw is answered, and raised as well
            if held.is_answered:
                response = await _as_page(Request(scope), held.response())
                await _compressed(response, scope)(scope, receive, send)


class _HeldAnswer:
    """An answer that is not sent yet. `pass_on`: takes a stream of events, part by part."""

    def __init__(self, pass_on: Send) -> None:
        self.is_answered = False
        self._pass_on, self._is_stream = pass_on, False
        self._status, self._body = 500, b""
        self._headers: list[tuple[bytes, bytes]] = []

    async def send(self, message: Message) -> None:
        """Keep this part."""
        if message["type"] == "http.response.start":
            kind = dict(message.get("headers", ())).get(b"content-type", b"")
            self._is_stream = kind.startswith(b"text/event-stream")
        if self._is_stream:
            await self._pass_on(message)
        elif message["type"] == "http.response.start":
            self._status, self._headers, self.is_answered = message["status"], list(message.get("headers", ())), True
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")

    def response(self) -> Response:
        """The whole answer."""
        response = Response(self._body, self._status)
        response.raw_headers = self._headers
        return response


def _in_language(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers, with the language of the cookie in place of those that the browser prefers."""
    chosen = cookies_of(scope).get(LANGUAGE_COOKIE, "")
    if chosen not in texts.languages():
        return list(scope["headers"])
    others = [header for header in scope["headers"] if header[0] != b"accept-language"]
    return [*others, (b"accept-language", chosen.encode())]


async def _as_page(request: Request, response: Response) -> Response:
    """The answer; a problem as a page with the same status and headers. One to HEAD has no body that could be drawn.

    Drawn in a thread: a page reads the names of the staff from the database.
    """
    headers = MutableHeaders(raw=response.raw_headers)
    if not response.body or not headers.get("content-type", "").startswith(PROBLEM):
        return response
    values = {"problem": json.loads(bytes(response.body))}
    page = await to_thread.run_sync(answer, request, "problem.html", values, response.status_code)
    passed_on = [(name, value) for name, value in response.raw_headers if not name.startswith(b"content-")]
    page.raw_headers = [*page.raw_headers, *(header for header in passed_on if header[0] != b"cache-control")]
    return page


def _compressed(response: Response, scope: Scope) -> Response:
    headers = MutableHeaders(raw=response.raw_headers)
    accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
    if len(response.body) < SMALL or b"gzip" not in accepted or "content-encoding" in headers:
        return response
    response.body = gzip.compress(bytes(response.body), LEVEL, mtime=0)
    headers["content-encoding"], headers["content-length"] = "gzip", str(len(response.body))
    headers.add_vary_header("Accept-Encoding")
    response.raw_headers = headers.raw
    return response
