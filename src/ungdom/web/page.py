"""What every page shares: its address, its policy, and how it is drawn for the request."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from ungdom import texts
from ungdom.api.http.responses import AccessNote, ApiResponse
from ungdom.texts import Language
from ungdom.web.places import first_place, places_of
from ungdom.web.sessions import Browser
from ungdom.web.templating import render
from ungdom.workflow.redaction import Knowledge

_PARTS = (
    "today|my-cases|delays|search|reassign|office|country|administration|survey|rules|cases|sign-in|sign-out|language|"
    "sandbox"
)
_ADDRESS = re.compile(rf"/|/(?:{_PARTS})(?:/.*)?")
OPEN = re.compile(r"/|/(?:sign-in|language|survey|sandbox)(?:/.*)?")
"""The pages for which nobody has to be signed in."""
FIRST_PAGES = re.compile(r"/|/sign-in|/survey/.+|/sandbox(?:/exercises(?:/.+)?)?")
"""Those of them that a browser shows, the others are forms and ways through."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a browser may load for a page: from this service alone. Icons in the style sheet are `data:` images."""

FRAGMENT = "x-fragment"
"""The header by which a script asks for one block of a page."""
MOST_FIELDS = 2_000


def is_page(scope: Scope) -> bool:
    """Whether the request is for a page: by its address; of the root, by what the client takes."""
    path: str = scope["path"]
    if path != "/":
        return _ADDRESS.fullmatch(path) is not None
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def is_safe_target(target: str, signed_in: bool = True) -> bool:
    """Whether a browser may be sent there: a page of this service, by its path.

    `signed_in`: after signing in. Otherwise the pages before that may be gone to as well.
    """
    path = target.partition("?")[0]
    is_own = path != "/" and _ADDRESS.fullmatch(path) is not None and OPEN.fullmatch(path) is None
    is_first = not signed_in and FIRST_PAGES.fullmatch(path) is not None
    is_path = target.isprintable() and "\\" not in target and not target.startswith("//")
    return is_path and (is_own or is_first)


def browser_of(request: Request) -> Browser | None:
    """Who has signed in; None for nobody."""
    browser: Browser | None = getattr(request.state, "browser", None)
    return browser


def language_of(request: Request) -> Language:
    """The language of the request; `PageAnswers` has put that of the cookie in its header."""
    return texts.negotiate(request.headers.get("accept-language"))


def sent_fields(request: Request) -> list[tuple[str, str]]:
    """The fields that a form has sent, in their order. Raises `RequestValidationError` for a body that is no form."""
    body: bytes = getattr(request.state, "body", b"")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise RequestValidationError([{"type": "form_unreadable", "loc": ("body",)}]) from None


def answer(
    request: Request, template: str, values: Mapping[str, Any], status: int = 200, block: str | None = None
) -> Response:
    """The page for this request, or one block of it."""
    browser = browser_of(request)
    role = browser.session.role if browser else None
    names = request.app.state.staff_names.of(browser.principal.viewer) if browser else {}
    shared = {
        "who": lambda subject: names.get(subject, subject),
        "places": places_of(role) if role else [],
        "first": first_place(role) if role else None,
        "path": request.url.path,
        "query_string": request.url.query,
        "person": browser.session if browser else None,
        "form_key": browser.new_form_key() if browser else "",
        "in_sandbox": getattr(request.app.state, "sandbox", None) is not None,
    }
    html = render(language_of(request), template, {**shared, **values}, block)
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def with_access(response: ApiResponse, knowledge: Knowledge) -> ApiResponse:
    """The answer about a case, with what its reader may learn of it, for the access log."""
    return replace(response, access=AccessNote(knowledge=knowledge))


def data_of(response: Response) -> dict[str, Any]:
    """The body of an answer of the interface, as a template reads it."""
    data: dict[str, Any] = json.loads(bytes(response.body))
    return data
