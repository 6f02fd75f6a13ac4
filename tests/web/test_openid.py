"""Signing in by OpenID Connect, against a provider on this machine: code, PKCE, nonce, and how it can go wrong."""

import json
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import certifi
import httpx
import pytest
from joserfc import jwt

from tests.api.issuing import Key, ec
from tests.service import sqlite_copy
from tests.web.visiting import ProductionService, Visitor, openid_access
from ungdom.settings import BadSettings

CLIENT, SECRET = "ungdom-pages", "hemmelig-nok"
CHANGES: dict[str, dict[str, Any]] = {
    "nonce of another sign-in": {"nonce": "other"},
    "made out to another client": {"aud": "other"},
    "of another issuer": {"iss": "https://other.test"},
    "expired": {"exp": 1},
    "without a role": {"role": "cook"},
    "of no konfliktråd": {"office": "nowhere"},
}


class Provider:
    """An OpenID provider: what it was asked to sign in, and the changes that it makes to its next token."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key: Key = ec("staff")
        self.asked: dict[str, str] = {}
        self.changed: dict[str, Any] = {}
        self.now = 0

    def configuration(self) -> dict[str, str]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
        }

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers: it checks client, code, address and PKCE."""
        client = b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        right = (f"{CLIENT}:{SECRET}", "authorization_code", "good", self.asked["code_challenge"])
        same = form.get("redirect_uri") == self.asked["redirect_uri"]
        if (client, form.get("grant_type"), form.get("code"), challenge) != right or not same:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "coordinator-oslo",
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": self.asked["nonce"],
            "role": "coordinator",
            "office": "oslo",
        }
        token = jwt.encode({"alg": "ES256", "kid": "staff"}, claims | self.changed, self.key)
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}


class ProviderServer(ThreadingHTTPServer):
    """The provider on a port of its own."""

    daemon_threads = True
    provider: Provider


class ProviderHandler(BaseHTTPRequestHandler):
    """Configuration and tokens."""

    server: ProviderServer

    def do_GET(self) -> None:
        self._say(200, self.server.provider.configuration())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._say(*self.server.provider.token(form, self.headers.get("Authorization", "")))

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library names it
        """Nothing."""


