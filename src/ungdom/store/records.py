"""Several records of one person: one of them counts, and the others name it in `same_as`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    ScalarSelect,
    Select,
    func,
    select,
    union,
    update,
)

from ungdom.store.inbox_tables import decision
from ungdom.store.tables import case_current, case_file, person
from ungdom.workflow.vocabulary import strictest

record = person.alias("record")
COUNTS = func.coalesce(record.c.same_as, record.c.person_id)
"""The id that counts for a row of `record`."""


def canonical(person_id: UUID) -> ScalarSelect[Any]:
    """The id that counts for this one, as a subquery; NULL for an unknown id."""
    mine = person.alias("mine")
    counts = func.coalesce(mine.c.same_as, mine.c.person_id)
    return select(counts).where(mine.c.person_id == person_id).scalar_subquery()


def records_of(people: Select[tuple[UUID]]) -> CompoundSelect[tuple[UUID]]:
    """The ids of every record of these people, by index: a condition on `COUNTS` reads the whole table.

    `people`: selects the ids that count, as one column.
    """
    wanted = people.cte("wanted")
    (wanted_id,) = wanted.c
    other = person.alias("other")
    return union(select(wanted_id), select(other.c.person_id).join(wanted, other.c.same_as == wanted_id))


def these(person_ids: BindParameter[Any] | Sequence[UUID]) -> Select[tuple[UUID]]:
    """The people of these ids that count, for `records_of`. A bind parameter has to be an expanding one."""
    return select(person.c.person_id).where(person.c.person_id.in_(person_ids))


def counting(tx: Connection, person_id: UUID) -> UUID:
    """The id that counts for this one; an unknown id is its own."""
    return tx.scalar(select(canonical(person_id))) or person_id


def join(tx: Connection, one: UUID, other: UUID, at: datetime) -> list[UUID]:
    """Make the first record, with every record that counts as it, the second person; the cases of both.

    The protection of the address becomes the stricter of the two. What each case was folded by stays as it was.
    """
    levels = {row.person_id: row.protection for row in tx.execute(_LEVELS.where(person.c.person_id.in_([one, other])))}
    level = strictest(*levels.values())
    of_one = or_is(one)
    cases = select(case_file.c.case_id).where(case_file.c.person_id.in_(select(person.c.person_id).where(of_one)))
    tx.execute(update(case_current).where(case_current.c.case_id.in_(cases)).values(person_id=other))
    tx.execute(update(decision).where(decision.c.person_id == one).values(person_id=other))
    tx.execute(update(person).where(of_one).values(same_as=other))
    tx.execute(update(person).where(or_is(other)).values(protection=level, updated_at=at))
    return list(tx.scalars(select(case_current.c.case_id).where(case_current.c.person_id == other)))


def or_is(person_id: UUID) -> Any:
    """This record, or one that counts as it."""
    return (person.c.person_id == person_id) | (person.c.same_as == person_id)


_LEVELS = select(person.c.person_id, person.c.protection)
