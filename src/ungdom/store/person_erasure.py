"""Erasure of person records: the personal data goes, and what rules and figures need stays.

Of an erased record stay its id, its protection level, the day of birth and number of guardians (`person_version`), the
sex, and which fields changed when. Names, identity numbers, contact, guardians, reasons and earlier values are gone.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Delete, Update, delete, or_, select, update

from ungdom.store import chain_changes
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.people import read_encrypted
from ungdom.store.schema.identity import identity_question
from ungdom.store.schema.persons import (
    ERASED_HASH,
    person,
    person_change,
    person_number,
    person_proposal,
    population_event,
)


def erase_records(tx: Connection, keys: EncryptionKeys, record_ids: Collection[UUID], at: datetime) -> Counter[str]:
    """Erases these person records with their history; how many rows of which table. Erased ones are left alone."""
    counts: Counter[str] = Counter()
    columns = person.c["person_id", "sealed"]
    query = select(*columns).where(person.c.person_id.in_(record_ids), person.c.sealed.is_not(None))
    for row in tx.execute(query.with_for_update()).all():
        personalia = read_encrypted(keys, row.person_id, row.sealed)
        values = {
            "sealed": None,
            "number_hash": None,
            "name_hash": None,
            "kept_sex": personalia.sex if personalia else None,
            "erased_at": at,
            "updated_at": at,
            "revision": person.c.revision + 1,
        }
        tx.execute(update(person).where(person.c.person_id == row.person_id).values(values))
        chain_changes.record(tx, person, {"person_id": row.person_id})
        counts["person"] += 1
    for table, statement in _dependent(record_ids).items():
        counts[table] += tx.execute(statement).rowcount
    return +counts


def erase_register_events(tx: Connection, event_ids: Collection[UUID]) -> int:
    """Erases the content of these events of the population register; the number changed."""
    named = population_event.c.event_id.in_(event_ids) & population_event.c.sealed.is_not(None)
    return tx.execute(update(population_event).where(named).values(sealed=None, content_hash=ERASED_HASH)).rowcount


def copy_erasure(tx: Connection, source_id: UUID, copy_id: UUID) -> None:
    """Erases a record that was made as a copy of an erased one."""
    columns = person.c["erased_at", "kept_sex"]
    erased: dict[str, Any] = dict(tx.execute(select(*columns).where(person.c.person_id == source_id)).mappings().one())
    values = {"sealed": None, "number_hash": None, "name_hash": None, **erased}
    tx.execute(update(person).where(person.c.person_id == copy_id).values(values))


def _dependent(record_ids: Collection[UUID]) -> dict[str, Delete | Update]:
    """The statement that erases what each other table holds about the records."""
    change, event, proposal, question = (
        person_change.c,
        population_event.c,
        person_proposal.c,
        identity_question.c,
    )
    proposed = or_(proposal.person_id.in_(record_ids), proposal.other_id.in_(record_ids))
    about = or_(question.record_id.in_(record_ids), question.known_id.in_(record_ids))
    registered = or_(event.person_id.in_(record_ids), event.other_id.in_(record_ids))
    hashed = or_(event.sealed.is_not(None), event.content_hash != ERASED_HASH)
    return {
        "person_number": delete(person_number).where(person_number.c.person_id.in_(record_ids)),
        "person_change": update(person_change)
        .where(change.person_id.in_(record_ids), change.sealed.is_not(None))
        .values(sealed=None),
        "person_proposal": update(person_proposal).where(proposed, proposal.sealed.is_not(None)).values(sealed=None),
        "identity_question": update(identity_question).where(about, question.sealed.is_not(None)).values(sealed=None),
        "population_event": update(population_event)
        .where(registered, hashed)
        .values(sealed=None, content_hash=ERASED_HASH),
    }
