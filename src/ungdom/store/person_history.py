"""The history of person records: what changed, when, by whom and why. Reason and earlier values are encrypted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, literal, or_, select

from ungdom.store import chain_changes
from ungdom.store.dataclass_rows import from_row
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.people import StoredPerson
from ungdom.store.personalia import Personalia
from ungdom.store.schema.persons import PersonChangeKind, person, person_change
from ungdom.store.sealed import PERSON_CHANGE
from ungdom.workflow.case import Youth
from ungdom.workflow.vocabulary import Protection, Role

C = person_change.c


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSnapshot:
    """A person record as it was before a change, with the reason for the change. `personalia`: None after erasure."""

    reason: str | None
    personalia: Personalia | None
    born: date
    guardians: int
    protection: Protection


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAuthor:
    """Who changed a record. `role`: None for a system."""

    subject: str
    role: Role | None = None
    konfliktrad: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange:
    """One change of a record. `revision`: of the record after it. `before`: None after erasure."""

    person_id: UUID
    revision: int
    kind: PersonChangeKind
    fields: tuple[str, ...]
    changed_at: datetime
    author: ChangeAuthor
    before: PersonSnapshot | None


_SNAPSHOT = TypeAdapter(PersonSnapshot)


def snapshot(stored: StoredPerson, reason: str | None, day: date) -> PersonSnapshot:
    """The record as it is. `day`: on which the guardians are counted."""
    return PersonSnapshot(
        reason=reason,
        personalia=stored.personalia,
        born=stored.youth.born,
        guardians=stored.youth.guardians_on(day),
        protection=Protection(stored.protection),
    )


def add(tx: Connection, keys: EncryptionKeys, change: PersonChange) -> None:
    """Writes one change. Raises `DuplicateKey` if the same revision was written meanwhile."""
    plain = _SNAPSHOT.dump_json(change.before, exclude_defaults=True) if change.before else None
    row = {
        "person_id": change.person_id,
        "revision": change.revision,
        "kind": change.kind,
        "fields": " ".join(change.fields),
        "changed_at": change.changed_at,
        "changed_by": change.author.subject,
        "role": change.author.role,
        "konfliktrad": change.author.konfliktrad,
        "sealed": keys.encrypt(plain, _record(change.person_id, change.revision)) if plain else None,
    }
    tx.execute(insert(person_change), row)
    chain_changes.record(tx, person_change, row)


def add_merge(tx: Connection, person_id: UUID, by: str, at: datetime) -> None:
    """Writes that another person was joined to the person with this canonical id by confirming a question."""
    revision = select(person.c.revision).where(person.c.person_id == person_id).scalar_subquery()
    row = {"person_id": person_id, "revision": revision, "kind": PersonChangeKind.MERGED, "fields": ""}
    new = insert(person_change).values({**row, "changed_at": at, "changed_by": by})
    written = tx.execute(new.returning(*person_change.c["person_id", "revision"])).one()
    chain_changes.record(tx, person_change, written._asdict())


def known_at(tx: Connection, keys: EncryptionKeys, stored: StoredPerson, at: datetime) -> StoredPerson:
    """The record as known at that instant, with its present protection and the guardians as a number.

    Raises `CannotOpen`.

    An erased record stays erased.
    """
    changes = (change for change in reversed(of_records(tx, keys, [stored.person_id])) if change.changed_at > at)
    snapshots = (change.before for change in changes)
    first = next((before for before in snapshots if before is not None), None)
    if first is None or stored.personalia is None:
        return stored
    return replace(stored, personalia=first.personalia, youth=Youth(first.born, first.guardians))


def protection_raised_at(tx: Connection) -> datetime | None:
    """When the level of a person who is protected now was last changed; None if it never was."""
    fields = (literal(" ") + C.fields + " ").contains(" protection ")
    changed = or_(C.kind.in_((PersonChangeKind.PROTECTED, PersonChangeKind.MERGED)), fields)
    query = select(func.max(C.changed_at)).join(person, person.c.person_id == C.person_id)
    raised_at: datetime | None = tx.scalar(query.where(changed, person.c.protection != Protection.NONE))
    return raised_at


def of_records(tx: Connection, keys: EncryptionKeys, record_ids: Sequence[UUID]) -> list[PersonChange]:
    """The changes of these records, newest first. Raises `CannotOpen`."""
    query = select(person_change).where(C.person_id.in_(record_ids))
    rows = tx.execute(query.order_by(C.changed_at.desc(), C.person_id, C.revision.desc()))
    return [
        from_row(
            PersonChange,
            row,
            fields=tuple(row.fields.split()),
            author=ChangeAuthor(subject=row.changed_by, role=row.role, konfliktrad=row.konfliktrad),
            before=_opened(keys, row.person_id, row.revision, row.sealed),
        )
        for row in rows
    ]


def _opened(keys: EncryptionKeys, person_id: UUID, revision: int, sealed: bytes | None) -> PersonSnapshot | None:
    plain = keys.decrypt_stored(sealed, _record(person_id, revision))
    return None if plain is None else _SNAPSHOT.validate_json(plain)


def _record(person_id: UUID, revision: int) -> str:
    return PERSON_CHANGE.record_of(person_id=person_id, revision=revision)
