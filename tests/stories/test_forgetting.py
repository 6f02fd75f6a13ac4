"""Retention and erasure, told over HTTP: what holds them back, what goes and what stays, and restored backups."""

import errno
import io
import json
import os
import pwd
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from tests.intake.build import File, identities, opening
from tests.intake.build import person as told_person
from tests.process import environment
from tests.service import KEY, Client, Service, new_case
from tests.store.test_chain import findings
from tests.stories import traces
from tests.stories.backups import Backups
from tests.stories.test_persons import approved, corrected, ok, problem, read
from ungdom import texts
from ungdom.cli import app
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import code_of, sentence
from ungdom.notices.dispatch import dispatch
from ungdom.retention import journal as retention_journal
from ungdom.retention.journal import ErasureJournal, ErasureKind, ErasureLine
from ungdom.store import access_queries, exchanges
from ungdom.store import idempotency as answers
from ungdom.store.access_log import AccessLog
from ungdom.store.access_queries import AccessFilters
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import KeyLost
from ungdom.store.exchanges import ExchangeMessage
from ungdom.store.schema.access import access_log
from ungdom.store.schema.idempotency import idempotency
from ungdom.store.schema.persons import person
from ungdom.workflow.rules.sharing import Matter

NEW_KEY = "5OLU8MyW3kICvatAfgglWm0Nycjhj/eZ5Nx6lGXi4n8="
GIVEN, FAMILY, BORN, NUMBER = "Knusktrea", "Mosegrodde", "2009-05-17", "17850998027"
FORMER = "57850998002"
TELEPHONE, ADDRESS, GUARDIAN = "+47 000 77 123", "Ugleveien 77", "Sildrende Mosegrodde"
WORDS = (GIVEN, FAMILY, NUMBER, FORMER, TELEPHONE, ADDRESS, "Sildrende", "hemmelig om knusk")
YOUTH = {
    "given_name": GIVEN,
    "family_name": FAMILY,
    "born": BORN,
    "national_id": FORMER,
    "guardians": [{"name": GUARDIAN, "contact": TELEPHONE}],
}
BASIS = {"basis": "Samtykke til kassasjon.", "source": "Riksarkivarens vedtak 1/2026", "name": "Kari Kontor"}


