"""People: sealed, erasable, and apart from the events. Events name a person by id only.

Who somebody is stands sealed in `person`. What the rules need (day of birth, number of guardians) stands open in
`person_version`, one row each time it changed, so that a case can be read as it was known on an earlier day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import TypeAdapter
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    exists,
    func,
    insert,
    select,
    union,
    update,
)

from ungdom import message
from ungdom.message.national_id import NationalIdCheck, check_national_id, normalise
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.records import CANONICAL_ID, is_record_of, record, records_of
from ungdom.store.schema.cases import NumberKind, case_current, case_number
from ungdom.store.schema.persons import person, person_version
from ungdom.workflow.case import Youth
from ungdom.workflow.vocabulary import Protection, strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """How somebody is reached."""

    telephone: str | None = None
    email: str | None = None
    address: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonGuardian:
    """A guardian (verge). `reference` is the word by which consents tell two guardians apart."""

    reference: str
    name: str
    contact: ContactDetails = ContactDetails()


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalia:
    """Who somebody is. Everything may be missing; the national number is never a key."""

    given_name: str | None = None
    family_name: str | None = None
    national_id: str | None = None
    sex: str | None = None
    municipality: str | None = None
    contact: ContactDetails = ContactDetails()
    guardians: tuple[PersonGuardian, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPerson:
    """A person as read. `personalia` is None once erased."""

    person_id: UUID
    personalia: Personalia | None
    youth: Youth
    version: int
    protection: Protection
    created_at: datetime
    updated_at: datetime

    @property
    def number(self) -> NationalIdCheck | None:
        """What the national number looks like, beside the day of birth; None without a number."""
        written = self.personalia.national_id if self.personalia else None
        return check_national_id(written, self.youth.born) if written else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCandidate:
    """A stored record that may be of a person given. `canonical_id`: the record that counts for that person.

    `visible`: whoever gave the person may learn who this one is. `offices`: the konfliktråd that have a case of theirs.
    """

    person: StoredPerson
    canonical_id: UUID
    visible: bool
    offices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person to be created. `guardians`: how many have parental responsibility, named or not."""

    person_id: UUID
    personalia: Personalia
    born: date
    guardians: int
    protection: Protection = Protection.NONE


_PERSONALIA = TypeAdapter(Personalia)


def personalia_of(message_person: message.Person, municipality: str | None) -> Personalia:
    """Who somebody is, as told by a message or by hand. Guardians are called g1, g2 … in their order."""
    guardians = enumerate(message_person.guardians, start=1)
    return Personalia(
        given_name=message_person.given_name,
        family_name=message_person.family_name,
        national_id=message_person.national_id,
        sex=message_person.sex,
        municipality=municipality,
        contact=ContactDetails(telephone=message_person.contact),
        guardians=tuple(
            PersonGuardian(reference=f"g{n}", name=guardian.name, contact=ContactDetails(telephone=guardian.contact))
            for n, guardian in guardians
        ),
    )


def create_person(
    tx: Connection,
    keys: EncryptionKeys,
    personalia: Personalia,
    youth: Youth,
    at: datetime,
    protection: Protection = Protection.NONE,
) -> UUID:
    """A new person; their id. An odd national number is kept and flagged when read, never refused."""
    new = NewPerson(
        person_id=uuid4(),
        personalia=personalia,
        born=youth.born,
        guardians=youth.guardians,
        protection=protection,
    )
    create_people(tx, keys, [new], at)
    return new.person_id


def create_people(tx: Connection, keys: EncryptionKeys, new_people: Sequence[NewPerson], at: datetime) -> None:
    """Many new people at once."""
    if new_people:
        tx.execute(insert(person), [_person_row(keys, new, at) for new in new_people])
        youths = [(new.person_id, Youth(new.born, new.guardians)) for new in new_people]
        tx.execute(insert(person_version), [_version_row(person_id, 1, youth, at) for person_id, youth in youths])


def read_person(tx: Connection, keys: EncryptionKeys, person_id: UUID) -> StoredPerson | None:
    """The person as known now. Raises `CannotOpen`."""
    row = tx.execute(_PERSON, {"person_id": person_id}).one_or_none()
    return None if row is None else _person_of_row(keys, row)


