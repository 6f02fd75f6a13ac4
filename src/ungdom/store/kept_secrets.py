"""Keyed hashes that outlive the encryption keys: of texts that are not stored, so that no hash could be made anew.

They are made with a secret of the database's own, which is stored encrypted. Pseudonyms in the ids of official messages
are such hashes, and what tells whether a case or an event of the population register is sent unchanged.
"""

import hmac
import secrets
from hashlib import sha256

from sqlalchemy import Connection, or_, select, update

from ungdom.store import bulk, sealed
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.cases import case_import
from ungdom.store.schema.inbox import exchange_message
from ungdom.store.schema.kept_secrets import kept_secret
from ungdom.store.schema.persons import population_event
from ungdom.store.sealed import SealedColumn

DIGEST_LENGTH = 32
"""Bytes of a hash. An encrypted hash is longer: one of this length was stored as it is by an earlier version."""

_DIGESTS = "digests"


def digest(tx: Connection, keys: EncryptionKeys, text: str) -> bytes:
    """Keyed hash of this text, the same under every encryption key, until one is declared lost that alone opens it.

    May write. Raises `CannotOpen`.
    """
    return hmac.digest(_secret(tx, keys), text.encode(), sha256)


def sealed_digest(tx: Connection, keys: EncryptionKeys, text: str, column: SealedColumn, **record: object) -> bytes:
    """The hash of this text, encrypted for this record of this column. May write. Raises `CannotOpen`."""
    return keys.encrypt(digest(tx, keys, text), column.record_of(**record))


def is_digest_of(
    tx: Connection, keys: EncryptionKeys, stored: bytes, text: str, column: SealedColumn, **record: object
) -> bool:
    """Whether the value stored in this column for this record is the hash of this text. Raises `CannotOpen`."""
    if not stored or keys.is_lost(stored):
        return False  # erased
    if len(stored) != DIGEST_LENGTH:
        return hmac.compare_digest(keys.decrypt(stored, column.record_of(**record)), digest(tx, keys, text))
    return stored in keys.digests(text)


def ensure(tx: Connection, keys: EncryptionKeys) -> None:
    """Writes the secret if there is none yet. Raises `CannotOpen` if there is one that cannot be opened."""
    _secret(tx, keys)


def _secret(tx: Connection, keys: EncryptionKeys) -> bytes:
    query = select(kept_secret.c.sealed).where(kept_secret.c.name == _DIGESTS)
    stored = tx.scalar(query)
    record = sealed.KEPT_SECRET.record_of(name=_DIGESTS)
    if stored is not None and keys.is_lost(stored):
        lost, new = kept_secret.c.sealed == stored, keys.encrypt(secrets.token_bytes(DIGEST_LENGTH), record)
        tx.execute(update(kept_secret).where(kept_secret.c.name == _DIGESTS, lost).values(sealed=new))
        stored = tx.execute(query).scalar_one()
    if stored is None:
        row = {"name": _DIGESTS, "sealed": keys.encrypt(_first_secret(tx, keys), record)}
        tx.execute(bulk.dialect_insert(tx, kept_secret).values(row).on_conflict_do_nothing())
        stored = tx.execute(query).scalar_one()
    return keys.decrypt(stored, record)


def _first_secret(tx: Connection, keys: EncryptionKeys) -> bytes:
    """Random; where earlier versions have stored hashes, what the oldest encryption key hashed with."""
    earlier = (select(table).exists() for table in (case_import, exchange_message, population_event))
    return keys.oldest_hash_key() if tx.scalar(select(or_(*earlier))) else secrets.token_bytes(DIGEST_LENGTH)
