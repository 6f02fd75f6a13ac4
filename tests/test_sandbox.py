"""`ungdom sandbox`: the clock moves and nights pass, invented youths only, faults as ordered, messages, a reset."""

import importlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests import sandbox_histories
from tests.esas import contracts
from tests.exchange.wire import Receiver
from tests.service import Client, Service, employee, new_case, settings_of, sqlite_copy
from tests.test_conformance import PLANTED, client_of, found
from tests.web.visiting import Visitor
from ungdom.api.sandbox import middleware
from ungdom.app import create_sandbox
from ungdom.jobs import steps
from ungdom.message.national_id import NationalIdFlag, check_national_id
from ungdom.notices import delivery
from ungdom.notices.delivery import NoticeDeliveryCounts
from ungdom.retention.journal import ErasureJournal
from ungdom.sandbox import exercises
from ungdom.sandbox.state import STEPS, Sandbox
from ungdom.sandbox.webhooks import delivery_context
from ungdom.settings import BadSettings
from ungdom.store import staff
from ungdom.store.encryption import EncryptionKeys
from ungdom.workflow.vocabulary import Role
from ungdom_client import webhooks

command = importlib.import_module("ungdom.cli.sandbox")  # the package has the command under this name


CONTRACTS = {
    "official_transfer": "overfoereSak",
    "official_indictment": "SIKTELSE_TILTALE",
    "official_judgment": "DOMSAVGJOERELSE",
    "official_order": "FULLBYRDELSESORDRE",
}
"""The official messages of a sandbox, and the contract of each."""


class World(Service):
    """A sandbox in this process."""

    def __init__(self, url: str, folder: Path) -> None:
        self.resets: list[str] = []
        self.settings = settings_of(url, folder).model_copy(update={"webhook_allow": command.LOOPBACK})
        nightly = steps.quick_steps(EncryptionKeys.of(self.settings), ErasureJournal(self.settings.erasures))
        self.sandbox = Sandbox(lambda: self.resets.append("reset"), nightly)
        self.app = create_sandbox(self.settings, self.sandbox)
        self.db = self.app.state.db
        with self.db.writing() as tx:
            staff.save_staff(tx, [employee(Role.COORDINATOR, "coordinator-oslo-1", "oslo")])

    def token_of(self, role: str) -> str:
        return self.send("GET", f"/control/tokens/{role}").text.strip()

    def as_(self, role: Role | str, office: str | None = None, subject: str | None = None) -> Client:  # noqa: ARG002  # as there
        """Whoever the sandbox gives the token of this role."""
        return Client(self, self.token_of(str(role)))

    def deliver(self) -> NoticeDeliveryCounts:
        """Send the webhooks that are due, as the command does every second."""
        return delivery.deliver(delivery_context(self.settings, self.db, self.sandbox))

    def ask(self, method: str, path: str, role: str = "coordinator", **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token_of(role)}", **given.pop("headers", {})}
        return self.send(method, path, headers=headers, **given)


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    with World(sqlite_copy(sqlite_template, tmp_path), tmp_path) as running:
        yield running


