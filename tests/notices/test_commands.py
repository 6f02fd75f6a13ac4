"""`ungdom notices deliver`: sends, tells what is held, starts again."""

import json
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from typer.testing import CliRunner

from tests import service
from tests.exchange.wire import Receiver, status
from tests.exchange.world import KEYS
from tests.notices.build import COORDINATOR, RAISED, hook, keys_of, late, standings
from tests.notices.post_office import PostOffice
from ungdom.cli import app
from ungdom.store import contacts, webhooks
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role


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


def test_a_test_message_says_whether_it_has_arrived(
    receiver: Receiver, post_office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "UNGDOM_ENV": "development",
        "UNGDOM_DATA_DIR": str(tmp_path),
        "UNGDOM_PUBLIC_URL": "https://ungdom.test",
        "UNGDOM_WEBHOOK_ALLOW": "127.0.0.0/8",
        "UNGDOM_SMTP_URL": f"smtp+plain://127.0.0.1:{post_office.port}",
        "UNGDOM_MAIL_FROM": "Konfliktrådet <varsel@example.no>",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def said(*words: str, code: int = 0) -> dict[str, Any]:
        done = CliRunner().invoke(app, ["notices", *words, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.output)  # type: ignore[no-any-return]

    assert said("test-mail", "kari@example.no", "--language", "nn")["delivered"] is True
    [mail] = post_office.got
    assert (mail["To"], mail["Subject"]) == ("kari@example.no", "Prøvemelding frå tenesta for ungdomssaker")
    assert "https://ungdom.test" in mail.get_content()
    post_office.says = "550 nobody of that name"
    assert said("test-mail", "ola@example.no", code=1)["reason"] == "smtp_550"
    sent = said("test-webhook", receiver.url)
    [got] = receiver.got
    event = Webhook(sent["secret"]).verify(got.body, got.headers)
    assert (event["type"], event["source"]) == ("no.konfliktraadet.ungdom.test", "https://ungdom.test")
    assert event["id"] == sent["id"]
    receiver.say = status(500)
    assert said("test-webhook", receiver.url, "--secret", sent["secret"], code=1)["reason"] == "status_500"
    done = CliRunner().invoke(app, ["notices", "test-webhook", "https://10.0.0.1/in"])
    assert (done.exit_code, str(done.exception)) == (
        1,
        "https://10.0.0.1/in may not be sent to (not_public): docs/notices.md",
    )


def test_recipients_are_set_up_by_command_and_tried_at_once(
    db: Database, receiver: Receiver, post_office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "UNGDOM_ENV": "development",
        "UNGDOM_DATABASE_URL": str(db.writer.url),
        "UNGDOM_DATA_DIR": str(tmp_path),
        "UNGDOM_PEOPLE_KEYS": service.KEY,
        "UNGDOM_WEBHOOK_ALLOW": "127.0.0.0/8",
        "UNGDOM_SMTP_URL": f"smtp+plain://127.0.0.1:{post_office.port}",
        "UNGDOM_MAIL_FROM": "Konfliktrådet <varsel@example.no>",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def answer(*words: str, code: int = 0) -> dict[str, Any]:
        done = CliRunner().invoke(app, ["notices", *words, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.output)  # type: ignore[no-any-return]

    def refusal(*words: str) -> str:
        return str(CliRunner().invoke(app, ["notices", *words]).exception)

    kind = ("--kind", "alert.raised")
    mail = answer("set-mail", "coordinator-oslo", "kari@example.no", "--language", "nn")
    assert (mail["delivered"], [message["To"] for message in post_office.got]) == (True, ["kari@example.no"])
    sent = answer("set-webhook", "coordinator-oslo", receiver.url, *kind)
    event = Webhook(sent["secret"]).verify(receiver.got[-1].body, receiver.got[-1].headers)
    assert (event["id"], sent["owner"]) == (sent["id"], "coordinator-oslo")
    receiver.say = status(500)
    police = answer("set-webhook", "police-9", receiver.url, *kind, "--role", "prosecution", code=1)
    with db.reading() as tx:
        contact = contacts.find(tx, KEYS, "coordinator-oslo")
        stored = webhooks.active(tx, KEYS)
    assert contact is not None
    assert (contact.address, contact.language, contact.email_digest) == ("kari@example.no", "nn", True)
    assert [str(entry.webhook_id) for entry in stored] == [sent["webhook_id"], police["webhook_id"]]
    assert [entry.owner for entry in stored] == [COORDINATOR, Viewer(Role.PROSECUTION, "police-9", None)]
    assert stored[0].credentials.secrets[0].text == sent["secret"]

    assert refusal("set-mail", "coordinator-oslo", "kari") == "kari is not an e-mail address"
    assert "nobody with the subject ola-9" in refusal("set-mail", "ola-9", "ola@example.no")
    assert "--role says" in refusal("set-webhook", "ola-9", receiver.url, *kind)
    assert "leave out --role" in refusal(
        "set-webhook", "coordinator-oslo", receiver.url, *kind, "--role", "prosecution"
    )
    assert "not_public" in refusal("set-webhook", "coordinator-oslo", "https://10.0.0.1/in", *kind)
    with db.reading() as tx:
        assert len(webhooks.active(tx, KEYS)) == 2
