"""Answers remembered, so that a request sent twice is done once.

What is kept is sealed, and found again by a keyed hash: neither the key that the client chose, nor who sent the
request, nor what was asked or answered can be read, or guessed and compared, without the keys of the installation.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select

from ungdom.store.errors import InFlight
from ungdom.store.sealing import Keys
from ungdom.store.tables import idempotency

_TRY_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger)))


@dataclass(frozen=True, slots=True, repr=False)
class RequestKey:
    """An Idempotency-Key and all that it belongs to: the same word anywhere else is another key.

    `konfliktrad`: None where the token speaks for none. `route`: method and path template.
    """

    subject: str
    role: str
    konfliktrad: str | None
    route: str
    key: str

    @property
    def text(self) -> str:
        """All of it as one text, no two alike."""
        return json.dumps(astuple(self))


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer as it was given. `fingerprint` tells whether the request was the same."""

    fingerprint: str
    status: int
    headers: dict[str, str]
    body: bytes
    created_at: datetime


def claim(tx: Connection, asked: RequestKey) -> None:
    """Make sure nobody else is answering this request of this sender until the transaction ends. Raises `InFlight`.

    PostgreSQL: an advisory lock, whichever process asks. SQLite: nothing to do in a writing transaction, of which there
    is one at a time: the second request waits its turn and then finds the answer remembered.
    """
    if tx.dialect.name == "postgresql" and not tx.scalar(_TRY_LOCK, {"number": _number(asked)}):
        raise InFlight(asked.route)


def remembered(tx: Connection, keys: Keys, asked: RequestKey) -> Remembered | None:
    """The answer that was given under this key. Raises `CannotOpen`."""
    hashes = keys.digests(_named(asked.text))
    query = select(idempotency).where(idempotency.c.key_hash.in_(hashes)).order_by(idempotency.c.created_at)
    row = tx.execute(query).first()  # two, where processes had different keys for a while: the first one counts
    if row is None:
        return None
    kept = opened(keys, row.key_hash, row.sealed)
    return Remembered(kept["fingerprint"], kept["status"], kept["headers"], b64decode(kept["body"]), row.created_at)


def remember(tx: Connection, keys: Keys, asked: RequestKey, answer: Remembered) -> None:
    """Keep the answer, in the transaction of its effect. Raises `DuplicateKey` when the transaction ends."""
    kept = {
        "asked": asked.text,
        "fingerprint": answer.fingerprint,
        "status": answer.status,
        "headers": answer.headers,
        "body": b64encode(answer.body).decode(),
    }
    tx.execute(insert(idempotency), {**_sealed(keys, kept), "created_at": answer.created_at})


def forget(tx: Connection, before: datetime) -> int:
    """Forget the answers given before that instant; how many they were."""
    return tx.execute(delete(idempotency).where(idempotency.c.created_at < before)).rowcount


def opened(keys: Keys, key_hash: bytes, sealed: bytes) -> dict[str, Any]:
    """What is kept in one row, as it was sealed. Raises `CannotOpen`."""
    kept: dict[str, Any] = json.loads(keys.open(sealed, _record(key_hash)))
    return kept


def _sealed(keys: Keys, kept: dict[str, Any]) -> dict[str, bytes]:
    key_hash = keys.digest(_named(kept["asked"]))
    return {"key_hash": key_hash, "sealed": keys.seal(json.dumps(kept).encode(), _record(key_hash))}


def _named(text: str) -> str:
    """The text as it is hashed here: equal to none that is hashed for another purpose."""
    return f"idempotency:{text}"


def _record(key_hash: bytes) -> str:
    return f"idempotency:{key_hash.hex()}"


def _number(asked: RequestKey) -> int:
    hashed = hashlib.blake2b(asked.text.encode(), digest_size=8)
    return int.from_bytes(hashed.digest(), signed=True)
