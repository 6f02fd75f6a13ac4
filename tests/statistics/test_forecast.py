"""Forecasts on a database: what is kept is what was counted, and nothing recorded later is looked at."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

from tests import pg
from tests.statistics import waits
from tests.statistics.waits import TODAY
from ungdom import clock
from ungdom.analytics.forecast import backtest, historic_waits, probabilities
from ungdom.analytics.forecast.curves import WINDOW, ForecastStanding, curve_lookup, history, predict
from ungdom.analytics.forecast.durations import ClockSpell, clock_spells
from ungdom.demo.case_generator import GeneratedCase
from ungdom.store.schema.forecasts import forecast_calibration, forecast_curve
from ungdom.store.session import Database

YESTERDAY = TODAY - timedelta(days=1)


@cache
def told() -> tuple[GeneratedCase, ...]:
    return tuple(waits.load(220, 3))


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database.open(database_url)
    made.upgrade()
    yield made
    made.close()


def kept(db: Database, table: Table) -> list[tuple[object, ...]]:
    with db.reading() as tx:
        return [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))]


def test_what_is_answered_from_the_table_is_what_was_counted(db: Database) -> None:
    waits.write(db, told(), YESTERDAY)
    counts = probabilities.refresh(db, YESTERDAY)
    assert counts["curves"] == len(kept(db, forecast_curve)) > 0

    known = waits.known_at_the_end_of(told(), YESTERDAY)
    lookup = curve_lookup(history([one for case in known for one in clock_spells(case)], YESTERDAY))
    answers = 0
    with db.reading() as tx:
        for case in (one.case for one in told() if not one.case.is_closed):
            found = probabilities.of_case(tx, case, TODAY, case.konfliktrad)
            assert found.as_of == YESTERDAY
            assert list(found.answers) == [predict(one.query, lookup) for one in found.answers]
            answers += sum(one.standing is ForecastStanding.FORECAST for one in found.answers)
    assert answers > 0


def test_counting_again_changes_nothing_and_another_day_takes_its_place(db: Database) -> None:
    waits.write(db, told(), YESTERDAY)
    probabilities.refresh(db, YESTERDAY)
    before = kept(db, forecast_curve)
    probabilities.refresh(db, YESTERDAY)
    assert kept(db, forecast_curve) == before

    probabilities.refresh(db, YESTERDAY - timedelta(days=200))
    with db.reading() as tx:
        assert set(tx.scalars(select(forecast_curve.c.as_of))) == {YESTERDAY - timedelta(days=200)}


def test_how_forecasts_came_out_is_kept_as_it_was_found(db: Database) -> None:
    waits.write(db, told(), YESTERDAY)
    found = backtest.run(db, YESTERDAY)
    assert found[0].clock is None
    backtest.save(db, YESTERDAY, found, clock.now())
    backtest.save(db, YESTERDAY, found, clock.now())
    with db.reading() as tx:
        assert backtest.read_calibrations(tx) == {one.clock: (YESTERDAY, one) for one in found}
    assert len(kept(db, forecast_calibration)) == len(found)


def test_without_cases_nothing_is_foretold_and_a_case_with_no_clock_has_no_answer(db: Database) -> None:
    assert probabilities.refresh(db, YESTERDAY) == {"cases": 0, "spells": 0, "curves": 0}
    assert backtest.run(db, YESTERDAY) == []
    waiting = next(one.case for one in told() if any(spell.waits for spell in clock_spells(one.case)))
    closed = next(one.case for one in told() if one.case.is_closed)
    with db.reading() as tx:
        standings = {one.standing for one in probabilities.of_case(tx, waiting, TODAY, None).answers}
        assert standings <= {ForecastStanding.NOT_COMPUTED, ForecastStanding.PASSED}
        assert probabilities.of_case(tx, closed, TODAY, None) == probabilities.CaseForecast(None, ())


# --- no look-ahead ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    made = Database.open(pg.sqlite_url(folder))
    made.upgrade()
    made.close()
    return folder / "ungdom.sqlite"


@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=st.dates(date(2021, 1, 1), date(2025, 11, 1)),
    more=st.sets(st.integers(0, 219), min_size=60),
)
def test_what_is_recorded_after_a_day_changes_nothing_that_was_foretold_on_it(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, day: date, more: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("then")
    (folder / "ungdom.sqlite").write_bytes(empty.read_bytes())
    db = Database.open(pg.sqlite_url(folder), synchronous="OFF")
    waits.write(db, told(), day)
    probabilities.refresh(db, day)
    before, then = kept(db, forecast_curve), known_on(db, day, [day])
    assert before

    waits.go_on(db, [told()[place] for place in sorted(more)], day)

    probabilities.refresh(db, day)
    assert kept(db, forecast_curve) == before
    assert known_on(db, day, [day - backtest.EVALUATION_INTERVAL, day, TODAY]) == then
    db.close()


def known_on(db: Database, day: date, days: list[date]) -> list[list[ClockSpell]]:
    """The waits as known on that day, read for these days at once."""
    found = historic_waits.historic_waits(db, days, day - WINDOW, lambda _done, _all: None)
    return [waits[day] for waits in found if any(_counts(spell, day) for spell in waits.get(day, []))]


def _counts(spell: ClockSpell, day: date) -> bool:
    return spell.over is None or spell.over > day - WINDOW
