"""T15: a token that does not hold is 401 in one shape, whatever is wrong with it, and the log alone tells why."""

import base64
import hmac
import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.api.issuing import (
    AUDIENCE,
    COURT,
    LOGIN,
    MASKINPORTEN,
    POLICE,
    STRANGER,
    SUPPLIER,
    consumer,
    ec,
    rsa,
    signed,
)
from tests.api.trusting import (
    GONE,
    LEEWAY,
    MACHINE,
    NO_PLACE,
    NO_ROLE,
    NOW,
    PERSON,
    PID,
    SECONDS,
    STAFF,
    SYSTEM,
    Place,
    person,
    shape,
    system,
)
from ungdom.api.http.auth.verify import MAX_TOKEN_LENGTH
from ungdom.api.http.tokens import READ

ATTACKER = rsa("machine")


def b64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], claims: Any, signature: bytes = b"x" * 256) -> str:
    return ".".join([b64(json.dumps(header).encode()), b64(json.dumps(claims).encode()), b64(signature)])


def rs256(header: dict[str, Any]) -> str:
    """Truly signed, with a header that no library would write."""
    unsigned = by_hand({"alg": "RS256", "kid": "machine"} | header, SYSTEM).rpartition(".")[0]
    signature = MACHINE.private_key.sign(unsigned.encode(), PKCS1v15(), SHA256())  # type: ignore[union-attr]  # private
    return f"{unsigned}.{b64(signature)}"


def hs256(secret: bytes, kid: str = "machine") -> str:
    unsigned = by_hand({"alg": "HS256", "kid": kid}, SYSTEM).rpartition(".")[0]
    return f"{unsigned}.{b64(hmac.digest(secret, unsigned.encode(), 'sha256'))}"


def other_body() -> str:
    head, _, signature = signed(MACHINE, SYSTEM).split(".")
    return f"{head}.{b64(json.dumps(system(consumer=consumer(POLICE))).encode())}.{signature}"


def truly_signed(header: bytes, claims: bytes) -> str:
    """Signed by the issuer's own key, with what no library would write."""
    unsigned = f"{b64(header)}.{b64(claims)}"
    signature = MACHINE.private_key.sign(unsigned.encode(), PKCS1v15(), SHA256())  # type: ignore[union-attr]  # private
    return f"{unsigned}.{b64(signature)}"


RIGHT_HEADER, RIGHT_CLAIMS = b'{"alg":"RS256","kid":"machine"}', json.dumps(SYSTEM).encode()


def twice() -> str:
    """One name twice: readers differ about whose token it is."""
    body = json.dumps(SYSTEM)[:-1] + f', "consumer": {json.dumps(consumer(POLICE))}}}'
    return ".".join([b64(b'{"alg": "RS256", "kid": "machine"}'), b64(body.encode()), b64(b"x" * 256)])


def deep() -> str:
    return ".".join([b64(b'{"alg": "RS256", "kid": "machine"}'), b64(b"[" * 5000), b64(b"x")])


PUBLIC = MACHINE.as_dict(private=False)
FOREIGN_JWK = ATTACKER.as_dict(private=False)