def put(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client._send("PUT", path, json=body)


def opened(service: Service, office: str = "oslo", **youth: Any) -> dict[str, Any]:
    """A case on the youth, opened with a key, so that the answer is kept."""
    coordinator = service.as_("coordinator", office)
    body = new_case(konfliktrad=office, person=YOUTH | youth)
    return ok(coordinator.post("/v1/cases", body, key=f"opened-{uuid4()}"), 201)


def closed(service: Service, case: str, office: str = "oslo") -> None:
    """The case comes to nothing: the prosecution drops it."""
    done = service.as_("coordinator", office).record(
        case, "other_outcome", "2026-01-05", {"outcome": "dropped"}, on_behalf_of="prosecution"
    )
    ok(done, 201)


def proposed(client: Client, person_id: str) -> dict[str, Any]:
    return ok(client.post(f"/v1/persons/{person_id}/erasure", {"reason": f"{GIVEN} har bedt om det."}), 202)


def reasons(client: Client, person_id: str) -> list[dict[str, Any]]:
    body = {"reason": "Bedt om."}
    return list(problem(client.post(f"/v1/persons/{person_id}/erasure", body), 409, "erasure_held")["reasons"])


def confirmed(service: Service, rule: str = "persons", **keep: int) -> dict[str, Any]:
    """The rule with the basis that an administrator has entered."""
    body = BASIS | ({"keep": keep} if keep else {})
    return ok(put(service.as_("admin"), f"/v1/retention/{rule}", body))


def reported(service: Service) -> dict[str, dict[str, Any]]:
    """By rule, what a run has done."""
    items = ok(service.as_("admin").post("/v1/jobs/retention/runs", {"dry_run": False}))["items"]
    return {rule["rule"]: rule for rule in items}


def ready_to_erase(service: Service) -> str:
    """The id of a person whose one case is closed, and whose term has passed."""
    case = opened(service)
    closed(service, case["id"])
    confirmed(service, years=1)
    service.clock.turn_to(date(2027, 1, 7))
    return str(case["person"]["id"])


def pushed(service: Service) -> str:
    """The id of a case on the youth that a system has sent; a second message, on an unknown number, is parked."""
    file = File(
        service,
        told_person(given_name=GIVEN, family_name=FAMILY, born=BORN, national_id=NUMBER),
        opening=opening(offences=[{"on": "2026-01-02"}], registered_on="2026-01-03", suspect_on="2026-01-04",
                        investigation_closed_on="2026-01-04"),
        day=date(2026, 1, 6),
    )  # fmt: skip
    third = file.send("indicted", "2026-01-05", {"court_received_on": "2026-01-05"})
    parked = file.send("judgment_served", "2026-01-05", police_case_numbers=["99999999"])
    assert (third["outcome"], parked["outcome"]) == ("applied", "parked")
    return str(third["case"]["id"])


def official(service: Service) -> None:
    """An official message that names the youth and could not be read."""
    with service.db.writing() as tx:
        received = service.clock()
        message = ExchangeMessage(
            exchange_id=uuid4(), sender="974769344", meldings_id="m-1", n=1, type="ukjent", schema_version=None,
            status="FEILET_VALIDERING", reason=None, flags="[]", receipts=1, received_at=received, updated_at=received,
        )  # fmt: skip
        raw = json.dumps({"navn": f"{GIVEN} {FAMILY}", "fnr": NUMBER}).encode()
        exchanges.add(tx, service.app.state.keys, message, raw)


def everywhere(service: Service) -> tuple[str, list[str]]:
    """The youth in every place that holds personal data; the id of the person and those of the cases, all closed."""
    case, oslo, leader = opened(service), service.as_("coordinator", "oslo"), service.as_("leader", "oslo")
    who = case["person"]["id"]
    ok(corrected(oslo, who, national_id=NUMBER, sex="female", reason=f"Hemmelig om {GIVEN}."))
    ok(corrected(oslo, who, contact={"telephone": TELEPHONE, "address": ADDRESS}))
    note = {"type": "note_added", "occurred_on": "2026-01-05", "details": {}, "note": f"Hemmelig om {GIVEN}: {ADDRESS}"}
    etag = oslo.get(f"/v1/cases/{case['id']}").headers["ETag"]
    ok(oslo.post(f"/v1/cases/{case['id']}/events", note, etag, key="note"), 201)
    register = service.as_("prosecution", subject="system:register")
    event = {"event_id": "fr-1", "kind": "name", "occurred_on": "2026-01-04"}
    event |= {"person": {"national_id": NUMBER, "born": BORN}, "name": {"given_name": GIVEN, "family_name": FAMILY}}
    ok(register.post("/v1/population-events", event), 202)
    ok(leader.post("/v1/persons/search", {"name": FAMILY}, key="search"))
    third = pushed(service)
    other = opened(service, given_name="Prikke", national_id=None, born="2009-05-20")
    merge = {"other": other["person"]["id"], "reason": f"Hemmelig om {GIVEN}."}
    proposal = ok(leader.post(f"/v1/persons/{who}/merge", merge, key="merge"), 202)
    approved(service.as_("secretariat"), proposal)
    official(service)
    (question,) = ok(leader.get("/v1/persons/questions", status="open"))["items"]
    held = leader.post(f"/v1/persons/{who}/erasure", {"reason": "Bedt om."}).json()["reasons"]
    assert {hold["reason"] for hold in held} == {"open_case", "message_waits", "identity_question"}
    ok(leader.post(f"/v1/persons/questions/{question['id']}/confirm"))
    cases = [case["id"], other["id"], third]
    for case_id in cases:
        closed(service, case_id)
    return str(who), cases


def dismissed(service: Service) -> None:
    """The parked messages are dismissed by the secretariat."""
    secretariat = service.as_("secretariat")
    for message in ok(secretariat.get("/v1/decisions", outcome="parked"))["items"]:
        ok(secretariat.post(f"/v1/decisions/{message['id']}/dismiss"))


PERIOD = {"from": "2025-01-01", "to": "2026-12-31"}
FIGURES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/v1/statistics/completion", PERIOD),
    ("/v1/statistics/completion", PERIOD | {"by": "sex"}),
    ("/v1/statistics/lead-time", PERIOD),
    ("/v1/statistics/lead-time", PERIOD | {"by": "sex"}),
    ("/v1/statistics/recidivism", PERIOD | {"by": "sex"}),
    ("/v1/statistics/recidivism", PERIOD),
    ("/v1/statistics/indicators", PERIOD),
    ("/v1/statistics/caseload", {}),
    ("/v1/delays", {}),
)


def figures(service: Service) -> dict[str, Any]:
    """Every figure and every extract, by address."""
    secretariat, analyst = service.as_("secretariat"), service.as_("analyst")
    answers: dict[str, Any] = {}
    for path, query in FIGURES:
        answer = secretariat.get(path, **query)
        assert answer.status_code == 200, answer.text
        answers[f"{path} {query}"] = {name: value for name, value in answer.json().items() if name != "read_at"}
    for extract in ok(analyst.get("/v1/extracts"))["items"]:
        answer = analyst.get(f"/v1/extracts/{extract['name']}", purpose="demo", format="csv")
        if answer.status_code == 200:
            answers[extract["name"]] = answer.text
    return answers


