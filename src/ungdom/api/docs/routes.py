"""The pages `/docs` and `/docs/try` and `/openapi.json`: no page of a service for justice loads from elsewhere.

`/docs` lists every operation as plain HTML, which a browser shows at once and without JavaScript; `/docs/try` is
Swagger UI, which takes seconds to draw them all and so opens at one of them.

The document takes seconds of processor time and tens of megabytes to make. It is made once, for the first request that
needs it, compressed once, and served with its ETag. Most worker processes are never asked for it. `prepare` makes it
beside the start of a server whose first visitor reads it; whoever asks before it is ready waits for it.
"""

import gzip
import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from ungdom.api.docs import html

STATIC = Path(__file__).parent / "static"
_NOWHERE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY = f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; {_NOWHERE}"
"""What the list of operations needs: its own style sheet, script and icon."""
TRY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    f"connect-src 'self'; {_NOWHERE}"
)
"""Swagger UI sets styles inline and draws icons from `data:`; everything else is from this server."""
CACHING = {"Cache-Control": "no-cache"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class DocumentBytes:
    """The OpenAPI document as it is sent: as JSON, the same compressed, its entity tag; and the page that lists it."""

    plain: bytes
    compressed: bytes
    digest: str
    page: str


class Document:
    """The OpenAPI document of one application, made at the first use."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._lock = app, Lock()
        self._bytes: DocumentBytes | None = None

    def read(self) -> DocumentBytes:
        """The document. Callers wait while it is being made."""
        with self._lock:
            if self._bytes is None:
                # FastAPI silences this one with `catch_warnings`, which threads that run at once take from each other.
                warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
                document = self._app.openapi()
                plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
                digest = hashlib.sha256(plain).hexdigest()[:32]
                self._bytes = DocumentBytes(plain, gzip.compress(plain, mtime=0), digest, html.page(document))
            return self._bytes


@router.get("/docs")
def docs_page(request: Request) -> HTMLResponse:
    """Every operation, and the first calls for the address that the page was asked under."""
    document: DocumentBytes = request.app.state.openapi_document.read()
    base = str(request.base_url).rstrip("/")
    headers = {"Content-Security-Policy": POLICY, **CACHING}
    return HTMLResponse(html.with_address(document.page, base), headers=headers)


@router.get("/docs/try")
def try_page() -> HTMLResponse:
    """Swagger UI. `#/tag/operation id` opens it at that operation."""
    return HTMLResponse(html.TRY_PAGE, headers={"Content-Security-Policy": TRY_POLICY, **CACHING})


@router.get("/openapi.json")
def openapi_document(request: Request) -> Response:
    """The OpenAPI document, compressed for whoever takes gzip; 304 when the client has it."""
    document: DocumentBytes = request.app.state.openapi_document.read()
    compressed = takes_gzip(request.headers.get("Accept-Encoding", ""))
    tag = f'"{document.digest}-gzip"' if compressed else f'"{document.digest}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if tag in {known.strip().removeprefix("W/") for known in request.headers.get("If-None-Match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    body = document.compressed if compressed else document.plain
    return Response(body, headers=headers, media_type="application/json")


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the client takes gzip: named, or by `*`, with a quality above 0 (RFC 9110 § 12.5.3)."""
    codings = {}
    for part in accept_encoding.lower().split(","):
        name, _, quality = part.replace(" ", "").partition(";q=")
        codings[name] = quality not in ("0", "0.0", "0.00", "0.000")
    return codings.get("gzip", codings.get("*", False))


def prepare(app: FastAPI) -> None:
    """Begin to make the document, beside whatever else the process does."""
    Thread(target=app.state.openapi_document.read, name="openapi document", daemon=True).start()


def install(app: FastAPI) -> None:
    """Serve the pages, the document, and what the pages need."""
    app.state.openapi_document = Document(app)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
