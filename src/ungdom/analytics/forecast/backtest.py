"""Backtest of the forecasts: for many past days, forecasts from what was known then, compared with the outcomes.

The calibration that is shown beside every forecast comes from here. Nothing recorded after a day is used for that day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from ungdom.analytics.forecast import historic_waits
from ungdom.analytics.forecast.calibration import (
    Calibration,
    CalibrationBin,
    ForecastOutcome,
    JudgedForecast,
    calibrate,
    forecast_outcome,
)
from ungdom.analytics.forecast.curves import WINDOW, curve_lookup, history, predict
from ungdom.analytics.forecast.durations import ClockSpell, ForecastQuery, forecast_query, morning_after
from ungdom.analytics.forecast.historic_waits import Report, SpellsByDay
from ungdom.store import bulk
from ungdom.store.codec import Codec
from ungdom.store.schema.forecasts import forecast_calibration
from ungdom.store.session import Connection, Database

EVALUATION_INTERVAL = timedelta(days=91)
EVALUATIONS = 16
"""Number of evenings evaluated, a quarter of a year apart: about four years."""

ALL = ""
_BINS = Codec(tuple[CalibrationBin, ...])
C = forecast_calibration.c


def evaluation_days(until: date) -> list[date]:
    """The days at whose end forecasts are evaluated, oldest first."""
    return [until - EVALUATION_INTERVAL * n for n in range(EVALUATIONS, 0, -1)]


def run(db: Database, until: date, report: Report = lambda _done, _all: None) -> list[Calibration]:
    """Calibration of past forecasts, evaluated as known at the end of `until`: of all clocks, then per clock."""
    days = evaluation_days(until)
    waits: dict[date, list[ClockSpell]] = {day: [] for day in days}
    outcomes: dict[date, list[tuple[ForecastQuery, ForecastOutcome]]] = {day: [] for day in days}
    for known in historic_waits.historic_waits(db, [*days, until], days[0] - WINDOW, report):
        for day in days:
            waits[day] += known.get(day, [])
            outcomes[day] += _judgeable_queries(known, day, until)
    judged = [forecast for day in days for forecast in judge(waits[day], outcomes[day], day)]
    return list(calibrations(judged))


def judge(
    waits: Iterable[ClockSpell], outcomes: Iterable[tuple[ForecastQuery, ForecastOutcome]], day: date
) -> Iterator[JudgedForecast]:
    """Forecasts at the end of that day with their outcomes; queries without a forecast are skipped."""
    curve = curve_lookup(history(waits, day))
    for query, result in outcomes:
        probability = predict(query, curve).probability
        if probability is not None:
            yield JudgedForecast(query.clock, query.day, probability, result)


def calibrations(judged: list[JudgedForecast]) -> Iterator[Calibration]:
    """Calibration of all forecasts, then per clock, where there are enough."""
    by_clock: defaultdict[str | None, list[JudgedForecast]] = defaultdict(list)
    for item in judged:
        by_clock[None].append(item)
        by_clock[item.clock].append(item)
    results = (calibrate(of, clock) for clock, of in by_clock.items())
    return (item for item in results if item is not None)


def _judgeable_queries(known: SpellsByDay, day: date, until: date) -> Iterator[tuple[ForecastQuery, ForecastOutcome]]:
    """The forecast queries of the case on the morning after that day that can be evaluated, with their outcomes."""
    for spell in known.get(day, []):
        if spell.waits and spell.since <= day:
            query = forecast_query(spell, morning_after(day), spell.konfliktrad)
            result = forecast_outcome(query, known.get(until, []), until) if query.days_left >= 0 else None
            if result is not None:
                yield query, result


# --- storage of the results --------------------------------------------------------------------------------------


def save(db: Database, until: date, results: list[Calibration], now: datetime) -> None:
    """Store these results in place of the earlier ones."""
    common = {"until": until, "computed_at": now}
    rows = [asdict(item) | {"clock": item.clock or ALL, "bins": _BINS.dump(item.bins)} | common for item in results]
    with db.writing() as tx:
        tx.execute(delete(forecast_calibration))
        bulk.add(tx, forecast_calibration, rows)


def read_calibrations(tx: Connection) -> dict[str | None, tuple[date, Calibration]]:
    """By clock, None for all of them: the last day of the evaluation, and the calibration."""
    rows = tx.execute(select(forecast_calibration))
    names = [name for name in Calibration.__dataclass_fields__ if name not in ("clock", "bins")]
    calibrations: dict[str | None, tuple[date, Calibration]] = {}
    for row in rows:
        clock, values = row.clock or None, {name: getattr(row, name) for name in names}
        calibrations[clock] = row.until, Calibration(clock=clock, bins=_BINS.load(row.bins), **values)
    return calibrations
