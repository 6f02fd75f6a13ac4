"""How likely a case is to pass a limit, given how long it has already waited. Uses time only, no data on the youth.

`refresh` computes the curves from every case of the last years, nightly or on command, and stores them in
`forecast_curve`; a query about one case reads a few rows of that table. Method and limits: docs/forecast.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, tuple_

from ungdom.analytics.forecast import historic_waits
from ungdom.analytics.forecast.curves import (
    WINDOW,
    CurveKey,
    Forecast,
    ForecastStanding,
    all_keys,
    curve_lookup,
    fallback_keys,
    history,
    predict,
)
from ungdom.analytics.forecast.durations import ClockSpell, clock_spells, forecast_query
from ungdom.analytics.forecast.historic_waits import Report
from ungdom.analytics.survival import Curve
from ungdom.lazy import lazy
from ungdom.store import bulk
from ungdom.store.codec import Codec
from ungdom.store.schema.forecasts import forecast_curve
from ungdom.store.session import Connection, Database
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import Sanction, State

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

C = forecast_curve.c
_KEY_COLUMNS = tuple(forecast_curve.primary_key)
_NUMBERS = Codec(list[int])
_ARRAYS = ("days", "at_risk", "ended")
ALL = ""
"""Value in the table for both sanctions, and for the whole country."""


@dataclass(frozen=True, slots=True)
class CaseForecast:
    """Every forecast of one case. `as_of`: the curves hold what was known at the end of that day; None: none."""

    as_of: date | None
    answers: tuple[Forecast, ...]


def of_case(tx: Connection, case: Case, day: date, konfliktrad: str | None) -> CaseForecast:
    """A forecast for each running clock of a case that can be forecast, on that day.

    `konfliktrad`: the office whose own history may be used; None where the reader may not learn which it is.
    """
    waiting = [spell for spell in clock_spells(case) if spell.waits and spell.since <= day]
    queries = [forecast_query(spell, day, konfliktrad) for spell in waiting]
    keys = sorted({_key_values(key) for query in queries for _, key in fallback_keys(query)})
    rows = tx.execute(select(forecast_curve).where(tuple_(*_KEY_COLUMNS).in_(keys))) if keys else ()
    curves: dict[CurveKey, Curve] = {}
    for row in rows:
        sanction = Sanction(row.sanction) if row.sanction else None
        key = CurveKey(row.clock, State(row.stage), sanction, row.konfliktrad or None, row.landmark)
        days, at_risk, ended = (np.array(_NUMBERS.load(getattr(row, name)), dtype=np.int64) for name in _ARRAYS)
        curves[key] = Curve(days, at_risk, ended, row.last)
    as_of = tx.scalar(select(C.as_of).limit(1))
    answers = [predict(query, curves.get) for query in queries]
    if as_of is None:
        too_few, not_computed = ForecastStanding.TOO_FEW, ForecastStanding.NOT_COMPUTED
        answers = [replace(each, standing=not_computed) if each.standing is too_few else each for each in answers]
    return CaseForecast(as_of, tuple(answers))


def refresh(db: Database, day: date, report: Report = lambda _done, _all: None) -> dict[str, int]:
    """Recompute and store the curves from what was known at the end of that day; returns the counts.

    The counts are the numbers of cases and curves. Safe to run twice at once: the same day gives the same rows.
    """
    waits: list[ClockSpell] = []
    cases = 0
    for known in historic_waits.historic_waits(db, [day], day - WINDOW, report):
        waits += known.get(day, [])
        cases += 1
    durations = history(waits, day)
    lookup = curve_lookup(durations)
    names = [column.name for column in _KEY_COLUMNS]
    rows: list[dict[str, Any]] = []
    for key in all_keys(durations):
        curve = lookup(key)
        if curve:
            numbers = {name: _NUMBERS.dump(getattr(curve, name).tolist()) for name in _ARRAYS}
            values = dict(zip(names, _key_values(key), strict=True))
            rows.append({**values, "as_of": day, "last": curve.last, **numbers})
    with db.writing() as tx:
        bulk.upsert(tx, forecast_curve, rows)
        tx.execute(delete(forecast_curve).where(C.as_of != day))
    return {"cases": cases, "spells": len(waits), "curves": len(rows)}


def _key_values(key: CurveKey) -> tuple[str, str, str, str, int]:
    return key.clock, str(key.stage), key.sanction or ALL, key.konfliktrad or ALL, key.landmark
