"""Signed-in browsers: a session is found by a secret of which only the hash is stored, and ends when its row goes."""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from ungdom.store import chain_changes
from ungdom.store.schema.web import web_session, web_session_end
from ungdom.workflow.vocabulary import Role

SEEN_RESOLUTION = timedelta(minutes=1)
_SECRET = 32
_W = web_session.c
_COLUMNS = [column for column in web_session.columns if column is not _W.session_hash]


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
    row = tx.execute(select(*_COLUMNS).where(_W.session_hash == _hash(secret))).mappings().one_or_none()
    return WebSession(**row) if row else None


def record_use(tx: Connection, secret: str, now: datetime) -> None:
    """Records that the session is used now."""
    tx.execute(update(web_session).where(_W.session_hash == _hash(secret), _W.seen_at < now).values(seen_at=now))


def end(tx: Connection, secret: str) -> None:
    """Ends this session."""
    tx.execute(delete(web_session).where(_W.session_hash == _hash(secret)))


def end_all(tx: Connection, subject: str | None) -> int:
    """Ends every session of this person, or of everybody; returns how many there were."""
    of_whom = () if subject is None else (_W.subject == subject,)
    return tx.execute(delete(web_session).where(*of_whom)).rowcount


def all_sessions(tx: Connection, subject: str | None, now: datetime, idle: timedelta) -> list[WebSession]:
    """The sessions of this person, or of everybody, that may still be used; by person, the newest first."""
    query = select(*_COLUMNS).where(_W.ends_at > now, *(() if subject is None else (_W.subject == subject,)))
    rows = tx.execute(query.order_by(_W.subject, _W.created_at.desc())).mappings()
    return [session for session in (WebSession(**row) for row in rows) if session.is_alive(now, idle)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """Sessions that an operator has ended: of one person, or of everybody (None)."""

    end_id: UUID
    subject: str | None
    sessions: int
    ended_at: datetime
    ended_by: str


def add_end(tx: Connection, end: SessionEnd) -> None:
    """Writes that an operator has ended sessions, in the hash chain as well."""
    row = asdict(end)
    tx.execute(insert(web_session_end), row)
    chain_changes.record(tx, web_session_end, row)


def all_ends(tx: Connection) -> list[SessionEnd]:
    """What operators have ended, the newest first."""
    query = select(web_session_end).order_by(web_session_end.c.ended_at.desc(), web_session_end.c.end_id)
    return [SessionEnd(**row) for row in tx.execute(query).mappings()]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
