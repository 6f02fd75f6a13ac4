"""The waits of cases as known at the end of past days, read once for all of these days."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from sqlalchemy import or_, select

from ungdom.analytics.forecast.durations import ClockSpell, clock_spells
from ungdom.store import bulk, journal
from ungdom.store.journal import StoredCase
from ungdom.store.schema.cases import case_current
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment
from ungdom.workflow.engine import fold
from ungdom.workflow.errors import IllegalHistory

Report = Callable[[int, int], object]
"""Called with the number of cases read and the total number."""

BATCH = 200
C = case_current.c


SpellsByDay = dict[date, list[ClockSpell]]
"""The spells of one case, as known at the end of each requested day; days before it was known are absent."""


def historic_waits(db: Database, days: Sequence[date], since: date, report: Report) -> Iterator[SpellsByDay]:
    """Every case that was open after `since`, or might have been thought to be, as known on each of the days.

    Nothing recorded after the last moment of a day is used for that day. Cases closed by `since` with no change after
    the first of the days are left out, and so are cases that cannot be read.
    """
    later = C.updated_at > last_moment(min(days))
    query = select(C.case_id).where(or_(C.closed_on.is_(None), C.closed_on > since, later))
    with db.reading() as tx:
        ids = tx.scalars(query.order_by(C.case_id)).all()
    for number, batch in enumerate(bulk.batches(ids, BATCH)):
        with db.reading() as tx:
            histories = list(journal.load_many(tx, batch, last_moment(max(days)), []))
        yield from (dict(_spells_by_day(stored, days)) for stored in histories)
        report(min(len(ids), (number + 1) * BATCH), len(ids))


def _spells_by_day(stored: StoredCase, days: Sequence[date]) -> Iterator[tuple[date, list[ClockSpell]]]:
    """The spells on each day; recomputed only when something was recorded since the day before."""
    events_known = 0
    waits: list[ClockSpell] | None = None
    for day in sorted(days):
        moment = last_moment(day)
        known = [event for event in stored.events if event.recorded_at <= moment]
        if len(known) != events_known:
            events_known = len(known)
            try:
                waits = clock_spells(fold(stored.youth, known))
            except IllegalHistory:
                waits = None
        if waits is not None:
            yield day, waits
