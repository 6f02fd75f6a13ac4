"""Encryption keys are replaced while the service is used: nobody notices, and the old key then opens nothing."""

import json
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests import fork, pg, process, service
from tests.intake.build import File, identities, person
from tests.service import Client, Service, new_case
from tests.stories.test_persons import NUMBER, corrected, ok, opened
from ungdom.cli import app
from ungdom.cli.failures import code_of, sentence
from ungdom.cli.terminal import open_readable_database
from ungdom.intake import retry
from ungdom.settings import from_environment
from ungdom.store.encryption import EncryptionKeys, short_id
from ungdom.store.inbox import InboundMessage
from ungdom.store.session import Database

OLD, NEW = service.KEY, "5OLU8MyW3kICvatAfgglWm0Nycjhj/eZ5Nx6lGXi4n8="
NEW_CURSOR_KEY = "EI9JeMt1y04ICXSNoYUeBIse7HDy5YeFGbYgGs0b+Vs="
OLD_ID, NEW_ID = (EncryptionKeys([key]).ids[0] for key in (OLD, NEW))
HOOK = {"url": "https://system.test/inn", "kinds": ["alert.raised"]}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))


def environment(url: str, folder: Path, people_keys: str, **more: str) -> dict[str, str]:
    given = {"UNGDOM_PEOPLE_KEYS": people_keys, "UNGDOM_CURSOR_KEY": service.CURSOR_KEY} | more
    return process.environment(url, folder) | given


def command(given: dict[str, str], *arguments: str) -> Any:
    """The result of `ungdom` with these arguments."""
    return CliRunner().invoke(app, arguments, env=given)


def readings(served: Service, case_id: str, person_id: str) -> list[object]:
    """What is shown of everything that is encrypted."""
    oslo, leader = served.as_("coordinator", "oslo"), served.as_("leader", "oslo")
    found = ok(oslo.post("/v1/persons/search", {"national_id": NUMBER}))["items"]
    assert [hit["id"] for hit in found] == [person_id]
    pages = (f"/v1/persons/{person_id}", f"/v1/cases/{case_id}/notes", f"/v1/cases/{case_id}")
    return [*(ok(oslo.get(page)) for page in pages), ok(leader.get("/v1/webhooks"))]


def written(client: Client, case_id: str, person_id: str) -> None:
    """Something in other encrypted columns: a note, and the history of the person."""
    ok(client.record(case_id, "note_added", "2026-01-05", note="Ringte skolen."), 201)
    ok(corrected(client, person_id, family_name="Lyngtue-Høst"))


def test_keys_are_replaced_while_the_service_is_used(url: str, tmp_path: Path) -> None:
    with Service(url, tmp_path) as served:
        case = opened(served)
        case_id, person_id = case["id"], case["person"]["id"]
        written(served.as_("coordinator", "oslo"), case_id, person_id)
        hook = served.as_("leader", "oslo").post("/v1/webhooks", HOOK, key="hook-1")
        assert hook.status_code == 201, hook.text
        before = readings(served, case_id, person_id)

    both = environment(url, tmp_path, f"{NEW},{OLD}")
    with Service(url, tmp_path, people_keys=(NEW, OLD)) as served:
        assert_left(command(both, "keys", "status"))
        assert readings(served, case_id, person_id) == before
        assert_rotated(command(both, "keys", "rotate"))
        assert readings(served, case_id, person_id) == before
    as_json = json.loads(command(both, "keys", "status", "--json").output)
    assert (as_json["left"], {row["key_id"] for row in as_json["tables"]}) == (0, {NEW_ID})
    assert {row["table"] for row in as_json["tables"]} > {"person", "note", "webhook", "idempotency"}

    with Service(url, tmp_path, people_keys=(NEW,)) as served:
        assert readings(served, case_id, person_id) == before
        again = served.as_("leader", "oslo").post("/v1/webhooks", HOOK, key="hook-1")  # without the secret
        assert (again.status_code, again.json()["id"]) == (201, hook.json()["id"])


def assert_left(shown: Any) -> None:
    """There are records under the old key."""
    assert shown.exit_code == 1
    assert f"with {OLD_ID}" in shown.output
    assert f"UNGDOM_PEOPLE_KEYS {NEW_ID}: 0 record(s); encrypts what is written now" in shown.output
    assert "keep it, and run `ungdom keys rotate`" in shown.output


def assert_rotated(done: Any) -> None:
    """What a lost key costs was shown first, and the old key may be removed."""
    assert done.exit_code == 0, done.output
    assert "without it every name, contact and identity number in the database and its backups is lost" in done.output
    assert f"UNGDOM_PEOPLE_KEYS {OLD_ID}: 0 record(s); may be removed" in done.output
    assert "0 record(s) left to encrypt with the first key" in done.output


