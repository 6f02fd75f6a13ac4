"""Inbox, contacts and webhooks as their owners meet them over HTTP."""

import json
import logging
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from tests import service
from tests.api.build import assert_problem, case_at, places, recorded
from tests.notices.build import LONG_AGO
from tests.service import Client, Clock, Service
from ungdom.notices import address
from ungdom.notices.delivery import NoticeDeliveryContext, deliver
from ungdom.notices.dispatch import dispatch
from ungdom.notices.subscriptions import MAX_WEBHOOKS
from ungdom.store import alerts, journal, webhooks
from ungdom.store.alerts import AlertActor
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.schema import metadata, notices
from ungdom.workflow import engine
from ungdom.workflow.calendar import date
from ungdom.workflow.rules.escalation import reconcile
from ungdom.workflow.vocabulary import Role

NIGHT = date(2026, 1, 28)
"""The first contact is two weeks late: coordinator and team are told."""
URL = "https://system.eksempel.no/inn?nøkkel=hemmelig"


@pytest.fixture
def told(one: Service) -> tuple[Service, str]:
    """A case in preparation of which coordinator and team have been told in the night; its id."""
    mine = one.as_("coordinator", "oslo")
    case = case_at(mine, "preparing")
    recorded(mine, case, "team_member_joined", details={"member": "teacher-7", "agency": "police"})
    one.clock.turn_to(NIGHT)
    alerted(one, case)
    return one, case


def alerted(one: Service, case: str) -> None:
    with one.db.writing() as tx:
        stored = journal.load(tx, UUID(case))
        assert stored
        found = reconcile(engine.fold(stored.youth, stored.events), NIGHT, [])
        assert alerts.write(tx, stored.case_id, [], found, AlertActor(Role.SYSTEM, "nightly", NIGHT, one.clock()))
    dispatch(one.db, EncryptionKeys([service.KEY]), one.clock())


def put(client: Client, path: str, body: Any, **headers: str) -> httpx.Response:
    told = {"Authorization": f"Bearer {client.token}"} | headers
    return client.service.send("PUT", path, json=body, headers=told)


def delete(client: Client, path: str, **headers: str) -> httpx.Response:
    return client.service.send("DELETE", path, headers={"Authorization": f"Bearer {client.token}"} | headers)


