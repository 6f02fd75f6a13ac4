"""After a restored backup: what was erased is erased again before anything is served."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from ungdom.clock import Clock
from ungdom.lazy import lazy
from ungdom.observability.logger import EventLogger
from ungdom.retention.journal import (
    UNREADABLE_JOURNAL,
    BadErasureJournal,
    ErasureJournal,
    ErasureLine,
    parse_line,
)
from ungdom.store import named_locks, retention
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen, Unavailable
from ungdom.store.session import Database

if TYPE_CHECKING:
    from ungdom.retention import erase
else:
    erase = lazy("ungdom.retention.erase")

LOG = EventLogger("ungdom.retention")


def missing(db: Database, journal: ErasureJournal) -> list[ErasureLine]:
    """The erasures of the journal that this database has not seen, the oldest first. Raises as `replay`."""
    with db.reading() as tx:
        known = retention.erasure_ids(tx) if retention.has_erasures(tx) else set()
    return [line for line in journal.lines() if line.erasure_id not in known]


def replay(db: Database, keys: EncryptionKeys, journal: ErasureJournal, clock: Clock) -> int:
    """Erases again what a restored database brought back; how many erasures that were.

    A journal that was lost gets back the lines that the database has. Raises `BadErasureJournal`, `Unavailable`, or
    `CannotOpen`, which stops no other erasure.
    """
    try:
        waiting = missing(db, journal)
        _write_back(db, journal)
    except OSError as error:
        raise Unavailable(UNREADABLE_JOURNAL) from error
    done, failure = 0, None
    for line in waiting:
        try:
            done += _apply(db, keys, line, clock)
        except CannotOpen as error:
            failure = failure or error
    if done:
        LOG.warning("erasures.carried_out_again", count=done)
    if failure is not None:
        raise failure
    return done


def _apply(db: Database, keys: EncryptionKeys, line: ErasureLine, clock: Clock) -> bool:
    """Whether this call has carried it out: another process may be carrying it out at this moment."""
    known_data = erase.find_unlinked(db, keys, line)
    with db.writing() as tx:
        named_locks.lock(tx, [erase.LOCK])
        if retention.is_applied(tx, line.erasure_id):
            return False
        erase.apply(tx, keys, line, clock(), known_data=known_data)
    return True


def _write_back(db: Database, journal: ErasureJournal) -> None:
    with db.reading() as tx:
        known = retention.erasures(tx)
    written = {line.erasure_id for line in journal.lines()}  # read last: a line is written before it is committed
    for erasure_id, text in known.items():
        if erasure_id not in written:
            journal.append(parse_line(text))


class ErasureGate:
    """The check of one process that everything in the journal is erased from its database.

    It is made before the first request, and again when the journal has grown.
    """

    def __init__(self, db: Database, keys: EncryptionKeys, journal: ErasureJournal, clock: Clock) -> None:
        self.db = db
        self.keys = keys
        self.journal = journal
        self.clock = clock
        self._lock = Lock()
        self._size = -1

    def is_open(self) -> bool:
        """Whether the journal is as it was at the last check. One that cannot be found out about is not."""
        try:
            return self._size == self.journal.size()
        except OSError:
            return False

    def open(self) -> None:
        """Checks, and erases what is missing. Raises as `replay`."""
        with self._lock:
            if not self.is_open():
                self._check()

    def check_again(self) -> bool:
        """Whether nothing is missing, asked of the database: it may have been restored under a running process."""
        try:
            if not missing(self.db, self.journal):
                return self.is_open()
        except (OSError, BadErasureJournal):
            pass
        self._size = -1
        return False

    def _check(self) -> None:
        try:
            size = self.journal.size()
        except OSError as error:
            raise Unavailable(UNREADABLE_JOURNAL) from error
        with self.db.reading() as tx:
            if not retention.has_erasures(tx):
                return  # the schema is upgraded first: until then nothing is served from it
        replay(self.db, self.keys, self.journal, self.clock)
        self._size = max(size, 0)
