"""T15 for the development issuer: it makes tokens for this installation alone, and only the ones it made hold."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests import pg
from tests.api.build import assert_problem, opened
from tests.service import Client, Service, settings_of
from ungdom.api.http.auth import compose
from ungdom.api.http.tokens import (
    AUDIENCE,
    DECISIONS,
    ISSUER,
    READ,
    SCOPES,
    STATUS,
    WRITE,
    Issuer,
    Principal,
)
from ungdom.app import create_app
from ungdom.settings import BadSettings
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

NOW = datetime(2026, 1, 5, 11, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "coordinator-oslo",
    "iat": SECONDS - 60,
    "exp": SECONDS + 600,
    "scope": f"{READ} {WRITE}",
    "role": "coordinator",
    "konfliktrad": "oslo",
}
GONE = object()


def claims(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (CLAIMS | changed).items() if value is not GONE}


def signed(service: Service, **changed: Any) -> str:
    """Signed by the issuer itself: only what it says is wrong."""
    return jwt.encode({"alg": "ES256", "kid": service.issuer.key.kid}, claims(**changed), service.issuer.key)


def by_hand(header: dict[str, Any], body: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(body).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def hs256(secret: bytes) -> str:
    """By hand: the library refuses to sign with a public key."""
    token = by_hand({"alg": "HS256", "typ": "JWT"}, CLAIMS).rstrip(".")
    signature = hmac.digest(secret, token.encode(), "sha256")
    return f"{token}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_key(service: Service, key: ECKey | RSAKey, algorithm: str, **header: Any) -> str:
    known = {"alg": algorithm, "kid": service.issuer.key.kid}
    return jwt.encode(known | header, CLAIMS, key, algorithms=[algorithm])


def own_key_in_the_header() -> str:
    key = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256", "jwk": key.as_dict(private=False)}, CLAIMS, key)


def cut(service: Service) -> str:
    return signed(service)[:-4]


def another_body(service: Service) -> str:
    head, _, signature = signed(service).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims(role="secretariat")).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Callable[[Service], str]] = {
    "words": lambda _: "let me in",
    "empty": lambda _: "",
    "two parts": lambda _: "abc.def",
    "dots": lambda _: "..",
    "letters beyond ASCII": lambda _: "æøå.æøå.æøå",
    "alg none": lambda _: by_hand({"alg": "none", "typ": "JWT"}, CLAIMS),
    "alg None": lambda _: by_hand({"alg": "None"}, CLAIMS, b"x"),
    "no alg": lambda _: by_hand({"typ": "JWT"}, CLAIMS, b"x"),
    "alg a list": lambda _: by_hand({"alg": ["ES256"]}, CLAIMS, b"x"),
    "not an object": lambda _: by_hand({"alg": "ES256"}, [1, 2], b"x" * 64),  # type: ignore[arg-type]
    "empty signature": lambda s: signed(s).rpartition(".")[0] + ".",
    "zero signature": lambda _: by_hand({"alg": "ES256"}, CLAIMS, bytes(64)),
    "HS256 with the public key as PEM": lambda s: hs256(s.issuer.key.as_pem(private=False)),
    "HS256 with the public key as DER": lambda s: hs256(s.issuer.key.as_der(private=False)),
    "HS256 with the public key as JWK": lambda s: hs256(json.dumps(s.issuer.key.as_dict(private=False)).encode()),
    "HS256 with the cursor key": lambda s: hs256(s.settings.cursor_key.encode()),
    "another key of the same kind": lambda s: with_key(s, ECKey.generate_key("P-256"), "ES256"),
    "an RSA key": lambda s: with_key(s, RSAKey.generate_key(2048), "RS256"),
    "its own key in the header": lambda _: own_key_in_the_header(),
    "cut": cut,
    "another body under the signature": another_body,
    "oversized": lambda s: signed(s, padding="x" * 8192),
    "unknown critical header": lambda s: by_hand(
        {"alg": "ES256", "kid": s.issuer.key.kid, "crit": ["x"], "x": 1}, CLAIMS, bytes(64)
    ),
}

SAYS_WRONG: dict[str, dict[str, Any]] = {
    "wrong issuer": {"iss": "urn:somebody:else"},
    "no issuer": {"iss": GONE},
    "wrong audience": {"aud": "another-service"},
    "wrong audiences": {"aud": ["a", "b"]},
    "no audience": {"aud": GONE},
    "expired": {"exp": SECONDS - 3600},
    "no expiry": {"exp": GONE},
    "expiry in words": {"exp": "tomorrow"},
    "not before tomorrow": {"nbf": SECONDS + 86_400},
    "issued tomorrow": {"iat": SECONDS + 86_400},
    "no subject": {"sub": GONE},
    "empty subject": {"sub": ""},
    "a subject that cannot be seen": {"sub": "coordinator\x00oslo"},
    "a subject without end": {"sub": "x" * 256},
    "not issued": {"iat": GONE},
    "unknown role": {"role": "king"},
    "no role": {"role": GONE},
    "two roles": {"role": ["coordinator", "leader"]},
    "the role of the system": {"role": "system"},
    "a coordinator of nowhere": {"konfliktrad": GONE},
    "a coordinator of no name": {"konfliktrad": ""},
    "a leader of nowhere": {"role": "leader", "konfliktrad": None},
    "a konfliktråd that is a number": {"konfliktrad": 3},
    "a source that cannot be seen": {"role": "prosecution", "source": "a\nb"},
    "a source that is none": {"role": "prosecution", "source": ""},
    "authorities of nobody": {"role": "prosecution", "authorities": ["king"]},
    "authorities of a party": {"role": "prosecution", "authorities": ["police", "party"]},
    "authorities an object": {"role": "prosecution", "authorities": {"police": True}},
}


def shape(service: Service, authorization: str | bytes) -> tuple[Any, ...]:
    answer = service.send("GET", "/v1/cases", headers={"Authorization": authorization})
    found = assert_problem(answer, 401, "unauthenticated")
    return answer.headers["WWW-Authenticate"], found | {"trace_id": ""}, sorted(answer.headers)


@pytest.fixture
def refused(shared: Service) -> tuple[Any, ...]:
    """How every token is answered that does not hold."""
    return shape(shared, "Bearer nonsense")


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_401_and_nobody_learns_why(
    shared: Service, refused: Any, forge: Callable[[Service], str]
) -> None:
    assert shape(shared, f"Bearer {forge(shared)}".encode()) == refused


@pytest.mark.parametrize("changed", SAYS_WRONG.values(), ids=SAYS_WRONG)
def test_a_token_that_says_the_wrong_thing_is_401_and_nobody_learns_why(
    shared: Service, refused: Any, changed: dict[str, Any]
) -> None:
    assert shape(shared, f"Bearer {signed(shared, **changed)}") == refused


@pytest.mark.parametrize("kind", ["{token}", "Basic {token}", "Token {token}", ""])
def test_a_good_token_said_the_wrong_way_is_401_like_no_token_at_all(shared: Service, kind: str) -> None:
    answer = shared.send("GET", "/v1/cases")
    assert_problem(answer, 401, "unauthenticated")
    nothing = ('Bearer realm="ungdom"', answer.json() | {"trace_id": ""}, sorted(answer.headers))
    assert shape(shared, kind.format(token=signed(shared))) == nothing


@pytest.mark.parametrize("kind", ["bearer", "Bearer Bearer {token}", "Bearer {token} {token}", "Bearer {token}, x"])
def test_a_good_token_with_something_beside_it_is_401(shared: Service, refused: Any, kind: str) -> None:
    assert shape(shared, kind.format(token=signed(shared))) == refused


@pytest.mark.parametrize(
    "changed",
    [{}, {"aud": ["other", AUDIENCE]}, {"exp": SECONDS + 600.5}, {"nbf": SECONDS}, {"extra": {"a": 1}}],
)
def test_a_token_that_holds_lets_in(shared: Service, changed: dict[str, Any]) -> None:
    answer = shared.send("GET", "/v1/cases", headers={"Authorization": f"bearer {signed(shared, **changed)}"})
    assert answer.status_code == 200


def test_a_token_that_was_good_stops_at_its_hour(one: Service) -> None:
    client = Client(one, signed(one, exp=SECONDS + 600))
    assert client.get("/v1/cases").status_code == 200
    one.clock.instant += timedelta(seconds=601)
    assert_problem(client.get("/v1/cases"), 401, "unauthenticated")


def test_a_token_of_another_installation_is_401(shared: Service, refused: Any, tmp_path: Path) -> None:
    settings = settings_of(pg.sqlite_url(tmp_path), tmp_path)
    viewer = Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo")
    foreign = Issuer(settings).issue(viewer, NOW, timedelta(hours=1))
    assert shape(shared, f"Bearer {foreign}") == refused


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready", "/docs", "/openapi.json", "/v1/problems/stale"])
def test_only_what_names_no_case_is_open_to_all(shared: Service, path: str) -> None:
    assert shared.send("GET", path).status_code in (200, 307)
    assert shared.send("GET", path, headers={"Authorization": "Bearer nonsense"}).status_code in (200, 307)


@pytest.mark.parametrize(
    "path",
    ["/v1/cases", "/v1/deadline-rules", "/v1/workflows/youth_sanction/R2", "/health", "/docs-of-mine/../v1/cases",
     "//v1/cases", "/V1/cases", "/v1/problems", "/nothing"],
)  # fmt: skip
def test_everything_else_needs_a_token(shared: Service, path: str) -> None:
    answer = shared.send("GET", path)
    assert answer.status_code in (401, 404), answer.text
    assert answer.status_code == 401 or path.startswith("/docs")


def test_a_token_without_the_scope_is_403_and_names_it(shared: Service) -> None:
    case = opened(shared.as_("coordinator", "oslo"))
    reader = Client(shared, signed(shared, scope=READ))
    writer = Client(shared, signed(shared, scope=WRITE))
    nobody = Client(shared, signed(shared, scope=GONE))
    assert reader.get(f"/v1/cases/{case}").status_code == 200
    for answer, scope in (
        (reader.post(f"/v1/cases/{case}/events", {"type": "suspect_set", "occurred_on": "2026-01-05"}, '"1"'), WRITE),
        (writer.get(f"/v1/cases/{case}"), READ),
        (nobody.get("/v1/cases"), READ),
    ):
        assert_problem(answer, 403, "insufficient_scope")
        assert scope in answer.headers["WWW-Authenticate"]


# --- the development issuer ---------------------------------------------------------------------------------


def test_the_development_issuer_refuses_to_exist_in_production(tmp_path: Path) -> None:
    access = tmp_path / "access.toml"
    access.touch()
    for env in ("production", "test"):
        settings = settings_of(pg.sqlite_url(tmp_path), tmp_path, env, access_file=access)
        with pytest.raises(BadSettings, match=f"UNGDOM_ENV is {env}"):
            Issuer(settings)
        with pytest.raises(BadSettings, match="issuer"):
            create_app(settings)
    assert list(tmp_path.iterdir()) == [access]


def test_the_development_issuer_makes_no_token_for_the_system_or_for_an_office_without_a_name(tmp_path: Path) -> None:
    issuer = Issuer(settings_of(pg.sqlite_url(tmp_path), tmp_path))
    for viewer in (Viewer(Role.SYSTEM, "system", None), Viewer(Role.LEADER, "leader", None)):
        with pytest.raises(BadSettings):
            issuer.issue(viewer, NOW, timedelta(hours=1))
    assert Role.SYSTEM not in SCOPES


PROSECUTION = Viewer(Role.PROSECUTION, "p-1", None)
SYSTEMS = (Actor.POLICE, Actor.PROSECUTION, Actor.COURT, Actor.CORRECTIONAL_SERVICE)


@pytest.mark.parametrize(
    ("source", "authorities", "known_as", "tells_of"),
    [
        (None, (), "development-p-1", SYSTEMS),
        ("straffesak", (), "straffesak", SYSTEMS),
        ("straffesak", (Actor.POLICE, Actor.COURT), "straffesak", (Actor.POLICE, Actor.COURT)),
        (None, (Actor.COURT,), "development-p-1", (Actor.COURT,)),
    ],
)
def test_a_development_token_of_the_prosecution_stands_for_a_system(
    one: Service, source: str | None, authorities: tuple[Actor, ...], known_as: str, tells_of: tuple[Actor, ...]
) -> None:
    token = one.issuer.issue(PROSECUTION, NOW, timedelta(hours=1), source, authorities)
    found = anyio.run(compose.verifier(one.settings).check, token, NOW)
    assert (found.source, found.authorities) == (known_as, frozenset(tells_of))
    assert (found.viewer, found.scopes) == (PROSECUTION, frozenset({READ, WRITE, DECISIONS, STATUS}))


@pytest.mark.parametrize("role", [role for role in SCOPES if role is not Role.PROSECUTION])
def test_a_development_token_of_another_role_is_a_persons(one: Service, role: Role) -> None:
    viewer = Viewer(role, "somebody", "oslo")
    token = one.issuer.issue(viewer, NOW, timedelta(hours=1))
    found = anyio.run(compose.verifier(one.settings).check, token, NOW)
    assert found == Principal(viewer, frozenset(SCOPES[role]), SECONDS + 3600)
    for source, authorities in (("straffesak", ()), (None, (Actor.POLICE,))):
        with pytest.raises(BadSettings, match="only the role prosecution"):
            one.issuer.issue(viewer, NOW, timedelta(hours=1), source, authorities)


def test_a_development_token_tells_of_no_party(one: Service) -> None:
    with pytest.raises(BadSettings, match="tells of"):
        one.issuer.issue(PROSECUTION, NOW, timedelta(hours=1), "straffesak", (Actor.PARTY,))


def test_the_key_of_the_development_issuer_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Issuer(settings_of(pg.sqlite_url(tmp_path), tmp_path))
    assert (tmp_path / "development-issuer.jwk").stat().st_mode & 0o077 == 0
