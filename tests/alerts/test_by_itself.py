"""`ungdom nightly` from cron, and the night that a worker runs on its own schedule."""

import json
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from tests import service
from tests.alerts import world
from tests.alerts.world import WARNED, kept, nights, put, suspects
from tests.exchange.world import work, write
from tests.store import cases
from ungdom import cli, clock, settings
from ungdom.cli.nightly import run_if_due
from ungdom.exchange.worker import run_worker
from ungdom.settings import BadSettings
from ungdom.store.errors import Unavailable
from ungdom.store.session import Database


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    return service.sqlite_copy(sqlite_template, tmp_path)


@pytest.fixture(autouse=True)
def tonight(monkeypatch: pytest.MonkeyPatch, url: str, tmp_path: Path) -> None:
    """The settings of the process, and four in the morning of the day the first warning falls on."""
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATABASE_URL", url)
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("UNGDOM_PEOPLE_KEYS", service.KEY)
    monkeypatch.setenv("UNGDOM_LOST_KEYS", cases.KEYS.ids[0])  # the night reads no name
    monkeypatch.setattr(clock, "now", world.clock(WARNED, 3))


def nightly(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["nightly", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def test_the_command_runs_tonight_and_says_what_it_came_to(db: Database) -> None:
    put(db, suspects(3))

    code, said = nightly()

    assert (code, said.startswith("2026-02-09 ok: scanned 3, ok 0, raised 3")) == (0, True), said
    assert len(kept(db)) == 3
    assert [(one.for_date, one.status) for one in nights(db)] == [(WARNED, "ok")]
    code, said = nightly("--json")
    assert (code, json.loads(said)[0]["counts"]["scanned"]) == (0, 0)
    assert nightly("--on", "2026-02-08") == (0, "nothing to do: a later night has been done\n")


def test_the_command_fails_when_a_case_could_not_be_looked_at_and_names_it(db: Database) -> None:
    ids = put(db, suspects(3))
    world.spoil(db, ids[1])

    code, said = nightly("--json")

    (night,) = json.loads(said)
    assert (code, night["status"], [case for case, _ in night["failures"]]) == (1, "partly", [str(ids[1])])


def test_a_day_to_come_is_a_mistake_of_whoever_asks(db: Database) -> None:
    with pytest.raises(BadSettings, match="2026-02-10 has not come"):
        nightly("--on", "2026-02-10")
    assert nights(db) == []


def test_a_worker_runs_the_night_once_when_its_hour_has_come(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    put(db, suspects(2))
    config = settings.from_environment()
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 2, 9, 1, 59, tzinfo=UTC))
    assert run_if_due(db, config) == []

    monkeypatch.setattr(clock, "now", world.clock(WARNED, 2))

    assert [night.for_date for night in run_if_due(db, config)] == [date(2026, 2, 9)]
    assert run_if_due(db, config) == []
    assert len(nights(db)) == 1


def test_what_a_worker_does_besides_is_done_every_round_whatever_fails(db: Database, tmp_path: Path) -> None:
    stop, done = threading.Event(), []

    def broken() -> NoReturn:
        raise RuntimeError("out of paper")

    def away() -> NoReturn:
        raise Unavailable("connection_lost")

    def counted() -> None:
        done.append(1)
        if len(done) == 3:
            stop.set()

    path = write(tmp_path)
    run_worker(work(db, path), path, stop, 0.01, also=(broken, away, counted))

    assert len(done) == 3
