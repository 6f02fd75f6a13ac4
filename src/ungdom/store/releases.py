"""The register of released tables: what has been told stays as it was told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select

from ungdom.store.keyset import Place, page
from ungdom.store.release_tables import release, release_exact
from ungdom.store.session import Connection

R, X = release.c, release_exact.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A release in the register. `content`, `proof`: as they are told; `exact`: told to nobody."""

    release_id: UUID
    known_at: datetime
    made_at: datetime
    sha256: str
    content: str
    proof: str
    exact: str = ""


def add(tx: Connection, one: Kept) -> None:
    """Keep it. Raises `DuplicateKey` where one of the same instant is there."""
    told = {name: getattr(one, name) for name in ("release_id", "known_at", "made_at", "sha256", "content", "proof")}
    tx.execute(insert(release).values(told))
    tx.execute(insert(release_exact).values(release_id=one.release_id, body=one.exact))


def every(tx: Connection) -> list[Kept]:
    """All of them with their exact counts, the oldest first."""
    query = select(release, X.body).join(release_exact, X.release_id == R.release_id).order_by(R.known_at)
    return [_kept(row, row.body) for row in tx.execute(query)]


def told(tx: Connection, before: Place | None = None, limit: int | None = None) -> list[Kept]:
    """Those that came before this one as they are told, the newest first; all of them without a limit."""
    query = page(select(release), (R.known_at, R.release_id), before, limit)
    return [_kept(row) for row in tx.execute(query)]


def find(tx: Connection, release_id: UUID) -> Kept | None:
    """This one, as it is told."""
    row = tx.execute(select(release).where(R.release_id == release_id)).one_or_none()
    return _kept(row) if row else None


def newest(tx: Connection, known_at: datetime | None = None) -> Kept | None:
    """The newest of what was known at that instant or before."""
    query = select(release).order_by(R.known_at.desc()).limit(1)
    row = tx.execute(query if known_at is None else query.where(R.known_at <= known_at)).one_or_none()
    return _kept(row) if row else None


def _kept(row: Row[Any], exact: str = "") -> Kept:
    return Kept(row.release_id, row.known_at, row.made_at, row.sha256, row.content, row.proof, exact)
