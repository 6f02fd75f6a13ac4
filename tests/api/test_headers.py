"""Every answer of every route has the security headers, success and refusal alike (OWASP ASVS 5.0 V3.4, V14.3)."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.build import HIDDEN, case_at
from tests.service import Service, sqlite_copy
from ungdom.api.docs.routes import STATIC
from ungdom.workflow.vocabulary import Role

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=63072000; includeSubDomains"
VIEWERS = ((Role.SECRETARIAT, None), (Role.COORDINATOR, "oslo"), (Role.ANALYST, None), (Role.ADMIN, None))
CACHED = ("/docs", "/docs/try", "/openapi.json")
"""What holds no data and may be kept by a browser."""


@pytest.fixture(scope="module")
def public(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that people reach by https."""
    folder = tmp_path_factory.mktemp("headers")
    url = sqlite_copy(sqlite_template, folder)
    with Service(url, folder, public_url="https://ungdom.example.no") as service:
        yield service


def hold(answer: httpx.Response, hsts: str | None = HSTS) -> None:
    """The headers are there, each once."""
    where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    for name, value in EVERYWHERE.items():
        assert answer.headers.get_list(name) == [value], f"{where}: {name}"
    assert answer.headers.get("Strict-Transport-Security") == hsts, where
    assert "geolocation=()" in answer.headers["Permissions-Policy"], where
    [policy] = answer.headers.get_list("Content-Security-Policy")
    assert policy.startswith("default-src 'none'"), where
    assert "frame-ancestors 'none'" in policy, where
    assert "Server" not in answer.headers, where
    if answer.request.url.path not in CACHED and not answer.request.url.path.startswith("/static/"):
        assert "no-store" in answer.headers["Cache-Control"], where


def test_every_route_has_the_headers_for_success_and_refusal(public: Service, figure: Callable[[str], None]) -> None:
    case = case_at(public.as_("coordinator", "oslo"), "executing")
    operations = [
        (method.upper(), path) for path, methods in public.app.openapi()["paths"].items() for method in methods
    ]
    clients = [None, *(public.as_(*viewer) for viewer in VIEWERS)]
    answers = []
    for method, template in operations:
        path = re.sub(r"\{(\w+)\}", lambda name: case if name[1] == "case_id" else HIDDEN, template)
        for client in clients:
            headers = {"Authorization": f"Bearer {client.token}"} if client else {}
            content = b"{}" if method != "GET" else None
            sent = {"headers": {"Content-Type": "application/json", **headers}, "content": content}
            answers.append(public.send(method, path, **sent))
    for answer in answers:
        hold(answer)
    successes = {(answer.request.method, answer.request.url.path) for answer in answers if answer.is_success}
    assert len(successes) > len(operations) // 4
    figure(f"headers: {len(answers)} answers of {len(operations)} operations, 0 without their headers")


def test_what_is_answered_around_the_routes_has_the_headers_too(
    public: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = {"Authorization": f"Bearer {public.token(Role.COORDINATOR, 'oslo')}"}
    public.app.state.clock = None  # every route fails in a way that nobody foresaw
    failed = public.send("GET", "/v1/cases", headers=token)
    monkeypatch.undo()
    public.app.state.clock = public.clock
    answers = {
        500: failed,
        401: public.send("GET", "/v1/cases", headers={"Authorization": "Bearer x"}),
        404: public.send("GET", "/v1/nothing", headers=token),
        405: public.send("DELETE", "/v1/cases", headers=token),
        413: public.send("POST", "/v1/cases", headers=token, content=b" " * 300_000),
        415: public.send("POST", "/v1/cases", headers=token, content=b"<a/>"),
        307: public.send("GET", "/"),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    for answer in (*answers.values(), public.send("HEAD", "/v1/cases", headers=token)):
        hold(answer)


def test_a_service_without_https_promises_none(shared: Service) -> None:
    hold(shared.send("GET", "/health/live"), None)


def test_the_pages_of_the_documentation_load_what_their_policy_allows_and_no_more(public: Service) -> None:
    page, attempt = public.send("GET", "/docs"), public.send("GET", "/docs/try")
    for answer in (page, attempt, *(public.send("GET", f"/static/{file.name}") for file in STATIC.iterdir())):
        assert answer.status_code == 200
        hold(answer)
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in attempt.headers["Content-Security-Policy"]
    for text in (page.text, attempt.text):
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', text)
        assert loaded
        assert [address for address in loaded if not address.startswith("/")] == []
        assert re.findall(r"<script(?![^>]*src=)|\son\w+=|javascript:", text) == []
    assert re.findall(r"\sstyle=|<style", page.text) == []


def test_the_page_for_trying_keeps_no_token(public: Service) -> None:
    script = public.send("GET", "/static/try.js").text
    assert "persistAuthorization: false" in script
    for file in ("try.js", "docs.js"):
        assert not re.search(r"localStorage|sessionStorage|document\.cookie", (STATIC / file).read_text())
    assert json.dumps("Set-Cookie") not in str(public.send("GET", "/docs/try").headers)
