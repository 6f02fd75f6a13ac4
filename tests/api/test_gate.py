"""How the gate takes bodies: JSON it reads itself, batches it lets through unread, official messages as JSON or JWS."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tests import pg
from tests.service import Clock, settings_of
from ungdom.api.http.auth import compose
from ungdom.api.http.middleware import BODY_POLICIES, LARGE_BODY, AccessMiddleware, BodyLimits, Refusal
from ungdom.api.http.tokens import Issuer
from ungdom.settings import Settings
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

LIMITS = BodyLimits(body=LARGE_BODY * 2, exchange=LARGE_BODY * 4)
BATCH, MESSAGES, CASES = "/v1/decisions/batch", "/v1/esas/messages", "/v1/cases"
NDJSON, JSON, JOSE = "application/x-ndjson", "application/json", "application/jose"


class Asked:
    """The application behind the gate: it notes what reaches it, and reads the body when told to."""

    def __init__(self, reads: bool = True) -> None:
        self.reads = reads
        self.state: dict[str, Any] = {}
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.state = scope["state"]
        self.body = b""
        more = self.reads
        while more:
            message = await receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Sender:
    """A client: its parts are handed out one by one; `handed` tells how many were asked for."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts, self.handed, self.answers = parts, 0, list[Message]()

    async def receive(self) -> Message:
        part = self.parts[self.handed] if self.handed < len(self.parts) else b""
        self.handed += 1
        return {"type": "http.request", "body": part, "more_body": self.handed < len(self.parts)}

    async def send(self, message: Message) -> None:
        self.answers.append(message)

    @property
    def status(self) -> int:
        return int(self.answers[0]["status"])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(pg.sqlite_url(tmp_path), tmp_path)


async def nobody_is_refused(_scope: Scope) -> Response | None:
    return None


async def everybody_is_refused(_scope: Scope) -> Response | None:
    return Response(status_code=403)


def sent(
    settings: Settings,
    path: str,
    kind: str | None,
    *parts: bytes,
    reads: bool = True,
    method: str = "POST",
    refusal: Refusal = nobody_is_refused,
    coding: tuple[bytes, ...] = (),
) -> tuple[Sender, Asked]:
    clock = Clock()
    viewer = Viewer(Role.PROSECUTION, "p", None)
    token = Issuer(settings).issue(viewer, clock(), timedelta(hours=1))
    headers = [(b"authorization", f"Bearer {token}".encode())]
    headers += [(b"content-type", kind.encode())] if kind else []
    headers += [(b"content-encoding", one) for one in coding]
    sender, asked = Sender(list(parts)), Asked(reads)
    gate = AccessMiddleware(asked, compose.verifier(settings), lambda: clock, LIMITS, refusal)
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b""}
    anyio.run(gate, scope, sender.receive, sender.send)
    return sender, asked


def test_a_batch_is_not_read_by_the_gate_and_has_no_end(settings: Settings) -> None:
    many = [b"x" * LARGE_BODY] * 20
    sender, asked = sent(settings, BATCH, NDJSON, *many)
    assert (sender.status, len(asked.body or b"")) == (200, 20 * LARGE_BODY)
    assert "body_hash" not in asked.state
    assert "body" not in asked.state
    sender, asked = sent(settings, BATCH, NDJSON, *many, reads=False)
    assert (sender.status, sender.handed) == (200, 0)


@pytest.mark.parametrize(
    "kind", [JSON, "text/plain", None, "application/x-ndjson; charset=utf-16", "application/ndjson"]
)
def test_a_batch_of_another_kind_is_refused_unread(settings: Settings, kind: str | None) -> None:
    sender, asked = sent(settings, BATCH, kind, b"{}", b"{}")
    assert (sender.status, sender.handed, asked.body) == (415, 0, None)
    assert NDJSON in sender.answers[1]["body"].decode()