def test_a_parked_message_that_waits_for_a_person_is_tried_again_under_the_new_key(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = person(born="2008-03-12", national_id=next(identities("2008-03-12")))
    with Service(url, tmp_path) as served:
        waiting = File(served, unknown)
        assert waiting.send("became_final", "2025-06-27")["outcome"] == "parked"
    assert command(environment(url, tmp_path, f"{NEW},{OLD}"), "keys", "rotate").exit_code == 0
    tried, plain = [], retry._retry_message

    def spied(tx: Any, context: Any, arrival: InboundMessage, *given: Any, **named: Any) -> Any:
        tried.append(arrival.decision_id)
        return plain(tx, context, arrival, *given, **named)

    monkeypatch.setattr(retry, "_retry_message", spied)
    with Service(url, tmp_path, people_keys=(NEW,)) as served:
        ok(served.as_("coordinator", "oslo").post("/v1/cases", new_case(person=unknown)), 201)
    assert tried == [f"{waiting.number}-became_final"]  # the number of the case is another one


def test_a_start_with_keys_that_do_not_open_what_is_stored_is_refused(url: str, tmp_path: Path) -> None:
    with Service(url, tmp_path, people_keys=(NEW,)) as served:
        opened(served)
    old = environment(url, tmp_path, OLD)
    for arguments in (("serve", "--port", "0"), ("nightly",), ("deliver",)):
        refused = command(old, *arguments).exception
        assert code_of(refused) == 2
        text = sentence(refused)
        assert f"key {NEW_ID} (" in text
        assert "person" in text
        assert "every name, contact and identity number in them is lost" in text
    worker = fork.run([process.UNGDOM, "worker"], env=old, text=True, timeout=60)
    assert (worker.returncode, "Traceback" in worker.stderr) == (2, False)
    assert f"key {NEW_ID}" in worker.stderr
    for given in (environment(url, tmp_path, OLD, UNGDOM_LOST_KEYS=NEW_ID), environment(url, tmp_path, f"{OLD},{NEW}")):
        open_readable_database(from_environment(given)).close()
    lost = command(old, "keys", "status")
    assert lost.exit_code == 1
    assert f"UNGDOM_PEOPLE_KEYS {NEW_ID}: " in lost.output
    assert "not in UNGDOM_PEOPLE_KEYS: these cannot be read" in lost.output


def test_a_list_goes_on_while_the_cursor_key_is_replaced(url: str, tmp_path: Path) -> None:
    def page(key: str, cursor: str | None = None) -> Any:
        with Service(url, tmp_path, cursor_key=key) as served:
            return served.as_("coordinator", "oslo").get("/v1/cases", limit=1, cursor=cursor)

    with Service(url, tmp_path) as served:
        opened(served)
        opened(served)
        opened(served)
    first = ok(page(service.CURSOR_KEY))
    second = ok(page(f"{NEW_CURSOR_KEY},{service.CURSOR_KEY}", first["next"]))
    third = ok(page(NEW_CURSOR_KEY, second["next"]))
    ids = {found["items"][0]["id"] for found in (first, second, third)}
    assert len(ids) == 3
    assert page(NEW_CURSOR_KEY, first["next"]).json()["code"] == "bad_cursor"


def test_status_names_the_keys_of_cursors_and_extracts(tmp_path: Path, sqlite_template: Path) -> None:
    url = service.sqlite_copy(sqlite_template, tmp_path)
    given = environment(
        url,
        tmp_path,
        OLD,
        UNGDOM_CURSOR_KEY=f"{NEW_CURSOR_KEY},{service.CURSOR_KEY}",
        UNGDOM_EXTRACT_KEYS=f"2:{NEW},1:{service.EXTRACT_KEY}",
    )
    keys = from_environment(given)
    shown = command(given, "keys", "status")
    assert shown.exit_code == 0
    lines = [line for line in shown.output.splitlines() if line.startswith(("UNGDOM_CURSOR", "UNGDOM_EXTRACT"))]
    assert [line.split(": ")[1].split(":")[0] for line in lines] == [
        "signs cursors", "its cursors are accepted", "version 2", "version 1",
    ]  # fmt: skip
    assert not any(key in shown.output for key in (*keys.people_keys, *keys.cursor_keys, NEW, service.EXTRACT_KEY))


def test_new_keys_name_their_short_id_and_what_losing_them_costs() -> None:
    made = CliRunner().invoke(app, ["keys", "new", "--for", "people"])
    key = made.stdout.strip().partition("=")[2]
    assert f"UNGDOM_PEOPLE_KEYS {EncryptionKeys([key]).ids[0]}: without it every name" in made.stderr
    assert short_id(bytes(32), "people") != short_id(bytes(32), "cursor")


def test_a_database_in_use_keeps_its_answers_short(tmp_path: Path, sqlite_template: Path) -> None:
    """Another program that holds the lock of SQLite for a moment only delays the rotation."""
    url = service.sqlite_copy(sqlite_template, tmp_path)
    with Service(url, tmp_path) as served:
        opened(served)
    with closing(Database.open(url)) as db, db.writing() as tx:
        tx.exec_driver_sql("SELECT 1")  # the lock is taken with the first statement
        running = fork.Fork(
            [process.UNGDOM, "keys", "rotate"], env=environment(url, tmp_path, f"{NEW},{OLD}"), stdout=subprocess.PIPE
        )
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(3)
    assert running.communicate(timeout=60)[0].endswith(b"0 record(s) left to encrypt with the first key\n")
    assert running.returncode == 0