FORGED: dict[str, Callable[[], str | bytes]] = {
    "nothing": lambda: "",
    "words": lambda: "let me in",
    "two parts": lambda: "abc.def",
    "five parts": lambda: "a.b.c.d.e",
    "letters beyond ASCII": "æøå.æøå.æøå".encode,
    "bytes that are no text": lambda: b"\xff\xfe.\xff.\xff",
    "alg none": lambda: by_hand({"alg": "none", "kid": "machine"}, SYSTEM),
    "alg none, no signature": lambda: by_hand({"alg": "none", "kid": "machine"}, SYSTEM, b""),
    "alg NONE": lambda: by_hand({"alg": "NONE", "kid": "machine"}, SYSTEM),
    "no alg": lambda: by_hand({"kid": "machine"}, SYSTEM),
    "alg a list": lambda: by_hand({"alg": ["RS256"], "kid": "machine"}, SYSTEM),
    "alg an object": lambda: by_hand({"alg": {"a": 1}, "kid": "machine"}, SYSTEM),
    "a header that is a list": lambda: by_hand(["alg"], SYSTEM),  # type: ignore[arg-type]
    "HS256 with the public key as PEM": lambda: hs256(MACHINE.as_pem(private=False)),
    "HS256 with the public key as DER": lambda: hs256(MACHINE.as_der(private=False)),
    "HS256 with the public key as JWK": lambda: hs256(json.dumps(PUBLIC).encode()),
    "HS256 with the modulus": lambda: hs256(str(PUBLIC["n"]).encode()),
    "HS256 with nothing": lambda: hs256(b""),
    "PS256, which Maskinporten does not use": lambda: signed(MACHINE, SYSTEM, alg="PS256"),
    "an ES256 key": lambda: signed(ec("machine"), SYSTEM),
    "another RSA key under the same kid": lambda: signed(ATTACKER, SYSTEM),
    "unknown kid": lambda: signed(MACHINE, SYSTEM, kid="another"),
    "no kid": lambda: signed(MACHINE, SYSTEM, kid=None),
    "empty kid": lambda: signed(MACHINE, SYSTEM, kid=""),
    "kid a number": lambda: by_hand({"alg": "RS256", "kid": 7}, SYSTEM),
    "its own key in the header": lambda: signed(ATTACKER, SYSTEM, jwk=FOREIGN_JWK),
    "its own key in the header, another kid": lambda: signed(ATTACKER, SYSTEM, kid="mine", jwk=FOREIGN_JWK),
    "the address of its own keys": lambda: signed(ATTACKER, SYSTEM, jku="http://127.0.0.1:1/jwk"),
    "its own certificates": lambda: signed(ATTACKER, SYSTEM, x5c=[b64(ATTACKER.as_der(private=False))]),
    "the address of its certificates": lambda: signed(ATTACKER, SYSTEM, x5u="http://127.0.0.1:1/x5"),
    "critical header": lambda: rs256({"crit": ["exp"], "exp": 1}),
    "critical header that is known": lambda: rs256({"crit": ["kid"]}),
    "critical header that is no list": lambda: rs256({"crit": 1}),
    "payload said not to be encoded": lambda: rs256({"b64": True}),
    "payload not encoded": lambda: rs256({"crit": ["b64"], "b64": False}),
    "kid in a list": lambda: rs256({"kid": ["machine"]}),
    "kid in an object": lambda: rs256({"kid": {"machine": 1}}),
    "kid null": lambda: rs256({"kid": None}),
    "cut": lambda: signed(MACHINE, SYSTEM)[:-4],
    "longer": lambda: signed(MACHINE, SYSTEM) + "AAAA",
    "with a character that encodes nothing": lambda: signed(MACHINE, SYSTEM) + "!",
    "in the other alphabet": lambda: signed(MACHINE, SYSTEM).replace("-", "+").replace("_", "/"),
    "padded": lambda: signed(MACHINE, SYSTEM) + "==",
    "with a line end in it": lambda: signed(MACHINE, SYSTEM).replace(".", ".%0a", 1),
    "another body under the signature": other_body,
    "zero signature": lambda: by_hand({"alg": "RS256", "kid": "machine"}, SYSTEM, bytes(256)),
    "a name twice": twice,
    "the key twice in a true header": lambda: truly_signed(
        b'{"alg":"RS256","kid":"another","kid":"machine"}', RIGHT_CLAIMS
    ),
    "the algorithm twice in a true header": lambda: truly_signed(
        b'{"alg":"none","alg":"RS256","kid":"machine"}', RIGHT_CLAIMS
    ),
    "a name twice and spelt differently in a true header": lambda: truly_signed(
        rb'{"\u006bid":"machine","alg":"RS256","kid":"machine"}', RIGHT_CLAIMS
    ),
    "a name twice in true claims": lambda: truly_signed(
        RIGHT_HEADER, RIGHT_CLAIMS[:-1] + b', "scope": "' + READ.encode() + b'"}'
    ),
    "nested without end": deep,
    "claims that are a list": lambda: by_hand({"alg": "RS256", "kid": "machine"}, [SYSTEM]),
    "claims that are no JSON": lambda: ".".join([b64(b'{"alg": "RS256", "kid": "machine"}'), b64(b"{"), b64(b"x")]),
    "oversized": lambda: signed(MACHINE, system(padding="x" * MAX_TOKEN_LENGTH)),
    "a large header": lambda: signed(MACHINE, SYSTEM, typ="x" * 400),
    "signed by the other issuer": lambda: signed(STAFF, SYSTEM),
    "a person's token signed by the machines' issuer": lambda: signed(MACHINE, PERSON),
}

