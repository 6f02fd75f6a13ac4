"""How people who work with cases want to be notified: language and an encrypted e-mail address."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import Connection, select

from ungdom.store import bulk, chain_changes
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen
from ungdom.store.schema.cases import case_current, case_team
from ungdom.store.schema.notices import contact
from ungdom.store.schema.staff import staff
from ungdom.store.sealed import CONTACT
from ungdom.texts import Language
from ungdom.workflow.vocabulary import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationContact:
    """One person. `written_by`, `updated_at`: None before the first write."""

    subject: str
    role: Role
    language: Language = "nb"
    email_digest: bool = False
    address: str | None = field(default=None, repr=False)
    written_by: str | None = None
    updated_at: datetime | None = None

    @property
    def own(self) -> bool:
        """Whether the person wrote it themselves."""
        return self.written_by == self.subject


def find(tx: Connection, keys: EncryptionKeys, subject: str) -> NotificationContact | None:
    """The stored contact of this person; None if there is none. Raises `CannotOpen`."""
    return _read(tx, keys, [subject]).get(subject)


def find_many(tx: Connection, keys: EncryptionKeys, subjects: Sequence[str]) -> dict[str, NotificationContact]:
    """The stored contacts of these people by subject, without those whose address was damaged: the others go on."""
    with suppress(CannotOpen):
        return _read(tx, keys, subjects)
    contacts_read: dict[str, NotificationContact] = {}
    for subject in subjects:
        with suppress(CannotOpen):
            contacts_read |= _read(tx, keys, [subject])
    return contacts_read


def _read(tx: Connection, keys: EncryptionKeys, subjects: Sequence[str]) -> dict[str, NotificationContact]:
    by_subject: dict[str, NotificationContact] = {}
    for row in tx.execute(select(contact).where(contact.c.subject.in_(subjects))).mappings():
        columns = dict(row)
        plain = keys.decrypt_stored(columns.pop("sealed"), _record(row["subject"]))
        address = None if plain is None else plain.decode()
        by_subject[row["subject"]] = NotificationContact(**columns, address=address)
    return by_subject


def write(tx: Connection, keys: EncryptionKeys, new: NotificationContact, at: datetime) -> NotificationContact:
    """Writes the whole contact, a new or a changed one; the contact as stored. Nothing is written if it is the same."""
    new = replace(new, updated_at=at)
    with suppress(CannotOpen):  # what cannot be read is replaced
        known = find(tx, keys, new.subject)
        if known is not None and replace(known, updated_at=at) == new:
            return known
    sealed = None if new.address is None else keys.encrypt(new.address.encode(), _record(new.subject))
    row = {
        "subject": new.subject,
        "role": new.role,
        "language": new.language,
        "email_digest": new.email_digest,
        "sealed": sealed,
        "written_by": new.written_by,
        "updated_at": at,
    }
    bulk.upsert(tx, contact, [row])
    chain_changes.record(tx, contact, row)
    return new


def staff_role(tx: Connection, subject: str, konfliktrad: str, on: date) -> Role | None:
    """The main role of this person at that konfliktråd on that day; None if they do not work there."""
    member = staff_store.find(tx, subject)
    return member.main_role if member and member.konfliktrad == konfliktrad and member.in_service(on) else None


def coordinates_with(tx: Connection, coordinator: str, member: str) -> bool:
    """Whether this member is on the team of an open case of this coordinator and is not staff of any konfliktråd."""
    if tx.execute(select(staff.c.subject).where(staff.c.subject == member)).first() is not None:
        return False
    joined = select(case_team.c.member).join(case_current, case_current.c.case_id == case_team.c.case_id)
    ours = (case_team.c.member == member, case_current.c.coordinator == coordinator)
    return tx.execute(joined.where(*ours, case_current.c.closed_on.is_(None)).limit(1)).first() is not None


def _record(subject: str) -> str:
    return CONTACT.record_of(subject=subject)