def test_a_person_is_erased_everywhere_and_no_figure_changes(served: Service) -> None:
    who, cases = everywhere(served)
    leader, secretariat, keys = served.as_("leader", "oslo"), served.as_("secretariat"), served.app.state.keys
    before = set(traces.hits(served.db, keys, *WORDS))
    assert {
        "person.sealed", "person_change.sealed", "person_proposal.sealed", "population_event.sealed", "note.sealed",
        "decision.sealed", "exchange_message.sealed", "idempotency.sealed",
    } <= before  # fmt: skip
    confirmed(served, years=1)
    served.clock.turn_to(date(2027, 1, 8))
    counted = figures(served)
    assert "female" in json.dumps(counted[f"/v1/statistics/lead-time {PERIOD | {'by': 'sex'}}"])
    assert len(counted["cases"].splitlines()) == len(cases) + 1
    assert [hold["reason"] for hold in reasons(leader, who)] == ["message_waits"]
    dismissed(served)

    proposal = proposed(leader, who)
    problem(leader.post(f"/v1/persons/proposals/{proposal['id']}/approve"), 403, "second_person_needed")
    done = ok(secretariat.post(f"/v1/persons/proposals/{proposal['id']}/approve", key="erased"))

    assert (done["kind"], done["status"], done["reason"]) == ("erase", "approved", None)
    assert (done["person"]["erased"], done["person"]["family_name"]) == (True, None)
    assert traces.hits(served.db, keys, *WORDS) == []
    assert figures(served) == counted
    assert findings(served.db) == []
    journal = served.settings.erasures.read_text()
    assert not any(word.lower() in journal.lower() for word in WORDS)
    assert who in journal
    sights(served, who, cases)


def sights(service: Service, who: str, cases: list[str]) -> None:
    """Everybody who sees the person or a case sees that the person is erased, and nobody an error."""
    for client in (service.as_("leader", "oslo"), service.as_("coordinator", "oslo"), service.as_("secretariat")):
        shown = ok(read(client, who))
        assert (shown["given_name"], shown["national_id"], shown["born"]) == (None, None, BORN)
        assert shown["erased_at"] is not None
        assert shown["history"][0]["kind"] == "erased"
        problem(corrected(client, who, family_name="Kvist"), 409, "person_erased")
        for case in cases:
            youth = ok(client.get(f"/v1/cases/{case}"))["person"]
            assert (youth["given_name"], youth["erased"]) == ("", True)
            pages = ("events", "timeline", "plan", "team", "tasks", "consents", "lead-time", "deadlines", "options")
            assert {client.get(f"/v1/cases/{case}/{page}").status_code for page in pages} == {200}
        for path in ("/v1/cases", "/v1/worklist", "/v1/persons/questions",
                     "/v1/population-events", "/v1/decisions", f"/v1/persons/{who}/observations"):  # fmt: skip
            assert client.get(path).status_code == 200, path
        assert ok(client.post("/v1/persons/search", {"name": FAMILY}))["items"] == []
    assert ok(service.as_("secretariat").get("/v1/persons/proposals"))["items"][0]["person"]["erased"] is True
    notes = ok(service.as_("coordinator", "oslo").get(f"/v1/cases/{cases[0]}/notes"))["items"]
    assert [note["text"] for note in notes] == [None]
    messages = ok(service.as_("secretariat").get("/v1/decisions"))["items"]
    assert {service.as_("secretariat").get(f"/v1/decisions/{one['id']}").status_code for one in messages} <= {200}
    problem(
        service.as_("leader", "oslo").post(f"/v1/persons/{who}/erasure", {"reason": "Igjen."}), 409, "person_erased"
    )


def test_an_erasure_is_held_by_an_open_case_and_by_a_duty_to_keep_and_names_them(served: Service) -> None:
    case, leader = opened(served), served.as_("leader", "oslo")
    who = case["person"]["id"]
    (hold,) = reasons(leader, who)
    assert (hold["reason"], hold["case_id"], hold["until"]) == ("open_case", case["id"], None)
    assert problem(served.as_("coordinator", "oslo").post(f"/v1/persons/{who}/erasure", {"reason": "x"}),
                   403, "forbidden_role")["roles"] == ["leader", "secretariat"]  # fmt: skip

    closed(served, case["id"])
    (hold,) = reasons(leader, who)
    assert (hold["reason"], hold["rule"], hold["until"]) == ("retention_rule", "persons", None)
    confirmed(served, years=1)
    (hold,) = reasons(leader, who)
    assert hold["until"] == "2027-01-05"
    assert "5. januar 2027" in hold["message"]

    served.clock.turn_to(date(2027, 1, 6))
    proposal = proposed(leader, who)
    ok(served.as_("coordinator", "oslo").post("/v1/cases", new_case(person=YOUTH)), 201)
    held = served.as_("secretariat").post(f"/v1/persons/proposals/{proposal['id']}/approve")
    assert problem(held, 409, "erasure_held")["reasons"][0]["reason"] == "open_case"
    assert ok(read(leader, who))["family_name"] == FAMILY


