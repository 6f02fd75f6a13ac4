"""Notes: free text about a case, encrypted and erasable. The event that adds a note holds only its id."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from ungdom.store import chain_changes
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.cases import note
from ungdom.store.sealed import NOTE


@dataclass(frozen=True, slots=True)
class Note:
    """A note. `text`: None after erasure, and where its key is declared lost.

    `youth_may_read`: marked as open to the youth, who is a party. fvl § 18.
    """

    note_id: UUID
    case_id: UUID
    text: str | None
    created_at: datetime
    created_by: str
    youth_may_read: bool = False


def write_note(tx: Connection, keys: EncryptionKeys, new: Note) -> None:
    """Stores an encrypted note. Raises `DuplicateKey` when the transaction ends."""
    sealed = None if new.text is None else keys.encrypt(new.text.encode(), _record(new.note_id, new.case_id))
    row = {"note_id": new.note_id, "case_id": new.case_id, "sealed": sealed}
    tx.execute(
        insert(note),
        {**row, "created_at": new.created_at, "created_by": new.created_by, "youth_may_read": new.youth_may_read},
    )
    chain_changes.record(tx, note, row)


def notes_of(tx: Connection, keys: EncryptionKeys, case_id: UUID) -> Iterator[Note]:
    """The notes of a case, oldest first. Raises `CannotOpen`."""
    query = select(note).where(note.c.case_id == case_id).order_by(note.c.created_at, note.c.note_id)
    for row in tx.execute(query):
        plain = keys.decrypt_stored(row.sealed, _record(row.note_id, case_id))
        text = None if plain is None else plain.decode()
        yield Note(row.note_id, case_id, text, row.created_at, row.created_by, row.youth_may_read)


def erase_note(tx: Connection, note_id: UUID) -> bool:
    """Erases the text of a note. False if there is no such note."""
    return tx.execute(update(note).where(note.c.note_id == note_id).values(sealed=None)).rowcount == 1


def _record(note_id: UUID, case_id: UUID) -> str:
    return NOTE.record_of(note_id=note_id, case_id=case_id)
