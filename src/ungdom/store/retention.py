"""The stored basis of the rules of retention, and what was erased. Rows of both tables are only added."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, inspect, select

from ungdom.store import chain_changes
from ungdom.store.schema.retention import erasure, retention_basis

B = retention_basis.c


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBasis:
    """The basis that an administrator has entered for a rule. `keep`: the length in words; None: that of the rule."""

    rule: str
    basis: str
    source: str
    name: str
    keep: str | None
    entered_at: datetime
    entered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredErasure:
    """One line of the journal of erasures that was applied to this database. `line`: as it stands in the journal.

    `counts`: how many rows of which table; empty for what is stored anew in a journal that was lost.
    """

    erasure_id: UUID
    kind: str
    rule: str
    decided_at: datetime
    applied_at: datetime
    line: str
    counts: Mapping[str, int]


def bases(tx: Connection) -> dict[str, list[StoredBasis]]:
    """By rule, what was entered, the newest last: it counts."""
    columns = [column for column in B if column is not B.n]
    by_rule: dict[str, list[StoredBasis]] = {}
    for row in tx.execute(select(*columns).order_by(B.rule, B.n)).mappings():
        by_rule.setdefault(row["rule"], []).append(StoredBasis(**row))
    return by_rule


def add_basis(tx: Connection, new: StoredBasis) -> None:
    """Writes a basis after those of the same rule. Raises `DuplicateKey` if another one was written meanwhile."""
    n = (tx.scalar(select(func.max(B.n)).where(B.rule == new.rule)) or 0) + 1
    row = {**asdict(new), "n": n}
    tx.execute(insert(retention_basis), row)
    chain_changes.record(tx, retention_basis, row)


def has_erasures(tx: Connection) -> bool:
    """Whether the schema of this database knows erasures: an older one is upgraded first."""
    return inspect(tx).has_table(erasure.name)


def erasures(tx: Connection) -> dict[UUID, str]:
    """By id, the journal line of everything that was erased from this database, in the order it was decided."""
    query = select(*erasure.c["erasure_id", "line"]).order_by(erasure.c.decided_at, erasure.c.erasure_id)
    return {row.erasure_id: row.line for row in tx.execute(query)}


def erasure_ids(tx: Connection) -> set[UUID]:
    """The ids of everything that was erased from this database."""
    return set(tx.scalars(select(erasure.c.erasure_id)))


def is_applied(tx: Connection, erasure_id: UUID) -> bool:
    """Whether this erasure was applied to this database."""
    return tx.scalar(select(erasure.c.erasure_id).where(erasure.c.erasure_id == erasure_id)) is not None


def add_erasure(tx: Connection, new: StoredErasure) -> None:
    """Writes what was erased. Raises `DuplicateKey` when the transaction ends."""
    tx.execute(insert(erasure), {**asdict(new), "counts": json.dumps(dict(new.counts), sort_keys=True)})
    chain_changes.record(tx, erasure, {"erasure_id": new.erasure_id})