def test_a_rule_without_a_basis_counts_and_erases_nothing(served: Service) -> None:
    case, admin = opened(served), served.as_("admin")
    closed(served, case["id"])
    who = case["person"]["id"]
    served.clock.turn_to(date(2036, 1, 6))

    listed = {rule["code"]: rule for rule in ok(served.as_("auditor").get("/v1/retention"))["items"]}
    rule = listed["persons"]
    assert (rule["verified"], rule["applies"], rule["duty"], rule["keep"]["years"]) == (False, False, True, 10)
    assert "§ 9" in rule["source"]
    report = reported(served)
    assert (report["persons"]["due"], report["persons"]["erased"], report["persons"]["dry_run"]) == (1, 0, True)
    assert report["kept_answers"]["erased"] == 1
    assert ok(read(served.as_("leader", "oslo"), who))["family_name"] == FAMILY

    for language, word in (("nb", "null"), ("en", "zero")):
        answer = served.send(
            "PUT",
            "/v1/retention/persons",
            json=BASIS | {"keep": {}},
            headers={"Authorization": f"Bearer {served.as_('admin').token}", "Accept-Language": language},
        )
        (place,) = problem(answer, 422, "invalid_input")["errors"]
        assert (place["pointer"], place["code"], word in place["detail"]) == ("/keep", "length_is_zero", True)
    first = confirmed(served, years=12)
    assert (first["applies"], first["keep"]["years"], first["confirmed"][0]["source"]) == (True, 12, BASIS["source"])
    assert ok(admin.post("/v1/jobs/retention/runs", {}))["items"][0]["due"] == 0
    second = confirmed(served)
    assert [basis["keep"] for basis in second["confirmed"]] == [None, {"years": 12, "months": 0, "days": 0}]
    assert ok(admin.post("/v1/jobs/retention/runs", {}))["items"][0] | {"what": ""} == {
        "rule": "persons", "what": "", "applies": True, "dry_run": True, "due": 1, "erased": 0,
        "fault": None, "message": None,
    }  # fmt: skip

    night = ok(admin.post("/v1/jobs/nightly/runs", {"on": "2036-01-06"}))["items"][-1]
    assert night["counts"]["retention_persons_erased"] == 1
    assert ok(read(served.as_("leader", "oslo"), who))["erased_at"] is not None
    assert ok(admin.post("/v1/jobs/retention/runs", {"dry_run": False}))["items"][0]["due"] == 0


def test_messages_and_events_of_the_register_are_erased_by_their_rules(served: Service) -> None:
    who, _ = everywhere(served)
    keys = served.app.state.keys
    for rule in ("decision_content", "official_messages", "register_events"):
        confirmed(served, rule, days=30)
    served.clock.turn_to(served.clock.instant.date() + timedelta(days=32))
    report = {
        rule["rule"]: rule
        for rule in ok(served.as_("admin").post("/v1/jobs/retention/runs", {"dry_run": False}))["items"]
    }
    assert {rule: report[rule]["erased"] for rule in ("official_messages", "register_events")} == {
        "official_messages": 1, "register_events": 1,
    }  # fmt: skip
    assert report["kept_answers"]["erased"] > 0
    left = set(traces.hits(served.db, keys, *WORDS))
    assert not left & {"exchange_message.sealed", "population_event.sealed", "idempotency.sealed"}
    assert "person.sealed" in left
    assert ok(read(served.as_("leader", "oslo"), who))["family_name"] == FAMILY


# --- a restored backup --------------------------------------------------------------------------------------


@pytest.fixture
def copied(served: Service, request: pytest.FixtureRequest) -> Backups:
    """Functions that take a backup of the database and bring it back."""
    return Backups(served, request)


