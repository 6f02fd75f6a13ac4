"""Rows and SHA-256 per table: two databases with equal fingerprints hold the same rows, whatever their kind."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from ungdom.store.schema import metadata

BATCH = 2_000
"""Rows that are read at a time."""


class TableFingerprint(NamedTuple):
    """`sha256`: of the rows in the order of the primary key."""

    rows: int
    sha256: str


def fingerprint(tx: Connection) -> Mapping[str, TableFingerprint]:
    """The fingerprint of every table, as this transaction sees it."""
    return {table.name: _of_table(tx, table) for table in metadata.sorted_tables}


def _of_table(tx: Connection, table: Table) -> TableFingerprint:
    rows, digest = 0, hashlib.sha256()
    query = select(table).order_by(*table.primary_key)
    for row in tx.execute(query, execution_options={"yield_per": BATCH}):
        digest.update(_encoded(row))
        rows += 1
    return TableFingerprint(rows, digest.hexdigest())


def _encoded(row: Iterable[Any]) -> bytes:
    """The values, each with its length, so that no two rows have the same bytes."""
    values = [_plain(value) for value in row]
    return b"".join(b"-" if value is None else b"%d:%b" % (len(value), value) for value in values)


def _plain(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat().encode()
    return str(value).encode()


def differing(expected: Mapping[str, Any], actual: Mapping[str, TableFingerprint]) -> list[str]:
    """The tables whose rows differ, or that only one of the two has. `expected` may have been read from JSON."""
    names = sorted({*expected, *actual})
    return [name for name in names if tuple(expected.get(name) or ()) != tuple(actual.get(name) or ())]
