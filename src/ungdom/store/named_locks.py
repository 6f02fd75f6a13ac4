"""Locks by name, held until the transaction ends: one worker per decision, police case number, person or case."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from ungdom.store.schema.cases import case_current
from ungdom.store.session import Connection

_NUMBERS = func.unnest(bindparam("numbers", type_=ARRAY(BigInteger))).column_valued("number")
_LOCK = select(func.pg_advisory_xact_lock(_NUMBERS))
_TRY_LOCK = select(func.pg_try_advisory_xact_lock(_NUMBERS))


def lock(tx: Connection, names: Iterable[str]) -> bool:
    """Let nobody else work on these names until the transaction ends. On SQLite there is one writer anyway.

    Everybody takes them in one order, so that nobody waits for somebody who waits for them.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(_LOCK, {"numbers": _lock_numbers(names)})
    return True


def try_lock(tx: Connection, names: Iterable[str]) -> bool:
    """The same without waiting for anybody; False when somebody else works on one of them."""
    here = tx.dialect.name != "postgresql"
    return here or all(tx.scalars(_TRY_LOCK, {"numbers": _lock_numbers(names)}))


def lock_case(tx: Connection, case_id: UUID, wait: bool) -> None:
    """Let nobody else move this case until the transaction ends, so that none of us overlooks what the other writes.

    Who is not patient gets the database's own error when somebody holds it. On SQLite there is one writer anyway.
    """
    query = select(case_current.c.version).where(case_current.c.case_id == case_id)
    tx.execute(query.with_for_update(nowait=not wait))


def _lock_numbers(names: Iterable[str]) -> list[int]:
    return sorted({_lock_number(name) for name in names})


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