def test_what_was_erased_stays_erased_after_a_backup_is_restored(served: Service, copied: Backups) -> None:
    who = ready_to_erase(served)
    backup = copied.taken()
    proposal = proposed(served.as_("leader", "oslo"), who)
    approved(served.as_("secretariat"), proposal)
    assert traces.hits(served.db, served.app.state.keys, *WORDS) == []

    with copied.restored(backup) as again:
        with again.db.reading() as tx:
            assert tx.scalar(select(person.c.sealed).where(person.c.person_id == UUID(who))) is not None
        assert traces.hits(again.db, again.app.state.keys, *WORDS) != []
        shown = ok(read(again.as_("leader", "oslo"), who))
        assert (shown["family_name"], shown["national_id"]) == (None, None)
        assert traces.hits(again.db, again.app.state.keys, *WORDS) == []
        assert again.send("GET", "/health/ready").json()["erasures"] == "ok"


def test_a_database_that_cannot_be_erased_again_is_not_served(served: Service, copied: Backups) -> None:
    who = ready_to_erase(served)
    backup = copied.taken()
    approved(served.as_("secretariat"), proposed(served.as_("leader", "oslo"), who))
    file = served.settings.erasures
    with file.open("a") as journal:
        journal.write("no erasure\n")
    with copied.restored(backup) as again:
        problem(read(again.as_("leader", "oslo"), who), 503, "unavailable")
        ready = again.send("GET", "/health/ready")
        assert (ready.status_code, "retention replay" in ready.json()["erasures"]) == (503, True)
        file.write_text(file.read_text().removesuffix("no erasure\n"))
        assert ok(read(again.as_("leader", "oslo"), who))["family_name"] is None


def test_a_lost_journal_is_written_anew_from_the_database(one: Service) -> None:
    who = ready_to_erase(one)
    approved(one.as_("secretariat"), proposed(one.as_("leader", "oslo"), who))
    file = one.settings.erasures
    written = file.read_text()
    ok(read(one.as_("leader", "oslo"), who))
    file.unlink()
    ok(read(one.as_("leader", "oslo"), who))
    assert ErasureJournal(file).lines()[0].ids == (UUID(who),)
    assert file.read_text() == written


# --- keys that are lost, values that cannot be read, and a journal that cannot be ----------------------------


@contextmanager
def with_lost_key(service: Service, url: str | None = None) -> Iterator[Service]:
    """The service with a new key, where the one that everything is encrypted with is declared lost."""
    lost = EncryptionKeys([KEY]).ids
    url = url or service.settings.database_url
    with Service(url, service.settings.data_dir, people_keys=(NEW_KEY,), lost_keys=lost) as again:
        again.clock = again.app.state.clock = service.clock
        yield again


def test_what_only_a_lost_key_opens_is_named_as_such_and_lists_still_answer(served: Service) -> None:
    who, cases = everywhere(served)
    hook = {"url": "https://system.test/inn", "kinds": ["alert.raised"]}
    hook_id = ok(served.as_("leader", "oslo").post("/v1/webhooks", hook, key="hook"), 201)["id"]
    with with_lost_key(served) as again:
        leader, secretariat = again.as_("leader", "oslo"), again.as_("secretariat")
        titles = set()
        for language in ("nb", "nn", "en"):
            headers = {"Accept-Language": language, "Authorization": f"Bearer {leader.token}"}
            titles.add(problem(again.send("GET", f"/v1/persons/{who}", headers=headers), 410, "key_lost")["title"])
        assert len(titles) == 3
        change = {"If-Match": "*", "Authorization": f"Bearer {leader.token}"}
        files = unpacked(leader.post(f"/v1/persons/{who}/subject-access"))
        data = json.loads(files["data.json"])
        names = ("given_name", "family_name", "national_id")
        assert [data["person"][name] for name in names] == [None] * 3
        assert (data["person"]["born"], {case["id"] for case in data["cases"]}) == (BORN, set(cases))
        assert {"part": "person", "code": "key_lost"} in data["withheld"]
        assert "Nøkkelen til navn, nummer" in files["nb.html"]
        body = {"reason": "Opplyst.", "family_name": "Kvist"}
        problem(again.send("PATCH", f"/v1/persons/{who}", json=body, headers=change), 410, "key_lost")
        for path in ("/v1/cases", "/v1/worklist", "/v1/persons/questions", "/v1/population-events", "/v1/decisions",
                     "/v1/persons/proposals", f"/v1/cases/{cases[0]}", f"/v1/cases/{cases[0]}/notes"):  # fmt: skip
            for client in (leader, secretariat):
                assert client.get(path).status_code == 200, path
        assert [hit["id"] for hit in ok(leader.post("/v1/persons/search", {"born": BORN}))["items"]] == [who]
        assert [hook["disabled_because"] for hook in ok(leader.get("/v1/webhooks"))["items"]] == ["key_lost"]
        problem(leader.post(f"/v1/webhooks/{hook_id}/rotate"), 410, "key_lost")
        assert again.as_("coordinator", "oslo").post("/v1/cases", new_case(person=YOUTH)).status_code == 201
        dismissed(again)
        assert ok(secretariat.get("/v1/decisions", outcome="parked"))["items"] == []
        dispatch(again.db, again.app.state.keys, again.clock())


