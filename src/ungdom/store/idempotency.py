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

from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import InFlight
from ungdom.store.schema.idempotency import idempotency

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
class StoredResponse:
    """An answer as it was given. `fingerprint` tells whether the request was the same."""

    fingerprint: str
    status: int
    headers: dict[str, str]
    body: bytes
    created_at: datetime


def claim(tx: Connection, request_key: RequestKey) -> None:
    """Make sure nobody else is answering this request of this sender until the transaction ends. Raises `InFlight`.

    PostgreSQL: an advisory lock, whichever process asks. SQLite: nothing to do in a writing transaction, of which there
    is one at a time: the second request waits its turn and then finds the answer remembered.
    """
    if tx.dialect.name == "postgresql" and not tx.scalar(_TRY_LOCK, {"number": _lock_number(request_key)}):
        raise InFlight(request_key.route)


def find_response(tx: Connection, keys: EncryptionKeys, request_key: RequestKey) -> StoredResponse | None:
    """The answer that was given under this key. Raises `CannotOpen`."""
    hashes = keys.digests(_hash_input(request_key.text))
    query = select(idempotency).where(idempotency.c.key_hash.in_(hashes)).order_by(idempotency.c.created_at)
    row = tx.execute(query).first()  # two, where processes had different keys for a while: the first one counts
    if row is None:
        return None
    content = decrypt_row(keys, row.key_hash, row.sealed)
    return StoredResponse(
        content["fingerprint"], content["status"], content["headers"], b64decode(content["body"]), row.created_at
    )


def store_response(tx: Connection, keys: EncryptionKeys, request_key: RequestKey, answer: StoredResponse) -> None:
    """Keep the answer, in the transaction of its effect. Raises `DuplicateKey` when the transaction ends."""
    content = {
        "asked": request_key.text,
        "fingerprint": answer.fingerprint,
        "status": answer.status,
        "headers": answer.headers,
        "body": b64encode(answer.body).decode(),
    }
    tx.execute(insert(idempotency), {**_encrypted_row(keys, content), "created_at": answer.created_at})


def delete_older(tx: Connection, before: datetime) -> int:
    """Forget the answers given before that instant; how many they were."""
    return tx.execute(delete(idempotency).where(idempotency.c.created_at < before)).rowcount


def decrypt_row(keys: EncryptionKeys, key_hash: bytes, sealed: bytes) -> dict[str, Any]:
    """What is kept in one row, as it was sealed. Raises `CannotOpen`."""
    content: dict[str, Any] = json.loads(keys.decrypt(sealed, _record(key_hash)))
    return content


def _encrypted_row(keys: EncryptionKeys, content: dict[str, Any]) -> dict[str, bytes]:
    key_hash = keys.digest(_hash_input(content["asked"]))
    return {"key_hash": key_hash, "sealed": keys.encrypt(json.dumps(content).encode(), _record(key_hash))}


def _hash_input(text: str) -> str:
    """The text as it is hashed here: equal to none that is hashed for another purpose."""
    return f"idempotency:{text}"


def _record(key_hash: bytes) -> str:
    return f"idempotency:{key_hash.hex()}"


def _lock_number(request_key: RequestKey) -> int:
    hashed = hashlib.blake2b(request_key.text.encode(), digest_size=8)
    return int.from_bytes(hashed.digest(), signed=True)
