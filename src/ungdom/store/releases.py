"""The register of statistical releases; a release is never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select

from ungdom.store.keyset import KeysetPosition, page
from ungdom.store.schema.releases import release, release_exact
from ungdom.store.session import Connection

R, X = release.c, release_exact.c


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release in the register. `content`, `proof`: as published; `exact`: unsuppressed counts, never published."""

    release_id: UUID
    known_at: datetime
    made_at: datetime
    sha256: str
    content: str
    proof: str
    exact: str = ""


def add(tx: Connection, new: StoredRelease) -> None:
    """Writes a release. Raises `DuplicateKey` if there is one of the same instant."""
    row = {name: getattr(new, name) for name in ("release_id", "known_at", "made_at", "sha256", "content", "proof")}
    tx.execute(insert(release).values(row))
    tx.execute(insert(release_exact).values(release_id=new.release_id, body=new.exact))


def all_with_exact(tx: Connection) -> list[StoredRelease]:
    """All releases with their exact counts, oldest first."""
    query = select(release, X.body).join(release_exact, X.release_id == R.release_id).order_by(R.known_at)
    return [_release_of_row(row, row.body) for row in tx.execute(query)]


def list_releases(
    tx: Connection, before: KeysetPosition | None = None, limit: int | None = None
) -> list[StoredRelease]:
    """The releases before that position, newest first and without exact counts; all without a limit."""
    query = page(select(release), (R.known_at, R.release_id), before, limit)
    return [_release_of_row(row) for row in tx.execute(query)]


def find(tx: Connection, release_id: UUID) -> StoredRelease | None:
    """This release without exact counts; None if there is none."""
    row = tx.execute(select(release).where(R.release_id == release_id)).one_or_none()
    return _release_of_row(row) if row else None


def newest(tx: Connection, known_at: datetime | None = None) -> StoredRelease | None:
    """The newest release of that instant or before; None if there is none."""
    query = select(release).order_by(R.known_at.desc()).limit(1)
    row = tx.execute(query if known_at is None else query.where(R.known_at <= known_at)).one_or_none()
    return _release_of_row(row) if row else None


def _release_of_row(row: Row[Any], exact: str = "") -> StoredRelease:
    return StoredRelease(row.release_id, row.known_at, row.made_at, row.sha256, row.content, row.proof, exact)
