"""The envelope of an official message: JWS compact (RFC 7515), signed by the sender's key and checked by its `kid`.

Only configured keys are used: references to other keys in a header (`jku`, `jwk`, `x5c`, `x5u`) are not read. A message
is signed, not encrypted; the transport encrypts. A header with a duplicate name is malformed (RFC 7515 § 4): parsers
differ in which key id they take.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from ungdom.message.sound import read_strict

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "PS256")
"""Accepted algorithms, all with a private key; neither `none` nor a shared secret (HS…)."""

MAX_TOKEN = 2 * 1024 * 1024
"""Largest number of characters of a message with its signature. Documents are sent by reference."""

_MAX_HEADER = 16 * 1024
_PARTS = 3


class Fault(StrEnum):
    """Why an envelope is not accepted."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    CRITICAL_HEADER = "critical_header"  # `crit` or `b64`: extensions that are not implemented here
    NO_KEY_ID = "no_key_id"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    OTHER_SENDER = "other_sender"  # the token was issued to another party than the sender, or to no partner


class NotSigned(Exception):
    """The message has no valid signature. `reason`: why not."""

    def __init__(self, reason: Fault) -> None:
        super().__init__(reason)
        self.reason = reason


class _Registry(jws.JWSRegistry):
    """The registry of the library with larger limits, which accepts unknown header fields."""

    max_header_length = _MAX_HEADER
    max_payload_length = MAX_TOKEN


def verify(token: str, keys: KeySet, algorithms: Collection[str] = ALGORITHMS) -> bytes:
    """The content, verified by a key in `keys` with the `kid` of the header. Raises `NotSigned`."""
    header = _header(token)
    allowed = [algorithm for algorithm in algorithms if algorithm in ALGORITHMS]
    if header.get("alg") not in allowed:
        raise NotSigned(Fault.ALGORITHM)
    if "crit" in header or "b64" in header:
        raise NotSigned(Fault.CRITICAL_HEADER)
    for key in _keys_named(header.get("kid"), keys):
        content = _content(token, key, allowed)
        if content is not None:
            return content
    raise NotSigned(Fault.SIGNATURE)


def sign(payload: dict[str, Any], key: RSAKey | ECKey, kid: str) -> str:
    """The payload as JSON in a signed envelope; equal payloads give equal content.

    RS256 with an RSA key, ES256 with a key on P-256. Raises `ValueError` for values that JSON cannot represent.
    """
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    registry = _Registry(algorithms=[algorithm], strict_check_header=False)
    return jws.serialize_compact({"alg": algorithm, "kid": kid}, content_of(payload), key, registry=registry)


def content_of(payload: dict[str, Any]) -> bytes:
    """The payload as compact JSON in UTF-8; the order of fields is kept."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _header(token: str) -> dict[str, Any]:
    if len(token) > MAX_TOKEN:
        raise NotSigned(Fault.TOO_LARGE)
    first, *rest = token.split(".")
    if len(rest) != _PARTS - 1 or not token.isascii() or len(first) > _MAX_HEADER:
        raise NotSigned(Fault.MALFORMED)
    try:
        header = read_strict(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except ValueError:
        raise NotSigned(Fault.MALFORMED) from None
    if not isinstance(header, dict):
        raise NotSigned(Fault.MALFORMED)
    return header


def _keys_named(kid: object, keys: KeySet) -> list[Key]:
    """The keys with this id; several keys may share one."""
    if not isinstance(kid, str) or not kid:
        raise NotSigned(Fault.NO_KEY_ID)
    matching = [key for key in keys.keys if key.kid == kid]
    if not matching:
        raise NotSigned(Fault.UNKNOWN_KEY)
    return matching


def _content(token: str, key: Key, algorithms: list[str]) -> bytes | None:
    registry = _Registry(algorithms=algorithms, strict_check_header=False)
    try:
        return jws.deserialize_compact(token, key, registry=registry).payload
    except (JoseError, ValueError, TypeError):
        return None
