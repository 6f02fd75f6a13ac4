"""Encrypts every stored value with the first key, and makes the keyed hashes anew, while the service is used.

Each page of a table is one short transaction. A row is changed only if it is still stored as it was read, so a
concurrent change is never lost, and two runs do no harm to each other. How far a run has come is in the rows: each
encrypted value names its key. A run that was killed is simply started again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, delete, func, literal, select, tuple_, update

from ungdom.store import idempotency, kept_secrets, key_usage, people, sealed
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen, Stale, Unavailable
from ungdom.store.schema.inbox import decision_wait
from ungdom.store.sealed import SEALED_COLUMNS, SealedColumn
from ungdom.store.session import Database

PAGE = 100
"""Rows per transaction: on SQLite other writers wait for it, on PostgreSQL writers of the same rows."""
PASSES = 20
"""Passes over a table whose rows other transactions hold locked, or write with an older key meanwhile."""
BETWEEN_PASSES = 0.25
TRIES = 60
"""Attempts per page while the database cannot be reached or is too busy; half a second between two."""
BETWEEN_TRIES = 0.5
LOCK_MILLISECONDS = 200
"""How long a page waits for a lock. It gives up before PostgreSQL looks for a deadlock, so that no request has to."""

Report = Callable[[str, int], None]
"""Called after every page: the table, and the number of its values encrypted anew so far."""
Reseal = Callable[[Connection, EncryptionKeys, SealedColumn, Row[*tuple[Any, ...]]], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResealedTable:
    """What a run has done with a column. `unopened`: values that no key opens, or that were changed."""

    table: str
    resealed: int
    unopened: int


def reseal(db: Database, keys: EncryptionKeys, report: Report = lambda _table, _done: None) -> list[ResealedTable]:
    """Encrypts every value with the first key; the counts of each column.

    Raises `CannotOpen` if the secret of the database cannot be opened, and `Unavailable`.
    """
    _retried(db, lambda tx: kept_secrets.ensure(tx, keys))
    results = [_reseal_column(db, keys, column, report) for column in SEALED_COLUMNS]
    _retried(db, lambda tx: _renew_waits(tx, keys))
    return results


def _reseal_column(db: Database, keys: EncryptionKeys, column: SealedColumn, report: Report) -> ResealedTable:
    resealed, unopened = 0, set[tuple[Any, ...]]()
    for _ in range(PASSES):
        before = resealed
        last: tuple[Any, ...] | None = None
        rows: dict[tuple[Any, ...], bool] | None = None
        while rows is None or len(rows) == PAGE:
            rows = _retried(db, partial(_next_page, keys=keys, column=column, after=last, unopened=unopened))
            resealed += sum(rows.values())
            last = next(reversed(rows), None)
            report(column.table.name, resealed)
        if not _is_left(db, keys, column, len(unopened)):
            break
        if resealed == before:
            time.sleep(BETWEEN_PASSES)
    return ResealedTable(column.table.name, resealed, len(unopened))


def _next_page(
    tx: Connection,
    keys: EncryptionKeys,
    column: SealedColumn,
    after: tuple[Any, ...] | None,
    unopened: set[tuple[Any, ...]],
) -> dict[tuple[Any, ...], bool]:
    """Encrypts the next rows; whether each was changed, by its primary key. Adds rows that do not open to a set."""
    primary = list(column.table.primary_key)
    query = select(*key_usage.record_columns(column), column.column.label("value"))
    query = query.where(key_usage.not_under(column.column, keys.ids[:1])).order_by(*primary).limit(PAGE)
    if after is not None:
        last = [literal(value, key.type) for value, key in zip(after, primary, strict=True)]
        query = query.where(tuple_(*primary) > tuple_(*last))
    done: dict[tuple[Any, ...], bool] = {}
    for row in tx.execute(query.with_for_update(skip_locked=True)).all():
        key = tuple(row[: len(primary)])
        try:
            done[key] = _OWN.get(column, _reseal_value)(tx, keys, column, row)
        except CannotOpen:
            done[key] = False
            unopened.add(key)
    return done


def _is_left(db: Database, keys: EncryptionKeys, column: SealedColumn, unopened: int) -> bool:
    """Whether there are more values to encrypt than those that do not open."""
    query = select(func.count()).select_from(column.table)
    query = query.where(key_usage.not_under(column.column, keys.ids[:1]))
    with db.reading() as tx:
        return (tx.scalar(query) or 0) > unopened


def _retried(db: Database, work: Callable[[Connection], T]) -> T:
    """What this returns in a transaction of its own, repeated while the database is too busy or cannot be reached."""
    for attempt in range(TRIES):
        begun = time.monotonic()
        try:
            with db.writing() as tx:
                if tx.dialect.name == "postgresql":
                    tx.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
                result = work(tx)
        except (Unavailable, Stale):
            if attempt == TRIES - 1:
                raise
            time.sleep(BETWEEN_TRIES)
        else:
            time.sleep(min(time.monotonic() - begun, BETWEEN_TRIES))  # others write as long as this did
            return result
    raise AssertionError("unreachable")


# --- one row ------------------------------------------------------------------------------------------------


def _reseal_value(tx: Connection, keys: EncryptionKeys, column: SealedColumn, row: Row[*tuple[Any, ...]]) -> bool:
    """Encrypts a value of which there is no keyed hash."""
    record = column.record_of(**{name: row._mapping[name] for name in column.record_columns})
    value: bytes = row.value
    plain = value if len(value) == kept_secrets.DIGEST_LENGTH else keys.decrypt(value, record)
    same = and_(*(key == row._mapping[key.name] for key in column.table.primary_key), column.column == value)
    changed = update(column.table).where(same).values({column.column.name: keys.encrypt(plain, record)})
    return tx.execute(changed).rowcount == 1


def _reseal_person(tx: Connection, keys: EncryptionKeys, _column: SealedColumn, row: Row[*tuple[Any, ...]]) -> bool:
    return people.reseal_person(tx, keys, row.person_id, row.value)


def _reseal_response(tx: Connection, keys: EncryptionKeys, _column: SealedColumn, row: Row[*tuple[Any, ...]]) -> bool:
    return idempotency.reseal_response(tx, keys, row.key_hash, row.value)


_OWN: Mapping[SealedColumn, Reseal] = {sealed.PERSON: _reseal_person, sealed.IDEMPOTENCY: _reseal_response}
"""Columns whose row also holds keyed hashes of what is encrypted."""


def _renew_waits(tx: Connection, keys: EncryptionKeys) -> None:
    """Replaces the hashes of identity numbers under which parked messages wait."""
    for wait in key_usage.person_waits(tx, keys):
        if wait.renewed is None or wait.renewed == wait.waits_for:
            continue
        same = (decision_wait.c.message_id == wait.message_id) & (decision_wait.c.waits_for == wait.waits_for)
        renewed = decision_wait.alias("renewed")
        there = select(renewed).where(renewed.c.message_id == wait.message_id, renewed.c.waits_for == wait.renewed)
        tx.execute(update(decision_wait).where(same, ~there.exists()).values(waits_for=wait.renewed))
        tx.execute(delete(decision_wait).where(same))