SAYS_WRONG: dict[str, dict[str, Any]] = {
    "wrong issuer": {"iss": "https://maskinporten.example/"},
    "issuer without its slash": {"iss": MASKINPORTEN.rstrip("/")},
    "issuer in capitals": {"iss": MASKINPORTEN.upper()},
    "issuer with a blank": {"iss": f"{MASKINPORTEN} "},
    "issuer a list": {"iss": [MASKINPORTEN]},
    "issuer an object": {"iss": {"a": MASKINPORTEN}},
    "no issuer": {"iss": GONE},
    "the development issuer": {"iss": "urn:ungdom:development"},
    "the issuer of people": {"iss": LOGIN},
    "wrong audience": {"aud": "https://another.test"},
    "wrong audiences": {"aud": ["a", "b"]},
    "audience unspecified": {"aud": "unspecified"},
    "audience as the beginning": {"aud": f"{AUDIENCE}/v1"},
    "audience an object": {"aud": {AUDIENCE: 1}},
    "no audience": {"aud": GONE},
    "expired": {"exp": SECONDS - 1},
    "expired long ago": {"exp": 1},
    "no expiry": {"exp": GONE},
    "expiry null": {"exp": None},
    "expiry in words": {"exp": "tomorrow"},
    "expiry true": {"exp": True},
    "issued in the future": {"iat": SECONDS + LEEWAY + 60},
    "not issued": {"iat": GONE},
    "issued in words": {"iat": "now"},
    "not before tomorrow": {"nbf": SECONDS + 86_400},
    "not before in words": {"nbf": "tomorrow"},
    "no consumer": {"consumer": GONE},
    "consumer null": {"consumer": None},
    "consumer a string": {"consumer": f"0192:{COURT}"},
    "consumer a list": {"consumer": [consumer(COURT)]},
    "consumer empty": {"consumer": {}},
    "consumer without authority": {"consumer": {"ID": f"0192:{COURT}"}},
    "consumer of another authority": {"consumer": consumer(COURT, "iso6523")},
    "consumer ID a number": {"consumer": {"authority": "iso6523-actorid-upis", "ID": int(COURT)}},
    "consumer without scheme": {"consumer": consumer(COURT, scheme="")},
    "consumer of another scheme": {"consumer": consumer(COURT, scheme="9908:")},
    "consumer with a blank": {"consumer": consumer(COURT, scheme="0192: ")},
    "consumer with a line end": {"consumer": consumer(f"{COURT}\n")},
    "consumer with a bad control digit": {"consumer": consumer("310000028")},
    "consumer of a number that has none": {"consumer": consumer("310000060")},
    "consumer of too few digits": {"consumer": consumer(COURT[:8])},
    "consumer of other digits": {"consumer": consumer("٣١٠٠٠٠٠٢٧")},
    "only the old claim": {"consumer": GONE, "client_orgno": COURT},
    "supplier malformed": {"supplier": f"0192:{SUPPLIER}"},
    "supplier null": {"supplier": None},
    "supplier with a bad control digit": {"supplier": consumer("310000044")},
    "scope a list": {"scope": [READ]},
}

