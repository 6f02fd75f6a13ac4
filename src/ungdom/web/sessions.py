"""Signed-in browsers: the cookie, the principal it stands for, and the keys of forms."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

from ungdom.api.http.auth.principal import Principal
from ungdom.settings import Settings
from ungdom.store import web_sessions
from ungdom.store.session import Database
from ungdom.store.web_sessions import WebSession
from ungdom.workflow.rules.permissions import Viewer

LANGUAGE_COOKIE = "ungdom-language"
LANGUAGE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Browser:
    """A signed-in browser: the secret of its cookie, and its session."""

    secret: str
    session: WebSession

    @property
    def principal(self) -> Principal:
        """For whom the browser acts."""
        session = self.session
        viewer = Viewer(session.role, session.subject, session.konfliktrad)
        return Principal(viewer, frozenset(session.scopes.split()), int(session.ends_at.timestamp()))

    def new_form_key(self) -> str:
        """A key for one form: random, and bound to this session."""
        part = secrets.token_urlsafe(16)
        return f"{part}.{self._mark(part)}"

    def gave(self, form_key: str) -> bool:
        """Whether a form of this session was given that key."""
        part, _, mark = form_key.partition(".")
        return hmac.compare_digest(mark.encode(), self._mark(part).encode())

    def _mark(self, part: str) -> str:
        return hmac.new(self.secret.encode(), part.encode(), sha256).hexdigest()


class Sessions:
    """The sessions of one installation. `secure`: reached by https, so that cookies have the prefix `__Host-`.

    `attempt_cookie`: the name of the cookie of a sign-in under way.
    """

    def __init__(self, settings: Settings, db: Database) -> None:
        self.db = db
        self.secure = settings.public_url.startswith("https://")
        self.cookie = "__Host-ungdom" if self.secure else "ungdom"
        self.attempt_cookie = "__Host-ungdom-sign-in" if self.secure else "ungdom-sign-in"
        self.idle = timedelta(minutes=settings.session_idle_minutes)
        self.longest = timedelta(hours=settings.session_hours)

    def find(self, secret: str, now: datetime) -> Browser | None:
        """The browser with this cookie; None if its session is over. Its use is recorded, to the minute."""
        with self.db.reading() as tx:
            session = web_sessions.find(tx, secret)
        if session is None or not session.is_alive(now, self.idle):
            return None
        if now - session.seen_at >= web_sessions.SEEN_RESOLUTION:
            with self.db.writing() as tx:
                web_sessions.record_use(tx, secret, now)
        return Browser(secret, session)

    def is_alive(self, secret: str, now: datetime) -> bool:
        """Whether the session with this secret may still be used. Asking is no use of it."""
        with self.db.reading() as tx:
            session = web_sessions.find(tx, secret)
        return session is not None and session.is_alive(now, self.idle)

    def begin(self, principal: Principal, now: datetime, response: Response, earlier: str | None = None) -> Response:
        """The response, which signs the browser in. `earlier`: the secret of the session that it had, which ends."""
        viewer = principal.viewer
        session = WebSession(
            subject=viewer.subject,
            role=viewer.role,
            konfliktrad=viewer.konfliktrad,
            scopes=" ".join(sorted(principal.scopes)),
            created_at=now,
            seen_at=now,
            ends_at=now + self.longest,
        )
        with self.db.writing() as tx:
            if earlier is not None:
                web_sessions.end(tx, earlier)
            secret = web_sessions.begin(tx, session)
        response.set_cookie(self.cookie, secret, path="/", secure=self.secure, httponly=True, samesite="strict")
        return response

    def end(self, browser: Browser, everywhere: bool, response: Response) -> Response:
        """The response, which signs this browser out, or every browser of the person."""
        with self.db.writing() as tx:
            if everywhere:
                web_sessions.end_all(tx, browser.session.subject)
            web_sessions.end(tx, browser.secret)
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="strict")
        return response


def cookies_of(scope: Scope) -> dict[str, str]:
    """The cookies of a request."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return cookie_parser("; ".join(lines)) if lines else {}
