"""Which case came from which case of another system, so that the same file can be imported again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from ungdom.store import kept_secrets
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema.cases import case_import
from ungdom.store.sealed import CASE_IMPORT

ERASED = b""
"""The fingerprint of a case whose person was erased."""


@dataclass(frozen=True, slots=True)
class CaseImport:
    """A case of another system that has been imported. `fingerprint`: encrypted keyed hash of what was read."""

    case_id: UUID
    fingerprint: bytes
    imported_at: datetime

    def is_of(self, tx: Connection, keys: EncryptionKeys, content: str) -> bool:
        """Whether it was imported from this content. May write. Raises `CannotOpen`."""
        return kept_secrets.is_digest_of(tx, keys, self.fingerprint, content, CASE_IMPORT, case_id=self.case_id)


def find(tx: Connection, source: str, key: str) -> CaseImport | None:
    """The import of this case of that system; None if it has not been imported."""
    columns = case_import.c["case_id", "fingerprint", "imported_at"]
    row = tx.execute(select(*columns).where(case_import.c.source == source, case_import.c.key == key)).one_or_none()
    return CaseImport(*row) if row else None


def add(tx: Connection, keys: EncryptionKeys, source: str, key: str, case_id: UUID, content: str, at: datetime) -> None:
    """Writes that the case came from this content. Raises `DuplicateKey` when the transaction ends."""
    fingerprint = kept_secrets.sealed_digest(tx, keys, content, CASE_IMPORT, case_id=case_id)
    row = {"source": source, "key": key, "case_id": case_id, "fingerprint": fingerprint, "imported_at": at}
    tx.execute(insert(case_import), row)


def erase_fingerprints(tx: Connection, case_ids: Collection[UUID]) -> int:
    """Erases the fingerprints of what these cases were imported from; the number changed. They match nothing then."""
    imported = case_import.c.case_id.in_(case_ids) & (case_import.c.fingerprint != ERASED)
    return tx.execute(update(case_import).where(imported).values(fingerprint=ERASED)).rowcount
