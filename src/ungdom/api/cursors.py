"""Cursors of lists: where a page ended, signed, and bound to the list it came from. Opaque to everybody else."""

import json
from datetime import datetime
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ungdom.api.errors import BadCursor


def write(key: str, of: str, place: str) -> str:
    """The cursor for this place in this list. `of` names the list, its filters and its order."""
    payload = json.dumps([of, place], separators=(",", ":"))
    return jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(key))


def read(key: str, of: str, cursor: str) -> str:
    """The place that the cursor names. Raises `BadCursor` when it is broken or belongs to another list."""
    try:
        payload = jws.deserialize_compact(cursor, OctKey.import_key(key), algorithms=["HS256"]).payload
        named, place = json.loads(payload)
    except (JoseError, ValueError, TypeError) as error:
        raise BadCursor from error
    if named != of or not isinstance(place, str):
        raise BadCursor
    return place


def moment(at: datetime, id: UUID) -> str:
    """The place of something in a list that is ordered by instant and id."""
    return f"{at.isoformat()} {id}"


def moment_of(place: str) -> tuple[datetime, UUID]:
    """The place written by `moment`."""
    at, _, id = place.partition(" ")
    return datetime.fromisoformat(at), UUID(id)
