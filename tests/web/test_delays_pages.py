"""Alerts answered from their pages, whom cases waited for, and the page of a member of follow-up teams."""

import re
from datetime import date
from typing import Any

import pytest

from tests.api.build import case_at, recorded
from tests.api.test_alerts import DUE, night, suspect
from tests.service import Client, Service
from tests.stories import test_coordination_group as coordination_group
from tests.stories.telling import Story
from tests.stories.test_coordination_group import LEAD_WARNED, POLICE, kept
from tests.web.visiting import Visitor
from ungdom.web import my_cases_page
from ungdom.web.counterfactual_svg import ROW, WIDTH, draw
from ungdom.web.share_svg import Share, draw_shares

CLOCK: dict[str, Any] = {
    "begun_on": "2026-01-05",
    "due": "2026-02-16",
    "until": "2026-03-06",
    "days": 60,
    "over_days": 18,
    "causes": [
        {"label": "Påtalen", "days": 31, "on": "2026-02-03", "within": True},
        {"label": "Retten", "days": 0, "on": "2026-03-06", "within": False},
    ],
}


@pytest.fixture
def client(one: Service) -> Client:
    """The coordinator of a case whose charge decision is warned of."""
    client = one.as_("coordinator", "oslo")
    suspect(client)
    night(one)
    return client


def alert_of(client: Client) -> dict[str, Any]:
    [alert] = client.get("/v1/alerts").json()["items"]
    return alert


def sent_from(visitor: Visitor, alert: str, action: str, back: str = "/delays", **fields: str) -> Any:
    return visitor.post(f"/delays/{alert}/{action}", {"key": visitor.key("/delays"), "back": back, **fields})


def test_the_list_of_delays_is_that_of_the_interface_and_is_narrowed_by_clock_and_party(
    one: Service, client: Client
) -> None:
    visitor, alert = Visitor(one).sign_in("coordinator", "oslo"), alert_of(client)
    for query, listed in (
        ("", True),
        ("?code=charge_decision&waiting_for=police", True),
        ("?code=plan_meeting", False),
        ("?waiting_for=court", False),
        ("?state=answered", False),
        ("?level=&state=", True),
    ):
        page = visitor.get(f"/delays{query}")
        assert page.status_code == 200, page.text
        assert (f"alert-{alert['id']}" in page.text) is listed, query
    waiting = client.get("/v1/alerts", waiting_for="police").json()["items"]
    assert [x["id"] for x in waiting] == [alert["id"]]
    assert client.get("/v1/alerts", waiting_for="court").json()["items"] == []


def test_an_alert_is_acknowledged_answered_and_put_off_from_the_list(one: Service, client: Client) -> None:
    visitor, alert = Visitor(one).sign_in("coordinator", "oslo"), alert_of(client)["id"]
    sent = sent_from(visitor, alert, "acknowledge")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/delays#alert-{alert}")
    assert alert_of(client)["state"] == "acknowledged"
    sent = sent_from(visitor, alert, "snooze", until="2026-02-12", back="https://evil.test/")
    assert sent.headers["location"] == f"/delays#alert-{alert}"
    assert alert_of(client)["quiet_until"] == "2026-02-12"
    answer = {"reason": "waiting_for_court", "expected_on": "2026-03-02"}
    assert sent_from(visitor, alert, "answer", back="/delays?level=upcoming", **answer).status_code == 303
    assert alert_of(client)["reason"] == "waiting_for_court"
    page = visitor.get(f"/delays/{alert}").text
    assert page.count("<li>") >= 4  # raised, and the three
    assert "Venter på domstolen" in page


def test_a_refused_answer_says_why_and_keeps_what_was_chosen(one: Service, client: Client) -> None:
    visitor, alert = Visitor(one).sign_in("coordinator", "oslo"), alert_of(client)["id"]
    refused = sent_from(visitor, alert, "answer", reason="illness", expected_on="2031-01-01")
    assert refused.status_code == 422
    assert f'name="next" value="/delays/{alert}"' in refused.text
    assert 'role="alert"' in refused.text
    assert re.search(r'value="illness" selected', refused.text)
    missing = sent_from(visitor, alert, "answer", reason="illness")
    assert missing.status_code == 422
    assert visitor.post(f"/delays/{alert}/answer", {"key": "x"}).status_code == 403
    assert alert_of(client)["state"] == "open"


def test_whoever_may_not_put_off_has_no_button_and_is_refused(one: Service, client: Client) -> None:
    visitor, alert = Visitor(one).sign_in("secretariat"), alert_of(client)["id"]
    page = visitor.get(f"/delays/{alert}")
    assert page.status_code == 200
    assert f"/delays/{alert}/" not in page.text
    key = visitor.key("/delays")
    for action in ("acknowledge", "snooze", "answer"):
        assert visitor.post(f"/delays/{alert}/{action}", {"key": key}).status_code == 403
    assert Visitor(one).sign_in("coordinator", "troms").get(f"/delays/{alert}").status_code == 404


def test_an_office_that_a_case_is_to_move_to_has_no_button_until_it_has_the_case(one: Service) -> None:
    case, leader = case_at(one.as_("coordinator", "oslo"), "executing"), one.as_("leader", "oslo")
    where = {"to": "troms", "parties_heard": True, "prosecution_told_on": "2026-01-05"}
    recorded(leader, case, "transfer_decided", details=where)
    night(one, date(2026, 6, 1))
    for office, buttons in (("oslo", True), ("troms", False)):
        visitor = Visitor(one).sign_in("leader", office)
        listed = visitor.get("/delays").text
        alert = re.findall(r'id="alert-([0-9a-f-]+)"', listed)[0]
        for page in (listed, visitor.get(f"/delays/{alert}").text):
            assert (f"/delays/{alert}/answer" in page) is (f"/delays/{alert}/snooze" in page) is buttons


