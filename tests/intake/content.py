"""What a database holds, so that two of them can be compared: a hash a table over every column, sealed ones opened."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select

from ungdom.store import sealed
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema import inbox
from ungdom.store.schema.cases import case_current, case_file, case_number, case_team, event, note
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.schema.outbox import outbox
from ungdom.store.schema.persons import person, person_version
from ungdom.store.session import Database

WRITTEN: tuple[Table, ...] = (
    person,
    person_version,
    case_file,
    case_number,
    event,
    case_current,
    case_team,
    note,
    outbox,
    idempotency,
    inbox.decision,
    inbox.decision_receipt,
    inbox.decision_event,
    inbox.decision_wait,
)
"""Every table that messages write to, or could."""

SEALED = {one.table.name: one for one in (sealed.PERSON, sealed.DECISION)}
"""Encrypted columns that are compared decrypted, by table."""

BATCH = 2_000


def hashes(db: Database, keys: EncryptionKeys) -> dict[str, str]:
    """Number of rows and hash of each table."""
    with db.reading() as tx:
        return {table.name: _hash(row for row in _rows(tx, table, keys)) for table in WRITTEN}


def rows(db: Database, keys: EncryptionKeys, table: Table) -> list[str]:
    """The rows of a table, in the order of its key."""
    with db.reading() as tx:
        return [str(row) for row in _rows(tx, table, keys)]


def _hash(found: Iterator[tuple[Any, ...]]) -> str:
    digest, count = hashlib.sha256(), 0
    for row in found:
        digest.update(repr(row).encode())
        count += 1
    return f"{count} {digest.hexdigest()}"


def _rows(tx: Any, table: Table, keys: EncryptionKeys) -> Iterator[tuple[Any, ...]]:
    result = tx.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key))
    for row in result.mappings():
        yield tuple(_plain(table, row, name, keys) for name in row)


def _plain(table: Table, row: Mapping[str, Any], name: str, keys: EncryptionKeys) -> Any:
    value = row[name]
    if name == "sealed" and value is not None and table.name in SEALED:
        return keys.decrypt(
            value, SEALED[table.name].record_of(**{key: row[key] for key in SEALED[table.name].record_columns})
        )
    return value.isoformat() if isinstance(value, datetime) else str(value)
