"""Searching the person records of the cases that a viewer may learn about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, or_, select, true, union

from ungdom.message.national_id import normalise
from ungdom.store import keyset
from ungdom.store.case_queries import counted_for, disclosable_to
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.keyset import KeysetPosition
from ungdom.store.people import newest_version, read_encrypted
from ungdom.store.personalia import Personalia
from ungdom.store.records import CANONICAL_ID, record, records_of
from ungdom.store.schema.cases import case_current, case_file
from ungdom.store.schema.persons import person, person_number, person_version
from ungdom.workflow.rules.permissions import NATIONAL, Disclosure, Viewer

BATCH = 500
"""Records read from the database at a time."""


@dataclass(frozen=True, slots=True)
class PersonCase:
    """A case of a person in which a viewer may learn who the youth is. `record_id`: on which it was opened.

    `reach`: they may learn how the youth is reached as well.
    """

    case_id: UUID
    reference: str
    konfliktrad: str
    record_id: UUID
    reach: bool


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record of the person with this canonical id. `personalia`: None after erasure."""

    canonical_id: UUID
    personalia: Personalia | None
    born: date


def cases_of(tx: Connection, viewer: Viewer, person_id: UUID) -> tuple[PersonCase, ...]:
    """The cases of the person with this canonical id in which the viewer may learn who it is, oldest first."""
    query = (
        select(
            *case_current.c["case_id", "reference", "konfliktrad"],
            case_file.c.person_id.label("record_id"),
            disclosable_to(viewer, Disclosure.REACH).label("reach"),
        )
        .join(case_file, case_file.c.case_id == case_current.c.case_id)
        .where(case_current.c.person_id == person_id, disclosable_to(viewer, Disclosure.PERSON))
        .order_by(case_file.c.opened_at, case_current.c.case_id)
    )
    return tuple(PersonCase(**{**row, "reach": bool(row["reach"])}) for row in tx.execute(query).mappings())


def to_review(tx: Connection, viewer: Viewer, after: KeysetPosition | None, limit: int) -> list[tuple[datetime, UUID]]:
    """The persons whose protection level is to be reviewed, of the viewer's own cases: when stored, and the id."""
    counted = (counted_for(viewer), disclosable_to(viewer, Disclosure.PERSON))
    of_case = select(case_current.c.case_id).where(case_current.c.person_id == person.c.person_id, *counted)
    waiting = select(*person.c["created_at", "person_id"]).where(person.c.review_protection, of_case.exists())
    query = keyset.page(waiting, (person.c.created_at, person.c.person_id), after, limit)
    return [(row.created_at, row.person_id) for row in tx.execute(query)]


def records_visible_to(
    tx: Connection, keys: EncryptionKeys, viewer: Viewer, born: date | None, national_id: str | None
) -> Iterator[FoundRecord]:
    """As `records`, of the cases in which the viewer may learn who the youth is.

    After a merge an office searches the canonical record, and the records on which the cases that it sees were opened.
    """
    sees = disclosable_to(viewer, Disclosure.PERSON)
    query = _records_query(sees)
    if viewer.role not in NATIONAL:
        opened_on = select(case_file.c.person_id).join(case_current, case_current.c.case_id == case_file.c.case_id)
        query = query.where(or_(record.c.same_as.is_(None), record.c.person_id.in_(opened_on.where(sees))))
    return _narrowed(tx, keys, query, born, national_id)


def records(tx: Connection, keys: EncryptionKeys, born: date | None, national_id: str | None) -> Iterator[FoundRecord]:
    """The records with this birth date and this present or former identity number, the newest persons first.

    Names are encrypted, so a search by name alone reads and decrypts every record, `BATCH` at a time.
    """
    return _narrowed(tx, keys, _records_query(true()), born, national_id)


def _narrowed(
    tx: Connection, keys: EncryptionKeys, query: Select[Any], born: date | None, national_id: str | None
) -> Iterator[FoundRecord]:
    if born is not None:
        query = query.where(person_version.c.born == born)
    if national_id is not None:
        digests = keys.digests(normalise(national_id))
        present = select(person.c.person_id).where(person.c.number_hash.in_(digests))
        former = select(person_number.c.person_id).where(person_number.c.number_hash.in_(digests))
        query = query.where(record.c.person_id.in_(union(present, former)))
    for row in tx.execute(query, execution_options={"yield_per": BATCH}):
        yield FoundRecord(row.counts, read_encrypted(keys, row.person_id, row.sealed), row.born)


def _records_query(sees: ColumnElement[bool]) -> Select[Any]:
    people = select(case_current.c.person_id).where(sees).distinct()
    return (
        select(*record.c["person_id", "sealed"], CANONICAL_ID.label("counts"), person_version.c.born)
        .join(person_version, person_version.c.person_id == record.c.person_id)
        .where(person_version.c.version == newest_version(record), record.c.person_id.in_(records_of(people)))
        .order_by(record.c.created_at.desc(), record.c.person_id)
    )
