"""Envelopes: what verifies comes out byte for byte, and nothing else comes out at all."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from ungdom.esas import envelope
from ungdom.esas.envelope import ALGORITHMS, MAX_TOKEN, Fault, NotSigned, content_of, sign, verify

RSA = RSAKey.generate_key(2048, parameters={"kid": "politiet-1"})
EC = ECKey.generate_key("P-256", parameters={"kid": "domstol-1"})
STRANGER = RSAKey.generate_key(2048, parameters={"kid": "politiet-1"})
KEYS = KeySet.import_key_set({"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]})

PAYLOAD = {"meldingsId": "1", "beskrivelse": "Blåbærsyltetøy – «æøå»", "tall": [1, 2.5, None, True]}
CONTENT = '{"meldingsId":"1","beskrivelse":"Blåbærsyltetøy – «æøå»","tall":[1,2.5,null,true]}'.encode()


def made(header: dict[str, Any], key: Any = RSA, content: bytes = CONTENT) -> str:
    """An envelope with this header, signed as it says."""
    registry = jws.JWSRegistry(algorithms=[*jws.JWSRegistry.algorithms], strict_check_header=False)
    return jws.serialize_compact(header, content, key, registry=registry)


def fault(token: str, keys: KeySet = KEYS) -> Fault:
    with pytest.raises(NotSigned) as found:
        verify(token, keys)
    return found.value.reason


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("key", "kid", "algorithm"), [(RSA, "politiet-1", "RS256"), (EC, "domstol-1", "ES256")])
def test_what_is_signed_verifies_byte_for_byte(key: RSAKey | ECKey, kid: str, algorithm: str) -> None:
    token = sign(PAYLOAD, key, kid)

    assert verify(token, KEYS) == CONTENT
    assert json.loads(urlsafe_b64decode(token.partition(".")[0] + "==")) == {"alg": algorithm, "kid": kid}


def test_the_same_payload_is_the_same_bytes_in_its_own_order() -> None:
    assert content_of(PAYLOAD) == content_of(dict(PAYLOAD)) == CONTENT
    assert content_of({"b": 1, "a": 2}) == b'{"b":1,"a":2}'
    assert sign(PAYLOAD, RSA, "politiet-1") == sign(PAYLOAD, RSA, "politiet-1")


@pytest.mark.parametrize("payload", [{"tall": float("nan")}, {"tekst": "\ud800"}])
def test_what_json_cannot_hold_is_not_signed(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        sign(payload, RSA, "politiet-1")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_of_the_list_is_taken(algorithm: str) -> None:
    key, kid = (EC, "domstol-1") if algorithm == "ES256" else (RSA, "politiet-1")

    assert verify(made({"alg": algorithm, "kid": kid}, key), KEYS) == CONTENT


def test_fewer_algorithms_may_be_asked_for_and_never_others() -> None:
    token = made({"alg": "RS512", "kid": "politiet-1"})
    shared = made({"alg": "HS256", "kid": "politiet-1"}, OctKey.import_key("a" * 32))

    assert verify(token, KEYS, ["RS512"]) == CONTENT
    for given_, algorithms in ((token, ["RS256"]), (shared, ["HS256"]), (token, [])):
        with pytest.raises(NotSigned) as found:
            verify(given_, KEYS, algorithms)
        assert found.value.reason is Fault.ALGORITHM


@pytest.mark.parametrize("secret", [RSA.as_pem(private=False), content_of(dict(RSA.as_dict(private=False)))])
def test_a_secret_made_of_the_public_key_signs_nothing(secret: bytes) -> None:
    signing = f"{encoded({'alg': 'HS256', 'kid': 'politiet-1'})}.{urlsafe_b64encode(CONTENT).rstrip(b'=').decode()}"
    signature = urlsafe_b64encode(hmac.new(secret, signing.encode(), "sha256").digest()).rstrip(b"=").decode()

    assert fault(f"{signing}.{signature}") is Fault.ALGORITHM


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "HS256", "HS384", "RSA1_5", "EdDSA", "PS512", "", None, 1, []]
)
def test_no_other_algorithm_is_taken(algorithm: object) -> None:
    token = f"{encoded({'alg': algorithm, 'kid': 'politiet-1'})}.{urlsafe_b64encode(CONTENT).rstrip(b'=').decode()}."

    assert fault(token) is Fault.ALGORITHM


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "RS256"}, Fault.NO_KEY_ID),
        ({"alg": "RS256", "kid": ""}, Fault.NO_KEY_ID),
        ({"alg": "RS256", "kid": "politiet-2"}, Fault.UNKNOWN_KEY),
        ({"alg": "RS256", "kid": "POLITIET-1"}, Fault.UNKNOWN_KEY),
        ({"alg": "RS256", "kid": "domstol-1"}, Fault.SIGNATURE),
        ({"kid": "politiet-1", "alg": "RS256", "b64": True}, Fault.CRITICAL_HEADER),
    ],
)
def test_the_key_is_the_one_the_header_names_among_those_configured(header: dict[str, Any], reason: Fault) -> None:
    assert fault(made(header)) is reason


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"RS256","kid":"domstol-1","kid":"politiet-1"}',
        b'{"alg":"none","alg":"RS256","kid":"politiet-1"}',
        rb'{"alg":"RS256","\u006bid":"domstol-1","kid":"politiet-1"}',
        b'{"alg":"RS256","kid":"politiet-1","x":{"y":1,"y":2}}',
    ],
)
def test_a_header_in_which_a_name_stands_twice_is_malformed(header: bytes) -> None:
    token = made({"alg": "RS256", "kid": "politiet-1"})
    first = urlsafe_b64encode(header).rstrip(b"=").decode()

    assert fault(f"{first}.{token.partition('.')[2]}") is Fault.MALFORMED


def test_a_set_of_one_key_still_asks_for_its_name() -> None:
    alone = KeySet.import_key_set({"keys": [RSA.as_dict(private=False)]})

    assert fault(made({"alg": "RS256"}), alone) is Fault.NO_KEY_ID


@pytest.mark.parametrize("kid", [1, None, ["politiet-1"], {"kid": "politiet-1"}])
def test_a_name_that_is_no_text_names_no_key(kid: object) -> None:
    token = made({"alg": "RS256", "kid": "politiet-1"})
    header = encoded({"alg": "RS256", "kid": kid})

    assert fault(f"{header}.{token.partition('.')[2]}") is Fault.NO_KEY_ID


@pytest.mark.parametrize("names", [["exp"], ["b64"], [], "b64"])
def test_rules_that_are_said_to_be_critical_are_not_passed_over(names: object) -> None:
    token = made({"alg": "RS256", "kid": "politiet-1"})
    header = encoded({"alg": "RS256", "kid": "politiet-1", "crit": names, "b64": False})

    assert fault(f"{header}.{token.partition('.')[2]}") is Fault.CRITICAL_HEADER


@pytest.mark.parametrize(
    "more",
    [
        {"jwk": dict(STRANGER.as_dict(private=False))},
        {"jku": "http://127.0.0.1:9/jwks.json"},
        {"x5u": "http://127.0.0.1:9/cert.pem"},
        {"x5c": ["MIIB"]},
    ],
)
def test_a_key_that_the_header_brings_along_is_not_read(more: dict[str, Any]) -> None:
    header = {"alg": "RS256", "kid": "politiet-1", **more}

    assert fault(made(header, STRANGER)) is Fault.SIGNATURE
    assert verify(made(header, RSA), KEYS) == CONTENT


def test_a_header_may_have_fields_of_its_senders_own() -> None:
    header = {"alg": "RS256", "kid": "politiet-1", "typ": "JOSE", "SchemaName": "DOMSAVGJOERELSE"}

    assert verify(made(header), KEYS) == CONTENT


def test_two_partners_may_have_named_their_keys_alike() -> None:
    both = KeySet.import_key_set({"keys": [STRANGER.as_dict(private=False), RSA.as_dict(private=False)]})

    assert verify(sign(PAYLOAD, RSA, "politiet-1"), both) == CONTENT
    assert verify(sign(PAYLOAD, STRANGER, "politiet-1"), both) == CONTENT


def test_a_key_for_encryption_verifies_nothing() -> None:
    sealing = KeySet.import_key_set({"keys": [{**RSA.as_dict(private=False), "use": "enc"}]})

    assert fault(sign(PAYLOAD, RSA, "politiet-1"), sealing) is Fault.SIGNATURE


Change = Callable[[list[str]], str]
CHANGES: list[Change] = [
    lambda parts: f"{parts[0]}.{urlsafe_b64encode(b'{}').decode().rstrip('=')}.{parts[2]}",
    lambda parts: f"{parts[0]}.{parts[1]}.",
    lambda parts: f"{parts[0]}.{parts[1]}.{parts[2][:-4]}",
    lambda parts: f"{parts[0]}.{parts[1]}.{parts[2][:-4]}!!!!",
    lambda parts: f"{parts[0]}..{parts[2]}",
    lambda parts: f"{parts[0]}.{parts[1]}A.{parts[2]}",
    lambda parts: f"{encoded({'kid': 'politiet-1', 'alg': 'RS256'})}.{parts[1]}.{parts[2]}",
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_does_not_verify(change: Change) -> None:
    assert fault(change(sign(PAYLOAD, RSA, "politiet-1").split("."))) is Fault.SIGNATURE


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "{}",
        f"{encoded([])}.e30.",
        f"{encoded('alg')}.e30.",
        f"{encoded(['alg'])}.e30.",
        "ø.e30.",
        "A.e30.",
        urlsafe_b64encode(b"[" * 9_000).decode() + ".e30.",
        "A" * 20_000 + ".e30.",
    ],
)
def test_what_is_no_envelope_is_malformed(token: str) -> None:
    assert fault(token) is Fault.MALFORMED


def test_a_message_of_the_largest_size_is_taken_and_no_larger() -> None:
    bare = len(made({"alg": "RS256", "kid": "politiet-1"}, content=b""))
    room = (MAX_TOKEN - bare) // 4 * 3
    largest, larger = (made({"alg": "RS256", "kid": "politiet-1"}, content=b"x" * size) for size in (room, room + 3))

    assert len(verify(largest, KEYS)) == room
    assert fault(larger) is Fault.TOO_LARGE


@given(st.text(max_size=200) | st.lists(st.text(max_size=80), min_size=3, max_size=3).map(".".join))
def test_text_of_any_kind_is_refused_and_nothing_else_happens(text: str) -> None:
    assert fault(text) in Fault


@given(st.data())
def test_an_envelope_with_any_one_character_changed_is_refused(data: st.DataObject) -> None:
    token = sign(PAYLOAD, RSA, "politiet-1")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != token[place]))
    changed = token[:place] + other + token[place + 1 :]
    last_of_signature = place == len(token) - 1  # its last bits are padding: another letter may mean the same bytes

    try:
        content = envelope.verify(changed, KEYS)
    except NotSigned:
        content = b""
    assert content == b"" or last_of_signature
