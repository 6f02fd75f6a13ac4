"""The access file is read strictly: whatever could let in somebody it does not mean stops the service, place named."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests import pg
from tests.api.build import assert_problem
from tests.api.issuing import (
    AUDIENCE,
    COURT,
    LOGIN,
    MASKINPORTEN,
    PEOPLE,
    POLICE,
    SUPPLIER,
    SYSTEMS,
    access_file,
    ec,
    issuer_of,
    public,
    rsa,
    signed,
)
from tests.api.trusting import NOW, SYSTEM
from tests.service import Clock, Service, settings_of, sqlite_copy
from ungdom.api.http.auth import compose
from ungdom.api.http.auth.organisation import is_organisation_number
from ungdom.api.http.tokens import Issuer
from ungdom.app import create_app
from ungdom.settings import BadSettings, Settings
from ungdom.workflow.vocabulary import Role

ROOT = Path(__file__).parents[2]
URI = "https://issuer.test/jwk"
MACHINES = issuer_of("maskinporten", MASKINPORTEN, jwks_uri=URI)
STAFF = f"{issuer_of('openid', LOGIN, jwks_uri=URI)}\n{PEOPLE}"
GOOD = f"{MACHINES}\n\n{STAFF}\n{SYSTEMS}"


def trusted(folder: Path, text: str, env: str = "production") -> Any:
    return compose.issuer_policies(access_file(folder, text), env)


def test_the_file_that_is_bent_here_is_good(tmp_path: Path) -> None:
    machines, staff = trusted(tmp_path, GOOD)
    assert (machines.issuer, machines.audience) == (MASKINPORTEN, AUDIENCE)
    assert machines.algorithms == ("RS256", "RS384", "RS512")
    assert staff.algorithms == ("RS256", "RS384", "RS512", "ES256", "PS256")


SUBSTITUTED: dict[str, tuple[str, str, str]] = {
    "unknown word in an issuer": ('kind = "maskinporten"', 'kind = "maskinporten"\nsecret = "x"', "issuer.0.secret"),
    "unknown word in a system": (f'"{POLICE}"', f'"{POLICE}"\nscope = "x"', "system.0.scope"),
    "unknown word for people": ('konfliktrad = "office"', 'konfliktrad = "office"\ngroup = "g"', "people.group"),
    "unknown table": ("[[issuer]]", "[[issuers]]\na = 1\n[[issuer]]", "issuers"),
    "unknown kind": ('kind = "openid"', 'kind = "idporten"', "issuer.1.kind"),
    "no issuer": (f'issuer = "{MASKINPORTEN}"\n', "", "issuer.0.issuer"),
    "empty issuer": (f'"{MASKINPORTEN}"', '""', "issuer.0.issuer"),
    "no audience": (f'audience = "{AUDIENCE}"\n', "", "issuer.0.audience"),
    "audience unspecified": (f'"{AUDIENCE}"', '"unspecified"', "restricts nothing"),
    "audiences": (f'"{AUDIENCE}"', f'["{AUDIENCE}"]', "issuer.0.audience"),
    "a leeway of a minute": ('kind = "maskinporten"', 'kind = "maskinporten"\nleeway_seconds = 60', "leeway_seconds"),
    "a negative leeway": ('kind = "maskinporten"', 'kind = "maskinporten"\nleeway_seconds = -1', "leeway_seconds"),
    "a leeway in words": ('kind = "maskinporten"', 'kind = "maskinporten"\nleeway_seconds = "1"', "leeway_seconds"),
    "keys for ever": ('kind = "openid"', 'kind = "openid"\nkeys_longest_hours = 9999', "keys_longest_hours"),
    "HS256": ('kind = "openid"', 'kind = "openid"\nalgorithms = ["HS256"]', "HS256 not allowed"),
    "none": ('kind = "openid"', 'kind = "openid"\nalgorithms = ["RS256", "none"]', "none not allowed"),
    "no algorithm": ('kind = "openid"', 'kind = "openid"\nalgorithms = []', "algorithms"),
    "ES256 for Maskinporten": (
        'kind = "maskinporten"',
        'kind = "maskinporten"\nalgorithms = ["ES256"]',
        "choose from RS256, RS384, RS512",
    ),
    "keys unencrypted": (URI, "http://issuer.test/jwk", "has to begin with https://"),
    "keys unencrypted on this machine": (URI, "http://127.0.0.1/jwk", "has to begin with https://"),
    "keys with a password": (URI, "https://user:word@issuer.test/jwk", "has to begin with https://"),
    "keys nowhere": (URI, "https:///jwk", "has to begin with https://"),
    "keys in a file by address": (URI, "file:///etc/passwd", "has to begin with https://"),
    "keys at no address": (URI, "https://[", "has to begin with https://"),
    "no keys": (f'jwks_uri = "{URI}"', "", "either jwks_uri or jwks_file"),
    "keys twice": (f'jwks_uri = "{URI}"', f'jwks_uri = "{URI}"\njwks_file = "a"', "either jwks_uri or jwks_file"),
    "no such key file": (f'jwks_uri = "{URI}"', 'jwks_file = "nothing.json"', "nothing.json"),
    "no such certificates": (
        f'jwks_uri = "{URI}"',
        f'jwks_uri = "{URI}"\nca_file = "nothing.pem"',
        "jwks_file or ca_file",
    ),
    "a proxy for a file": (f'jwks_uri = "{URI}"', 'jwks_file = "a"\nproxy = "http://p"', "go with jwks_uri"),
    "a proxy that is none": (f'jwks_uri = "{URI}"', f'jwks_uri = "{URI}"\nproxy = "socks://p"', "proxy"),
    "the development issuer": (MASKINPORTEN, "urn:ungdom:development", "never configured"),
    "the test issuer in production": (MASKINPORTEN, "https://test.maskinporten.no/", "production never accepts"),
    "one issuer twice": (LOGIN, MASKINPORTEN, "stands twice"),
    "people of Maskinporten": (STAFF, MACHINES.replace(MASKINPORTEN, LOGIN) + PEOPLE, "for the kind openid"),
    "openid without people": (PEOPLE, "", "for the kind openid"),
    "no role": ('role = ["realm_access", "roles"]', "", "people.role"),
    "role without a name": ('role = ["realm_access", "roles"]', "role = []", "people.role"),
    "role a number": ('role = ["realm_access", "roles"]', "role = 7", "people.role"),
    "an unknown role": ('leder = "leader"', 'leder = "king"', "people.roles.leder"),
    "the role of the system": ('leder = "leader"', 'leder = "system"', "nobody is given this role"),
    "no roles": ('leder = "leader"\nkoordinator = "coordinator"\nsekretariat = "secretariat"', "", "people.roles"),
    "no office for a coordinator": ('konfliktrad = "office"', "", "belong to a konfliktråd"),
    "an office that is none": ('"Konfliktrådet Oslo" = "oslo"', '"Konfliktrådet Oslo" = "atlantis"', "atlantis"),
    "the number as subject": ('konfliktrad = "office"', 'konfliktrad = "office"\nsubject = "pid"', "is no subject"),
    "people as systems": (
        'konfliktrad = "office"',
        'konfliktrad = "office"\nsubject_prefix = "system:"',
        "subjects of systems",
    ),
    "scopes from nowhere": ('konfliktrad = "office"', 'konfliktrad = "office"\nscopes_from = "all"', "scopes_from"),
    "an authorization for nobody": (f'organisations = ["{COURT}"]', "organisations = []", "organisations"),
    "an authorization for no organisation": (f'organisations = ["{COURT}"]', 'organisations = ["1"]', "organisations"),
    "bad control digit": (f'"{POLICE}"', '"310000018"', "is no organisation number"),
    "a number as number": (f'"{POLICE}"', POLICE, "system.0.organisation"),
    "a supplier that is none": (f'suppliers = ["{SUPPLIER}"]', 'suppliers = ["Bjarte AS"]', "suppliers"),
    "its own supplier": (f'suppliers = ["{SUPPLIER}"]', f'suppliers = ["{POLICE}"]', "own supplier"),
    "one organisation twice": (f'"{COURT}"\nsource', f'"{POLICE}"\nsource', f"{POLICE} stands twice"),
    "one source twice": ('source = "lovisa"', 'source = "straffesak"', "straffesak stands twice"),
    "the source of people": ('source = "lovisa"', 'source = "api"', "this name is taken"),
    "a source of development": ('source = "lovisa"', 'source = "development-x"', "this name is taken"),
    "a source with blanks": ('source = "lovisa"', 'source = "Lovisa 2"', "system.1.source"),
    "a system as coordinator": ('role = "analyst"', 'role = "coordinator"', "system.2.role"),
    "a scope that is none": ("decisions.write", "decisions.*", "choose from"),
    "a scope beyond the role": ('role = "analyst"', 'role = "auditor"', "not for auditor"),
    "no scopes": ('scopes = ["konfliktraadet:ungdom/extracts.read"]', "scopes = []", "scopes"),
    "authorities of none": ('authorities = ["court"]', "", "for the role prosecution"),
    "authorities of an analyst": ('role = "analyst"', 'role = "analyst"\nauthorities = ["police"]', "and for no other"),
    "an authority that is none": ('authorities = ["court"]', 'authorities = ["king"]', "system.1.authorities"),
    "in the name of the office": ('authorities = ["court"]', 'authorities = ["coordinator"]', "choose from"),
    "in the name of a party": ('authorities = ["court"]', 'authorities = ["court", "party"]', "choose from"),
    "a system nowhere": ('konfliktrad = "oslo"', 'konfliktrad = "atlantis"', "there is no atlantis"),
    "Maskinporten without systems": (SYSTEMS, "", "go together"),
    "systems without Maskinporten": (MACHINES, "", "go together"),
    "not TOML": ("[[issuer]]", "[[issuer", "access.toml"),
}


@pytest.mark.parametrize("bent", SUBSTITUTED.values(), ids=SUBSTITUTED)
def test_a_file_that_could_mean_something_else_is_refused(tmp_path: Path, bent: tuple[str, str, str]) -> None:
    before, after, said = bent
    assert before in GOOD
    with pytest.raises(BadSettings) as caught:
        trusted(tmp_path, GOOD.replace(before, after, 1))
    assert "access.toml: " in str(caught.value)
    assert said in str(caught.value)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    bent = GOOD.replace('"lovisa"', '"api"').replace('konfliktrad = "oslo"', 'konfliktrad = "atlantis"')
    with pytest.raises(BadSettings) as caught:
        trusted(tmp_path, bent.replace("https://issuer.test", "http://issuer.test"))
    assert str(caught.value).count("; ") >= 3


@pytest.mark.parametrize("text", ["", "issuer = []", "system = []"])
def test_a_file_that_trusts_nobody_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSettings, match="issuer"):
        trusted(tmp_path, text)


def test_a_file_that_is_not_text_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name in ("bytes.toml", "nothing.toml", "."):
        with pytest.raises(BadSettings):
            compose.issuer_policies(tmp_path / name, "production")


@pytest.mark.parametrize(("first", "second", "kept_apart"), [
    ("", "", False), ("", "a:", False), ("a:", "a:", False), ("a", "a:b", False), ("a:", "b:", True),
])  # fmt: skip
def test_people_of_two_issuers_never_have_one_subject(
    tmp_path: Path, first: str, second: str, kept_apart: bool
) -> None:
    def staff(name: str, prefix: str) -> str:
        people = PEOPLE.replace('konfliktrad = "office"', f'konfliktrad = "office"\nsubject_prefix = "{prefix}"')
        return issuer_of("openid", name, jwks_uri=URI) + people

    text = f"{staff(LOGIN, first)}\n{staff(f'{LOGIN}/2', second)}"
    if kept_apart:
        assert len(trusted(tmp_path, text)) == 2
    else:
        with pytest.raises(BadSettings, match="subject_prefix"):
            trusted(tmp_path, text)


@pytest.mark.parametrize(("env", "url", "good"), [
    ("development", "http://127.0.0.1:1/a", True), ("development", "http://localhost/a", True),
    ("development", "http://[::1]:1/a", True), ("development", "http://127.0.0.1.issuer.test/a", False),
    ("development", "http://issuer.test/a", False), ("staging", "http://127.0.0.1:1/a", False),
])  # fmt: skip
def test_only_development_fetches_keys_unencrypted_and_only_here(
    tmp_path: Path, env: str, url: str, good: bool
) -> None:
    text = GOOD.replace(URI, url)
    if good:
        assert trusted(tmp_path, text, env)
    else:
        with pytest.raises(BadSettings, match="https"):
            trusted(tmp_path, text, env)


def test_a_test_issuer_is_for_other_places_than_production(tmp_path: Path) -> None:
    assert trusted(tmp_path, GOOD.replace(MASKINPORTEN, "https://test.maskinporten.no/"), "staging")


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct", "kid": "a", "k": "AA"}]}'])
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "keys.json").write_bytes(raw)
    with pytest.raises(BadSettings, match="jwks_file"):
        trusted(tmp_path, GOOD.replace(f'jwks_uri = "{URI}"', 'jwks_file = "keys.json"'))


@pytest.mark.parametrize("env", ["production", "staging"])
def test_the_key_of_a_development_issuer_is_refused_under_any_name(tmp_path: Path, env: str) -> None:
    issuer = Issuer(settings(tmp_path, "development", None))
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [issuer.key.as_dict(private=False)]}))
    text = GOOD.replace(f'jwks_uri = "{URI}"', 'jwks_file = "keys.json"')
    with pytest.raises(BadSettings, match="holds the key of a development issuer"):
        trusted(tmp_path, text, env)
    assert len(trusted(tmp_path, text, "development")) == 2


@pytest.mark.parametrize(
    ("number", "right"),
    [("974760673", True), ("991825827", True), ("974760674", False), ("310000060", False), ("000000000", False),
     ("97476067", False), ("9747606733", False), ("974 760 673", False), ("٩٧٤٧٦٠٦٧٣", False), ("", False)],
)  # fmt: skip
def test_an_organisation_number_has_its_control_digit(number: str, right: bool) -> None:
    assert is_organisation_number(number) is right


def test_the_example_for_operators_is_good(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    assert len(trusted(tmp_path, example)) == 2


# --- the service outside development ------------------------------------------------------------------------


def settings(folder: Path, env: str, text: str | None) -> Settings:
    path = access_file(folder, text) if text is not None else None
    return settings_of(pg.sqlite_url(folder), folder, env, access_file=path)


MACHINE_KEY, STAFF_KEY = rsa("machine"), ec("staff")


@pytest.fixture
def keys_in_files(tmp_path: Path) -> str:
    """An access file that needs no network."""
    (tmp_path / "machines.json").write_bytes(public(MACHINE_KEY))
    (tmp_path / "staff.json").write_bytes(public(STAFF_KEY))
    with_machines = GOOD.replace(f'jwks_uri = "{URI}"', 'jwks_file = "machines.json"', 1)
    return with_machines.replace(f'jwks_uri = "{URI}"', 'jwks_file = "staff.json"')


def asked(service: Service, token: str) -> httpx.Response:
    return service.send("GET", "/v1/workflows/youth_sanction/R2", headers={"Authorization": f"Bearer {token}"})


def production(folder: Path, text: str) -> Service:
    """The service as it runs in production: only the clock is the test's own."""
    service = Service.__new__(Service)
    service.clock = Clock()
    service.settings = settings(folder, "production", text)
    service.app = create_app(service.settings, clock=service.clock)
    service.db = service.app.state.db
    return service


