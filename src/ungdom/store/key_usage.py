"""Which encryption keys the stored values are encrypted with: counted, and checked at the start of the service."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, LargeBinary, Row, Select, func, select

from ungdom.message.national_id import normalise
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen, MissingKeys
from ungdom.store.kept_secrets import DIGEST_LENGTH
from ungdom.store.schema.inbox import decision, decision_wait
from ungdom.store.sealed import DECISION, SEALED_COLUMNS, SealedColumn

NOT_ENCRYPTED = "none"
"""Shown in place of a key id: a keyed hash that an earlier version has stored as it is."""

PERSON_WAIT = "person:"
WAITS = decision_wait.name


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """How many values of a table are encrypted, or hashed, with the key with this short id."""

    table: str
    key_id: str
    records: int


@dataclass(frozen=True, slots=True)
class PersonWait:
    """A wait of a parked message for a person, under the hash of the identity number.

    `key_id`: of the key that the hash was made with; None if no key of this installation made it. `renewed`: the wait
    under the first key; None if the message cannot be read.
    """

    message_id: UUID
    waits_for: str
    key_id: str | None
    renewed: str | None


def key_id_of(column: ColumnElement[Any]) -> ColumnElement[bytes]:
    """SQL: the key id in an encrypted value (`ungdom.store.encryption`)."""
    return func.substr(column, 2, 4, type_=LargeBinary)


def is_stored(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """SQL: whether there is a value. An erased one is null, or has no bytes where the column cannot be null."""
    return func.length(column) > 0


def not_under(column: ColumnElement[Any], key_ids: Collection[str]) -> ColumnElement[bool]:
    """SQL: whether a value is encrypted with none of these keys, or not encrypted."""
    other = key_id_of(column).not_in([bytes.fromhex(key_id) for key_id in key_ids])
    return is_stored(column) & (other | (func.length(column) == DIGEST_LENGTH))


def usage(tx: Connection, keys: EncryptionKeys) -> list[KeyUsage]:
    """How many values of each table each key encrypts; tables without any are left out."""
    counts: Counter[tuple[str, str]] = Counter()
    for sealed in SEALED_COLUMNS:
        plain, key_id = func.length(sealed.column) == DIGEST_LENGTH, key_id_of(sealed.column)
        query = select(plain, key_id, func.count()).where(is_stored(sealed.column)).group_by(plain, key_id)
        for unencrypted, key, records in tx.execute(query):
            counts[sealed.table.name, NOT_ENCRYPTED if unencrypted else bytes(key).hex()] += records
    counts.update((WAITS, wait.key_id or NOT_ENCRYPTED) for wait in person_waits(tx, keys))
    return [KeyUsage(table, key_id, records) for (table, key_id), records in sorted(counts.items())]


def require_keys(tx: Connection, keys: EncryptionKeys) -> None:
    """Raises `MissingKeys` if a table has a value that no key opens, and whose key is not declared lost."""
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for sealed in SEALED_COLUMNS:
        query = select(sealed.column).where(not_under(sealed.column, [*keys.ids, *keys.lost]))
        stored = tx.scalar(query.where(func.length(sealed.column) != DIGEST_LENGTH).limit(1))
        if stored is not None:
            missing[EncryptionKeys.id_of(stored)].append(sealed.table.name)
    if missing:
        raise MissingKeys(missing)


def person_waits(tx: Connection, keys: EncryptionKeys) -> Iterator[PersonWait]:
    """The waits of parked messages for a person."""
    columns = (decision_wait.c.message_id, decision_wait.c.waits_for, decision.c.sealed)
    waiting = decision_wait.c.waits_for.between(PERSON_WAIT, PERSON_WAIT + "z")
    query: Select[Any] = select(*columns).join(decision, decision.c.message_id == decision_wait.c.message_id)
    for row in tx.execute(query.where(waiting).order_by(decision_wait.c.message_id)).all():
        yield _person_wait(keys, row)


def _person_wait(keys: EncryptionKeys, row: Row[Any]) -> PersonWait:
    number = _national_id(keys, row.message_id, row.sealed)
    waits = [PERSON_WAIT + digest.hex() for digest in keys.digests(number)]
    key_id = dict(zip(waits, keys.ids, strict=True)).get(row.waits_for) if number else None
    return PersonWait(row.message_id, row.waits_for, key_id, waits[0] if number else None)


def _national_id(keys: EncryptionKeys, message_id: UUID, sealed: bytes | None) -> str:
    """The identity number in a stored message; empty if there is none, or the message cannot be read."""
    try:
        content = json.loads(keys.decrypt(sealed, DECISION.record_of(message_id=message_id))) if sealed else {}
    except CannotOpen:
        return ""
    person: Mapping[str, Any] = content.get("person") or {}
    return normalise(person.get("national_id") or "")


def record_columns(sealed: SealedColumn) -> list[ColumnElement[Any]]:
    """The primary key of the table, then what else the name of a record is made of."""
    primary = list(sealed.table.primary_key)
    return [*primary, *(sealed.table.c[name] for name in sealed.record_columns if sealed.table.c[name] not in primary)]