def test_a_command_says_of_a_lost_key_that_it_is_lost_and_not_that_one_is_missing() -> None:
    found = sentence(KeyLost("0badcafe"))
    assert "key 0badcafe is declared lost in UNGDOM_LOST_KEYS" in found
    assert "?" not in found
    assert code_of(KeyLost("0badcafe")) == ExitCode.CALL


def test_what_only_a_lost_key_opens_stops_no_erasure_and_no_replay(served: Service, copied: Backups) -> None:
    lost = ready_to_erase(served)
    official(served)
    nobody = told_person(born="2008-03-12", national_id=next(identities("2008-03-12")))
    unknown = File(served, nobody, day=date(2027, 1, 7))
    assert unknown.send("became_final", "2025-06-27")["outcome"] == "parked"
    with with_lost_key(served) as again:
        other = opened(again, given_name="Prikke", national_id=None, born="2009-05-20")
        closed(again, other["id"])
    backup = copied.taken()
    with with_lost_key(served) as again:
        again.clock.turn_to(date(2028, 1, 10))
        erasable = [UUID(lost), UUID(other["person"]["id"])]
        report = reported(again)["persons"]
        assert (report["due"], report["erased"], report["fault"]) == (2, 2, None)
        with again.db.reading() as tx:
            assert (
                list(
                    tx.scalars(
                        select(person.c.person_id).where(person.c.sealed.is_not(None), person.c.person_id.in_(erasable))
                    )
                )
                == []
            )
    with with_lost_key(served, backup) as restored:
        leader = restored.as_("leader", "oslo")
        for who in (lost, other["person"]["id"]):
            assert ok(read(leader, who))["erased_at"] is not None


def changed(sealed: bytes) -> bytes:
    """The encrypted value with one other bit: no key opens it."""
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def test_what_stops_one_rule_stops_no_other_and_leaves_the_night_partial(served: Service) -> None:
    who = ready_to_erase(served)
    served.clock.turn_to(date(2027, 1, 7))
    with served.db.writing() as tx:
        damaged = tx.scalars(select(idempotency.c.sealed)).first()
        tx.execute(update(idempotency).where(idempotency.c.sealed == damaged).values(sealed=changed(damaged)))

    night = ok(served.as_("admin").post("/v1/jobs/nightly/runs", {"on": "2027-01-07"}))["items"][-1]
    counts = {name: count for name, count in night["counts"].items() if name.startswith("retention_")}
    assert counts == {"retention_persons_failed": 1, "retention_kept_answers_erased": 1}
    assert night["status"] == "partly"
    assert ok(read(served.as_("leader", "oslo"), who))["family_name"] == FAMILY
    assert reported(served)["persons"]["erased"] == 1


def test_a_rule_whose_value_cannot_be_read_says_why(served: Service) -> None:
    ready_to_erase(served)
    with served.db.writing() as tx:
        damaged = tx.scalars(select(person.c.sealed)).first()
        tx.execute(update(person).where(person.c.sealed == damaged).values(sealed=changed(damaged)))
    rule = reported(served)["persons"]
    assert (rule["due"], rule["erased"], rule["fault"]) == (1, 0, "cannot_open")
    assert "UNGDOM_LOST_KEYS" in rule["message"]


