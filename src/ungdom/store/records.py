"""Several records of one person: one is canonical, and the others refer to it in `same_as`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    bindparam,
    func,
    or_,
    select,
    union,
    update,
)

from ungdom.store import chain_changes
from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.inbox import decision
from ungdom.store.schema.persons import person
from ungdom.workflow.vocabulary import strictest


def canonical_id_of(records: FromClause) -> ColumnElement[UUID]:
    """The canonical id of each row of `person`, or of an alias of it."""
    return func.coalesce(records.c.same_as, records.c.person_id)


record = person.alias("record")
CANONICAL_ID = canonical_id_of(record)
"""The canonical id of a row of `record`."""


def canonical_subquery(person_id: UUID) -> ScalarSelect[Any]:
    """The canonical id of this id as a subquery; NULL for an unknown id."""
    named = person.alias("named")
    return select(canonical_id_of(named)).where(named.c.person_id == person_id).scalar_subquery()


def records_of(people: Select[tuple[UUID]]) -> CompoundSelect[tuple[UUID]]:
    """The ids of all records of these people. Uses indexes; a condition on `CANONICAL_ID` would scan the table.

    `people`: selects canonical ids, as one column.
    """
    wanted = people.cte("wanted")
    (wanted_id,) = wanted.c
    other = person.alias("other")
    return union(select(wanted_id), select(other.c.person_id).join(wanted, other.c.same_as == wanted_id))


def people_by_id(person_ids: BindParameter[Any] | Sequence[UUID]) -> Select[tuple[UUID]]:
    """These canonical ids as a query for `records_of`. A bind parameter must be an expanding one."""
    return select(person.c.person_id).where(person.c.person_id.in_(person_ids))


def canonical_id(tx: Connection, person_id: UUID) -> UUID:
    """The canonical id of this id; an unknown id is returned unchanged."""
    return tx.scalar(_CANONICAL, {"person_id": person_id}) or person_id


_CANONICAL = select(canonical_id_of(person)).where(person.c.person_id == bindparam("person_id"))


def lock_canonical(tx: Connection, person_id: UUID) -> UUID:
    """The canonical id of this id, locked until the transaction ends, so that it is not merged meanwhile.

    Taken before a case is opened on a person. On SQLite there is one writer, and nothing is locked.
    """
    query = select(person.c.same_as).where(person.c.person_id == person_id)
    same_as = tx.scalar(query.with_for_update(key_share=True))
    return person_id if same_as is None else lock_canonical(tx, same_as)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """A merge of two people: the canonical record, and what is needed to undo it.

    `records`: the records of the person that was joined; `messages`: the pushed messages about that person.
    `cases`: the cases of both.
    """

    person_id: UUID
    joined_id: UUID
    records: tuple[UUID, ...]
    messages: tuple[UUID, ...]
    cases: tuple[UUID, ...]


def merge(tx: Connection, person_ids: Sequence[UUID], at: datetime) -> MergeResult:
    """Merges two people with all their records.

    Both ids must be canonical, and the caller holds the lock against concurrent merges. The older record becomes the
    canonical one, with the stricter of the two protection levels. The birth date and guardians by which each case was
    folded stay.
    """
    records = or_(*(is_record_of(person_id) for person_id in person_ids))
    tx.execute(select(person.c.person_id).where(records).order_by(person.c.person_id).with_for_update(key_share=True))
    rows = tx.execute(_BY_AGE.where(person.c.person_id.in_(person_ids))).all()
    older, newer = (row.person_id for row in rows)
    level = strictest(*(row.protection for row in rows))
    cases = select(case_file.c.case_id).where(case_file.c.person_id.in_(records_of(people_by_id([newer]))))
    joined = tuple(tx.scalars(select(person.c.person_id).where(is_record_of(newer)).order_by(person.c.person_id)))
    about = select(decision.c.message_id).where(decision.c.person_id == newer).order_by(decision.c.message_id)
    messages = tuple(tx.scalars(about))
    tx.execute(update(case_current).where(case_current.c.case_id.in_(cases)).values(person_id=older))
    tx.execute(update(decision).where(decision.c.person_id == newer).values(person_id=older))
    tx.execute(update(person).where(is_record_of(newer)).values(same_as=older))
    changed = {"protection": level, "updated_at": at, "revision": person.c.revision + 1}
    tx.execute(update(person).where(is_record_of(older)).values(changed))
    record_records(tx, older)
    of_both = select(case_current.c.case_id).where(case_current.c.person_id == older)
    return MergeResult(older, newer, joined, messages, tuple(tx.scalars(of_both.order_by(case_current.c.case_id))))


def record_records(tx: Connection, person_id: UUID) -> None:
    """Records every record of the person with this canonical id as changed."""
    changed = tx.scalars(select(person.c.person_id).where(is_record_of(person_id)).order_by(person.c.person_id))
    chain_changes.record(tx, person, *({"person_id": record_id} for record_id in changed.all()))


def records_by_case(tx: Connection, person_id: UUID) -> dict[UUID, UUID]:
    """By case of the person with this canonical id, the record on which it was opened."""
    columns = case_file.c["case_id", "person_id"]
    rows = tx.execute(select(*columns).where(case_file.c.person_id.in_(records_of(people_by_id([person_id])))))
    return {row.case_id: row.person_id for row in rows}


def record_ids_of(tx: Connection, person_id: UUID) -> list[UUID]:
    """The ids of every record of the person with this canonical id."""
    return list(tx.scalars(select(person.c.person_id).where(is_record_of(person_id)).order_by(person.c.person_id)))


def is_record_of(person_id: UUID) -> ColumnElement[bool]:
    """SQL condition: this record, or one that refers to it."""
    return (person.c.person_id == person_id) | (person.c.same_as == person_id)


_BY_AGE = select(person.c.person_id, person.c.protection).order_by(person.c.created_at, person.c.person_id)