def items(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


# --- the inbox ----------------------------------------------------------------------------------------------


def test_the_inbox_says_which_case_stage_clock_and_days_and_no_more(told: tuple[Service, str]) -> None:
    one, case = told
    member = one.as_("team_member", subject="teacher-7")
    [found] = items(member._send("GET", "/v1/notices", headers={"Accept-Language": "nn"}))
    assert found["case_id"] == case
    assert (found["state"], found["phase"], found["code"], found["level"]) == (
        "preparing", "plan", "first_contact", "long_overdue",
    )  # fmt: skip
    assert found["days"] == (NIGHT - date.fromisoformat(found["due"])).days
    assert found["text"].startswith("Første kontakt med ungdomen: ")
    assert found["text"].endswith("Ein ventar på konfliktrådet.")
    assert not [word for word in ("Vaffelpresse", "15434811", "oslo", "coordinator") if word in json.dumps(found)]


def test_a_notice_is_read_once_and_then_no_longer_unread(told: tuple[Service, str]) -> None:
    one, _ = told
    mine = one.as_("coordinator", "oslo")
    found = items(mine.get("/v1/notices", unread="true"))
    for notice in found:
        first = mine.post(f"/v1/notices/{notice['id']}/read").json()["read_at"]
        assert first
        assert mine.post(f"/v1/notices/{notice['id']}/read").json()["read_at"] == first
    assert items(mine.get("/v1/notices", unread="true")) == []
    assert len(items(mine.get("/v1/notices"))) == len(found) > 0


def test_the_inbox_comes_a_page_at_a_time_the_newest_first(told: tuple[Service, str]) -> None:
    one, _ = told
    mine = one.as_("coordinator", "oslo")
    for _ in range(3):
        one.clock.turn_to(date(2026, 1, 5))
        case = case_at(mine, "preparing", police_case_numbers=[])
        one.clock.turn_to(NIGHT, 12)
        alerted(one, case)
    whole = [notice["id"] for notice in items(mine.get("/v1/notices", limit=200))]
    walked, cursor = [], None
    for _ in range(10):
        page = mine.get("/v1/notices", limit=1, cursor=cursor).json()
        walked += [notice["id"] for notice in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert walked == whole
    assert len(whole) >= 4
    assert_problem(mine.get("/v1/notices", cursor="a.b.c"), 400, "bad_cursor")


def test_a_notice_of_a_case_that_somebody_may_no_longer_see_is_not_shown(told: tuple[Service, str]) -> None:
    one, case = told
    mine, member = one.as_("coordinator", "oslo"), one.as_("team_member", subject="teacher-7")
    [notice] = items(member.get("/v1/notices"))
    recorded(mine, case, "team_member_left", str(NIGHT), {"member": "teacher-7"})
    assert items(member.get("/v1/notices")) == []
    assert_problem(member.post(f"/v1/notices/{notice['id']}/read"), 404, "not_found")


# --- contacts -----------------------------------------------------------------------------------------------

MAIL = {"language": "nn", "email_digest": True, "address": "kari@eksempel.no"}


def test_a_person_says_how_they_are_told_and_nobody_else_is_shown_the_address(
    told: tuple[Service, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one, _ = told
    member, mine = one.as_("team_member", subject="teacher-7"), one.as_("coordinator", "oslo")
    assert member.get("/v1/contacts/me").json() == {
        "subject": "teacher-7", "language": "nb", "email_digest": False, "has_address": False, "address": None,
        "updated_at": None,
    }  # fmt: skip
    assert put(member, "/v1/contacts/me", MAIL).status_code == 200
    assert member.get("/v1/contacts/me").json()["address"] == MAIL["address"]

    refused = put(mine, "/v1/contacts/teacher-7", MAIL | {"address": "annen@eksempel.no"})
    assert "kari@" not in json.dumps(assert_problem(refused, 409, "contact_is_their_own"))
    with one.db.reading() as tx:
        everything = [str(list(tx.execute(select(table)))) for table in metadata.sorted_tables]
    assert "kari@eksempel.no" not in caplog.text + "".join(everything)


def test_a_coordinator_speaks_for_the_team_and_a_leader_for_the_office(told: tuple[Service, str]) -> None:
    one, _ = told
    mine, leader = one.as_("coordinator", "oslo"), one.as_("leader", "oslo")
    answer = put(mine, "/v1/contacts/teacher-7", MAIL, **{"Idempotency-Key": "once"})
    assert (answer.status_code, answer.json()["address"], answer.json()["has_address"]) == (200, None, True)
    assert put(leader, "/v1/contacts/coordinator-oslo-2", MAIL).status_code == 200

    for who, subject in (
        (mine, "teacher-8"),  # on no team of theirs
        (mine, "coordinator-oslo-2"),  # staff is not theirs to speak for
        (leader, "coordinator-troms"),
        (leader, "nobody"),
        (one.as_("coordinator", "oslo", "coordinator-oslo-2"), "teacher-7"),
        (one.as_("secretariat"), "teacher-7"),
    ):
        assert_problem(put(who, f"/v1/contacts/{subject}", MAIL), 404, "not_found")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        *((text, "email_address") for text in ("kari", "kari@", "a@b", "a b@c.no", "a@c.no, d@e.no", "å@c.no")),
        ("a@c.no\nBcc: d@e.no", "control_characters"),
    ],
)
def test_what_is_no_address_is_not_taken(one: Service, given: str, code: str) -> None:
    found = assert_problem(put(one.as_("leader", "oslo"), "/v1/contacts/me", {"address": given}), 422, "invalid_input")
    assert places(found) == {"/address": code}


# --- webhooks -----------------------------------------------------------------------------------------------


def made(client: Client, url: str = URL, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", {"url": url, "kinds": ["alert.raised"]}, **more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_secret_is_shown_once_and_lies_nowhere_in_the_open(one: Service) -> None:
    mine = one.as_("coordinator", "oslo")
    new = made(mine, key="once")
    assert new["secret"].startswith("whsec_")
    again = made(mine, key="once")
    assert again == new | {"secret": None, "url": None}
    assert items(mine.get("/v1/webhooks")) == [{k: v for k, v in new.items() if "secret" not in k}]
    with one.db.reading() as tx:
        everything = "".join(str(list(tx.execute(select(table)))) for table in metadata.sorted_tables)
    assert new["secret"] not in everything
    assert new["secret"].removeprefix("whsec_") not in everything
    assert "nøkkel=hemmelig" not in everything
    assert "system.eksempel.no/inn" not in everything


def test_a_new_secret_leaves_the_old_one_a_day(one: Service) -> None:
    mine = one.as_("coordinator", "oslo")
    new = made(mine)
    turned = mine.post(f"/v1/webhooks/{new['id']}/rotate").json()
    assert turned["secret"] not in (None, new["secret"])
    assert turned["old_secret_until"].startswith("2026-01-06")


def test_a_webhook_is_its_owners_and_to_others_does_not_exist(one: Service) -> None:
    mine, colleague = one.as_("coordinator", "oslo"), one.as_("coordinator", "oslo", "coordinator-oslo-2")
    new = made(mine)
    where = f"/v1/webhooks/{new['id']}"
    assert items(colleague.get("/v1/webhooks")) == []
    for answer in (
        colleague.get(f"{where}/deliveries"),
        colleague.post(f"{where}/rotate"),
        colleague.post(f"{where}/replay", {}),
        delete(colleague, where),
    ):
        assert_problem(answer, 404, "not_found")
    assert delete(mine, where, **{"Idempotency-Key": "gone"}).status_code == 204
    assert items(mine.get("/v1/webhooks")) == []


def test_an_administrator_sees_the_host_and_may_delete(one: Service) -> None:
    admin, new = one.as_("admin"), made(one.as_("coordinator", "oslo"))
    [found] = items(admin.get("/v1/webhooks"))
    assert (found["url"], found["host"], found["owner"]) == (None, "system.eksempel.no", "coordinator-oslo")
    assert_problem(admin.get(f"/v1/webhooks/{new['id']}/deliveries"), 403, "forbidden_role")
    assert_problem(admin.post("/v1/webhooks", {"url": URL, "kinds": ["alert.raised"]}), 403, "forbidden_role")
    assert delete(admin, f"/v1/webhooks/{new['id']}").status_code == 204


@pytest.mark.parametrize(
    "url", ["http://a.no/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest"]
)
def test_an_address_that_nothing_is_sent_to_is_refused(one: Service, url: str) -> None:
    answer = one.as_("leader", "oslo").post("/v1/webhooks", {"url": url, "kinds": ["alert.raised"]})
    assert places(assert_problem(answer, 422, "invalid_input")) == {"/url": "webhook_url"}


def test_nobody_has_more_webhooks_than_ten(one: Service) -> None:
    mine = one.as_("coordinator", "oslo")
    for _ in range(MAX_WEBHOOKS):
        made(mine)
    answer = mine.post("/v1/webhooks", {"url": URL, "kinds": ["alert.raised"]})
    assert_problem(answer, 409, "too_many_webhooks")


def test_dead_letters_are_seen_and_started_again(told: tuple[Service, str]) -> None:
    one, _ = told
    mine = one.as_("coordinator", "oslo")
    new = made(mine, "https://system.eksempel.no/inn")
    with one.db.writing() as tx:
        tx.execute(notices.webhook.update().values(created_at=LONG_AGO))
    one.clock.turn_to(date(2026, 1, 5))
    case = case_at(mine, "preparing", police_case_numbers=[])
    one.clock.turn_to(NIGHT, 12)
    alerted(one, case)
    where = f"/v1/webhooks/{new['id']}"
    assert [one["state"] for one in items(mine.get(f"{where}/deliveries"))] == ["waiting"] * len(
        items(mine.get(f"{where}/deliveries", state="waiting"))
    )

    run = NoticeDeliveryContext(
        db=one.db,
        keys=EncryptionKeys([service.KEY]),
        public_url="https://ungdom.test",
        now=Clock(one.clock()),
        jitter=lambda: 1.0,
        allowed=address.networks(["192.0.2.0/24"]),
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(address.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("10.0.0.1", 443))])
        assert deliver(run).dead > 0
    dead = items(mine.get(f"{where}/deliveries", state="dead"))
    assert {one["held"] for one in dead} == {"dead.not_public"}
    assert mine.post(f"{where}/replay", {}).json() == {"replayed": len(dead)}
    assert items(mine.get(f"{where}/deliveries", state="dead")) == []
    assert mine.post(f"{where}/replay", {"since": "2026-01-01T00:00:00Z"}).json() == {"replayed": 0}


# --- one webhook ----------------------------------------------------------------------------------------------


def patch(client: Client, path: str, body: Any, **headers: str) -> httpx.Response:
    return client._send("PATCH", path, json=body, headers=headers)


def test_a_webhook_is_read_alone_by_its_owner_and_without_its_address_by_administrators(one: Service) -> None:
    owner, admin = one.as_("coordinator", "oslo"), one.as_("admin")
    new = made(owner)
    where = f"/v1/webhooks/{new['id']}"
    mine = owner.get(where).json()
    assert (mine["url"], mine["kinds"], "secret" in mine) == (URL, ["alert.raised"], False)
    assert admin.get(where).json()["url"] is None
    for other in (one.as_("coordinator", "troms"), one.as_("coordinator", "oslo", "coordinator-oslo-2")):
        assert_problem(other.get(where), 404, "not_found")
        assert_problem(patch(other, where, {}), 404, "not_found")


def test_a_webhook_is_changed_by_its_owner_and_keeps_its_secret(one: Service) -> None:
    owner, keys = one.as_("coordinator", "oslo"), one.app.state.keys
    new = made(owner)
    where = f"/v1/webhooks/{new['id']}"
    changed = patch(owner, where, {"kinds": ["case.event_recorded", "case.event_recorded"]})
    assert (changed.status_code, changed.json()["kinds"], changed.json()["url"]) == (200, ["case.event_recorded"], URL)
    moved = patch(owner, where, {"url": "https://other.eksempel.no/in"}, **{"Idempotency-Key": "move"})
    assert (moved.status_code, moved.json()["host"]) == (200, "other.eksempel.no")
    again = patch(owner, where, {"url": "https://other.eksempel.no/in"}, **{"Idempotency-Key": "move"})
    assert again.json()["url"] is None
    with one.db.reading() as tx:
        kept = webhooks.find(tx, keys, UUID(new["id"]))
    assert kept is not None
    assert (kept.credentials.url, kept.kinds) == ("https://other.eksempel.no/in", ("case.event_recorded",))
    assert [secret.text for secret in kept.credentials.secrets] == [new["secret"]]


def test_a_webhook_is_not_moved_to_an_address_inside(one: Service) -> None:
    owner = one.as_("coordinator", "oslo")
    where = f"/v1/webhooks/{made(owner)['id']}"
    for body in ({"url": "https://127.0.0.1/in"}, {"kinds": []}, {"kinds": ["nothing"]}, {"secret": "x"}):
        assert_problem(patch(owner, where, body), 422, "invalid_input")
    assert owner.get(where).json()["url"] == URL
