"""The keys of an issuer: fetched once however many ask, kept while it is silent, changed when it changes them."""

import base64
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import anyio
import pytest
from joserfc.jwk import OctKey, RSAKey

from tests.api.issuing import FakeIssuer, ec, public, rsa, saying
from tests.api.tls import certificate
from ungdom.api.http.auth import fetching
from ungdom.api.http.auth.fetching import MAX_KEY_SET_BYTES, MAX_KEYS, KeyEndpoint, key_set
from ungdom.api.http.auth.keys import (
    MAX_KEY_AGE,
    MIN_FETCH_INTERVAL,
    RETRY_INTERVAL,
    FetchedKeys,
    FixedKeys,
    IssuerKeys,
    NotFetched,
)
from ungdom.api.http.auth.principal import BadToken, KeysUnavailable

NOW = datetime(2026, 1, 5, 11, tzinfo=UTC)
LONGEST = timedelta(hours=72)
A_MOMENT = timedelta(milliseconds=1)
ONE, TWO, THREE = rsa("one"), ec("two"), rsa("three")


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with FakeIssuer(ONE).running() as running:
        yield running


@pytest.fixture
def keys(issuer: FakeIssuer) -> FetchedKeys:
    return FetchedKeys("https://issuer.test/", KeyEndpoint(issuer.url, timeout=0.5).fetch, LONGEST)


def find(keys: IssuerKeys, kid: str, now: datetime) -> str | None:
    """The id of the key that is found; None when there is none."""

    async def ask() -> str | None:
        return (await keys.find(kid, now)).kid

    try:
        return anyio.run(ask)
    except BadToken:
        return None


def fetch(road: KeyEndpoint) -> Any:
    return anyio.run(road.fetch)


# --- one issuer over time -----------------------------------------------------------------------------------


