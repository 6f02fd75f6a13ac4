"""The whole database read as its owner would, with the keys: every column of every row, encrypted values opened."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from ungdom.store.encryption import EncryptionKeys
from ungdom.store.idempotency import plain_text
from ungdom.store.schema import metadata
from ungdom.store.sealed import SEALED_COLUMNS
from ungdom.store.session import Database

RECORDS = {(sealed.table.name, sealed.column.name): sealed for sealed in SEALED_COLUMNS}
"""By table and column, the columns that hold encrypted values."""
HASH = 32
"""Bytes of a keyed hash, which earlier versions stored as it is."""


def texts_of(db: Database, keys: EncryptionKeys) -> Iterator[tuple[str, bytes]]:
    """Table and column of every value, with the value as bytes."""
    with db.reading() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                for column in table.columns:
                    value = getattr(row, column.name)
                    if value is not None:
                        yield f"{table.name}.{column.name}", _plain(keys, table.name, column.name, row, value)


def _plain(keys: EncryptionKeys, table: str, column: str, row: Any, value: Any) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode()
    if table == "idempotency" and column == "sealed":
        return plain_text(keys, row.key_hash, value)
    if (table, column) not in RECORDS or len(value) in (0, HASH):
        return value
    return keys.decrypt(value, RECORDS[table, column].record_of(**row._mapping))


def hits(db: Database, keys: EncryptionKeys, *words: str) -> list[str]:
    """Where one of the words stands, whatever its case."""
    wanted = [word.lower().encode() for word in words]
    found = []
    for place, text in texts_of(db, keys):
        lowered = text.decode(errors="replace").lower().encode()
        if any(word in lowered for word in wanted):
            found.append(place)
    return found
