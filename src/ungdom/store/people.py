"""Persons: encrypted, erasable, and separate from the events, which refer to a person only by id.

Personal data is encrypted in `person`. What the rules need (day of birth, number of guardians) is in plain text in
`person_version`, one row per change, so that a case can be read as known on an earlier day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from ungdom.message.names import name_key
from ungdom.message.national_id import NationalIdCheck, check_national_id, normalise
from ungdom.store import bulk, chain_changes, emergency_access
from ungdom.store.dataclass_rows import from_row
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import Stale
from ungdom.store.personalia import Personalia, dump_guardian_changes, read_guardian_changes
from ungdom.store.prepared import Prepared
from ungdom.store.records import is_record_of
from ungdom.store.schema.persons import PersonChangeKind, person, person_change, person_number, person_version
from ungdom.store.sealed import PERSON
from ungdom.workflow.case import Youth
from ungdom.workflow.vocabulary import Protection, strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """A person as stored. `personalia`: None after erasure. `revision`: raised by every change of the record.

    `review_protection`: the protection level was taken over by a merge that has been undone since. `erased_at`: when
    the personal data was erased; None if it was not. `lost_key`: short id of the key under which the personal data is
    stored, if it is declared lost: `personalia` is None then as well.
    """

    person_id: UUID
    personalia: Personalia | None
    youth: Youth
    version: int
    protection: Protection
    created_at: datetime
    updated_at: datetime
    revision: int = 1
    review_protection: bool = False
    erased_at: datetime | None = None
    lost_key: str | None = None

    @property
    def number(self) -> NationalIdCheck | None:
        """The check of the national identity number against the day of birth; None without a number."""
        written = self.personalia.national_id if self.personalia else None
        return check_national_id(written, self.youth.born) if written else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person to create. `guardians`: number of people with parental responsibility, named or not."""

    person_id: UUID
    personalia: Personalia
    born: date
    guardians: int
    protection: Protection = Protection.NONE


_PERSONALIA = TypeAdapter(Personalia)


def create_person(
    tx: Connection,
    keys: EncryptionKeys,
    personalia: Personalia,
    youth: Youth,
    at: datetime,
    protection: Protection = Protection.NONE,
) -> UUID:
    """Creates a person; returns the id. An invalid national identity number is stored, and flagged when read."""
    new = NewPerson(
        person_id=uuid4(),
        personalia=personalia,
        born=youth.born,
        guardians=youth.guardians,
        protection=protection,
    )
    create_people(tx, keys, [(new, at)])
    return new.person_id


def create_people(tx: Connection, keys: EncryptionKeys, new_people: Sequence[tuple[NewPerson, datetime]]) -> None:
    """Creates many persons, each at its instant."""
    if new_people:
        rows = [_person_row(keys, new, at) for new, at in new_people]
        versions = [_version_row(new.person_id, 1, Youth(new.born, new.guardians), at) for new, at in new_people]
        tx.execute(insert(person), rows)
        tx.execute(insert(person_version), versions)
        chain_changes.record_new(tx, person, rows)
        chain_changes.record_new(tx, person_version, versions)


def create_record(tx: Connection, keys: EncryptionKeys, new: NewPerson, at: datetime) -> None:
    """Creates a record without the facts for the rules. It is found by former numbers too.

    The caller adds the facts, and records the record when it is finished.
    """
    tx.execute(insert(person), _person_row(keys, new, at))
    _set_former_numbers(tx, keys, new.person_id, new.personalia)


def read_person(tx: Connection, keys: EncryptionKeys, person_id: UUID) -> StoredPerson | None:
    """The person as stored; None if there is none. Raises `CannotOpen`."""
    rows = _PERSON.rows(tx, {"person_id": person_id})
    return person_of_row(keys, rows[0]) if rows else None


