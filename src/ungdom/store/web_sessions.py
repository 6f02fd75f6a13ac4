"""Signed-in browsers: a session is found by a secret of which only the hash is stored, and ends when its row goes."""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from ungdom.store.schema.web import web_session
from ungdom.workflow.vocabulary import Role

SEEN_RESOLUTION = timedelta(minutes=1)
_SECRET = 32
_W = web_session.c


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """One signed-in browser. `scopes`: with blanks between. `seen_at`: the last use, to the minute.

    `ends_at`: the session ends then at the latest, however much it is used.
    """

    subject: str
    role: Role
    konfliktrad: str | None
    scopes: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime

    def is_alive(self, now: datetime, idle: timedelta) -> bool:
        """Whether the session may still be used: not over, and used within the last `idle`."""
        return now < self.ends_at and now - self.seen_at < idle


def begin(tx: Connection, session: WebSession) -> str:
    """Stores a new session; returns its secret, 256 random bits as 43 characters, which is not stored.

    Sessions that are over by then are deleted.
    """
    secret = secrets.token_urlsafe(_SECRET)
    tx.execute(delete(web_session).where(_W.ends_at <= session.created_at))
    tx.execute(insert(web_session), asdict(session) | {"session_hash": _hash(secret)})
    return secret


def find(tx: Connection, secret: str) -> WebSession | None:
    """The session with this secret, alive or not; None if there is none."""
    columns = [column for column in web_session.columns if column is not _W.session_hash]
    row = tx.execute(select(*columns).where(_W.session_hash == _hash(secret))).mappings().one_or_none()
    return WebSession(**row) if row else None


def record_use(tx: Connection, secret: str, now: datetime) -> None:
    """Records that the session is used now."""
    tx.execute(update(web_session).where(_W.session_hash == _hash(secret), _W.seen_at < now).values(seen_at=now))


def end(tx: Connection, secret: str) -> None:
    """Ends this session."""
    tx.execute(delete(web_session).where(_W.session_hash == _hash(secret)))


def end_all(tx: Connection, subject: str) -> None:
    """Ends every session of this person."""
    tx.execute(delete(web_session).where(_W.subject == subject))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