PERSON_WRONG: dict[str, dict[str, Any]] = {
    "no subject": {"sub": GONE},
    "empty subject": {"sub": ""},
    "subject a number": {"sub": 7},
    "subject that cannot be seen": {"sub": "coordinator\x00oslo"},
    "subject without end": {"sub": "x" * 256},
    "subject of a system": {"sub": "system:straffesak"},
    "subject an identity number": {"sub": PID},
    "roles an object": {"realm_access": {"roles": {"koordinator": True}}},
    "roles of numbers": {"realm_access": {"roles": [1]}},
    "office a number": {"office": 3},
    "scope a list": {"scope": [READ]},
    "wrong audience": {"aud": ["account"]},
    "expired": {"exp": SECONDS - 1},
}


@pytest.fixture(scope="module")
def refused(here: Place) -> tuple[Any, ...]:
    """The one shape in which a token that does not hold is answered."""
    found = shape(here.ask("nonsense"))
    assert found[0] == 'Bearer realm="ungdom", error="invalid_token"'
    return found


def test_the_tokens_that_are_bent_here_hold(here: Place) -> None:
    assert here.ask(signed(MACHINE, SYSTEM)).status_code == 200
    assert here.ask(rs256({})).status_code == 200
    assert here.ask(rs256({"x5t": "a", "unknown": {"a": 1}})).status_code == 200
    assert here.ask(signed(STAFF, PERSON)).status_code == 200


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_401_and_nobody_learns_why(here: Place, refused: Any, forge: Callable[[], Any]) -> None:
    assert shape(here.ask(forge())) == refused


@pytest.mark.parametrize("changed", SAYS_WRONG.values(), ids=SAYS_WRONG)
def test_a_system_that_says_the_wrong_thing_is_401(here: Place, refused: Any, changed: dict[str, Any]) -> None:
    assert shape(here.ask(signed(MACHINE, system(**changed)))) == refused


@pytest.mark.parametrize("changed", PERSON_WRONG.values(), ids=PERSON_WRONG)
def test_a_person_whose_token_says_the_wrong_thing_is_401(here: Place, refused: Any, changed: dict[str, Any]) -> None:
    assert shape(here.ask(signed(STAFF, person(**changed)))) == refused


def test_every_bad_token_is_answered_alike(here: Place, refused: Any, figure: Callable[[str], None]) -> None:
    """T15."""
    tokens = [forge() for forge in FORGED.values()]
    tokens += [signed(MACHINE, system(**changed)) for changed in SAYS_WRONG.values()]
    tokens += [signed(STAFF, person(**changed)) for changed in PERSON_WRONG.values()]
    answers = [here.ask(token) for token in tokens]
    assert [answer.status_code for answer in answers] == [401] * len(tokens)
    assert [shape(answer) for answer in answers if shape(answer) != refused] == []
    figure(f"T15: {len(tokens)} bad tokens, all 401 in one shape, one of them oversized")


def test_two_authorization_headers_are_401(here: Place, refused: Any) -> None:
    good = f"Bearer {signed(MACHINE, SYSTEM)}"
    for pair in ([good, good], [good, "Bearer x"], ["Basic eDp5", good]):
        headers = [("Authorization", value) for value in pair]
        assert shape(here.service.send("GET", "/v1/cases", headers=headers)) == refused
    assert shape(here.service.send("GET", "/v1/cases", headers={"Authorization": f"{good}, {good}"})) == refused


def test_a_token_in_the_address_or_a_cookie_is_no_token(here: Place) -> None:
    good = signed(MACHINE, SYSTEM)
    nothing = shape(here.ask(None))
    assert nothing[0] == 'Bearer realm="ungdom"'
    for path in (f"/v1/cases?access_token={good}", f"/v1/cases?token={good}&authorization=Bearer%20{good}"):
        assert shape(here.ask(None, path)) == nothing
    for name in ("access_token", "token", "Authorization"):
        assert shape(here.ask(None, Cookie=f"{name}={good}")) == nothing
    posted = here.service.send("POST", "/v1/cases", data={"access_token": good})
    assert shape(posted) == nothing
    for name in ("X-Authorization", "Proxy-Authorization", "X-Access-Token", "DPoP"):
        assert shape(here.ask(None, **{name: f"Bearer {good}"})) == nothing


