"""Changed clocks tried on the cases that are open: read once, folded once, looked at under both sets. Writes nothing.

A few hundred cases are in memory at a time. A case that cannot be read is counted as that and stops no other.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from ungdom.simulation.comparing import Trial, Turn, trial
from ungdom.simulation.tally import WEEKS, Both, Clock, Line, Load, Notices, Place, Tally, mondays, week_name
from ungdom.store import alerts, journal, reading
from ungdom.store.journal import Stored
from ungdom.store.tables import case_current
from ungdom.workflow import engine
from ungdom.workflow.alerting import Standing
from ungdom.workflow.changes import Change
from ungdom.workflow.permissions import Fact, Viewer, counting_for, may_read_cases

__all__ = [
    "WEEKS", "Both", "Change", "Clock", "Line", "Load", "Notices", "Place", "Tally", "Trial", "Turn", "mondays",
    "simulate", "trial", "week_name",
]  # fmt: skip

CHUNK = 200
"""Cases in memory at once."""

C = case_current.c
Progress = Callable[[int, int], object]
"""Called with how many cases are done, and how many there are."""


def simulate(
    tx: Connection,
    viewer: Viewer,
    changes: Sequence[Change],
    day: date,
    limit: int,
    progress: Progress = lambda _done, _all: None,
) -> Tally:
    """What these changes would do to the open cases that the viewer may see, as they stand, looked at on that day.

    Viewers who read no cases get counts without names. Raises `BadChanges`.
    """
    tally = Tally(trial(changes, day), limit if may_read_cases(viewer.role) else 0)
    query = _open_cases(counting_for(viewer))
    total = tx.scalar(select(func.count()).select_from(query.subquery())) or 0
    for places in _chunks(tx, query):
        standing = _alerts(tx, places)
        for case_id, stored in _stored(tx, list(places)):
            _count(tally, places[case_id], stored, standing[case_id])
        progress(tally.cases + tally.unread, total)
    return tally


def _open_cases(viewer: Viewer) -> Select[Any]:
    told = reading.learnt_by(viewer, Fact.LISTED).label("told")
    query = select(C.case_id, C.reference, C.konfliktrad, told)
    return query.where(reading.counted_for(viewer), C.closed_on.is_(None)).order_by(C.case_id)


def _chunks(tx: Connection, query: Select[Any]) -> Iterator[dict[UUID, Place]]:
    rest = query
    while rows := tx.execute(rest.limit(CHUNK)).all():
        yield {row.case_id: Place(row.case_id, row.reference, row.konfliktrad if row.told else None) for row in rows}
        rest = query.where(rows[-1].case_id < C.case_id)


def _stored(tx: Connection, case_ids: list[UUID]) -> Iterator[tuple[UUID, Stored | None]]:
    """Each case with its history, None where that cannot be read; then they are read one by one to find which."""
    try:
        known = {stored.case_id: stored for stored in journal.load_many(tx, case_ids)}
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001  # one that nobody foresaw must not stop the others
        known = {case_id: stored for case_id in case_ids if (stored := _alone(tx, case_id))}
    return ((case_id, known.get(case_id)) for case_id in case_ids)


def _alone(tx: Connection, case_id: UUID) -> Stored | None:
    try:
        return journal.load(tx, case_id)
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001  # the same
        return None


def _alerts(tx: Connection, case_ids: Iterable[UUID]) -> defaultdict[UUID, list[Standing]]:
    """The alerts that stand, by case."""
    found: defaultdict[UUID, list[Standing]] = defaultdict(list)
    for one in alerts.live(tx, case_ids):
        found[one.case_id].append(one.standing)
    return found


def _count(tally: Tally, place: Place, stored: Stored | None, standing: list[Standing]) -> None:
    try:
        if stored is None:
            tally.add_unread(place)
        else:
            tally.add(place, engine.fold(stored.youth, stored.events), standing)
    except Exception:  # noqa: BLE001  # the same
        tally.add_unread(place)