def places(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_the_clock_moves_forward_and_the_nights_that_pass_are_run(world: World) -> None:
    assert {step.name for step in world.sandbox.steps} > STEPS
    today = world.sandbox.clock().date()
    case = world.ask("POST", "/v1/cases", json=new_case(occurred_on=f"{today}", offences=[{"on": f"{today}"}]))
    assert case.status_code == 201, case.text
    world.sandbox.run_nights(world.db)
    assert world.ask("GET", "/v1/alerts").json()["items"] == []
    old = world.token_of("coordinator")

    moved = world.send("POST", "/control/clock", json={"days": 60})

    assert (moved.status_code, moved.json()["nights"]) == (200, 60)
    assert (world.sandbox.clock().date() - today).days in (60, 61)
    assert world.ask("GET", "/v1/alerts").json()["items"]
    assert world.ask("GET", "/v1/cases", headers={"Authorization": f"Bearer {old}"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"days": -1}, ("/days", "greater_than_equal")),
        ({"days": 367}, ("/days", "less_than_equal")),
        ({"to": "2020-01-01T00:00:00Z"}, ("/to", "clock_in_the_past")),
        ({"to": "2199-01-01T00:00:00Z"}, ("/to", "clock_too_far_ahead")),
        ({"to": "2199-01-01"}, ("/to", "timezone_aware")),
        ({}, ("", "days_or_instant")),
        ({"days": 1, "to": "2199-01-01T00:00:00Z"}, ("", "days_or_instant")),
    ],
)
def test_a_move_that_is_not_possible_is_refused_in_the_language_of_the_caller(
    world: World, body: dict[str, Any], place: tuple[str, str]
) -> None:
    before = world.sandbox.clock()
    answers = [world.send("POST", "/control/clock", json=body, headers={"Accept-Language": x}) for x in ("nn", "en")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert places(answers[0]) == [place]
    assert len({answer.json()["errors"][0]["detail"] for answer in answers}) == 2
    assert (world.sandbox.clock() - before).days == 0


def test_there_are_invented_youths_and_no_identity_number_of_a_real_person_gets_in(world: World) -> None:
    youths = world.send("GET", "/control/youths?first=1&count=100").json()["items"]
    assert youths == world.send("GET", "/control/youths?first=1&count=100").json()["items"]
    numbers = [youth["person"]["national_id"] for youth in youths]
    assert len(set(numbers)) == len({youth["police_case_number"] for youth in youths}) == 100
    assert all(NationalIdFlag.SYNTHETIC in check_national_id(number).flags for number in numbers)
    real = next(number for end in range(99_999) if check_national_id(number := f"170539{end:05}").may_be_real)
    for path, body in (("/v1/cases", new_case(person={"born": "2009-05-17", "national_id": real})), ("/v1/x", [real])):
        refused = world.ask("POST", path, json=body)
        assert (refused.status_code, places(refused)) == (422, [("", "real_identity_number")])
        assert real not in refused.text
    written = f'{{"national_id": "{real[:6]}\\u003{real[6]}{real[7:]}"}}'
    escaped = world.ask("POST", "/v1/cases", content=written, headers={"Content-Type": "application/json"})
    assert json.loads(written)["national_id"] == real
    assert places(escaped) == [("", "real_identity_number")]
    signed = world.ask("POST", "/v1/esas/messages", content=f"e30.{_base64(real)}.x", role="prosecution")
    assert places(signed) == [("", "real_identity_number")]
    assert world.ask("GET", "/v1/cases").json()["items"] == []


def _base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_it_begins_anew_when_it_is_reset(world: World) -> None:
    assert (world.send("POST", "/control/reset").status_code, world.resets) == (202, ["reset"])
    after = [world.send("GET", path) for path in ("/control/status", "/v1/cases", "/sandbox")]
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in after] == [(503, "1")] * 3


def test_a_page_of_another_site_changes_nothing(world: World) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
        for path in ("reset", "messages/indictment"):
            refused = world.send("POST", f"/control/{path}", headers=headers)
            assert (refused.status_code, places(refused)[0][1]) == (422, "sent_by_other_site"), (path, headers)
    assert world.resets == []
    assert world.ask("GET", "/v1/cases").json()["items"] == []
    assert world.send("POST", "/control/reset", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 202


def test_a_reset_waits_until_the_nights_of_a_move_are_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    resetting = Thread(target=world.sandbox.reset)

    def nights(_self: Sandbox, _db: object) -> int:
        resetting.start()
        resetting.join(0.2)
        steps.append(f"{len(world.resets)} resets")
        return 1

    monkeypatch.setattr(Sandbox, "run_nights", nights)
    assert world.sandbox.move_clock(world.db, world.sandbox.clock() + timedelta(days=1)) == 1
    resetting.join()
    assert (steps, world.resets) == (["0 resets"], ["reset"])
    before = world.sandbox.clock()
    assert world.sandbox.move_clock(world.db, before + timedelta(days=1)) == 0
    assert world.sandbox.clock() - before < timedelta(hours=1)


def test_only_a_development_installation_has_one_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Service
) -> None:
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("UNGDOM_DATABASE_URL", "postgresql://real.example.no/ungdom")
    monkeypatch.setenv("UNGDOM_ACCESS_FILE", str(tmp_path / "access.toml"))
    (tmp_path / "access.toml").touch()
    config = command.sandbox_settings()
    assert config.database_url == f"sqlite:///{tmp_path / 'data' / 'sandbox' / 'sandbox.db'}"
    assert config.access_file is None
    monkeypatch.setenv("UNGDOM_ENV", "production")
    with pytest.raises(BadSettings, match="UNGDOM_ENV is production: a sandbox is for development only"):
        command.sandbox_settings()
    with pytest.raises(BadSettings, match="UNGDOM_ENV is staging: a sandbox is for development only"):
        create_sandbox(config.model_copy(update={"env": "staging"}), Sandbox(lambda: None))
    assert [one.send("GET", path).status_code for path in ("/control/status", "/control/tokens")] == [404, 404]