def test_a_standing_contact_has_no_link_to_a_case_they_cannot_see(one: Service) -> None:
    kept(one, POLICE)
    case = Story(one, "F R2", "suspect_set").id
    coordination_group.night(one, LEAD_WARNED)
    contact = Visitor(one).sign_in("team_member", subject=POLICE["subject"])
    listed = contact.get("/delays").text
    [alert] = re.findall(r'action="/delays/([0-9a-f-]+)/answer"', listed)
    reference = one.as_("coordinator", "oslo").get(f"/v1/cases/{case}").json()["reference"]
    for page in (listed, contact.get(f"/delays/{alert}").text):
        assert reference in page
        assert f"/cases/{case}" not in page
    assert f'href="/cases/{case}"' in Visitor(one).sign_in("coordinator", "oslo").get("/delays").text


def test_whom_cases_waited_for_is_what_the_interface_counts(one: Service, client: Client) -> None:
    case_at(client, "executing")
    visitor = Visitor(one).sign_in("leader", "oslo")
    group = one.as_("leader", "oslo").get("/v1/delays", **{"from": "2025-01-01"}).json()
    page = visitor.get("/delays/causes?since=2025-01-01")
    assert page.status_code == 200
    for share in group["parties"]:
        assert share["label"] in page.text
    assert group["cases"] > 0
    assert "Ingen saker i perioden" in visitor.get("/delays/causes?since=2020-01-01&until=2020-02-01").text
    assert visitor.get("/delays/causes?since=nothing").status_code == 422


def test_a_member_sees_their_cases_and_answers_for_their_agency_in_one_step(
    one: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_at(client, "executing")
    recorded(client, case, "team_member_joined", details={"member": "teacher-7", "agency": "school"})
    case_at(client, "executing")
    night(one, date(2026, 6, 1))
    member = Visitor(one).sign_in("team_member", subject="teacher-7")
    assert member.get("/").headers["location"] == "/my-cases"
    page = member.get("/my-cases")
    assert page.status_code == 200, page.text
    token = one.as_("team_member", subject="teacher-7")
    assert {f"/cases/{row['id']}" for row in token.get("/v1/cases").json()["items"]} == {f"/cases/{case}"}
    assert set(re.findall(r"/cases/[0-9a-f-]+", page.text)) == {f"/cases/{case}"}
    asked = token.get("/v1/alerts").json()["items"]
    assert asked
    for alert in asked:
        assert f'action="/delays/{alert["id"]}/answer"' in page.text
        assert f"/delays/{alert['id']}/snooze" not in page.text
    monkeypatch.setattr(my_cases_page, "ALERTS", 1)
    pages, address = [], "/my-cases"
    while address:
        pages.append(member.get(address).text)
        address = next(iter(re.findall(r'href="(/my-cases\?asked=[^"]+)"', pages[-1])), "")
    assert [re.findall(r'id="alert-([0-9a-f-]+)"', text) for text in pages] == [[alert["id"]] for alert in asked]
    monkeypatch.undo()
    alert, expected = asked[0]["id"], "2026-06-20"
    answered = member.post(
        f"/delays/{alert}/answer",
        {"key": member.key("/my-cases"), "back": "/my-cases", "reason": "capacity", "expected_on": expected},
    )
    assert answered.headers["location"] == f"/my-cases#alert-{alert}"
    [part] = client.get(f"/v1/alerts/{alert}").json()["parts"]
    assert (part["agency"], part["reason"], part["expected_on"]) == ("school", "capacity", expected)
    assert "20. juni 2026" in member.get("/my-cases").text


def test_the_page_of_a_member_is_for_members_and_has_an_empty_state(one: Service) -> None:
    for role, office in (("coordinator", "oslo"), ("secretariat", None), ("auditor", None)):
        assert Visitor(one).sign_in(role, office).get("/my-cases").status_code == 403
    assert "Ingen saker nå" in Visitor(one).sign_in("team_member", subject="nobody").get("/my-cases").text


def test_a_delay_is_drawn_to_scale_against_its_due_day() -> None:
    drawing = draw(CLOCK)
    assert drawing
    [actual, without] = drawing.spans
    unit = (WIDTH - 4) / 60
    assert (actual.width, without.width) == (pytest.approx(60 * unit, abs=0.1), pytest.approx(29 * unit, abs=0.1))
    assert drawing.due_x == pytest.approx(42 * unit, abs=0.1)
    assert (without.within, without.y) == (True, ROW)
    assert draw({**CLOCK, "over_days": None}) is None
    assert draw({**CLOCK, "causes": CLOCK["causes"][1:]}) is None


def test_the_longest_share_is_as_wide_as_the_drawing() -> None:
    drawing = draw_shares([Share("a", 5), Share("b", 20), Share("c", 0)])
    assert drawing
    assert [(bar.share.label, bar.width) for bar in drawing.bars] == [("b", WIDTH - 4), ("a", (WIDTH - 4) / 4)]
    assert draw_shares([Share("c", 0)]) is None


def test_the_day_on_which_a_charge_is_due_is_written_on_its_card(one: Service, client: Client) -> None:
    assert alert_of(client)["due"] == DUE
    assert "16. februar 2026" in Visitor(one).sign_in("coordinator", "oslo").get("/delays").text