def read_records(tx: Connection, keys: EncryptionKeys, person_id: UUID) -> list[StoredPerson]:
    """Every record of the person with this canonical id. Raises `CannotOpen`."""
    return [person_of_row(keys, row) for row in tx.execute(_RECORDS.where(is_record_of(person_id)))]


def person_of_row(keys: EncryptionKeys, row: Row[*tuple[Any, ...]]) -> StoredPerson:
    """The person in a row with the columns of a record and of its newest version. Raises `CannotOpen`."""
    return from_row(
        StoredPerson,
        row,
        personalia=read_encrypted(keys, row.person_id, row.sealed),
        youth=Youth(row.born, row.guardians, read_guardian_changes(row.guardian_changes)),
        lost_key=keys.id_of(row.sealed) if row.sealed is not None and keys.is_lost(row.sealed) else None,
    )


def read_names(tx: Connection, keys: EncryptionKeys, person_ids: Sequence[UUID]) -> dict[UUID, Personalia | None]:
    """The personal data of these people by id, in one query; None after erasure."""
    query = select(*person.c["person_id", "sealed"]).where(person.c.person_id.in_(person_ids))
    return {row.person_id: read_encrypted(keys, row.person_id, row.sealed) for row in tx.execute(query)}


def read_sexes(tx: Connection, keys: EncryptionKeys, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The sex of these people by id, for statistics; `unknown` if it is not stored. It is kept after erasure."""
    query = select(*person.c["person_id", "sealed", "kept_sex"]).where(person.c.person_id.in_(person_ids))
    sexes = {}
    for row in tx.execute(query):
        personalia = read_encrypted(keys, row.person_id, row.sealed)
        sexes[row.person_id] = (personalia.sex if personalia else row.kept_sex) or "unknown"
    return sexes


def change_person(
    tx: Connection,
    keys: EncryptionKeys,
    before: StoredPerson,
    personalia: Personalia,
    protection: Protection,
    at: datetime,
    reviewed: bool,
) -> int:
    """Replaces the personal data and the protection level of a record; its new revision.

    `reviewed`: the level has been decided anew, which ends the review after a split. Raises `Stale` if the record has
    changed since it was read.
    """
    values = {
        **_encrypted_columns(keys, before.person_id, personalia),
        "protection": protection,
        "review_protection": before.review_protection and not reviewed,
        "revision": before.revision + 1,
        "updated_at": at,
    }
    unchanged = (person.c.person_id == before.person_id) & (person.c.revision == before.revision)
    if tx.execute(update(person).where(unchanged).values(values)).rowcount != 1:
        raise Stale(before.revision, None)
    chain_changes.record(tx, person, {"person_id": before.person_id})
    _set_former_numbers(tx, keys, before.person_id, personalia)
    emergency_access.end_protected(tx, at)
    return before.revision + 1


def protect(tx: Connection, person_id: UUID, level: Protection, at: datetime, by: str) -> bool:
    """Raises the protection of the address to at least this level; False if it is already. frl § 10-4."""
    weaker = person.c.protection.in_([other for other in Protection if strictest(other, level) is not other])
    values = {"protection": level, "updated_at": at, "revision": person.c.revision + 1}
    raised = update(person).where(is_record_of(person_id), weaker).values(values)
    rows = tx.execute(raised.returning(*person.c["person_id", "revision"])).all()
    common = {"kind": PersonChangeKind.PROTECTED, "fields": "protection", "changed_at": at, "changed_by": by}
    if rows:
        tx.execute(insert(person_change), [{**row._mapping, **common} for row in rows])
        chain_changes.record(tx, person, *(row._asdict() for row in rows))
        chain_changes.record(tx, person_change, *(row._asdict() for row in rows))
        emergency_access.end_protected(tx, at)
    return bool(rows)


def add_version(tx: Connection, person_id: UUID, youth: Youth, at: datetime) -> int:
    """Adds a version with the facts for the rules; its number. The caller refolds the person's cases afterwards."""
    last = select(func.max(person_version.c.version)).where(person_version.c.person_id == person_id)
    version = (tx.scalar(last) or 0) + 1
    row = _version_row(person_id, version, youth, at)
    tx.execute(insert(person_version), row)
    chain_changes.record(tx, person_version, row)
    return version


def reseal_person(tx: Connection, keys: EncryptionKeys, person_id: UUID, sealed: bytes) -> bool:
    """Encrypts and hashes this record with the first key, if it is still stored as read; whether it was."""
    personalia = _PERSONALIA.validate_json(keys.decrypt(sealed, _record(person_id)))
    unchanged = (person.c.person_id == person_id) & (person.c.sealed == sealed)
    values = _encrypted_columns(keys, person_id, personalia)
    if tx.execute(update(person).where(unchanged).values(values)).rowcount != 1:
        return False
    _set_former_numbers(tx, keys, person_id, personalia)
    return True


def newest_version(of: FromClause = person) -> ScalarSelect[Any]:
    """SQL: the number of the newest row of `person_version` of each row of `person`, or of an alias of it."""
    versions = person_version.alias()
    newest = select(func.max(versions.c.version)).where(versions.c.person_id == of.c.person_id)
    return newest.correlate(of).scalar_subquery()


def _person_row(keys: EncryptionKeys, new: NewPerson, at: datetime) -> dict[str, object]:
    return {
        "person_id": new.person_id,
        **_encrypted_columns(keys, new.person_id, new.personalia),
        "protection": new.protection,
        "created_at": at,
        "updated_at": at,
    }


def _encrypted_columns(keys: EncryptionKeys, person_id: UUID, personalia: Personalia) -> dict[str, object]:
    plain = _PERSONALIA.dump_json(personalia, exclude_defaults=True)
    number = normalise(personalia.national_id or "")
    return {
        "sealed": keys.encrypt(plain, _record(person_id)),
        "number_hash": keys.digest(number) if number else None,
        "name_hash": name_hash_of(keys, personalia),
    }


def name_hash_of(keys: EncryptionKeys, personalia: Personalia) -> bytes | None:
    """The digest by which a person is looked up by name; None without a name."""
    name = name_key(personalia.given_name, personalia.family_name)
    return keys.digest(name_to_digest(name)) if name else None


def name_to_digest(name: str) -> str:
    """The text whose digest is stored of a name: never that of an identity number."""
    return f"name:{name}"


def _set_former_numbers(tx: Connection, keys: EncryptionKeys, person_id: UUID, personalia: Personalia) -> None:
    """Replaces the rows by which former identity numbers are looked up."""
    hashes = {keys.digest(normalise(former.number)) for former in personalia.former_numbers}
    tx.execute(delete(person_number).where(person_number.c.person_id == person_id))
    bulk.add(tx, person_number, [{"person_id": person_id, "number_hash": digest} for digest in sorted(hashes)])


def read_encrypted(keys: EncryptionKeys, person_id: UUID, sealed: bytes | None) -> Personalia | None:
    """The personal data in the column `sealed` of this record. Raises `CannotOpen`.

    None after erasure, and where the key is declared lost.
    """
    plain = keys.decrypt_stored(sealed, _record(person_id))
    return None if plain is None else _PERSONALIA.validate_json(plain)


def _record(person_id: UUID) -> str:
    return PERSON.record_of(person_id=person_id)


def _version_row(person_id: UUID, version: int, youth: Youth, at: datetime) -> dict[str, object]:
    return {
        "person_id": person_id,
        "version": version,
        "recorded_at": at,
        "born": youth.born,
        "guardians": youth.guardians,
        "guardian_changes": dump_guardian_changes(youth.guardian_changes),
    }


_RECORDS = (
    select(person, *person_version.c["version", "born", "guardians", "guardian_changes"])
    .join(person_version)
    .where(person_version.c.version == newest_version())
    .order_by(person.c.created_at, person.c.person_id)
)
_PERSON = Prepared(_RECORDS.where(person.c.person_id == bindparam("person_id")))
