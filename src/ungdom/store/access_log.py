"""Writing the access log: durably, before an answer leaves. Rows are linked into a chain per stream.

Reads of a process that wait at the same time share one transaction (`AccessLog.write`). A write of case data logs its
answer in its own transaction (`AccessStream.add`). The entries of a long answer stand packed in its row, and
`store/access_index.py` writes them to `access_entry` later. A stream is held by one transaction at a time, and a
process starts another where all are held: writers do not wait for each other. Every transaction here is one of
`Database.writing`, which is the primary, never a replica.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ungdom.audit import links
from ungdom.audit.shown import shown_hash
from ungdom.store import access_sql
from ungdom.store.access_content import ANSWER_CONTENT, AccessEntry, answer_content, packed_contents
from ungdom.store.errors import StoreError, Unavailable
from ungdom.store.schema.access import AccessKind
from ungdom.store.session import Database
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role

NOT_WRITTEN = "access_log"
"""The reason of `Unavailable` where a row of the access log cannot be written."""
MOST_AT_ONCE = 4
"""Entries of an answer up to which they are written to `access_entry` with it, and not later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One answer with persons' data. `about`: of an answer that was broken off, its id."""

    access_id: UUID
    at: datetime
    kind: AccessKind
    subject: str
    role: Role
    konfliktrad: str | None
    system: str | None
    organisation: str | None
    route: str
    matters: tuple[Matter, ...]
    purpose: AccessPurpose
    criteria: str | None = None
    hits: int | None = None
    about: UUID | None = None
    entries: tuple[AccessEntry, ...] = ()

    @property
    def is_long(self) -> bool:
        """Whether the entries are packed into the row, and written to `access_entry` later."""
        return len(self.entries) > MOST_AT_ONCE


class AccessStream:
    """A stream of a process, held by one transaction at a time."""

    def __init__(self) -> None:
        self.name = str(uuid4())
        self.written = False
        self._position, self._link = 0, links.FIRST

    def add(self, tx: Connection, accesses: Sequence[Access]) -> None:
        """Writes these accesses in the transaction. Raises `Unavailable`."""
        self.written = True
        answers = [(self._linked(_row(access)), () if access.is_long else access.entries) for access in accesses]
        try:
            access_sql.add_answers(tx, answers)
        except SQLAlchemyError as error:
            raise Unavailable(NOT_WRITTEN) from error

    def _linked(self, row: dict[str, Any]) -> dict[str, Any]:
        self._position += 1
        self._link = links.link(self._link, self.name, self._position, answer_content(row))
        return row | {"stream": self.name, "position": self._position, "link": self._link}


def _row(access: Access) -> dict[str, Any]:
    packed = b"".join(access.entries)
    given = {name: getattr(access, name) for name in _GIVEN}
    return {
        **given,
        "shown": shown_hash(packed_contents(packed)),
        "entries": packed if access.is_long else None,
    }


_GIVEN = tuple(name for name in ANSWER_CONTENT if name != "shown")


class _Waiting:
    """An access that waits to be written. `error`: why it could not be."""

    __slots__ = ("access", "done", "error")

    def __init__(self, access: Access) -> None:
        self.access = access
        self.done = False
        self.error: Exception | None = Unavailable(NOT_WRITTEN)


class AccessLog:
    """The access log as one process writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._free: list[AccessStream] = []
        self._waiting: deque[_Waiting] = deque()
        self._writing = Lock()

    @contextmanager
    def stream(self) -> Iterator[AccessStream]:
        """A stream for one transaction, which begins and ends inside.

        A stream whose transaction failed after rows were added to it is not used again: whether they were committed is
        not known.
        """
        try:
            stream = self._free.pop()
        except IndexError:
            stream = AccessStream()
        stream.written = False
        try:
            yield stream
        except BaseException:
            if not stream.written:
                self._free.append(stream)
            raise
        self._free.append(stream)

    def write(self, access: Access) -> None:
        """Writes the access, and returns when it is committed. Raises `Unavailable` where it cannot be written.

        Whoever comes first writes for all who wait by then; the others wait for the commit and find theirs done.
        """
        waiting = _Waiting(access)
        self._waiting.append(waiting)
        with self._writing:
            if not waiting.done:
                self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
        if waiting.error is not None:
            raise Unavailable(_reason(waiting.error)) from waiting.error

    def _write(self, batch: list[_Waiting]) -> None:
        error: Exception | None = Unavailable(NOT_WRITTEN)
        try:
            with self.stream() as stream, self._db.writing() as tx:
                stream.add(tx, [waiting.access for waiting in batch])
            error = None
        except (StoreError, SQLAlchemyError) as failed:
            error = failed
        finally:
            for waiting in batch:
                waiting.error, waiting.done = error, True


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, Unavailable) else NOT_WRITTEN


def broken_off(access: Access, access_id: UUID, at: datetime) -> Access:
    """The row that says that the client was gone before this answer was sent whole."""
    return replace(access, access_id=access_id, at=at, kind=AccessKind.BROKEN_OFF, about=access.access_id, entries=())