@contextmanager
def providing() -> Iterator[Provider]:
    with ProviderServer(("127.0.0.1", 0), ProviderHandler) as server:
        server.provider = Provider(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.provider
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as running:
        yield running


@pytest.fixture(scope="module")
def production(
    provider: Provider, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProductionService]:
    folder = tmp_path_factory.mktemp("openid")
    settings = {
        "access_file": openid_access(folder, provider.issuer, provider.key),
        "login_issuer": provider.issuer,
        "login_client_id": CLIENT,
        "login_client_secret": SECRET,
    }
    with ProductionService(sqlite_copy(sqlite_template, folder), folder, **settings) as service:
        yield service


def started(provider: Provider, visitor: Visitor) -> dict[str, str]:
    """The way to the provider: what it was asked."""
    provider.changed, provider.now = {}, int(visitor.service.clock().timestamp())
    address = urlsplit(visitor.get("/sign-in/start?next=/today%3Flate%3Dyes").headers["location"])
    assert address.path == "/authorize"
    provider.asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    return provider.asked


def test_a_person_signs_in_and_comes_back_to_the_page(provider: Provider, production: ProductionService) -> None:
    visitor = Visitor(production)
    assert 'href="/sign-in/start?next=/"' in visitor.get("/sign-in").text
    asked = started(provider, visitor)
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
    assert asked["redirect_uri"] == "https://ungdom.test/sign-in/return"
    assert list(visitor.cookies) == ["__Host-ungdom-sign-in"]

    back = visitor.get(f"/sign-in/return?code=good&state={asked['state']}", **{"Sec-Fetch-Site": "cross-site"})

    assert back.status_code == 200
    assert 'content="0; url=/today?late=yes"' in back.text
    cookie = next(line for line in back.headers.get_list("set-cookie") if line.startswith("__Host-ungdom="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "path=/", "samesite=strict", "secure"
    }  # fmt: skip
    assert list(visitor.cookies) == ["__Host-ungdom"]
    assert visitor.get("/today").status_code == 200
    assert "coordinator-oslo" in visitor.get("/today").text


def test_signing_in_again_ends_the_session_that_the_browser_had(
    provider: Provider, production: ProductionService
) -> None:
    visitor, ways = Visitor(production), []
    for _ in range(2):
        asked = started(provider, visitor)
        attempt = {name: value for name, value in visitor.cookies.items() if name.endswith("-sign-in")}
        returning = Visitor(production, attempt)  # from another site, without the cookie of the session
        back = returning.get(f"/sign-in/return?code=good&state={asked['state']}", **{"Sec-Fetch-Site": "cross-site"})
        assert back.status_code == 200
        visitor.cookies = dict(returning.cookies)
        ways.append(dict(returning.cookies))

    assert [Visitor(production, cookies).get("/today").status_code for cookies in ways] == [303, 200]


@pytest.mark.parametrize("what", CHANGES)
def test_a_token_that_does_not_hold_signs_nobody_in(
    provider: Provider, production: ProductionService, what: str
) -> None:
    visitor = Visitor(production)
    asked = started(provider, visitor)
    provider.changed = CHANGES[what]
    assert visitor.get(f"/sign-in/return?code=good&state={asked['state']}").status_code == 403
    assert visitor.get("/today").status_code == 303


def test_a_return_that_belongs_to_no_sign_in_is_refused(provider: Provider, production: ProductionService) -> None:
    visitor = Visitor(production)
    asked = started(provider, visitor)
    for query in (f"code=good&state={asked['state']}x", f"code=bad&state={asked['state']}", ""):
        assert visitor.get(f"/sign-in/return?{query}").status_code == 403
    assert Visitor(production).get(f"/sign-in/return?code=good&state={asked['state']}").status_code == 403
    production.clock.instant = production.clock.instant.replace(minute=production.clock.instant.minute + 11)
    assert visitor.get(f"/sign-in/return?code=good&state={asked['state']}").status_code == 403


def test_the_configuration_of_another_issuer_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, sqlite_template: Path, tmp_path: Path
) -> None:
    with providing() as impostor:
        whole = impostor.configuration()
        monkeypatch.setattr(impostor, "configuration", lambda: whole | {"issuer": "https://other.test"})
        settings = {
            "access_file": openid_access(tmp_path, impostor.issuer, impostor.key),
            "login_issuer": impostor.issuer,
            "login_client_id": CLIENT,
        }
        with ProductionService(sqlite_copy(sqlite_template, tmp_path), tmp_path, **settings) as service:
            assert Visitor(service).get("/sign-in/start").status_code == 403


def test_a_person_has_the_scopes_of_the_role_where_tokens_of_the_interface_carry_them(
    provider: Provider, sqlite_template: Path, tmp_path: Path
) -> None:
    access = openid_access(tmp_path, provider.issuer, provider.key)
    access.write_text(access.read_text().replace('scopes_from = "role"', 'scopes_from = "token"'))
    settings = {
        "access_file": access,
        "login_issuer": provider.issuer,
        "login_client_id": CLIENT,
        "login_client_secret": SECRET,
    }
    with ProductionService(sqlite_copy(sqlite_template, tmp_path), tmp_path, **settings) as service:
        visitor = Visitor(service)
        asked = started(provider, visitor)
        assert visitor.get(f"/sign-in/return?code=good&state={asked['state']}").status_code == 200
        assert visitor.get("/today").status_code == 200


def test_the_issuer_is_reached_by_the_proxy_and_certificates_of_the_access_file(
    monkeypatch: pytest.MonkeyPatch, sqlite_template: Path, tmp_path: Path
) -> None:
    issuer, proxy, authority = "https://login.example.no", "http://proxy.test:3128", certifi.where()
    access = openid_access(tmp_path, issuer)
    reach = f'jwks_uri = "{issuer}/keys"\nca_file = "{authority}"\nproxy = "{proxy}"'
    access.write_text(access.read_text().replace('jwks_file = "keys.json"', reach))
    sent: list[dict[str, Any]] = []

    def get(_: str, **options: Any) -> httpx.Response:
        sent.append(options)
        document = {"issuer": issuer, "authorization_endpoint": f"{issuer}/a", "token_endpoint": f"{issuer}/t"}
        return httpx.Response(200, json=document, request=httpx.Request("GET", issuer))

    def post(_: str, **options: Any) -> httpx.Response:
        sent.append(options)
        raise httpx.ConnectError("no way")

    monkeypatch.setattr("ungdom.web.oidc.httpx.get", get)
    monkeypatch.setattr("ungdom.web.oidc.httpx.post", post)
    settings = {"access_file": access, "login_issuer": issuer, "login_client_id": CLIENT}
    with ProductionService(sqlite_copy(sqlite_template, tmp_path), tmp_path, **settings) as service:
        visitor = Visitor(service)
        [state] = parse_qs(urlsplit(visitor.get("/sign-in/start").headers["location"]).query)["state"]
        assert visitor.get(f"/sign-in/return?code=good&state={state}").status_code == 403
    assert [(options["proxy"], options["trust_env"]) for options in sent] == [(proxy, False)] * 2
    assert all(options["verify"].cert_store_stats()["x509_ca"] > 1 for options in sent)


def test_an_issuer_that_the_access_file_does_not_name_stops_the_start(sqlite_template: Path, tmp_path: Path) -> None:
    access = openid_access(tmp_path, "https://login.example.no", ec("staff"))
    with pytest.raises(BadSettings, match="UNGDOM_LOGIN_ISSUER"):
        ProductionService(
            sqlite_copy(sqlite_template, tmp_path),
            tmp_path,
            access_file=access,
            login_issuer="https://other.test",
            login_client_id=CLIENT,
        )
