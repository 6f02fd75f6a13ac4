"""`ungdom doctor`: what is wrong with an installation is named, with what to do, and nothing is changed."""

import json
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import insert

from tests import pg, service
from tests.api.build import opened
from tests.stories.test_coordination_group import deliver
from ungdom import cli, clock
from ungdom.cli.doctor import Verdict
from ungdom.settings.keys import new_key
from ungdom.store.schema.outbox import outbox

Examine = Callable[..., dict[str, dict[str, str]]]
ORDER = [
    "settings",
    "disk",
    "mail",
    "issuers",
    "database",
    "migration",
    "durability",
    "replica",
    "keys",
    "clock",
    "night",
    "messages",
    "staff",
]


class Usage(NamedTuple):
    """The answer of `shutil.disk_usage`, in bytes."""

    total: int
    used: int
    free: int


ISSUER = """
[[issuer]]
issuer = "https://login.example.no"
kind = "openid"
audience = "https://ungdom.test"
jwks_uri = "http://127.0.0.1:{port}/jwks"

[issuer.people]
role = "role"
konfliktrad = "office"
roles = {{ leder = "leader" }}
offices = {{ Oslo = "oslo" }}
"""


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Examine:
    """What the command says of an installation with these settings, by check. Every fault has its advice."""

    def go(**given: str) -> dict[str, dict[str, str]]:
        monkeypatch.setattr(sys, "argv", ["ungdom", "doctor", "--json"])
        with monkeypatch.context() as patch:
            for name, value in {"UNGDOM_ENV": "development", "UNGDOM_DATA_DIR": str(tmp_path), **given}.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        captured = capsys.readouterr()
        checks: list[dict[str, Any]] = json.loads(captured.out)["checks"]
        assert captured.err == ""
        faults = [check for check in checks if check["verdict"] == Verdict.FAULT]
        assert ended.value.code == (1 if faults else 0)
        assert [check["check"] for check in checks] == ORDER
        assert all(check["advice"] for check in checks if check["verdict"] in (Verdict.FAULT, Verdict.WARNING))
        return {check["check"]: check for check in checks}

    return go


def faults(checks: dict[str, dict[str, str]]) -> set[str]:
    return {name for name, check in checks.items() if check["verdict"] == Verdict.FAULT}


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def url(tmp_path: Path) -> str:
    service.fill(f"sqlite:///{tmp_path / 'a.db'}")
    return f"sqlite:///{tmp_path / 'a.db'}"


def test_what_is_in_order_is_green_and_what_cannot_be_looked_at_says_why(examine: Examine, url: str) -> None:
    green = examine(UNGDOM_DATABASE_URL=url)
    assert faults(green) == set()
    assert {name for name, check in green.items() if check["verdict"] == Verdict.WARNING} == {"mail"}
    wrong = examine(UNGDOM_THREADS="four")
    assert faults(wrong) == {"settings"}
    assert "UNGDOM_THREADS" in wrong["settings"]["seen"]
    assert {check["verdict"] for name, check in wrong.items() if name != "settings"} == {Verdict.SKIPPED}
    away = examine(UNGDOM_DATABASE_URL=f"postgresql://me:hemmelig@127.0.0.1:{closed_port()}/a")
    assert faults(away) == {"database"}
    assert "hemmelig" not in json.dumps(away)
    assert [away[name]["verdict"] for name in ("migration", "keys")] == [Verdict.SKIPPED] * 2


def test_a_schema_that_is_not_that_of_the_program_is_a_fault_of_the_migration(
    examine: Examine, url: str, tmp_path: Path
) -> None:
    assert "is that of this program" in examine(UNGDOM_DATABASE_URL=url)["migration"]["seen"]
    other = tmp_path / "other.db"
    sqlite3.connect(other).close()
    empty = examine(UNGDOM_DATABASE_URL=f"sqlite:///{other}")
    assert (faults(empty), empty["keys"]["seen"]) == ({"migration"}, "needs the migration")
    assert "`ungdom db upgrade`" in empty["migration"]["advice"]
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'to_come'")
    newer = examine(UNGDOM_DATABASE_URL=url)
    assert (faults(newer), newer["database"]["verdict"]) == ({"migration"}, Verdict.FINE)
    assert "to_come" in newer["migration"]["seen"]
    assert "install the program" in newer["migration"]["advice"]


