"""Cursors of lists: where a page ended, signed, and bound to the list it came from. Opaque to everybody else.

A place that says more than the reader may know, as the last message of the whole service does, is encrypted instead.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ungdom.api.http.errors import BadCursor


def write(keys: Sequence[str], list_key: str, place: str) -> str:
    """The cursor for this place in this list, signed with the first key.

    `list_key` names the list, its filters and its order.
    """
    payload = json.dumps([list_key, place], separators=(",", ":"))
    return jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(keys[0]))


def read(keys: Sequence[str], list_key: str, cursor: str) -> str:
    """The place that the cursor names, signed with one of the keys.

    Raises `BadCursor` when it is broken or belongs to another list.
    """
    try:
        signed_key, place = json.loads(_payload(keys, cursor))
    except (JoseError, ValueError, TypeError) as error:
        raise BadCursor from error
    if signed_key != list_key or not isinstance(place, str):
        raise BadCursor
    return place


def _payload(keys: Sequence[str], cursor: str) -> bytes:
    """The signed content of the cursor. Raises `JoseError` or `ValueError`."""
    for key in keys[:-1]:
        with suppress(JoseError):
            return jws.deserialize_compact(cursor, OctKey.import_key(key), algorithms=["HS256"]).payload
    return jws.deserialize_compact(cursor, OctKey.import_key(keys[-1]), algorithms=["HS256"]).payload


def encrypt(keys: Sequence[str], list_key: str, place: str) -> str:
    """As `write`, with a place that nobody but the service can read. The same place gives the same cursor."""
    return urlsafe_b64encode(_cipher(keys[0]).encrypt(place.encode(), [list_key.encode()])).decode().rstrip("=")


def decrypt(keys: Sequence[str], list_key: str, cursor: str) -> str:
    """The place that was encrypted with one of the keys. Raises `BadCursor` as `read` does."""
    for key in keys:
        with suppress(InvalidTag, ValueError):
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            return _cipher(key).decrypt(sealed, [list_key.encode()]).decode()
    raise BadCursor


def _cipher(key: str) -> AESSIV:
    """AES-SIV, which needs no nonce, with a key of its own: a signing key is not used to encrypt."""
    return AESSIV(HKDF(SHA512(), 64, None, b"ungdom encrypted cursors").derive(key.encode()))


def encode_instant_place(at: datetime, id: UUID) -> str:
    """The place of something in a list that is ordered by instant and id."""
    return f"{at.isoformat()} {id}"


def decode_instant_place(place: str) -> tuple[datetime, UUID]:
    """The place written by `encode_instant_place`."""
    at, _, id = place.partition(" ")
    return datetime.fromisoformat(at), UUID(id)
