"""Cursors of lists: where a page ended, signed, and bound to the list it came from. Opaque to everybody else."""

import json
from datetime import datetime
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ungdom.api.http.errors import BadCursor


def write(key: str, list_key: str, place: str) -> str:
    """The cursor for this place in this list. `list_key` names the list, its filters and its order."""
    payload = json.dumps([list_key, place], separators=(",", ":"))
    return jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(key))


def read(key: str, list_key: str, cursor: str) -> str:
    """The place that the cursor names. Raises `BadCursor` when it is broken or belongs to another list."""
    try:
        payload = jws.deserialize_compact(cursor, OctKey.import_key(key), algorithms=["HS256"]).payload
        signed_key, place = json.loads(payload)
    except (JoseError, ValueError, TypeError) as error:
        raise BadCursor from error
    if signed_key != list_key or not isinstance(place, str):
        raise BadCursor
    return place


def encode_instant_place(at: datetime, id: UUID) -> str:
    """The place of something in a list that is ordered by instant and id."""
    return f"{at.isoformat()} {id}"


def decode_instant_place(place: str) -> tuple[datetime, UUID]:
    """The place written by `encode_instant_place`."""
    at, _, id = place.partition(" ")
    return datetime.fromisoformat(at), UUID(id)
