"""The last look at every answer before it leaves: whose data it contains is in the access log, or it does not leave.

Answers of `RequestContext` are in the log already. Everything else is written here: refusals that show something of a
case, streams part by part, calendars, and whatever a route sends by itself.
"""

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any
from uuid import UUID

from anyio import CancelScope, to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ungdom.api.http.access import ID_LENGTH, PSEUDONYMOUS, Reader, access_of, ids_in, ids_in_address
from ungdom.api.http.handlers import response_for
from ungdom.api.http.responses import AccessNote
from ungdom.observability.logger import EventLogger
from ungdom.store import case_queries, person_search, records
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_log import Access, AccessLog, broken_off
from ungdom.store.access_subjects import subjects_of
from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection, Database
from ungdom.workflow.rules.permissions import Viewer

log = EventLogger("ungdom.api")

GIVEN = range(200, 300)
REFUSALS = frozenset({409, 412, 422})
"""Refusals that may say something of a case or person: why a step is not possible, what happened in between."""


class AccessLogMiddleware:
    """Writes to the access log what no route has written. Without a reader there is nothing to write."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, looking at what is sent."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send)
        try:
            await self.app(scope, receive, answer.send)
        finally:
            await answer.finish()


class _Answer:
    """One answer on its way out.

    The state of the request has `access` once the route has written its access, `has_read` once it has read anything.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._state: MutableMapping[str, Any] = scope["state"]
        self._start: Message | None = None
        self._status = 0
        self._tail = b""
        self._access: Access | None = None
        self._whole = False
        self._refused = False

    async def send(self, message: Message) -> None:
        """Send this part of the answer, once it may leave."""
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self._status, self._start = message["status"], message
            return
        if not await self._in_the_log(message.get("body", b"")):
            return
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)
        await self._send(message)
        self._whole = not message.get("more_body", False)

    async def finish(self) -> None:
        """Write that the client was gone before the whole answer was sent, if it was."""
        if self._access is not None and not self._whole and not self._refused:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._write_broken_off, self._access)

    async def _in_the_log(self, body: bytes) -> bool:
        """Whether this part may leave: whose data it contains has been written. Otherwise 503 is sent in its place."""
        if "access" in self._state:
            self._access = self._state["access"]
            if self._access is not None and self._start is not None and await self._is_gone():
                await to_thread.run_sync(self._write_broken_off, self._access)
                self._access = None
            return True
        reader = self._reader()
        if reader is None or not self._shows_something():
            return True
        text = self._tail + body
        self._tail = text[1 - ID_LENGTH :]
        ids = set() if self._pseudonymous else ids_in(text) | ids_in_address(self._scope["path"])
        if not ids and not self._pseudonymous:
            return True
        try:
            self._access = await to_thread.run_sync(self._written, reader, ids) or self._access
        except StoreError as error:
            await self._refuse(error)
            return False
        return True

    def _reader(self) -> Reader | None:
        """Who is given the answer; None for those who need no token, unless a route has said who they are."""
        reader: Reader | None = self._state.get("reader")
        principal = self._state.get("principal")
        return reader or (Reader.of(principal) if principal is not None else None)

    def _shows_something(self) -> bool:
        """Whether this part may contain data: rows under pseudonyms are written down with the first part."""
        later_rows = self._start is None and "route" in self._scope and self._pseudonymous
        refused = self._status in REFUSALS and "has_read" in self._state
        return "route" in self._scope and not later_rows and (self._status in GIVEN or refused)

    @property
    def _pseudonymous(self) -> bool:
        return self._scope["route"].path in PSEUDONYMOUS

    def _written(self, reader: Reader, ids: set[UUID]) -> Access | None:
        """What was written of this part of the answer; None where it contains nobody's data. Raises `StoreError`."""
        entries: tuple[AccessEntry, ...] = ()
        if ids:
            with _database(self._scope).reading() as tx:
                entries = subjects_of(tx, {id.hex for id in ids - self._hidden(tx, reader.viewer)})
        access = access_of(self._scope, reader, self._now(), AccessNote(), entries)
        if access is not None:
            _access_log(self._scope).write(access)
        return access

    def _hidden(self, tx: Connection, viewer: Viewer) -> set[UUID]:
        """What the address of a refusal names that the reader may not see: they learn nothing of it."""
        if self._status not in REFUSALS:
            return set()
        named = ids_in_address(self._scope["path"])
        unseen = named - case_queries.visible_case_ids(tx, viewer, sorted(named))
        return {id for id in unseen if not person_search.cases_of(tx, viewer, records.canonical_id(tx, id))}

    async def _is_gone(self) -> bool:
        """Whether the client has closed the connection. The request has been read whole by now."""
        message: Message = {}
        with CancelScope() as scope:
            scope.cancel()
            message = await self._receive()
        return message.get("type") == "http.disconnect"

    def _write_broken_off(self, access: Access) -> None:
        now = self._now()
        try:
            _access_log(self._scope).write(broken_off(access, uuid7(now), now))
        except Unavailable:
            log.warning("access.break_not_recorded", access_id=access.access_id)

    async def _refuse(self, error: StoreError) -> None:
        """Nothing of the answer leaves; of a stream, nothing more."""
        self._refused = True
        if self._start is None:
            raise error
        response = await response_for(Request(self._scope), error)
        await response(self._scope, self._receive, self._send)

    def _now(self) -> datetime:
        now: datetime = self._scope["app"].state.clock()
        return now


def _database(scope: Scope) -> Database:
    db: Database = scope["app"].state.db
    return db


def _access_log(scope: Scope) -> AccessLog:
    access_log: AccessLog = scope["app"].state.access_log
    return access_log