def test_keys_are_fetched_once_and_kept_a_day(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    assert [find(keys, "one", NOW + step) for step in (timedelta(), A_MOMENT, MAX_KEY_AGE - A_MOMENT)] == ["one"] * 3
    assert len(issuer.asked) == 1
    assert find(keys, "one", NOW + MAX_KEY_AGE) == "one"
    assert len(issuer.asked) == 2


def test_a_new_key_is_found_without_a_restart_and_a_removed_one_is_gone(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    assert find(keys, "one", NOW) == "one"
    before = keys.version(NOW)
    issuer.keys = [TWO]
    later = NOW + MIN_FETCH_INTERVAL
    assert find(keys, "two", later) == "two"
    assert find(keys, "one", later) is None
    assert keys.version(later) != before


def test_a_key_that_is_fetched_again_unchanged_is_the_same_version(keys: FetchedKeys) -> None:
    find(keys, "one", NOW)
    before = keys.version(NOW)
    find(keys, "one", NOW + MAX_KEY_AGE)
    assert before is not None
    assert keys.version(NOW + MAX_KEY_AGE) == before


def test_another_key_under_the_same_id_is_another_version(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    find(keys, "one", NOW)
    before = keys.version(NOW)
    issuer.keys = [rsa("one")]
    find(keys, "other", NOW + MIN_FETCH_INTERVAL)
    assert keys.version(NOW + MIN_FETCH_INTERVAL) != before


def test_keys_that_are_a_day_old_have_no_version(keys: FetchedKeys) -> None:
    assert keys.version(NOW) is None
    find(keys, "one", NOW)
    assert keys.version(NOW + MAX_KEY_AGE - A_MOMENT) is not None
    assert keys.version(NOW + MAX_KEY_AGE) is None


def test_invented_key_ids_do_not_hammer_the_issuer(
    issuer: FakeIssuer, keys: FetchedKeys, figure: Callable[[str], None]
) -> None:
    second = timedelta(seconds=1)
    asked = [find(keys, f"invented-{n}", NOW + n * second) for n in range(600)]
    assert asked == [None] * 600
    assert len(issuer.asked) == 600 * second / MIN_FETCH_INTERVAL
    figure(f"keys: 600 invented ids in 10 minutes, {len(issuer.asked)} fetches")


def test_twenty_at_once_share_one_fetch(issuer: FakeIssuer, keys: FetchedKeys, figure: Callable[[str], None]) -> None:
    found = anyio.run(_together, keys, ["one"] * 20)
    assert found == ["one"] * 20
    assert len(issuer.asked) == 1
    figure(f"keys: 20 requests at once, {len(issuer.asked)} fetch")


def test_twenty_at_once_share_one_failure(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    issuer.answer = issuer.hang
    started = perf_counter()
    assert anyio.run(_together, keys, ["one"] * 20) == ["unavailable"] * 20
    assert len(issuer.asked) == 1
    assert perf_counter() - started < 5


def test_twenty_at_once_after_a_rotation_share_one_fetch(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    find(keys, "one", NOW)
    issuer.keys = [ONE, TWO]
    later = NOW + MIN_FETCH_INTERVAL
    assert anyio.run(_together, keys, ["one", "two"] * 10, later) == ["one", "two"] * 10
    assert len(issuer.asked) == 2


async def _together(keys: FetchedKeys, kids: list[str], now: datetime = NOW) -> list[str | None]:
    found: list[str | None] = [None] * len(kids)

    async def ask(n: int, kid: str) -> None:
        try:
            found[n] = (await keys.find(kid, now + n * A_MOMENT)).kid
        except KeysUnavailable:
            found[n] = "unavailable"

    async with anyio.create_task_group() as group:
        for n, kid in enumerate(kids):
            group.start_soon(ask, n, kid)
    return found


def test_others_are_served_while_a_fetch_hangs(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    issuer.answer = issuer.hang
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        for _ in range(20):
            await anyio.sleep(0.01)
            ticks += 1

    async def both() -> int:
        async with anyio.create_task_group() as group:
            group.start_soon(_quietly, keys.find("one", NOW))
            await tick()
            return ticks

    assert anyio.run(both) == 20


async def _quietly(asked: Awaitable[object]) -> None:
    with pytest.raises(KeysUnavailable):
        await asked


def test_one_who_gives_up_does_not_end_the_fetch_of_the_others(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    async def go() -> str | None:
        with anyio.move_on_after(0):
            await keys.find("one", NOW)
        return (await keys.find("one", NOW + A_MOMENT)).kid

    assert anyio.run(go) == "one"
    assert len(issuer.asked) == 1


def test_an_issuer_that_never_answered_is_unavailable_and_asked_again_soon(
    issuer: FakeIssuer, keys: FetchedKeys
) -> None:
    issuer.answer = saying(503)
    for moment in (NOW, NOW + RETRY_INTERVAL - A_MOMENT):
        with pytest.raises(KeysUnavailable) as caught:
            find(keys, "one", moment)
        assert caught.value.retry_after == 10
    assert len(issuer.asked) == 1
    issuer.answer = issuer.publish
    assert find(keys, "one", NOW + RETRY_INTERVAL) == "one"


def test_while_the_issuer_is_down_its_keys_are_used_for_three_days_and_no_longer(
    issuer: FakeIssuer, keys: FetchedKeys
) -> None:
    find(keys, "one", NOW)
    issuer.answer = saying(500)
    assert find(keys, "one", NOW + MAX_KEY_AGE) == "one"
    assert find(keys, "one", NOW + LONGEST) == "one"
    with pytest.raises(KeysUnavailable):
        find(keys, "one", NOW + LONGEST + A_MOMENT)
    issuer.answer = issuer.publish
    assert find(keys, "one", NOW + LONGEST + RETRY_INTERVAL) == "one"


def test_an_unknown_key_of_an_issuer_that_is_down_is_nobodys_fault(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    find(keys, "one", NOW)
    issuer.answer = saying(500)
    with pytest.raises(KeysUnavailable):
        find(keys, "two", NOW + MIN_FETCH_INTERVAL)
    assert find(keys, "one", NOW + MIN_FETCH_INTERVAL) == "one"


def test_a_clock_that_was_set_back_does_not_keep_old_keys(issuer: FakeIssuer, keys: FetchedKeys) -> None:
    find(keys, "one", NOW)
    issuer.keys = [TWO]
    assert find(keys, "two", NOW - timedelta(days=365)) == "two"


def test_keys_in_a_file_are_found_or_not() -> None:
    fixed = FixedKeys(key_set(public(ONE)))
    assert (find(fixed, "one", NOW), find(fixed, "two", NOW)) == ("one", None)
    assert fixed.version(NOW) == fixed.version(NOW + LONGEST) == 0


# --- one fetch ----------------------------------------------------------------------------------------------

GZIP = bytes.fromhex("1f8b0800000000000003")
MANY = b"[" * 100_000
BAD: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "server error": (500, b"", {}),
    "not found": (404, public(ONE), {}),
    "no content": (204, b"", {}),
    "redirect": (302, public(ONE), {"Location": "/jwk"}),
    "moved": (308, b"", {"Location": "http://127.0.0.1:1/jwk"}),
    "empty": (200, b"", {}),
    "words": (200, b"<html>Please log in</html>", {}),
    "half": (200, public(ONE)[:-5], {}),
    "a list": (200, b"[]", {}),
    "no keys": (200, b'{"keys": []}', {}),
    "keys of another kind": (200, b'{"keys": {"a": 1}}', {}),
    "nothing that can be used": (200, b'{"keys": [1, null, {}, {"kty": "RSA"}]}', {}),
    "names twice": (200, b'{"keys": [], ' + public(ONE)[1:], {}),
    "nested without end": (200, MANY, {}),
    "too large": (200, public(ONE) + b" " * MAX_KEY_SET_BYTES, {}),
    "compressed": (200, GZIP, {"Content-Encoding": "gzip"}),
    "UTF-16": (200, public(ONE).decode().encode("utf-16"), {}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_key_set_is_not_taken_for_one(issuer: FakeIssuer, bad: tuple[int, bytes, dict[str, str]]) -> None:
    status, body, headers = bad
    issuer.answer = saying(status, body, **headers)
    with pytest.raises(NotFetched):
        fetch(KeyEndpoint(issuer.url))
    assert issuer.asked == ["/jwk"]


@pytest.mark.parametrize("way", ["hang", "drip"])
def test_a_slow_issuer_is_not_waited_for(issuer: FakeIssuer, way: str) -> None:
    issuer.answer = getattr(issuer, way)
    started = perf_counter()
    with pytest.raises(NotFetched, match="timeout"):
        fetch(KeyEndpoint(issuer.url, timeout=0.3))
    assert perf_counter() - started < 3


def test_an_issuer_that_is_not_there_is_told_so() -> None:
    with FakeIssuer(ONE).running() as gone:
        url = gone.url
    with pytest.raises(NotFetched):
        fetch(KeyEndpoint(url))


def test_the_environment_does_not_lead_the_fetch_elsewhere(issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert set(fetch(KeyEndpoint(issuer.url))) == {"one"}


def test_a_configured_proxy_is_used(issuer: FakeIssuer) -> None:
    proxy = issuer.url.removesuffix("/jwk")
    assert set(fetch(KeyEndpoint("http://issuer.test/keys", proxy=proxy))) == {"one"}
    assert issuer.asked == ["http://issuer.test/keys"]


def test_the_certificate_of_the_issuer_has_to_be_one_that_is_trusted(issuer: FakeIssuer, tmp_path: Path) -> None:
    trusted, other = certificate(tmp_path / "a", "127.0.0.1"), certificate(tmp_path / "b", "127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(trusted)
    url = issuer.encrypted(server)
    assert set(fetch(KeyEndpoint(url, trust=fetching.ssl_context_for(trusted)))) == {"one"}
    for trust in (fetching.ssl_context_for(other), fetching.ssl_context_for(None)):
        with pytest.raises(NotFetched):
            fetch(KeyEndpoint(url, trust=trust))


# --- which keys are taken -----------------------------------------------------------------------------------


SMALL = base64.urlsafe_b64encode((2**1024 - 105).to_bytes(128)).rstrip(b"=").decode()


@pytest.mark.filterwarnings("ignore:Key size")  # the library's word on the small one, which is then left out
def test_a_key_that_cannot_be_used_takes_no_other_with_it() -> None:
    sound = ONE.as_dict(private=False)
    odd: list[Any] = [
        {**sound, "kid": "enc", "use": "enc"},
        {**sound, "kid": 7},
        {name: value for name, value in sound.items() if name != "kid"},
        {**sound, "kid": "small", "n": SMALL},
        OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True),
        {**sound, "kid": "unknown", "kty": "AKP"},
        {**sound, "kid": "list", "kty": ["RSA"]},
        {**sound, "kid": "broken", "n": "!"},
        {"kty": "EC", "kid": "curve", "crv": "P-257", "x": "AA", "y": "AA"},
        {"kty": "EC", "kid": "off", "crv": "P-256", "x": "AA", "y": "AA"},
        RSAKey.generate_key(2048, {"kid": "private"}).as_dict(private=True),
        "a string",
    ]
    raw = {"keys": [*odd, sound, TWO.as_dict(private=False)]}
    assert set(key_set(said_as_json(raw))) == {"one", "two"}


def test_a_key_set_without_end_is_cut() -> None:
    sound = TWO.as_dict(private=False)
    raw = {"keys": [{**sound, "kid": f"key-{n}"} for n in range(MAX_KEYS + 50)]}
    assert len(key_set(said_as_json(raw))) == MAX_KEYS


def said_as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
