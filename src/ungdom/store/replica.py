"""Reads of many rows from a streaming replica: figures, released tables, extracts. Everything else is the primary's.

A read from the replica is as complete as one from the primary would have been when it began: the replica is used only
once it has replayed everything that the primary had written by then (positions in the log, no clocks). If that takes
longer than `WAIT_SECONDS`, or the replica cannot be read, the primary is read. Decision 0076.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ungdom.observability.logger import EventLogger
from ungdom.store import postgresql_address
from ungdom.store.errors import Stale, StoreError, Unavailable
from ungdom.store.session import Connection, Database

log = EventLogger("ungdom.replica")

WAIT_SECONDS = 1.0
"""Seconds that a read waits for the replica before it reads the primary."""
SETTLE_SECONDS = 0.2
"""Seconds that a look at the replica waits for it."""
POLL_SECONDS = 0.01
AVOIDED_SECONDS = 5.0
"""Seconds for which a replica is not tried again that was behind or could not be read."""
UNANSWERED_SECONDS = 5
"""Seconds after which a connection counts as lost whose data the replica's machine does not acknowledge."""
Read = TypeVar("Read")

_ON_PRIMARY = text(
    "SELECT CAST(pg_current_wal_flush_lsn() AS text) AS position,"
    " CAST((SELECT system_identifier FROM pg_control_system()) AS text) AS cluster, current_database() AS name"
)
_ON_REPLICA = text(
    "SELECT pg_is_in_recovery() AS standby,"
    " coalesce(pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn), false) AS complete,"
    " CAST(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS double precision) AS age,"
    " CAST((SELECT system_identifier FROM pg_control_system()) AS text) AS cluster, current_database() AS name"
)


class ReplicaFault(StrEnum):
    """Why a replica is not read, other than that it is behind."""

    UNREACHABLE = "unreachable"
    NOT_STANDBY = "not_standby"
    FOREIGN = "foreign"


_SENTENCES = {
    ReplicaFault.UNREACHABLE: "cannot be reached",
    ReplicaFault.NOT_STANDBY: "is no standby (after a failover: name the new one in UNGDOM_REPLICA_URL)",
    ReplicaFault.FOREIGN: "is not a replica of the database in UNGDOM_DATABASE_URL",
}


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """How far the replica is.

    `lag_seconds`: 0 when it has replayed everything, otherwise the age of the last transaction that it has replayed;
    None with a fault, or if it has replayed none since its start.
    """

    fault: ReplicaFault | None
    complete: bool = False
    lag_seconds: float | None = None

    @property
    def sentence(self) -> str:
        """What is wrong with it, for whoever operates the service; `ok` if nothing is."""
        if self.fault is not None:
            return f"{_SENTENCES[self.fault]}: the primary is read in its place"
        if self.complete:
            return "ok"
        behind = "behind, for how long is not known" if self.lag_seconds is None else f"{self.lag_seconds:.0f} s behind"
        return f"{behind}: the primary is read until it has caught up"


@dataclass(frozen=True, slots=True)
class _Primary:
    """The primary at one instant: its position in the log, and which database of which cluster it is."""

    position: str
    cluster: str
    name: str


class ReadSource:
    """Where one process reads what needs many rows. `replica`: None where no replica is set."""

    def __init__(self, primary: Database, replica: Database | None, wait_seconds: float = WAIT_SECONDS) -> None:
        self.primary, self.replica = primary, replica
        self._wait_seconds = wait_seconds
        self._lock = Lock()
        self._avoided_until = 0.0

    def current(self) -> Database:
        """The database to read now: the replica if it has what is committed, waiting for it; otherwise the primary.

        Raises `Unavailable` when the primary cannot say how far it is.
        """
        if self.replica is None or time.monotonic() < self._avoided_until:
            return self.primary
        state = _state_within(self.replica, _position_of(self.primary), self._wait_seconds)
        if state.complete:
            return self.replica
        self.avoid(state.fault or "behind")
        return self.primary

    def read(self, operation: Callable[[Database], Read]) -> Read:
        """What the operation gives on `current()`; done again on the primary if the replica breaks it off.

        Raises what `current` and the operation raise.
        """
        db = self.current()
        if db is not self.primary:
            try:
                return operation(db)
            except (Unavailable, Stale) as error:  # it is away, or has replayed what the query still needed
                self.avoid(type(error).__name__)
        return operation(self.primary)

    def avoid(self, reason: str) -> None:
        """Read the primary for some seconds; `reason`: why, for the log."""
        with self._lock:
            self._avoided_until = time.monotonic() + AVOIDED_SECONDS
        log.warning("replica.avoided", reason=reason)

    def state(self) -> ReplicaState | None:
        """How far the replica is now; None where none is set. Raises `Unavailable` when the primary cannot say.

        What it replays within `SETTLE_SECONDS` counts as replayed: a moment behind is not as old as the last write.
        """
        return None if self.replica is None else _state_within(self.replica, _position_of(self.primary), SETTLE_SECONDS)

    def close(self) -> None:
        """Closes the connections to the replica; the primary belongs to whoever opened it."""
        if self.replica is not None:
            self.replica.close()


def open_replica(url: str | None, pool_size: int, wait_seconds: float = 2.0) -> Database | None:
    """The replica at this URL; None where none is set. Does not connect yet.

    A connection on which the server no longer answers is given up after `UNANSWERED_SECONDS`: the primary is read then.
    """
    if url is None:
        return None
    limits = {"tcp_user_timeout": UNANSWERED_SECONDS * 1000, "keepalives_idle": UNANSWERED_SECONDS}
    address = postgresql_address.with_defaults(url, {name: str(value) for name, value in limits.items()})
    return Database.open(address, pool_size=pool_size, wait_seconds=wait_seconds)


def _position_of(db: Database) -> _Primary:
    with db.reading() as tx:
        row = tx.execute(_ON_PRIMARY).one()
    return _Primary(row.position, row.cluster, row.name)


def _state_within(replica: Database, primary: _Primary, seconds: float) -> ReplicaState:
    """How far the replica is, once it has reached that position or after that long."""
    until = time.monotonic() + seconds
    state = _state_of(replica, primary)
    while state.fault is None and not state.complete and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        state = _state_of(replica, primary)
    return state


def _state_of(replica: Database, primary: _Primary) -> ReplicaState:
    try:
        with replica.reading() as tx:
            return _state_seen(tx, primary)
    except (StoreError, DBAPIError):
        return ReplicaState(ReplicaFault.UNREACHABLE)


def _state_seen(tx: Connection, primary: _Primary) -> ReplicaState:
    row = tx.execute(_ON_REPLICA, {"position": primary.position}).one()
    if (row.cluster, row.name) != (primary.cluster, primary.name):
        return ReplicaState(ReplicaFault.FOREIGN)
    if not row.standby:
        return ReplicaState(ReplicaFault.NOT_STANDBY)
    return ReplicaState(None, row.complete, 0.0 if row.complete else row.age)
