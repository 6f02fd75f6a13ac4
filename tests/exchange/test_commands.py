"""`ungdom deliver` as an operator types it: what it says, what it gives back, how a message is started again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests import service
from tests.exchange import world
from tests.exchange.wire import Receiver, status
from tests.exchange.world import Told, case, over_http, partner, standing, write
from ungdom import cli
from ungdom.settings import BadSettings
from ungdom.store import outbox
from ungdom.store.session import Database

Run = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path, receiver: Receiver) -> Path:
    return write(tmp_path, partner("oslo", over_http(receiver.url)))


@pytest.fixture
def ungdom(db: Database, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on that database."""
    given = {
        "UNGDOM_ENV": "development",
        "UNGDOM_DATABASE_URL": str(db.writer.url),
        "UNGDOM_DATA_DIR": str(tmp_path),
        "UNGDOM_EXCHANGE_FILE": str(path),
        "UNGDOM_PEOPLE_KEYS": service.KEY,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(cli.app, ["deliver", *arguments])


def told(done: Result) -> Any:
    return json.loads(done.stdout)


def test_one_run_says_what_it_came_to(db: Database, ungdom: Run) -> None:
    case(db)
    done = ungdom("--json")
    wanted = {"sent": 7, "again": 0, "dead": 0, "lacks": 0, "withdrawn": 0, "waiting": 0, "late": 0}
    assert (done.exit_code, told(done)) == (0, wanted)
    plain = ungdom()
    assert plain.exit_code == 0
    assert plain.stdout.startswith("sent 0, again 0, dead 0")


def test_what_was_refused_is_told_listed_and_started_again(db: Database, ungdom: Run, receiver: Receiver) -> None:
    stored = case(db, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    message_id = str(outbox.event_message(stored.case_id, stored.events[5], "esas.status").message_id)
    receiver.say = status(422)
    done = ungdom("--json")
    assert (done.exit_code, told(done)["dead"], told(done)["waiting"]) == (1, 1, 2)

    listed = told(ungdom("--held", "--json"))
    assert (listed[0]["message_id"], listed[0]["attempts"]) == (message_id, 1)
    assert [row["held"] for row in listed] == ["dead.status_422", "waiting"]
    text = ungdom("--held").stdout
    assert f"{message_id}  esas.status        dead.status_422" in text
    assert "Vaffelpresse" not in text

    receiver.say = status(200)
    assert f"{message_id} starts again as {message_id}" in ungdom("--replay", "all").stdout
    assert ungdom("--json").exit_code == 0
    assert set(standing(db).values()) == {"delivered"}


def test_a_message_is_withdrawn_by_its_id(db: Database, ungdom: Run, receiver: Receiver) -> None:
    stored = case(db, Told((world.ASSIGNED, world.PLAN_HELD, world.SIGNED)))
    message_id = str(outbox.event_message(stored.case_id, stored.events[5], "esas.status").message_id)
    receiver.say = status(404)
    ungdom()
    receiver.say = status(200)
    assert f"{message_id} will not be sent" in ungdom("--withdraw", message_id).stdout
    assert ungdom().exit_code == 0
    assert standing(db) == {"6 status": "withdrawn.by_hand", "8 status": "delivered"}


@pytest.mark.parametrize(
    ("named", "said"),
    [("x", "x is no id of a message"), ("00000000-0000-0000-0000-000000000001", "waits to be sent")],
)
def test_a_message_that_there_is_not_is_told(ungdom: Run, named: str, said: str) -> None:
    for option in ("--replay", "--withdraw"):
        error = ungdom(option, named).exception
        assert isinstance(error, BadSettings)
        assert said in str(error)


def test_a_message_that_has_arrived_is_not_started_again(db: Database, ungdom: Run, receiver: Receiver) -> None:
    stored = case(db, Told((world.ASSIGNED,)))
    ungdom()
    message_id = str(outbox.event_message(stored.case_id, stored.events[5], "esas.status").message_id)
    assert isinstance(ungdom("--replay", message_id).exception, BadSettings)
    ungdom()
    assert receiver.ids == [message_id]


def test_messages_that_are_for_others_are_none_of_ours(db: Database, ungdom: Run) -> None:
    stored = case(db, Told((world.ASSIGNED,)))
    other = str(outbox.event_message(stored.case_id, stored.events[5]).message_id)
    assert isinstance(ungdom("--withdraw", other).exception, BadSettings)
    ungdom()
    with db.reading() as tx:
        left = outbox.find(tx, outbox.event_message(stored.case_id, stored.events[5]).message_id)
    assert left is not None
    assert (left.delivered_at, left.held, left.attempts) == (None, None, 0)
