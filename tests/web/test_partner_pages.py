"""Standing contacts and webhooks from the pages: entered, changed, tried and ended as the interface does it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.exchange.wire import Receiver, status
from tests.service import Service, sqlite_copy
from tests.web.visiting import Visitor

CONTACTS, WEBHOOKS = "/administration/contacts/oslo", "/administration/webhooks"
POLICE = {"agency": "police", "name": "Vakta", "email": "vakta@example.no", "language": "nn"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def service(sqlite_template: Path, tmp_path: Path) -> Iterator[Service]:
    with Service(sqlite_copy(sqlite_template, tmp_path), tmp_path, webhook_allow=("127.0.0.0/8",)) as running:
        running.clock.instant = datetime.now(UTC)  # a signature is valid for five minutes
        yield running


@pytest.fixture
def leader(service: Service) -> Visitor:
    return Visitor(service).sign_in("leader", "oslo")


def sent(visitor: Visitor, path: str, fields: dict[str, Any], form: str | None = None) -> Any:
    return visitor.post(path, {**fields, "key": visitor.key(form or path)})


def group(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = service.as_("leader", "oslo").get("/v1/coordination-groups/oslo").json()
    return answer


def names(service: Service) -> list[tuple[str, str]]:
    return [(contact["agency"], contact["name"]) for contact in group(service)["contacts"]]


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_a_contact_is_entered_changed_and_ended(service: Service, leader: Visitor) -> None:
    assert sent(leader, CONTACTS, POLICE | {"action": "save"}).status_code == 303
    assert (
        sent(leader, CONTACTS, {"agency": "prosecution", "name": "Juristen", "subject": "jurist-3"}).status_code == 303
    )
    assert names(service) == [("police", "Vakta"), ("prosecution", "Juristen")]
    assert group(service)["contacts"][0]["has_address"] is True
    page = leader.get(CONTACTS).text
    assert "Vakta" in page
    assert "vakta@example.no" not in page
    assert "Kriminalomsorgen" in page

    change = {"contact": "police  Vakta", "agency": "police", "name": "Vakta", "language": "en"}
    assert sent(leader, CONTACTS, change).status_code == 303
    [vakta] = [x for x in group(service)["contacts"] if x["agency"] == "police"]
    assert (vakta["language"], vakta["has_address"]) == ("en", True)  # an address that is left empty stays
    assert sent(leader, CONTACTS, change | {"no_email": "yes"}).status_code == 303
    [vakta] = [x for x in group(service)["contacts"] if x["agency"] == "police"]
    assert vakta["has_address"] is False

    assert sent(leader, CONTACTS, {"contact": "police  Vakta", "action": "end"}).status_code == 303
    assert names(service) == [("prosecution", "Juristen")]


def test_a_contact_that_is_refused_comes_back_as_typed_and_one_that_is_gone_is_not_found(
    service: Service, leader: Visitor
) -> None:
    refused = sent(leader, CONTACTS, POLICE | {"name": "Vakta", "email": "ingen adresse"})
    assert refused.status_code == 422
    assert 'value="ingen adresse"' in refused.text
    assert 'id="summary"' in refused.text
    assert names(service) == []
    staff = sent(leader, CONTACTS, POLICE | {"subject": "coordinator-oslo"})
    assert staff.status_code == service_refusal(service)
    assert sent(leader, CONTACTS, {"contact": "police  Vakta", "action": "end"}).status_code == 404


def service_refusal(service: Service) -> int:
    """What the interface answers to a contact that is a member of staff."""
    body = {"contacts": [POLICE | {"subject": "coordinator-oslo"}]}
    headers = {"Authorization": f"Bearer {service.as_('leader', 'oslo').token}"}
    return service.send("PUT", "/v1/coordination-groups/oslo", json=body, headers=headers).status_code


def test_only_those_who_may_edit_a_group_are_given_its_forms(service: Service, leader: Visitor) -> None:
    assert sent(leader, CONTACTS, POLICE).status_code == 303
    coordinator = Visitor(service).sign_in("coordinator", "oslo")
    page = coordinator.get(CONTACTS)
    assert page.status_code == 200
    assert 'name="agency"' not in page.text
    assert sent(coordinator, CONTACTS, POLICE, "/today").status_code == 403
    other = Visitor(service).sign_in("leader", "vest")
    assert other.get(CONTACTS).status_code == 403
    assert sent(other, CONTACTS, POLICE, "/today").status_code == 403
    assert sent(Visitor(service).sign_in("secretariat"), CONTACTS, POLICE | {"name": "Andre"}).status_code == 303
    assert Visitor(service).sign_in("admin").get(CONTACTS).status_code == 403


def test_a_form_sent_twice_enters_one_contact(service: Service, leader: Visitor) -> None:
    fields = POLICE | {"key": leader.key(CONTACTS)}
    assert [leader.post(CONTACTS, fields).status_code for _ in range(2)] == [303, 303]
    assert names(service) == [("police", "Vakta")]


# --- webhooks ---------------------------------------------------------------------------------------------------------


def made(leader: Visitor, url: str) -> tuple[str, str]:
    """A new webhook: its page, and its secret."""
    page = sent(leader, WEBHOOKS, {"url": url, "kinds": ["alert.raised", "case.event_recorded"]})
    assert page.status_code == 200, page.text
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", page.text)
    [path] = set(re.findall(rf'action="({WEBHOOKS}/[0-9a-f-]+)/test"', page.text))
    return path, secret


def test_a_webhook_is_made_tried_changed_and_ended(service: Service, leader: Visitor, receiver: Receiver) -> None:
    path, secret = made(leader, receiver.url)
    assert secret not in leader.get(path).text
    tried = sent(leader, f"{path}/test", {}, path)
    assert "Testmeldingen kom fram" in tried.text
    [got] = receiver.got
    assert Webhook(secret).verify(got.body, got.headers)["type"] == "no.konfliktraadet.ungdom.test"
    receiver.say = status(500)
    assert "kom ikke fram (status_500)" in sent(leader, f"{path}/test", {}, path).text

    changed = sent(leader, f"{path}/change", {"url": receiver.url, "kinds": ["alert.cleared"]}, path)
    assert (changed.status_code, changed.headers["location"]) == (303, path)
    [hook] = service.as_("leader", "oslo").get("/v1/webhooks").json()["items"]
    assert hook["kinds"] == ["alert.cleared"]
    renewed = sent(leader, f"{path}/secret", {}, path).text
    assert "whsec_" in renewed
    assert secret not in renewed
    assert "0 meldinger sendes på nytt" in sent(leader, f"{path}/replay", {}, path).text
    assert sent(leader, f"{path}/delete", {}, path).headers["location"] == WEBHOOKS
    assert leader.get(path).status_code == 404


def test_a_webhook_that_is_refused_comes_back_as_typed(leader: Visitor, receiver: Receiver) -> None:
    refused = sent(leader, WEBHOOKS, {"url": "https://10.0.0.1/in", "kinds": ["alert.raised"]})
    assert refused.status_code == 422
    assert 'value="https://10.0.0.1/in"' in refused.text
    assert 'value="alert.raised" checked' in refused.text
    path, _ = made(leader, receiver.url)
    refused = sent(leader, f"{path}/change", {"url": "ftp://nowhere"}, path)
    assert refused.status_code == 422
    assert 'value="ftp://nowhere"' in refused.text


def test_a_webhook_is_of_its_owner_and_an_administrator_ends_it_without_its_address(
    service: Service, leader: Visitor, receiver: Receiver
) -> None:
    path, _ = made(leader, receiver.url)
    other = Visitor(service).sign_in("coordinator", "oslo")
    assert other.get(path).status_code == 404
    for action in ("change", "delete", "secret", "replay", "test"):
        assert sent(other, f"{path}/{action}", {"kinds": ["alert.raised"]}, WEBHOOKS).status_code == 404
    admin = Visitor(service).sign_in("admin")
    page = admin.get(path).text
    assert receiver.url not in page
    assert f"{path}/change" not in page
    assert "Testmeldingen kom fram" in sent(admin, f"{path}/test", {}, path).text
    assert sent(admin, f"{path}/secret", {}, path).status_code == 403
    assert sent(admin, f"{path}/delete", {}, path).status_code == 303


def test_a_test_message_through_the_interface_says_what_became_of_it(service: Service, receiver: Receiver) -> None:
    client = service.as_("leader", "oslo")
    hook = client.post("/v1/webhooks", {"url": receiver.url, "kinds": ["alert.raised"]}).json()
    done = client.post(f"/v1/webhooks/{hook['id']}/test").json()
    assert (done["delivered"], done["reason"]) == (True, None)
    assert receiver.got[0].headers["webhook-id"] == done["id"]
    receiver.say = status(410)
    assert client.post(f"/v1/webhooks/{hook['id']}/test").json()["reason"] == "status_410"
    [kept] = client.get("/v1/webhooks").json()["items"]
    assert kept["disabled_at"] is None


def test_a_repeated_test_message_is_sent_once(service: Service, receiver: Receiver) -> None:
    client = service.as_("leader", "oslo")
    hook = client.post("/v1/webhooks", {"url": receiver.url, "kinds": ["alert.raised"]}).json()
    first, second = (client.post(f"/v1/webhooks/{hook['id']}/test", key="clicked-twice") for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert [message.headers["webhook-id"] for message in receiver.got] == [first.json()["id"]]