# --- exact seconds ------------------------------------------------------------------------------------------

EDGES: list[tuple[dict[str, Any], int]] = [
    ({"exp": SECONDS}, 401),
    ({"exp": SECONDS + 1}, 200),
    ({"exp": SECONDS + 1.9}, 200),
    ({"iat": SECONDS}, 200),
    ({"iat": SECONDS + LEEWAY}, 200),
    ({"iat": SECONDS + LEEWAY + 1}, 401),
    ({"nbf": SECONDS + LEEWAY}, 200),
    ({"nbf": SECONDS + LEEWAY + 1}, 401),
    ({"exp": 10**30}, 200),
]


@pytest.mark.parametrize(("changed", "status"), EDGES)
def test_clocks_may_differ_by_the_leeway_and_no_second_more(fresh: Place, changed: dict[str, Any], status: int) -> None:
    fresh.service.clock.instant = NOW
    assert fresh.ask(signed(MACHINE, system(**changed))).status_code == status


def test_a_token_that_was_let_in_ends_at_its_second(fresh: Place) -> None:
    token = signed(MACHINE, system(exp=SECONDS + 600))
    for after, status in ((0, 200), (599, 200), (600, 401), (599, 200)):
        fresh.service.clock.instant = NOW + timedelta(seconds=after) - timedelta(milliseconds=1)
        assert fresh.ask(token).status_code == status


# --- the log ------------------------------------------------------------------------------------------------


def test_the_log_tells_why_and_holds_neither_token_nor_number(
    fresh: Place, caplog: pytest.LogCaptureFixture, figure: Callable[[str], None]
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = [forge() for forge in FORGED.values()]
    told = [system(**changed) for changed in SAYS_WRONG.values()]
    told += [system(**changed) for changed, _ in NO_PLACE.values()]
    told += [system(jti=PID, client_id=f"client {PID}"), system(jti="x\nforged: line", client_id="y" * 500), SYSTEM]
    tokens += [signed(MACHINE, {**claims, "pid": PID}) for claims in told]
    people = [person(**changed) for changed in PERSON_WRONG.values()]
    people += [person(**changed) for changed, _ in NO_ROLE.values()]
    tokens += [signed(STAFF, {**claims, "pid": PID}) for claims in people]
    for token in tokens:
        fresh.ask(token)
    text = "\n".join([*(f"{r.getMessage()} {r.args} {r.exc_text}" for r in caplog.records), caplog.text])

    segments = {part for token in tokens for part in str(token).split(".") if len(part) > 20}
    assert [part for part in segments if part in text] == []
    assert PID not in text
    assert not re.search(r"(?<![0-9a-z])[0-9]{11}(?![0-9a-z])", text)
    assert "forged: line" not in text
    access = [r.getMessage() for r in caplog.records if r.name == "ungdom.access"]
    assert any("signature does not hold" in line for line in access)
    named = [line for line in access if f"organisation={STRANGER}" in line]
    assert named
    assert all("jti=jti-of-a-system" in line and "client=5f7b1f54-client" in line for line in named)
    assert any(f"organisation={COURT} supplier={SUPPLIER}" in line for line in access)
    assert any("token.accepted" in line for line in access), access
    figure(f"log: {len(access)} lines on {len(tokens)} tokens, 0 tokens, 0 numbers")


def test_what_is_signed_by_hand_is_let_in_when_no_name_stands_twice(here: Place) -> None:
    assert here.ask(truly_signed(RIGHT_HEADER, RIGHT_CLAIMS)).status_code == 200
