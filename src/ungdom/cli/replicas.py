"""The streaming replica of a command: opened, and checked when the command starts."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from ungdom.cli.terminal import err, open_database
from ungdom.settings import BadSettings, Settings
from ungdom.store.replica import ReadSource, ReplicaFault, open_replica
from ungdom.store.session import Database


@contextmanager
def open_read_source(config: Settings) -> Iterator[ReadSource]:
    """Where extracts are read, with its database. Raises `Unusable`, and `BadSettings` for a foreign replica."""
    with closing(open_database(config)) as db, read_source(config, db) as source:
        warn_of_replica(source)
        yield source


@contextmanager
def read_source(config: Settings, db: Database, pool_size: int = 2) -> Iterator[ReadSource]:
    """The replica of these settings beside this database; its connections are closed at the end."""
    with closing(ReadSource(db, open_replica(config.replica_url, pool_size))) as source:
        yield source


def warn_of_replica(source: ReadSource) -> None:
    """Print a warning if the replica cannot be read: the primary is read then. Raises `BadSettings` for a foreign one.

    A failover must not keep the service from starting; the figures of another database must never be shown.
    """
    state = source.state()
    if state is None or state.fault is None:
        return
    if state.fault is ReplicaFault.FOREIGN:
        raise BadSettings(f"UNGDOM_REPLICA_URL {state.sentence.partition(':')[0]}")
    err.print(f"ungdom: warning: the replica {state.sentence}; `ungdom doctor` says more", markup=False)