def sent(world: World, *names: str, youth: int) -> list[Any]:
    return [world.send("POST", f"/control/messages/{name}?youth={youth}") for name in names]


def test_decisions_are_sent_in_any_order_about_as_many_youths_as_wanted(world: World) -> None:
    answers = sent(world, "judgment", "indictment", "finality", youth=3)
    assert [answer.json()["outcome"] for answer in answers] == ["parked", "applied", "applied"]
    assert [answer.json()["outcome"] for answer in sent(world, "indictment", "judgment", youth=4)] == ["applied"] * 2
    states = [case["state"] for case in world.ask("GET", "/v1/cases").json()["items"]]
    assert sorted(states) == ["final", "judged"]
    assert world.send("POST", "/control/messages/none").status_code == 404
    assert world.send("GET", "/control/messages?youth=1000").status_code == 422


def test_official_messages_are_as_their_contracts_have_them_and_open_a_case(world: World) -> None:
    bodies = {x["name"]: x["body"] for x in world.send("GET", "/control/messages?youth=5").json()["items"]}
    assert {name: contracts.complaints(contract, bodies[name]) for name, contract in CONTRACTS.items()} == {
        name: [] for name in CONTRACTS
    }
    answers = sent(world, *CONTRACTS, youth=5)
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "UNDER_MOTTAK")] * 4
    [case] = world.ask("GET", "/v1/cases").json()["items"]

    suspect = {"type": "suspect_set", "occurred_on": case["registered_on"], "details": {}}
    recorded = world.ask("POST", f"/v1/cases/{case['id']}/events", json=suspect, headers={"If-Match": '"1"'})

    assert recorded.status_code == 201, recorded.text
    messages = world.ask("GET", "/v1/esas/messages", role="prosecution").json()["items"]
    assert [message["status"] for message in messages] == ["MOTTATT"] * 4


