"""Stored responses by Idempotency-Key, so that a repeated request has no second effect.

Rows are encrypted and looked up by a keyed hash: the client's key, the sender, the request and the response can
neither be read, nor guessed and compared, without the keys of the installation.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from ungdom.store.case_sights import CaseSight
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import InFlight
from ungdom.store.named_locks import try_lock
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.sealed import IDEMPOTENCY


@dataclass(frozen=True, slots=True, repr=False)
class RequestKey:
    """An Idempotency-Key with its scope: the same text in another scope is another key.

    `konfliktrad`: None if the token has none. `route`: method and path template.
    """

    subject: str
    role: str
    konfliktrad: str | None
    route: str
    key: str

    @property
    def text(self) -> str:
        """Key and scope as one unambiguous text."""
        return json.dumps(astuple(self))


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as it was sent. `fingerprint`: hash of the request it answers.

    `sights`: by id, what the caller could learn of the cases in it when it was stored.
    """

    fingerprint: str
    status: int
    headers: dict[str, str]
    body: bytes
    created_at: datetime
    sights: Mapping[UUID, CaseSight] = field(default_factory=dict)


def claim(tx: Connection, request_key: RequestKey) -> None:
    """Locks this request key until the transaction ends. Raises `InFlight` if another transaction holds it.

    PostgreSQL: an advisory lock. SQLite has one writing transaction at a time: the second request waits, then finds
    the stored response.
    """
    if not try_lock(tx, [request_key.text]):
        raise InFlight(request_key.route)


def find_response(tx: Connection, keys: EncryptionKeys, request_key: RequestKey) -> StoredResponse | None:
    """The stored response for this key; None if there is none. Raises `CannotOpen`."""
    hashes = keys.digests(_hash_input(request_key.text))
    query = select(idempotency).where(idempotency.c.key_hash.in_(hashes)).order_by(idempotency.c.created_at)
    row = tx.execute(query).first()  # two if processes had different keys for a while: the first one counts
    if row is None:
        return None
    content = decrypt_row(keys, row.key_hash, row.sealed)
    return StoredResponse(
        content["fingerprint"],
        content["status"],
        content["headers"],
        b64decode(content["body"]),
        row.created_at,
        {UUID(case_id): CaseSight.from_words(words) for case_id, words in content.get("sights", {}).items()},
    )


def store_response(tx: Connection, keys: EncryptionKeys, request_key: RequestKey, answer: StoredResponse) -> None:
    """Stores the response, in the transaction of its effect. Raises `DuplicateKey` when the transaction ends."""
    content = {
        "asked": request_key.text,
        "fingerprint": answer.fingerprint,
        "status": answer.status,
        "headers": answer.headers,
        "body": b64encode(answer.body).decode(),
        "sights": {str(case_id): sight.words for case_id, sight in answer.sights.items()},
    }
    key_hash = keys.digest(_hash_input(request_key.text))
    sealed = keys.encrypt(json.dumps(content).encode(), _record(key_hash))
    tx.execute(insert(idempotency), {"key_hash": key_hash, "sealed": sealed, "created_at": answer.created_at})


def reseal_response(tx: Connection, keys: EncryptionKeys, key_hash: bytes, sealed: bytes) -> bool:
    """Encrypts and hashes this row with the first key, if it is still stored as read; whether it was.

    Of two rows of one request, which processes with different keys have stored, the first one is kept.
    """
    content = keys.decrypt(sealed, _record(key_hash))
    new_hash = keys.digest(_hash_input(json.loads(content)["asked"]))
    stored, unchanged = idempotency.c, (idempotency.c.key_hash == key_hash) & (idempotency.c.sealed == sealed)
    created_at = tx.scalar(select(stored.created_at).where(unchanged).with_for_update())
    if created_at is None:
        return False
    tx.execute(delete(idempotency).where(stored.key_hash == new_hash, stored.created_at > created_at))
    if tx.scalar(select(stored.key_hash).where(stored.key_hash == new_hash)) is not None:
        return tx.execute(delete(idempotency).where(unchanged)).rowcount == 1
    values = {"key_hash": new_hash, "sealed": keys.encrypt(content, _record(new_hash))}
    return tx.execute(update(idempotency).where(unchanged).values(values)).rowcount == 1


def decrypt_row(keys: EncryptionKeys, key_hash: bytes, sealed: bytes) -> dict[str, Any]:
    """The decrypted content of one row. Raises `CannotOpen`."""
    content: dict[str, Any] = json.loads(keys.decrypt(sealed, _record(key_hash)))
    return content


def plain_texts(tx: Connection, keys: EncryptionKeys, hashes: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Request key and body of these rows, to look for a name in, by key hash. Raises `CannotOpen`.

    Rows whose key is declared lost are left out.
    """
    for row in tx.execute(select(*idempotency.c["key_hash", "sealed"]).where(idempotency.c.key_hash.in_(hashes))):
        if not keys.is_lost(row.sealed):
            yield row.key_hash, plain_text(keys, row.key_hash, row.sealed)


def plain_text(keys: EncryptionKeys, key_hash: bytes, sealed: bytes) -> bytes:
    """Request key and body of one row. Raises `CannotOpen`."""
    content = decrypt_row(keys, key_hash, sealed)
    return str(content["asked"]).encode() + b"\n" + b64decode(content["body"])


def _hash_input(text: str) -> str:
    """The prefix separates these hashes from those of other purposes."""
    return f"idempotency:{text}"


def _record(key_hash: bytes) -> str:
    return IDEMPOTENCY.record_of(key_hash=key_hash)