def test_a_batch_may_name_its_characters(settings: Settings) -> None:
    assert sent(settings, BATCH, "Application/X-NDJSON; charset=UTF-8", b"{}")[0].status == 200


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        (MESSAGES, JSON, b'{"a": 1}', 200),
        (MESSAGES, JSON, b'{"a": 1, "a": 2}', 400),
        (MESSAGES, JSON, b"eyJ.eyJ.abc", 400),
        (MESSAGES, JOSE, b"eyJ.eyJ.abc", 200),
        (MESSAGES, JOSE, b'{"a": 1, "a": 2}', 200),
        (MESSAGES, NDJSON, b"{}", 415),
        (MESSAGES, None, b"{}", 415),
        (CASES, JSON, b"{}", 200),
        (CASES, JOSE, b"eyJ.eyJ.abc", 415),
        (CASES, NDJSON, b"{}", 415),
        (f"{BATCH}/", NDJSON, b"{}", 415),
        (f"{MESSAGES}/1", JOSE, b"a.b.c", 415),
        (CASES, None, b"", 200),
        (MESSAGES, None, b"", 200),
    ],
)
def test_each_place_takes_its_kinds(settings: Settings, path: str, kind: str | None, body: bytes, status: int) -> None:
    sender, asked = sent(settings, path, kind, body)
    assert sender.status == status
    assert asked.body == (body if status == 200 else None)


@pytest.mark.parametrize(("path", "limit"), [(CASES, LIMITS.body), (MESSAGES, LIMITS.exchange)])
def test_each_place_takes_bodies_up_to_its_limit(settings: Settings, path: str, limit: int) -> None:
    def of(size: int) -> list[bytes]:
        whole = b'"' + b"x" * (size - 2) + b'"'
        return [whole[:LARGE_BODY], whole[LARGE_BODY:]]

    sender, asked = sent(settings, path, JSON, *of(limit))
    assert (sender.status, len(asked.state["body"])) == (200, limit)
    assert len(asked.state["body_hash"]) == 32
    sender, asked = sent(settings, path, JSON, *of(limit + 1))
    assert (sender.status, asked.body) == (413, None)
    assert str(limit) in sender.answers[1]["body"].decode()


def test_a_large_body_is_looked_at_as_closely_as_a_small_one(settings: Settings) -> None:
    twice = b'{"a": 1, "b": "' + b"x" * LARGE_BODY + b'", "a": 2}'
    assert sent(settings, CASES, JSON, twice)[0].status == 400


def test_a_body_that_nobody_asked_for_is_left_alone(settings: Settings) -> None:
    for path in (*BODY_POLICIES, CASES):
        sender, _ = sent(settings, path, "text/plain", b"x" * 10, method="GET", reads=False)
        assert (sender.status, sender.handed) == (200, 0)


def test_what_is_no_request_passes(settings: Settings) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    gate = AccessMiddleware(app, compose.verifier(settings), Clock, LIMITS, nobody_is_refused)
    anyio.run(gate, {"type": "lifespan"}, Sender([]).receive, Sender([]).send)
    assert seen == ["lifespan"]


# --- what is refused before the body is read ----------------------------------------------------------------


@pytest.mark.parametrize("path", [CASES, BATCH, MESSAGES])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_of_a_request_without_the_right_no_byte_of_the_body_is_read(settings: Settings, path: str, method: str) -> None:
    sender, asked = sent(settings, path, JSON, b"x" * 10, b"y", method=method, refusal=everybody_is_refused)
    assert (sender.status, sender.handed, asked.body) == (403, 0, None)


@pytest.mark.parametrize("path", [CASES, BATCH, MESSAGES])
@pytest.mark.parametrize(
    "coding", [(b"gzip",), (b"br",), (b"GZIP",), (b"identity, gzip",), (b"identity", b"zstd"), (b"x-own",)]
)
def test_a_compressed_body_is_415_unread_and_the_answer_says_what_is_taken(
    settings: Settings, path: str, coding: tuple[bytes, ...]
) -> None:
    sender, asked = sent(
        settings, path, BODY_POLICIES[path].kinds[0] if path in BODY_POLICIES else JSON, b"{}", coding=coding
    )
    assert (sender.status, sender.handed, asked.body) == (415, 0, None)
    assert (b"accept-encoding", b"identity") in sender.answers[0]["headers"]
    assert b"unsupported_content_encoding" in sender.answers[1]["body"]


@pytest.mark.parametrize("coding", [(b"identity",), (b"Identity",), (b"",), (b"identity, identity",)])
def test_a_body_that_is_called_plain_is_taken(settings: Settings, coding: tuple[bytes, ...]) -> None:
    assert sent(settings, CASES, JSON, b"{}", coding=coding)[1].body == b"{}"