def read_records(tx: Connection, keys: EncryptionKeys, person_id: UUID) -> list[StoredPerson]:
    """Every record of the person for whom this id counts. Raises `CannotOpen`."""
    return [_person_of_row(keys, row) for row in tx.execute(_RECORDS.where(is_record_of(person_id)))]


def _person_of_row(keys: EncryptionKeys, row: Row[*tuple[Any, ...]]) -> StoredPerson:
    return StoredPerson(
        person_id=row.person_id,
        personalia=_decrypt_unless_erased(keys, row.person_id, row.sealed),
        youth=Youth(row.born, row.guardians),
        version=row.version,
        protection=row.protection,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def read_names(tx: Connection, keys: EncryptionKeys, person_ids: Sequence[UUID]) -> dict[UUID, Personalia | None]:
    """Who these people are, by id, in one query; None for the erased."""
    query = select(*person.c["person_id", "sealed"]).where(person.c.person_id.in_(person_ids))
    return {row.person_id: _decrypt_unless_erased(keys, row.person_id, row.sealed) for row in tx.execute(query)}


def read_sexes(tx: Connection, keys: EncryptionKeys, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The sex of these people, by id, for counts over many; unknown of the erased and where it was not said."""
    personalia_by_id = read_names(tx, keys, person_ids)
    return {
        person_id: (personalia.sex if personalia else None) or "unknown"
        for person_id, personalia in personalia_by_id.items()
    }


def candidates(
    tx: Connection,
    keys: EncryptionKeys,
    national_id: str | None,
    numbers: Sequence[str],
    disclosable: ColumnElement[bool],
) -> list[PersonCandidate]:
    """The records with this identity number, and those of the people in cases with one of these police case numbers.

    Oldest first, in one statement whose text and count do not depend on what is stored. `disclosable`: said of
    `case_current`, the cases in which whoever asks may learn who the youth is.
    """
    parameters = {"digests": keys.digests(normalise(national_id)) if national_id else [], "numbers": list(numbers)}
    rows = tx.execute(_candidates_query(disclosable), parameters).all()
    return [
        PersonCandidate(
            person=_person_of_row(keys, row),
            canonical_id=row.counts,
            visible=bool(row.seen),
            offices=tuple(sorted(set((row.offices or "").split()))),
        )
        for row in rows
    ]


def _candidates_query(disclosable: ColumnElement[bool]) -> Select[Any]:
    current, main = case_current, person.alias("main")
    resembling = select(union(_with_these_digests(), _on_these_numbers()).subquery().c[0])
    same_person = current.c.person_id == CANONICAL_ID
    offices = select(func.aggregate_strings(current.c.konfliktrad, " "))
    return (
        select(
            *record.c["person_id", "sealed", "created_at", "updated_at"],
            main.c.protection,
            CANONICAL_ID.label("counts"),
            *person_version.c["version", "born", "guardians"],
            exists().where(same_person, disclosable).correlate(record).label("seen"),
            offices.where(same_person).correlate(record).scalar_subquery().label("offices"),
        )
        .select_from(record)
        .join(main, main.c.person_id == CANONICAL_ID)
        .join(person_version, person_version.c.person_id == record.c.person_id)
        .where(person_version.c.version == _newest_version(record), record.c.person_id.in_(records_of(resembling)))
        .order_by(main.c.created_at, CANONICAL_ID, record.c.person_id)
    )


def _with_these_digests() -> Select[tuple[UUID]]:
    numbered = person.alias("numbered")
    counts = func.coalesce(numbered.c.same_as, numbered.c.person_id)
    return select(counts).where(numbered.c.number_hash.in_(_expanding("digests")))


def _on_these_numbers() -> Select[tuple[UUID]]:
    theirs = case_current.alias("theirs")
    given = (case_number.c.kind == NumberKind.POLICE, case_number.c.number.in_(_expanding("numbers")))
    return select(theirs.c.person_id).join(case_number, case_number.c.case_id == theirs.c.case_id).where(*given)


def change_person(
    tx: Connection, keys: EncryptionKeys, person_id: UUID, personalia: Personalia, protection: Protection, at: datetime
) -> bool:
    """Write who this is anew, whole. False when there is no such person."""
    values = {**_encrypted_columns(keys, person_id, personalia), "protection": protection, "updated_at": at}
    done = tx.execute(update(person).where(person.c.person_id == person_id).values(values))
    return done.rowcount == 1


def protect(tx: Connection, person_id: UUID, level: Protection, at: datetime) -> bool:
    """The address kept at least this closely from now on; False when it was already. frl § 10-4."""
    weaker = person.c.protection.in_([other for other in Protection if strictest(other, level) is not other])
    values = {"protection": level, "updated_at": at}
    return tx.execute(update(person).where(is_record_of(person_id), weaker).values(values)).rowcount > 0


def add_version(tx: Connection, person_id: UUID, youth: Youth, at: datetime) -> int:
    """What the rules need to know, as known from now on; its number. Refold the person's cases afterwards."""
    last = select(func.max(person_version.c.version)).where(person_version.c.person_id == person_id)
    version = (tx.scalar(last) or 0) + 1
    tx.execute(insert(person_version), _version_row(person_id, version, youth, at))
    return version


def erase_person(tx: Connection, person_id: UUID, at: datetime) -> bool:
    """Forget who this is; the events and the day of birth stay. False when there is no such person."""
    values = {"sealed": None, "number_hash": None, "updated_at": at}
    return tx.execute(update(person).where(person.c.person_id == person_id).values(values)).rowcount == 1


def rotate_key(
    tx: Connection, keys: EncryptionKeys, after: UUID | None = None, limit: int = 1_000
) -> tuple[UUID | None, int]:
    """Seal the next people anew under the first key: where it got to (None: all done), and how many were changed."""
    query = select(*person.c["person_id", "sealed"]).order_by(person.c.person_id).limit(limit)
    rows = tx.execute(query if after is None else query.where(person.c.person_id > after)).all()
    changed = 0
    for row in rows:
        if row.sealed is not None and not keys.is_newest(row.sealed):
            secrets = _encrypted_columns(keys, row.person_id, _decrypt_personalia(keys, row.person_id, row.sealed))
            tx.execute(update(person).where(person.c.person_id == row.person_id).values(secrets))
            changed += 1
    return (rows[-1].person_id if len(rows) == limit else None), changed


def _expanding(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


def _newest_version(of: FromClause = person) -> ScalarSelect[Any]:
    versions = person_version.alias()
    newest = select(func.max(versions.c.version)).where(versions.c.person_id == of.c.person_id)
    return newest.correlate(of).scalar_subquery()


def _person_row(keys: EncryptionKeys, new: NewPerson, at: datetime) -> dict[str, object]:
    secrets = _encrypted_columns(keys, new.person_id, new.personalia)
    return {
        "person_id": new.person_id,
        **secrets,
        "protection": new.protection,
        "created_at": at,
        "updated_at": at,
    }


def _encrypted_columns(keys: EncryptionKeys, person_id: UUID, personalia: Personalia) -> dict[str, object]:
    plain = _PERSONALIA.dump_json(personalia, exclude_defaults=True)
    number = normalise(personalia.national_id or "")
    return {"sealed": keys.encrypt(plain, _record(person_id)), "number_hash": keys.digest(number) if number else None}


def _decrypt_unless_erased(keys: EncryptionKeys, person_id: UUID, sealed: bytes | None) -> Personalia | None:
    return None if sealed is None else _decrypt_personalia(keys, person_id, sealed)


def _decrypt_personalia(keys: EncryptionKeys, person_id: UUID, sealed: bytes) -> Personalia:
    return _PERSONALIA.validate_json(keys.decrypt(sealed, _record(person_id)))


def _record(person_id: UUID) -> str:
    return f"person:{person_id}"


def _version_row(person_id: UUID, version: int, youth: Youth, at: datetime) -> dict[str, object]:
    return {
        "person_id": person_id,
        "version": version,
        "recorded_at": at,
        "born": youth.born,
        "guardians": youth.guardians,
    }


_RECORDS = (
    select(person, *person_version.c["version", "born", "guardians"])
    .join(person_version)
    .where(person_version.c.version == _newest_version())
    .order_by(person.c.created_at, person.c.person_id)
)
_PERSON = _RECORDS.where(person.c.person_id == bindparam("person_id"))
