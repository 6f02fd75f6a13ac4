"""The page `/docs` and `/openapi.json`, served from here: no page of a service for justice loads from elsewhere.

The document takes seconds of processor time to make. It is made once, compressed once, and served with its ETag;
`prepare` begins it beside the start of the server, and whoever asks before it is ready waits for it.
"""

import gzip
import hashlib
import html
import json
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from ungdom.api import first_calls

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI sets styles inline and draws icons from `data:`; everything else is from this server."""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ungdom: the interface</title>
<link rel="icon" href="/static/favicon.svg">
<link rel="stylesheet" href="/static/swagger-ui.css">
<link rel="stylesheet" href="/static/docs.css">
<link rel="preload" href="/openapi.json" as="fetch" crossorigin>
<script src="/static/swagger-ui-bundle.js" defer></script>
<script src="/static/docs.js" defer></script>
</head>
<body>
<header class="first-calls">
<h1>ungdom: the interface</h1>
<details>
<summary>Try these five calls (in the demonstration, <code>make run</code>)</summary>
<pre>{calls}</pre>
</details>
</header>
<main id="swagger-ui"></main>
</body>
</html>
"""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class DocumentBytes:
    """The OpenAPI document as it is sent: as JSON, the same compressed, and its entity tag."""

    plain: bytes
    compressed: bytes
    etag: str


class Document:
    """The OpenAPI document of one application, made at the first use."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._lock = app, Lock()
        self._bytes: DocumentBytes | None = None

    def read(self) -> DocumentBytes:
        """The document; whoever comes while it is being made waits."""
        with self._lock:
            if self._bytes is None:
                plain = json.dumps(self._app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
                etag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
                self._bytes = DocumentBytes(plain, gzip.compress(plain, mtime=0), etag)
            return self._bytes


@router.get("/docs")
def docs_page(request: Request) -> HTMLResponse:
    """The interactive documentation, with the first calls for the address it was asked under."""
    calls = html.escape(first_calls.as_text(str(request.base_url).rstrip("/")), quote=False)
    return HTMLResponse(PAGE.format(calls=calls), headers={"Content-Security-Policy": POLICY})


@router.get("/openapi.json")
def openapi_document(request: Request) -> Response:
    """The OpenAPI document, compressed for whoever takes gzip; 304 when the client has it."""
    document: DocumentBytes = request.app.state.openapi_document.read()
    headers = {"ETag": document.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if document.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(document.compressed, headers=headers, media_type="application/json")
    return Response(document.plain, headers=headers, media_type="application/json")


def prepare(app: FastAPI) -> None:
    """Begin to make the document, beside whatever else the process does."""
    Thread(target=app.state.openapi_document.read, name="openapi document", daemon=True).start()


def install(app: FastAPI) -> None:
    """Serve the page, the document, and what the page needs."""
    app.state.openapi_document = Document(app)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
