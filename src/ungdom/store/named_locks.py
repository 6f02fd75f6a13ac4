"""Advisory locks by name, held until the transaction ends. On SQLite there is one writer, and nothing is locked."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import BigInteger, Connection, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from ungdom.store.prepared import Prepared
from ungdom.store.schema.cases import case_current

_NUMBERS = func.unnest(bindparam("numbers", type_=ARRAY(BigInteger))).column_valued("number")
_LOCK = select(func.pg_advisory_xact_lock(_NUMBERS))
_CASE = select(case_current.c.version).where(case_current.c.case_id == bindparam("case_id"))
_LOCK_CASE = {wait: Prepared(_CASE.with_for_update(nowait=not wait)) for wait in (True, False)}
_TRY_LOCK = select(func.pg_try_advisory_xact_lock(_NUMBERS))


def lock(tx: Connection, names: Iterable[str]) -> bool:
    """Locks these names, waiting for other transactions. Locks are taken in one order, which avoids deadlocks."""
    if tx.dialect.name == "postgresql":
        tx.execute(_LOCK, {"numbers": _lock_numbers(names)})
    return True


def try_lock(tx: Connection, names: Iterable[str]) -> bool:
    """Locks these names without waiting; False if another transaction holds one of them."""
    if tx.dialect.name != "postgresql":
        return True
    return all(tx.scalars(_TRY_LOCK, {"numbers": _lock_numbers(names)}))


def lock_case(tx: Connection, case_id: UUID, wait: bool) -> None:
    """Locks the row of this case until the transaction ends.

    Without `wait` a row locked by another transaction raises the error of the database.
    """
    if tx.dialect.name == "postgresql":
        _LOCK_CASE[wait].rows(tx, {"case_id": case_id})


def _lock_numbers(names: Iterable[str]) -> list[int]:
    digests = {hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names}
    return sorted(int.from_bytes(digest, signed=True) for digest in digests)
