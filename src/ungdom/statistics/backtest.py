"""Asking in the past: on many past days, with what was known then, about the cases that waited then; and what came.

The calibration that is shown beside every forecast comes from here. Nothing recorded after a day is used for that day.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select

from ungdom.statistics import past
from ungdom.statistics.calibration import Bin, Calibration, Judged, Outcome, calibrate, outcome
from ungdom.statistics.curves import WINDOW, counted, foretell, history
from ungdom.statistics.past import Known, Report
from ungdom.statistics.spells import Question, Spell, morning_after, question
from ungdom.store import bulk
from ungdom.store.forecast_tables import forecast_calibration
from ungdom.store.session import Connection, Database

EVERY = timedelta(days=91)
TIMES = 16
"""Asked on so many evenings, a quarter of a year apart: about four years."""

ALL = ""
C = forecast_calibration.c


def asked_on(until: date) -> list[date]:
    """The days at whose end it is asked, oldest first."""
    return [until - EVERY * n for n in range(TIMES, 0, -1)]


def run(db: Database, until: date, report: Report = lambda _done, _all: None) -> list[Calibration]:
    """How forecasts would have come out, judged as known at the end of `until`: of all clocks, then clock by clock."""
    days = asked_on(until)
    then: dict[date, list[Spell]] = {day: [] for day in days}
    asked: dict[date, list[tuple[Question, Outcome]]] = {day: [] for day in days}
    for known in past.cases(db, [*days, until], days[0] - WINDOW, report):
        for day in days:
            then[day] += known.then.get(day, [])
            asked[day] += _asked(known, day, until)
    judged = [one for day in days for one in judge(then[day], asked[day], day)]
    return list(calibrations(judged))


def judge(then: Iterable[Spell], asked: Iterable[tuple[Question, Outcome]], day: date) -> Iterator[Judged]:
    """What would have been foretold at the end of that day, beside what came; without those nothing was said of."""
    curve = counted(history(then, day))
    for put, came in asked:
        probability = foretell(put, curve).probability
        if probability is not None:
            yield Judged(put.clock, put.day, probability, came)


def calibrations(judged: list[Judged]) -> Iterator[Calibration]:
    """Of all of them, then clock by clock, where there are enough."""
    by_clock: defaultdict[str | None, list[Judged]] = defaultdict(list)
    for one in judged:
        by_clock[None].append(one)
        by_clock[one.clock].append(one)
    found = (calibrate(of, clock) for clock, of in by_clock.items())
    return (one for one in found if one is not None)


def _asked(known: Known, day: date, until: date) -> Iterator[tuple[Question, Outcome]]:
    """What would have been asked about the case on the morning after that day, and can be judged."""
    for spell in known.then.get(day, []):
        if spell.waits and spell.since <= day:
            put = question(spell, morning_after(day), spell.konfliktrad)
            came = outcome(put, known.then.get(until, []), until) if put.days_left >= 0 else None
            if came is not None:
                yield put, came


# --- kept, to be shown with the forecasts ------------------------------------------------------------------------


def keep(db: Database, until: date, found: list[Calibration], now: datetime) -> None:
    """In the place of what was kept before."""
    with db.writing() as tx:
        tx.execute(delete(forecast_calibration))
        bulk.add(tx, forecast_calibration, [_row(one, until, now) for one in found])


def kept(tx: Connection) -> dict[str | None, tuple[date, Calibration]]:
    """By clock, None for all of them: until when it was judged, and how the forecasts came out."""
    rows = tx.execute(select(forecast_calibration))
    return {row.clock or None: (row.until, _read(row)) for row in rows}


def _row(one: Calibration, until: date, now: datetime) -> dict[str, Any]:
    plain = asdict(one)
    return plain | {
        "clock": one.clock or ALL,
        "bins": json.dumps(plain["bins"]),
        "until": until,
        "computed_at": now,
    }


def _read(row: Row[Any]) -> Calibration:
    names = (name for name in Calibration.__dataclass_fields__ if name not in ("clock", "bins"))
    told = {name: getattr(row, name) for name in names}
    return Calibration(clock=row.clock or None, bins=tuple(Bin(**one) for one in json.loads(row.bins)), **told)
