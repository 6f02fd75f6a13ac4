"""Several records of one person: one of them counts, and the others name it in `same_as`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    ScalarSelect,
    Select,
    func,
    or_,
    select,
    union,
    update,
)

from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.inbox import decision
from ungdom.store.schema.persons import person
from ungdom.workflow.vocabulary import strictest

record = person.alias("record")
CANONICAL_ID = func.coalesce(record.c.same_as, record.c.person_id)
"""The id that counts for a row of `record`."""


def canonical_subquery(person_id: UUID) -> ScalarSelect[Any]:
    """The id that counts for this one, as a subquery; NULL for an unknown id."""
    named = person.alias("named")
    counts = func.coalesce(named.c.same_as, named.c.person_id)
    return select(counts).where(named.c.person_id == person_id).scalar_subquery()


def records_of(people: Select[tuple[UUID]]) -> CompoundSelect[tuple[UUID]]:
    """The ids of every record of these people, by index: a condition on `CANONICAL_ID` reads the whole table.

    `people`: selects the ids that count, as one column.
    """
    wanted = people.cte("wanted")
    (wanted_id,) = wanted.c
    other = person.alias("other")
    return union(select(wanted_id), select(other.c.person_id).join(wanted, other.c.same_as == wanted_id))


def people_by_id(person_ids: BindParameter[Any] | Sequence[UUID]) -> Select[tuple[UUID]]:
    """The people of these ids that count, for `records_of`. A bind parameter has to be an expanding one."""
    return select(person.c.person_id).where(person.c.person_id.in_(person_ids))


def canonical_id(tx: Connection, person_id: UUID) -> UUID:
    """The id that counts for this one; an unknown id is its own."""
    return tx.scalar(select(canonical_subquery(person_id))) or person_id


def lock_canonical(tx: Connection, person_id: UUID) -> UUID:
    """The id that counts for this one, and goes on to count until the transaction ends: nobody joins it meanwhile.

    Held before a case is opened on a person. On SQLite there is one writer anyway.
    """
    query = select(person.c.same_as).where(person.c.person_id == person_id)
    same_as = tx.scalar(query.with_for_update(key_share=True))
    return person_id if same_as is None else lock_canonical(tx, same_as)


def merge(tx: Connection, person_ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """Make two people one, with every record that counts as either; the cases of both.

    Both ids must count, and nobody else may join people meanwhile. The one stored first counts from now on. The
    protection of the address becomes the stricter of the two. What each case was folded by stays as it was.
    """
    records = or_(*(is_record_of(person_id) for person_id in person_ids))
    tx.execute(select(person.c.person_id).where(records).order_by(person.c.person_id).with_for_update(key_share=True))
    rows = tx.execute(_BY_AGE.where(person.c.person_id.in_(person_ids))).all()
    older, newer = (row.person_id for row in rows)
    level = strictest(*(row.protection for row in rows))
    cases = select(case_file.c.case_id).where(case_file.c.person_id.in_(records_of(people_by_id([newer]))))
    tx.execute(update(case_current).where(case_current.c.case_id.in_(cases)).values(person_id=older))
    tx.execute(update(decision).where(decision.c.person_id == newer).values(person_id=older))
    tx.execute(update(person).where(is_record_of(newer)).values(same_as=older))
    tx.execute(update(person).where(is_record_of(older)).values(protection=level, updated_at=at))
    return list(tx.scalars(select(case_current.c.case_id).where(case_current.c.person_id == older)))


def is_record_of(person_id: UUID) -> ColumnElement[bool]:
    """This record, or one that counts as it."""
    return (person.c.person_id == person_id) | (person.c.same_as == person_id)


_BY_AGE = select(person.c.person_id, person.c.protection).order_by(person.c.created_at, person.c.person_id)
