"""What is remembered of tokens: a hash, no longer than it holds, and never more than so many."""

import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from tests.api.issuing import MASKINPORTEN, consumer, rsa, signed
from ungdom.api.http.auth.keys import FixedKeys, PublicKey
from ungdom.api.http.auth.principal import BadToken, Principal
from ungdom.api.http.auth.verify import IssuerPolicy, Verifier
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

NOW = datetime(2026, 1, 5, 11, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEY = rsa("one")


class CountedKeys(FixedKeys):
    """Tells how often a signature was checked; `now_version` is what the test says it is."""

    looked = 0
    now_version: int | None = 0

    async def find(self, kid: str, now: datetime) -> PublicKey:
        self.looked += 1
        return await super().find(kid, now)

    def version(self, now: datetime) -> int | None:  # noqa: ARG002 - as `Keys` has it
        return self.now_version


def principal(claims: dict[str, Any]) -> Principal:
    return Principal(Viewer(Role.AUDITOR, claims["jti"], None), frozenset(), claims["exp"])


def verifier(size: int = 4096) -> tuple[Verifier, CountedKeys]:
    keys = CountedKeys({"one": KEY})
    return Verifier((IssuerPolicy(MASKINPORTEN, "ungdom", ("RS256",), 0, keys, principal),), size), keys


def token(jti: str, seconds: int = 600) -> str:
    claims = {"iss": MASKINPORTEN, "aud": "ungdom", "iat": SECONDS, "exp": SECONDS + seconds, "jti": jti}
    return signed(KEY, claims | {"consumer": consumer("310000019")})


def check(verifier: Verifier, token: str, after: float = 0) -> str:
    return anyio.run(verifier.check, token, NOW + timedelta(seconds=after)).viewer.subject


def test_a_token_is_verified_once_while_it_holds() -> None:
    one, keys = verifier()
    assert [check(one, token("a"), after) for after in (0, 1, 599)] == ["a"] * 3
    assert keys.looked == 1


def test_a_remembered_token_ends_at_its_second_and_is_forgotten() -> None:
    one, keys = verifier()
    check(one, token("a"))
    with pytest.raises(BadToken):
        check(one, token("a"), 600)
    assert len(one._passed) == 0
    check(one, token("a"), 599.999)
    assert keys.looked == 3


def test_a_remembered_token_is_verified_again_when_a_key_has_changed_or_is_old() -> None:
    one, keys = verifier()
    check(one, token("a"))
    keys.now_version = 1
    assert check(one, token("a")) == "a"
    assert check(one, token("a")) == "a"
    assert keys.looked == 2
    keys.now_version = None
    check(one, token("a"))
    check(one, token("a"))
    assert keys.looked == 4


def test_no_more_tokens_are_remembered_than_there_is_room_for_and_the_latest_stay() -> None:
    one, keys = verifier(size=4)
    made = [token(f"t{n}") for n in range(10)]
    for each in made:
        check(one, each)
    assert len(one._passed) == 4
    before = keys.looked
    assert [check(one, each) for each in made[6:]] == ["t6", "t7", "t8", "t9"]
    assert keys.looked == before
    check(one, made[6])
    check(one, made[0])
    check(one, made[6])
    assert keys.looked == before + 1


def test_what_does_not_hold_is_not_remembered() -> None:
    one, _ = verifier()
    for bad in ("", "a.b.c", token("a", -1), token("a")[:-3]):
        with pytest.raises(BadToken):
            check(one, bad)
    assert len(one._passed) == 0


def test_the_memory_holds_hashes_and_no_token() -> None:
    one, _ = verifier()
    secret = token("a")
    check(one, secret)
    seen: set[int] = set()
    found = [one]
    while found:
        thing = found.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen.add(id(thing))
        assert not (isinstance(thing, str) and secret.split(".")[2] in thing)
        if isinstance(thing, Verifier | dict | list | tuple) or type(thing).__name__ in ("_VerifiedToken", "Principal"):
            found += gc.get_referents(thing)
    assert all(isinstance(mark, bytes) and len(mark) == 32 for mark in one._passed)
    assert len(seen) > 10
