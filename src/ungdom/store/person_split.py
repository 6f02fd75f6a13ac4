"""Splitting a person in two: some of the cases, with what belongs to them, become those of another person."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, or_, select, update

from ungdom.store import chain_changes, observations, people, person_erasure, records
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.people import NewPerson, StoredPerson
from ungdom.store.personalia import Personalia
from ungdom.store.records import is_record_of, records_by_case
from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.inbox import decision
from ungdom.store.schema.persons import person, person_version
from ungdom.workflow.vocabulary import Protection


@dataclass(frozen=True, slots=True)
class SplitResult:
    """The two persons after a split: `person_id` keeps the remaining cases, `other_id` has the moved ones."""

    person_id: UUID
    other_id: UUID
    cases: tuple[UUID, ...]


def split(
    tx: Connection,
    keys: EncryptionKeys,
    person_id: UUID,
    moved: Collection[UUID],
    messages: Collection[UUID],
    at: datetime,
) -> SplitResult:
    """Gives these cases of the person with this canonical id to another person.

    A record all of whose cases move goes with them, as it is; of a record with cases on both sides a copy is made. Both
    persons keep the protection level, to be reviewed. Pushed messages follow their cases, `messages` as well, and
    observations follow their messages; other observations stay with their record.
    """
    stored = {record.person_id: record for record in people.read_records(tx, keys, person_id)}
    level = Protection(stored[person_id].protection)
    by_case = records_by_case(tx, person_id)
    moving = _moving_records(tx, keys, stored, by_case, moved, at)
    staying = [record_id for record_id in stored if record_id not in moving]
    remaining = person_id if person_id in staying else staying[0]
    other = moving[0]
    _group(tx, staying, remaining)
    _group(tx, moving, other)
    _move_cases(tx, by_case, moved, remaining, other)
    _move_messages(tx, person_id, moved, messages, remaining, other)
    reviewed = {
        "protection": level,
        "review_protection": level is not Protection.NONE,
        "revision": person.c.revision + 1,
        "updated_at": at,
    }
    tx.execute(update(person).where(or_(is_record_of(remaining), is_record_of(other))).values(reviewed))
    records.record_records(tx, remaining)
    records.record_records(tx, other)
    _move_observations(tx, (remaining, other), at)
    return SplitResult(remaining, other, tuple(by_case))


def _moving_records(
    tx: Connection,
    keys: EncryptionKeys,
    stored: dict[UUID, StoredPerson],
    by_case: dict[UUID, UUID],
    moved: Collection[UUID],
    at: datetime,
) -> list[UUID]:
    """The records of the other person, the oldest first: those that move, then copies of those that stay."""
    cases: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for case_id, record_id in by_case.items():
        cases[record_id].add(case_id)
    whole = [record_id for record_id in stored if cases[record_id] and cases[record_id] <= set(moved)]
    partly = [record_id for record_id in stored if record_id not in whole and cases[record_id] & set(moved)]
    copies = []
    for record_id in partly:
        copy = _copy(tx, keys, stored[record_id], at)
        shared = sorted(cases[record_id] & set(moved))
        tx.execute(update(case_file).where(case_file.c.case_id.in_(shared)).values(person_id=copy))
        chain_changes.record(tx, case_file, *({"case_id": case_id} for case_id in shared))
        copies.append(copy)
    return [*whole, *copies]


def _copy(tx: Connection, keys: EncryptionKeys, record: StoredPerson, at: datetime) -> UUID:
    """A copy of a record with the facts for the rules as they were known over time; its id.

    The copy of an erased record is erased.
    """
    new = NewPerson(
        person_id=uuid4(),
        personalia=record.personalia or Personalia(),
        born=record.youth.born,
        guardians=record.youth.guardians,
    )
    people.create_record(tx, keys, new, at)
    if record.personalia is None:
        person_erasure.copy_erasure(tx, record.person_id, new.person_id)
    known = (
        select(person_version).where(person_version.c.person_id == record.person_id).order_by(person_version.c.version)
    )
    versions = [{**row, "person_id": new.person_id} for row in tx.execute(known).mappings()]
    tx.execute(insert(person_version), versions)
    chain_changes.record_new(tx, person_version, versions)
    return new.person_id


def _group(tx: Connection, record_ids: Iterable[UUID], canonical_id: UUID) -> None:
    others = [record_id for record_id in record_ids if record_id != canonical_id]
    tx.execute(update(person).where(person.c.person_id == canonical_id).values(same_as=None))
    tx.execute(update(person).where(person.c.person_id.in_(others)).values(same_as=canonical_id))


def _move_cases(
    tx: Connection, by_case: dict[UUID, UUID], moved: Collection[UUID], remaining: UUID, other: UUID
) -> None:
    left = [case_id for case_id in by_case if case_id not in moved]
    tx.execute(update(case_current).where(case_current.c.case_id.in_(moved)).values(person_id=other))
    tx.execute(update(case_current).where(case_current.c.case_id.in_(left)).values(person_id=remaining))


def _move_messages(
    tx: Connection,
    person_id: UUID,
    moved: Collection[UUID],
    messages: Collection[UUID],
    remaining: UUID,
    other: UUID,
) -> None:
    theirs = or_(decision.c.case_id.in_(moved), decision.c.message_id.in_(messages))
    of_person = decision.c.person_id == person_id
    tx.execute(update(decision).where(of_person, theirs).values(person_id=other))
    if remaining != person_id:
        staying = update(decision).where(decision.c.person_id == person_id)
        tx.execute(
            staying.where(or_(decision.c.case_id.is_(None), decision.c.case_id.not_in(moved)))
            .where(decision.c.message_id.not_in(messages))
            .values(person_id=remaining)
        )


def _move_observations(tx: Connection, people_ids: tuple[UUID, UUID], at: datetime) -> None:
    """Observations that came with messages follow these: a new version names the other person."""
    by_person = observations.of_people(tx, people_ids)
    known = [observation for person_id in people_ids for observation in by_person.get(person_id, [])]
    for observation in known:
        owner = tx.scalar(select(decision.c.person_id).where(decision.c.message_id == observation.message_id))
        target = records.canonical_id(tx, owner) if owner else observation.person_id
        if observation.message_id is not None and target in people_ids and target != observation.person_id:
            observations.add(tx, replace(observation, n=observation.n + 1, person_id=target, recorded_at=at))
