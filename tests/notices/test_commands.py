"""`ungdom notices deliver`: sends, tells what is held, starts again."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import service
from tests.exchange.wire import Receiver, status
from tests.notices.build import RAISED, hook, keys_of, late, standings
from ungdom.cli import app
from ungdom.store.session import Database


def test_dead_letters_are_listed_and_start_again(
    db: Database, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "UNGDOM_ENV": "development",
        "UNGDOM_DATABASE_URL": str(db.writer.url),
        "UNGDOM_DATA_DIR": str(tmp_path),
        "UNGDOM_PEOPLE_KEYS": service.KEY,
        "UNGDOM_WEBHOOK_ALLOW": "127.0.0.0/8",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def said(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["notices", "deliver", *words])
        assert done.exit_code == code, done.output
        return done.output

    late(db)
    hook(db, receiver.url, kinds=RAISED)
    receiver.say = status(302, Location="https://elsewhere.test/")
    assert json.loads(said("--json", code=1))["dead_letters"] == 1
    [held] = json.loads(said("--held", "--json"))
    assert (held["held"], held["attempts"]) == ("dead.redirect", 1)
    assert held["id"] in said("--held")

    receiver.say = status(200)
    assert "starts again" in said("--replay", held["id"])
    assert "sent 1" in said()
    assert (standings(db), set(keys_of(receiver))) == (["delivered"], {held["id"]})
    assert said("--replay", "all").startswith("0 ")
    for nothing in ("none", "019b8dd0-0000-7000-8000-000000000000"):
        assert CliRunner().invoke(app, ["notices", "deliver", "--replay", nothing]).exit_code == 1