def test_faults_come_as_often_as_they_were_ordered(world: World) -> None:
    assert world.send("POST", "/control/faults", json={"unavailable": 2}).json()["faults"]["unavailable"] == 2
    answers = [world.ask("GET", "/v1/cases") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert (answers[0].headers["Retry-After"], answers[0].json()["code"]) == ("1", "overloaded")
    world.send("POST", "/control/faults", json={"duplicates": 2})
    keyed = world.ask("POST", "/v1/cases", json=new_case(), headers={"Idempotency-Key": "k"})
    assert (keyed.status_code, keyed.headers["Idempotency-Replayed"]) == (201, "true")
    assert len(world.ask("GET", "/v1/cases").json()["items"]) == 1
    world.send("POST", "/control/faults", json={"duplicates": 1})
    world.ask("POST", "/v1/cases", json=new_case())
    assert len(world.ask("GET", "/v1/cases").json()["items"]) == 3, "without a key it is opened twice"
    for wrong in ({"unavailable": -1}, {"duplicates": "many"}, {"nonsense": 1}, {"delay_seconds": 61}):
        assert world.send("POST", "/control/faults", json=wrong).status_code == 422


def test_every_answer_of_the_interface_takes_as_much_longer_as_was_ordered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(middleware, "sleep", sleep)
    world.send("POST", "/control/faults", json={"delay_seconds": 1.5})
    world.send("GET", "/health/live")
    world.ask("GET", "/v1/deadline-rules")
    assert slept == [1.5]


def new_webhook(world: World, receiver: Receiver) -> dict[str, Any]:
    body = {"url": receiver.url, "kinds": ["case.event_recorded"]}
    answer = world.ask("POST", "/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def verified(receiver: Receiver, secret: str) -> list[str]:
    """The keys of the webhooks that have arrived, each of them signed a moment ago by the clock of the receiver."""
    for message in receiver.got:
        webhooks.verify(secret, message.headers, message.body)
    return [{name.lower(): value for name, value in message.headers.items()}["webhook-id"] for message in receiver.got]


def test_a_webhook_to_the_own_machine_is_delivered_however_far_the_clock_was_moved(world: World, one: Service) -> None:
    with Receiver() as receiver:
        hook = new_webhook(world, receiver)
        world.send("POST", "/control/clock", json={"days": 30})
        assert world.ask("POST", "/v1/cases", json=new_case()).status_code == 201
        counts = world.deliver()
        arrived = verified(receiver, hook["secret"])
        test_message = world.ask("POST", f"/v1/webhooks/{hook['id']}/test").json()
        assert (counts.sent, len(arrived), test_message["delivered"]) == (1, 1, True)
        assert verified(receiver, hook["secret"]) == [*arrived, test_message["id"]]
        elsewhere = {"url": receiver.url, "kinds": ["case.event_recorded"]}
        refused = one.as_(Role.COORDINATOR, "oslo").post("/v1/webhooks", elsewhere)
    assert refused.status_code == 422, "every other installation refuses this address"


def test_webhooks_come_late_again_and_twice_as_often_as_was_ordered(world: World) -> None:
    with Receiver() as receiver:
        hook = new_webhook(world, receiver)
        deliveries = f"/v1/webhooks/{hook['id']}/deliveries"
        world.send("POST", "/control/faults", json={"webhook_unavailable": 1, "webhook_duplicates": 1})
        world.ask("POST", "/v1/cases", json=new_case())

        assert (world.deliver().again, receiver.got) == (1, [])
        [waiting] = world.ask("GET", deliveries).json()["items"]
        assert (waiting["state"], waiting["held"], waiting["attempts"]) == ("waiting", "again.status_503", 1)
        assert world.deliver().sent == 0, "the retry is due after half a minute at most"
        world.send("POST", "/control/clock", json={"days": 0.01})
        assert world.deliver().sent == 1
        assert verified(receiver, hook["secret"]) == [waiting["id"]] * 2
        [delivered] = world.ask("GET", deliveries).json()["items"]
        assert (delivered["state"], delivered["attempts"]) == ("delivered", 2)

        faults = world.send("POST", "/control/faults", json={"webhook_unavailable": 1, "webhook_delay_seconds": 0.2})
        assert faults.json()["faults"]["webhook_duplicates"] == 0
        before = time.monotonic()
        answers = [world.ask("POST", f"/v1/webhooks/{hook['id']}/test").json() for _ in range(2)]
        assert [answer["reason"] for answer in answers] == ["status_503", None]
        assert time.monotonic() - before >= 0.4
    assert world.send("POST", "/control/faults", json={"webhook_delay_seconds": 61}).status_code == 422


def test_a_sandbox_that_begins_anew_sends_nothing_more(world: World) -> None:
    with Receiver() as receiver:
        hook = new_webhook(world, receiver)
        world.send("POST", "/control/faults", json={"webhook_delay_seconds": 60})
        answers: list[Any] = []
        path, token = f"/v1/webhooks/{hook['id']}/test", world.token_of("coordinator")
        headers = {"Authorization": f"Bearer {token}"}
        request = Thread(target=lambda: answers.append(world.send("POST", path, headers=headers)))
        request.start()
        request.join(0.3)
        world.sandbox.reset()
        request.join(20)
        assert (len(answers), receiver.got) == (1, []), "it is not waited for"
        assert world.deliver() == NoticeDeliveryCounts()


def test_the_page_moves_the_clock_orders_faults_and_sends_messages_in_three_languages(world: World) -> None:
    pages = {language: Visitor(world, language=language).get("/sandbox") for language in ("nb", "nn", "en")}
    assert [page.status_code for page in pages.values()] == [200] * 3
    assert len({page.text for page in pages.values()}) == 3
    visitor = Visitor(world, language="en")
    world.sandbox.run_nights(world.db)
    assert "The clock was moved. Nightly runs made: 2" in visitor.post("/sandbox/clock", {"days": "2"}).text
    visitor.post("/sandbox/faults", {"delay_seconds": "0", "unavailable": "1", "webhook_unavailable": "3"})
    assert (world.sandbox.faults.unavailable, world.sandbox.faults.webhook_unavailable) == (1, 3)
    message = {"name": "indictment", "youth": "7"}
    receipts = [visitor.post("/sandbox/messages", message).text for _ in range(2)]
    assert ["The service answered 503" in receipts[0], "The service answered 201" in receipts[1]] == [True, True]
    wrong = visitor.post("/sandbox/clock", {"days": "many"})
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    assert visitor.post("/sandbox/clock", {"days": "1"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert "begins anew" in visitor.post("/sandbox/reset", {}).text
    assert world.resets == ["reset"]


def test_the_exercises_are_the_worked_histories_and_the_rules_allow_what_happened_in_them() -> None:
    assert json.loads(sandbox_histories.FILE.read_text(encoding="utf-8")) == sandbox_histories.carried()
    refused = {
        (name, number): feedback.decision.unmet
        for name, history in exercises.histories().items()
        for number in history.asked_steps
        for before in [exercises.situation(name, number)]
        for feedback in [exercises.judged(before, before.next_step.type, before.next_step.occurred_on)]
        if feedback.decision.unmet or not feedback.as_in_history
    }
    assert len(exercises.histories()) == 11
    assert sum(len(history.asked_steps) for history in exercises.histories().values()) > 150
    assert refused == {}


def test_an_exercise_gives_feedback_from_the_rules(world: World) -> None:
    english = {"Accept-Language": "en"}
    listed = world.send("GET", "/control/exercises", headers=english).json()["items"]
    last = next(x["steps"][-1] for x in listed if x["name"] == "alfa")
    place = f"/control/exercises/alfa/{last}"
    situation = world.send("GET", place, headers=english).json()
    assert (situation["state"], situation["today"]) == ("preparing", "2025-08-20")
    assert "plan_meeting" in {clock["code"] for clock in situation["deadlines"]}
    answers = (("plan_meeting_held", "2025-08-20"), ("plan_meeting_held", "2025-08-19"), ("completed", "2025-08-20"))
    right, other, wrong = (
        world.send("GET", f"{place}/feedback?type={kind}&on={on}", headers=english).json() for kind, on in answers
    )
    assert (right["allowed"], right["as_in_history"], right["next_step"], right["unmet"]) == (True, True, None, [])
    assert (other["allowed"], other["as_in_history"]) == (True, False)
    assert (wrong["allowed"], all(x["message"] and x["law"] for x in wrong["unmet"])) == (False, True)
    page = Visitor(world, language="en").get(f"/sandbox/exercises/alfa/{last}?type=completed&on=2025-08-20")
    assert wrong["unmet"][0]["message"] in unescape(page.text)
    assert [world.send("GET", f"/control/exercises/{x}").status_code for x in ("alfa/0", "beta/1")] == [404, 404]


def test_it_answers_as_the_documents_say_and_planted_deviations_of_a_copy_are_found(world: World) -> None:
    with client_of(world) as client:
        assert found(client) == {}
    assert len(PLANTED) >= 10
    missed = []
    for name, (change, before, case) in PLANTED.items():
        with client_of(world, change, before) as client:
            missed += [] if case in found(client) else [name]
    assert missed == []
