"""The rows of each version of the table by what they are looked up by. Each selection is made once."""

from functools import cache
from threading import Lock

from ungdom.workflow import table
from ungdom.workflow.table import Move
from ungdom.workflow.vocabulary import EventType, Regime, Sanction

_rows: dict[str, tuple[Move, ...]] = {}
_lock = Lock()


def rows(version: str) -> tuple[Move, ...]:
    """The table of this version: the same objects for every caller, also for two threads that ask first at once.

    The engine finds conditions and transitions by the identity of a row.
    """
    if (known := _rows.get(version)) is None:
        with _lock:
            known = _rows.setdefault(version, table.rows(version))
    return known


@cache
def rows_with(version: str, event: EventType) -> tuple[Move, ...]:
    """The rows for this event, in the order of the table."""
    return tuple(row for row in rows(version) if row.event is event)


@cache
def rows_in(version: str, sanction: Sanction, regime: Regime) -> tuple[Move, ...]:
    """The rows of one workflow, in the order of the table."""
    return tuple(row for row in rows(version) if sanction in row.sanctions and regime in row.regimes)
