"""Cursors of lists: where a page ended, signed, and bound to the list it came from. Opaque to everybody else."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

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


def encode_instant_place(at: datetime, id: UUID) -> str:
    """The place of something in a list that is ordered by instant and id."""
    return f"{at.isoformat()} {id}"


def decode_instant_place(place: str) -> tuple[datetime, UUID]:
    """The place written by `encode_instant_place`."""
    at, _, id = place.partition(" ")
    return datetime.fromisoformat(at), UUID(id)