def test_in_production_configured_issuers_are_believed_and_the_development_issuer_is_not(
    tmp_path: Path, keys_in_files: str
) -> None:
    built_in = Issuer(settings(tmp_path, "development", None))
    development = signed(built_in.key, SYSTEM | {"iss": "urn:ungdom:development", "aud": "ungdom", "role": "leader"})
    with production(tmp_path, keys_in_files) as service:
        assert asked(service, signed(MACHINE_KEY, SYSTEM)).status_code == 200
        assert_problem(asked(service, development), 401, "unauthenticated")


def test_in_development_both_are_believed(tmp_path: Path, sqlite_template: Path, keys_in_files: str) -> None:
    url = sqlite_copy(sqlite_template, tmp_path)
    with Service(url, tmp_path, access_file=access_file(tmp_path, keys_in_files)) as service:
        service.clock.instant = NOW
        assert asked(service, signed(MACHINE_KEY, SYSTEM)).status_code == 200
        assert asked(service, service.token(Role.LEADER, "oslo")).status_code == 200


@pytest.mark.parametrize("env", ["production", "staging"])
def test_outside_development_the_access_file_has_to_be_named(tmp_path: Path, env: str) -> None:
    with pytest.raises(ValidationError, match="access_file"):
        settings(tmp_path, env, None)
    assert not list(tmp_path.iterdir())