def test_nothing_is_decrypted_while_others_wait_to_write(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    who = ready_to_erase(one)
    proposal = proposed(one.as_("leader", "oslo"), who)
    lock, plain, free = one.db.writer_lock, answers.decrypt_row, []

    def spied(*given: Any) -> Any:
        assert lock is not None
        free.append(lock.acquire(blocking=False))
        if free[-1]:
            lock.release()
        return plain(*given)

    monkeypatch.setattr(answers, "decrypt_row", spied)
    approved(one.as_("secretariat"), proposal)
    assert free
    assert all(free)


def test_a_journal_that_cannot_be_read_is_503_and_says_what_helps(one: Service) -> None:
    leader, gate = one.as_("leader", "oslo"), one.app.state.erasure_gate
    assert leader.get("/v1/cases").status_code == 200
    file = one.settings.data_dir / "file"
    file.touch()
    gate.journal.path = file / "erasures.ndjson"  # no folder: neither found nor read
    details = set()
    for language in ("nb", "nn", "en"):
        headers = {"Accept-Language": language, "Authorization": f"Bearer {leader.token}"}
        details.add(problem(one.send("GET", "/v1/cases", headers=headers), 503, "unavailable")["detail"])
    assert len(details) == 3
    assert all("ungdom retention replay" in detail for detail in details)
    ready = one.send("GET", "/health/ready")
    assert (ready.status_code, "retention replay" in ready.json()["erasures"]) == (503, True)
    gate.journal.path = one.settings.erasures
    assert leader.get("/v1/cases").status_code == 200


def test_the_journal_is_read_again_only_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, plain = [], retention_journal.parse_line
    monkeypatch.setattr(retention_journal, "parse_line", lambda text: parsed.append(text) or plain(text))
    journal, at = ErasureJournal(tmp_path / "erasures.ndjson"), datetime(2026, 1, 5, tzinfo=UTC)
    line = ErasureLine(erasure_id=uuid4(), kind=ErasureKind.MESSAGES, rule="request", decided_at=at, ids=(uuid4(),))
    journal.append(line)
    assert journal.lines() == journal.lines() == [line]
    assert len(parsed) == 1
    with journal.path.open("a") as file:
        file.write("cut off")
    journal.append(line)
    assert journal.lines() == [line, line]


# --- subject access -----------------------------------------------------------------------------------------


def unpacked(answer: Any) -> dict[str, str]:
    """The files of the ZIP, by name."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip"), answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_everything_that_is_stored_is_one_file_for_the_person(served: Service) -> None:
    who, cases = everywhere(served)
    leader, coordinator = served.as_("leader", "oslo"), served.as_("coordinator", "oslo")
    path = f"/v1/persons/{who}/subject-access"

    files = unpacked(leader.post(path))
    assert set(files) == {"data.json", "nb.html", "nn.html", "en.html"}
    data = json.loads(files["data.json"])
    assert (data["person"]["family_name"], data["person"]["national_id"]) == (FAMILY, NUMBER)
    assert data["person"]["contact"]["address"] == ADDRESS
    assert {case["id"] for case in data["cases"]} == set(cases)
    first = next(case for case in data["cases"] if case["id"] == cases[0])
    assert [event["type"] for event in first["events"]] == ["case_registered", "note_added", "other_outcome"]
    assert (first["notes"], first["notes_withheld"]) == ([], 1)
    assert [message["kind"] for message in data["messages"]] == ["indicted"]
    assert {event["kind"] for event in data["register_events"]} == {"name"}
    assert {access["role"] for access in data["accesses"]} <= {"leader", "coordinator", "secretariat", "prosecution"}
    assert {part["code"] for part in data["withheld"]} == {"other_persons", "internal_note", "from_authority"}
    assert not any(name in text for text in files.values() for name in ("leader-oslo", "coordinator-oslo"))
    titles = {"nb": "Dette er lagret om deg", "nn": "Dette er lagra om deg", "en": "This is stored about you"}
    for language, title in titles.items():
        assert title in files[f"{language}.html"]
        assert FAMILY in files[f"{language}.html"]
    logged = ok(leader.get(f"/v1/persons/{who}/access-log"))["items"][0]["route"]
    assert logged == "POST /v1/persons/{person_id}/subject-access"

    assert served.as_("leader", "troms").post(path).status_code == 404
    assert served.as_("auditor").post(path).status_code == 403
    secretariat = json.loads(unpacked(served.as_("secretariat").post(path))["data.json"])
    assert "national_id" not in secretariat["person"]
    assert "not_cleared" in {part["code"] for part in secretariat["withheld"]}
    ok(corrected(coordinator, who, protection="strictly_confidential"))
    colleague = served.as_("coordinator", "oslo", "coordinator-oslo-2").post(path)
    assert ADDRESS not in str(unpacked(colleague)) if colleague.status_code == 200 else colleague.status_code == 404


def test_the_page_of_a_subject_access_is_in_words_and_says_what_is_held_back(served: Service) -> None:
    who, cases = everywhere(served)
    leader, path = served.as_("leader", "oslo"), f"/v1/persons/{who}/subject-access"
    files = unpacked(leader.post(path))
    events = next(case["events"] for case in json.loads(files["data.json"])["cases"] if case["id"] == cases[0])
    pages = [text for name, text in files.items() if name != "data.json"]
    heads = [head for text in pages for head in re.findall("<th>(.*?)</th>", text)]
    assert heads
    assert [head for head in heads if re.fullmatch("[a-z_]+", head)] == []
    recorded = datetime.fromisoformat(events[0]["recorded_at"]).astimezone(ZoneInfo("Europe/Oslo"))
    for language, at in (("nb", "kl."), ("nn", "kl."), ("en", "at")):
        day = texts.render(language, recorded.date())
        assert f"<td>{day} {at} {recorded:%H:%M}</td>" in files[f"{language}.html"]
        assert "+00:00" not in files[f"{language}.html"]

    with served.db.reading() as tx:
        page = access_queries.page(tx, AccessFilters(person_id=UUID(who)), None, 9)
        (made,) = (entry for entry in page if entry.route.endswith("/subject-access"))
        assert set(made.matters) == set(Matter)
        assert all(access_queries.is_of_case(tx, UUID(case), made.access_id) for case in cases)
    body = {"code": "investigation", "review_on": "2026-02-01"}
    ok(leader.post(f"/v1/cases/{cases[0]}/access-log/{made.access_id}/withhold", body))
    held = unpacked(leader.post(path))
    parts = [part for part in json.loads(held["data.json"])["withheld"] if part["code"] == "access_held_back"]
    assert [(part["count"], part["reason"], part["review_on"]) for part in parts] == [(1, *body.values())]
    assert "inntil videre: 1 (Etterforskning). Det vurderes på nytt senest 1. februar 2026." in held["nb.html"]
    assert "for the time being: 1 (Investigation). Somebody decides again by 1 February 2026." in held["en.html"]


def test_what_an_operator_reads_by_a_command_is_in_the_log_before_it_is_given(
    served: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    case = opened(served)
    who = case["person"]["id"]
    for name, value in environment(served.settings.database_url, served.settings.data_dir).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNGDOM_PEOPLE_KEYS", KEY)

    def logged() -> list[tuple[str, str, set[Matter], str]]:
        with served.db.reading() as tx:
            page = access_queries.page(tx, AccessFilters(person_id=UUID(who)), None, 20)
        rows = [(row.route, row.subject, set(row.matters), str(row.kind)) for row in page]
        return [row for row in rows if row[0].startswith("ungdom ")]

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, list(words))

    user = pwd.getpwuid(os.getuid()).pw_name
    assert run("case", "show", case["reference"]).exit_code == 0
    shown = set(Matter) - {Matter.IDENTITY, Matter.NAME_AND_BIRTH_YEAR, Matter.ADDRESS}
    assert logged() == [("ungdom case show", user, shown, "read")]
    assert run("case", "show", "00000-00000").exit_code == 1
    refused = run("subject-access", who, "--out", str(tmp_path / "no" / "such.zip"))
    assert "cannot be written" in str(refused.exception)
    assert len(logged()) == 1
    assert run("subject-access", who, "--out", str(tmp_path / "a.zip")).exit_code == 0
    assert logged()[0] == ("ungdom subject-access", user, set(Matter), "read")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        refused = run("subject-access", who, "--out", str(tmp_path / "b.zip"))
    assert "No space left on device" in str(refused.exception)
    assert not (tmp_path / "b.zip").exists()
    with served.db.reading() as tx:
        kinds = tx.scalars(select(access_log.c.kind).where(access_log.c.route == "ungdom subject-access")).all()
    assert sorted(kinds) == ["broken_off", "read", "read"]


def test_a_file_that_appears_while_another_is_written_is_left_as_it_is(
    one: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    who, file = opened(one)["person"]["id"], tmp_path / "a.zip"
    for name, value in environment(one.settings.database_url, one.settings.data_dir).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNGDOM_PEOPLE_KEYS", KEY)
    left, running = tmp_path / ".a.zip.0.part", tmp_path / ".a.zip.1.part"
    left.write_text("of a command that was killed")
    os.utime(left, (0, 0))
    running.write_text("of a command that runs")
    write = AccessLog.write

    def meanwhile(log: AccessLog, access: Any) -> None:
        file.write_text("of another command")
        write(log, access)

    monkeypatch.setattr(AccessLog, "write", meanwhile)
    refused = CliRunner().invoke(app, ["subject-access", who, "--out", str(file)])
    assert f"{file} cannot be written: File exists" in str(refused.exception)
    assert file.read_text() == "of another command"
    assert {path.name for path in tmp_path.glob(".*.part")} == {running.name}


def test_a_case_under_investigation_is_named_and_its_content_withheld(served: Service) -> None:
    case = opened(served)
    opened(served, "troms", national_id=FORMER)
    answer = served.as_("leader", "oslo").post(f"/v1/persons/{case['person']['id']}/subject-access")
    data = json.loads(unpacked(answer)["data.json"])
    assert data["cases"] == [{"id": case["id"], "reference": case["reference"]}]
    assert "investigation" in {part["code"] for part in data["withheld"]}
