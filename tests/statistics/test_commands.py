"""`ungdom forecast`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import pg
from tests.statistics import waits
from ungdom.cli import app
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
