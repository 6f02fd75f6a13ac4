"""Keys: 32 random bytes in base64. Generates them, and checks whether one is unfit for use.

A key of a development installation ends in a checksum of its own first bytes, so that it is recognised and refused
outside development.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise

LENGTH = 32
"""The number of bytes of a key."""

KEY_PURPOSES: Mapping[str, str] = {
    "people": "UNGDOM_PEOPLE_KEYS",
    "cursor": "UNGDOM_CURSOR_KEY",
    "extracts": "UNGDOM_EXTRACT_KEYS",
}
"""The purposes for `ungdom keys new --for`, with the setting of each key."""

_CHECKSUM = 4
_LEAST_DISTINCT = 16
"""The minimum number of distinct bytes in a key. 32 random bytes have about 30; fewer than 16 is no accident."""


def new_key() -> str:
    """A new key in base64: 256 random bits."""
    return b64encode(secrets.token_bytes(LENGTH)).decode()


def new_development_key() -> str:
    """A new key of a development installation: 224 random bits and their checksum."""
    raw = secrets.token_bytes(LENGTH - _CHECKSUM)
    return b64encode(raw + _checksum(raw)).decode()


def is_development_key(raw: bytes) -> bool:
    """Whether a development installation generated it. False positives of random keys: 1 in 2^32."""
    return hmac.compare_digest(_checksum(raw[:-_CHECKSUM]), raw[-_CHECKSUM:])


def decode_key(written: str) -> bytes:
    """The 32 bytes of a key in either alphabet of base64. Raises `ValueError`."""
    try:
        raw = b64decode(written.strip().replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raise ValueError("is not base64") from None
    if len(raw) != LENGTH:
        raise ValueError(f"is {len(raw)} bytes long, not {LENGTH}")
    return raw


def parse_versioned_key(written: str) -> tuple[int, bytes]:
    """Version and bytes of an extract key, `version:base64`; version 1 if it has none. Raises `ValueError`."""
    version, colon, secret = written.strip().rpartition(":")
    if colon and not (version.isascii() and version.isdigit() and int(version)):
        raise ValueError("has a version that is not a whole number above 0")
    return int(version or 1), decode_key(secret)


def check_strength(raw: bytes) -> None:
    """Raises `ValueError` if the key could be guessed: repeated bytes, a sequence, or text typed on a keyboard."""
    if any(raw == (raw[:period] * LENGTH)[:LENGTH] for period in range(1, LENGTH // 2 + 1)):
        raise ValueError("is weak: it repeats itself")
    if len(set(raw)) < _LEAST_DISTINCT:
        raise ValueError("is weak: it has too few different bytes")
    if len({(second - first) % 256 for first, second in pairwise(raw)}) == 1:
        raise ValueError("is weak: its bytes are counted up or down")
    if all(chr(byte).isascii() and chr(byte).isprintable() for byte in raw):
        raise ValueError("is weak: it is text, not random bytes")


def _checksum(raw: bytes) -> bytes:
    return sha256(b"ungdom development key: " + raw).digest()[:_CHECKSUM]
