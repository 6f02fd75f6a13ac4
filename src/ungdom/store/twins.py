"""Cases that may be one and the same: the same person and the same police case number. strpl § 455."""

from uuid import UUID

from sqlalchemy import Connection, exists, select

from ungdom.store.journal import Stored
from ungdom.store.tables import case_current, case_number

mine, theirs = case_number.alias("mine"), case_number.alias("theirs")
SAME_NUMBER = (mine.c.kind == theirs.c.kind) & (mine.c.number == theirs.c.number) & (mine.c.kind == "police")


def has_twin(tx: Connection, stored: Stored) -> bool:
    """Whether another open case stands on the same person and police case number."""
    query = (
        select(theirs.c.case_id)
        .join(mine, SAME_NUMBER)
        .join(case_current, case_current.c.case_id == theirs.c.case_id)
        .where(mine.c.case_id == stored.case_id, theirs.c.case_id != stored.case_id)
        .where(case_current.c.person_id == stored.person_id, case_current.c.closed_on.is_(None))
    )
    return bool(tx.scalar(select(exists(query))))


def open_pairs(tx: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """Two and two open cases that stand on the same person and police case number, each pair once."""
    first, second = case_current.alias("first"), case_current.alias("second")
    query = (
        select(first.c.case_id, second.c.case_id)
        .distinct()
        .select_from(first)
        .join(second, (second.c.person_id == first.c.person_id) & (second.c.case_id > first.c.case_id))
        .join(mine, mine.c.case_id == first.c.case_id)
        .join(theirs, SAME_NUMBER & (theirs.c.case_id == second.c.case_id))
        .where(first.c.closed_on.is_(None), second.c.closed_on.is_(None))
    )
    return [(row[0], row[1]) for row in tx.execute(query.limit(limit))]