def test_a_disk_that_is_nearly_full_and_a_folder_that_is_missing_are_named(
    examine: Examine, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gib, total = 1024**3, 100 * 1024**3
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(total, total - 5 * gib + 1, 5 * gib - 1))
    scarce = examine(UNGDOM_DATABASE_URL=url)["disk"]
    assert (scarce["verdict"], str(tmp_path) in scarce["advice"]) == (Verdict.WARNING, True)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(total, total - 5 * gib, 5 * gib))
    assert examine(UNGDOM_DATABASE_URL=url)["disk"]["verdict"] == Verdict.FINE
    missing = examine(UNGDOM_DATABASE_URL=url, UNGDOM_EXTRACTS_DIR=str(tmp_path / "gone"))
    assert faults(missing) == {"disk"}
    assert str(tmp_path / "gone") in missing["disk"]["seen"]


def test_what_is_wrong_in_the_database_and_around_it_is_named(
    examine: Examine, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {"UNGDOM_DATABASE_URL": url, "UNGDOM_CURSOR_KEY": service.CURSOR_KEY}
    with service.Service(url, tmp_path) as running:
        assert running.as_("coordinator", "oslo").post("/v1/cases", service.new_case()).status_code == 201
        recorded = running.clock()
        waits = {"message_id": UUID(int=1), "case_id": UUID(int=2), "seq": 1, "kind": "esas.status", "payload": "{}"}
        with running.db.writing() as tx:
            tx.execute(insert(outbox), waits | {"created_at": recorded})
    monkeypatch.setattr(clock, "now", lambda: recorded - timedelta(minutes=1))
    assert faults(examine(UNGDOM_PEOPLE_KEYS=service.KEY, **given)) == {"clock"}
    monkeypatch.setattr(clock, "now", lambda: recorded + timedelta(days=2))
    smtp = f"smtp+plain://127.0.0.1:{closed_port()}"
    late = examine(UNGDOM_PEOPLE_KEYS=new_key(), UNGDOM_SMTP_URL=smtp, UNGDOM_MAIL_FROM="a@example.no", **given)
    assert faults(late) == {"mail", "keys", "night", "messages"}
    assert late["night"]["seen"] == "the last night that was completed is none"
    access = tmp_path / "access.toml"
    access.write_text(ISSUER.format(port=closed_port()))
    lost = examine(UNGDOM_PEOPLE_KEYS=service.KEY, UNGDOM_ACCESS_FILE=str(access), **given)
    assert faults(lost) == {"issuers", "night", "messages"}
    assert "ConnectError" in lost["issuers"]["seen"]


def test_a_service_without_a_worker_is_seen_by_what_waits(
    examine: Examine, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {"UNGDOM_DATABASE_URL": url, "UNGDOM_CURSOR_KEY": service.CURSOR_KEY, "UNGDOM_PEOPLE_KEYS": service.KEY}
    with service.Service(url, tmp_path) as running:
        opened(running.as_("coordinator", "oslo"))
        recorded = running.clock()
        monkeypatch.setattr(clock, "now", lambda: recorded + timedelta(minutes=4))
        assert "messages" not in faults(examine(**given))
        monkeypatch.setattr(clock, "now", lambda: recorded + timedelta(minutes=6))
        waiting = examine(**given)["messages"]
        assert (waiting["verdict"], waiting["advice"]) == (Verdict.FAULT, "start `ungdom worker`, or read its log")
        deliver(running)
        assert examine(**given)["messages"]["verdict"] == Verdict.FINE


def test_a_clock_beside_that_of_the_database_is_a_fault(
    examine: Examine, pg_database: pg.MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = pg.sqlalchemy_url(pg_database(service.fill))
    assert faults(examine(UNGDOM_DATABASE_URL=address)) == set()
    behind = clock.now() - timedelta(seconds=40)
    monkeypatch.setattr(clock, "now", lambda: behind)
    wrong = examine(UNGDOM_DATABASE_URL=address)
    assert faults(wrong) == {"clock"}
    assert "+4" in wrong["clock"]["seen"]
