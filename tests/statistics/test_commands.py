"""`ungdom forecast`."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from tests import pg
from tests.statistics import waits
from ungdom import clock
from ungdom.cli import app
from ungdom.store.schema.forecasts import forecast_curve
from ungdom.store.session import Database


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    found = pg.sqlite_url(tmp_path)
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATABASE_URL", found)
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
    db = Database.open(found)
    db.upgrade()
    waits.write(db, waits.load(150, 3), waits.TODAY)
    db.close()
    return found


def test_waiting_times_are_counted_and_past_forecasts_judged(url: str) -> None:
    assert url
    run = CliRunner()
    counted = run.invoke(app, ["forecast", "refresh", "--on", "2026-01-04", "--json"])
    assert counted.exit_code == 0, counted.output
    assert json.loads(counted.stdout)["curves"] > 0

    told = run.invoke(app, ["forecast", "backtest", "--on", "2026-01-04"])
    assert told.exit_code == 0, told.output
    assert "all clocks: " in told.stdout
    found = json.loads(run.invoke(app, ["forecast", "backtest", "--on", "2026-01-04", "--json"]).stdout)
    assert found[0]["clock"] is None
    assert found[0]["forecasts"] >= 30


@pytest.mark.parametrize(("minute", "settled"), [(9, date(2026, 1, 3)), (10, date(2026, 1, 4))])
def test_the_default_is_the_last_settled_day(
    url: str, monkeypatch: pytest.MonkeyPatch, minute: int, settled: date
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 4, 23, minute, tzinfo=UTC))  # after midnight in Oslo
    counted = CliRunner().invoke(app, ["forecast", "refresh"])
    assert counted.exit_code == 0, counted.output
    db = Database.open(url)
    with db.reading() as tx:
        assert tx.scalars(select(forecast_curve.c.as_of).distinct()).all() == [settled]
    db.close()
