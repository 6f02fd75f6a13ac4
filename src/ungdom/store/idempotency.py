"""Answers remembered, so that a request sent twice is done once."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select

from ungdom.store.errors import InFlight
from ungdom.store.tables import idempotency

_TRY_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger)))


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer as it was given. `fingerprint` tells whether the request was the same."""

    fingerprint: str
    status: int
    headers: dict[str, str]
    body: bytes
    created_at: datetime


def claim(tx: Connection, subject: str, key: str) -> None:
    """Make sure nobody else is answering this request of this sender until the transaction ends. Raises `InFlight`.

    PostgreSQL: an advisory lock, whichever process asks. SQLite: nothing to do in a writing transaction, of which there
    is one at a time: the second request waits its turn and then finds the answer remembered.
    """
    if tx.dialect.name == "postgresql" and not tx.scalar(_TRY_LOCK, {"number": _number(subject, key)}):
        raise InFlight(key)


def remembered(tx: Connection, subject: str, key: str) -> Remembered | None:
    """The answer that this sender got under this key."""
    mine = (idempotency.c.subject == subject) & (idempotency.c.key == key)
    row = tx.execute(select(idempotency).where(mine)).one_or_none()
    if row is None:
        return None
    return Remembered(row.fingerprint, row.status, json.loads(row.headers), row.body, row.created_at)


def remember(tx: Connection, subject: str, key: str, answer: Remembered) -> None:
    """Keep the answer, in the transaction of what it tells of. Raises `DuplicateKey` when the transaction ends."""
    row = {"subject": subject, "key": key, **asdict(answer), "headers": json.dumps(answer.headers)}
    tx.execute(insert(idempotency), row)


def forget(tx: Connection, before: datetime) -> int:
    """Forget the answers given before that instant; how many they were."""
    return tx.execute(delete(idempotency).where(idempotency.c.created_at < before)).rowcount


def _number(subject: str, key: str) -> int:
    hashed = hashlib.blake2b(f"{len(subject)}:{subject}{key}".encode(), digest_size=8)
    return int.from_bytes(hashed.digest(), signed=True)
