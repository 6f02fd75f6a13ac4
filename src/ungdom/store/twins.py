"""Cases that may be one and the same: the same person and the same police case number. strpl § 455."""

from sqlalchemy import Connection, exists, select

from ungdom.store.journal import Stored
from ungdom.store.tables import case_current, case_number

mine, theirs = case_number.alias("mine"), case_number.alias("theirs")


def has_twin(tx: Connection, stored: Stored) -> bool:
    """Whether another open case stands on the same person and police case number."""
    same_number = (mine.c.kind == theirs.c.kind) & (mine.c.number == theirs.c.number) & (mine.c.kind == "police")
    query = (
        select(theirs.c.case_id)
        .join(mine, same_number)
        .join(case_current, case_current.c.case_id == theirs.c.case_id)
        .where(mine.c.case_id == stored.case_id, theirs.c.case_id != stored.case_id)
        .where(case_current.c.person_id == stored.person_id, case_current.c.closed_on.is_(None))
    )
    return bool(tx.scalar(select(exists(query))))
