"""Searching for a person and reassigning many cases from a page, and whom a page names."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.api.build import case_at
from tests.service import Client, Service
from tests.web.visiting import Visitor
from ungdom.store import web_views
from ungdom.store.schema.access import access_log
from ungdom.store.schema.staff import staff

LIN = {"born": "2009-03-12", "given_name": "Vimsete", "family_name": "Sykkelpumpe"}
STRICT = {**LIN, "family_name": "Brødkniv", "protection": "strictly_confidential"}


@pytest.fixture
def client(one: Service) -> Client:
    return one.as_("coordinator", "oslo")


@pytest.fixture
def visitor(one: Service) -> Visitor:
    return Visitor(one).sign_in("coordinator", "oslo")


def searched(visitor: Visitor, **fields: str) -> Any:
    return visitor.post("/search", {"key": visitor.key("/search"), **fields})


def test_a_person_is_searched_for_with_a_reason_that_stands_in_the_log(
    one: Service, client: Client, visitor: Visitor
) -> None:
    case = case_at(client, "registered", person=LIN)
    found = searched(visitor, name="Sykkelpumpe", reason="own_case")
    assert found.status_code == 200, found.text
    assert f"/cases/{case}" in found.text
    assert found.request.url.query == b""
    with one.db.reading() as tx:
        rows = tx.execute(select(access_log).where(access_log.c.route == "POST /search")).all()
    assert [(row.criteria, row.hits) for row in rows] == [("name own_case", 1)]


def test_a_search_without_a_reason_or_anything_to_search_by_is_refused(visitor: Visitor) -> None:
    for fields in ({"name": "Sykkelpumpe"}, {"reason": "own_case"}, {"reason": "nothing", "name": "A"}):
        refused = searched(visitor, **fields)
        assert refused.status_code == 422, fields
        assert 'role="alert"' in refused.text


def test_a_search_is_silent_about_protected_addresses(one: Service) -> None:
    case_at(one.as_("coordinator", "oslo", "coordinator-oslo-2"), "registered", person=STRICT)
    other = Visitor(one).sign_in("coordinator", "oslo")
    assert "Treff: 0" in searched(other, name="Brødkniv", reason="own_case").text
    assert "Treff: 0" in searched(other, name="Finnes ikke", reason="own_case").text
    assert "Treff: 1" in searched(Visitor(one).sign_in("leader", "oslo"), name="Brødkniv", reason="supervision").text


def test_whoever_searches_for_no_persons_has_no_such_page(one: Service, visitor: Visitor) -> None:
    assert 'href="/search"' in visitor.get("/today").text
    for role in ("team_member", "auditor"):
        stranger = Visitor(one).sign_in(role)
        assert stranger.get("/search").status_code == 403
        assert stranger.post("/search", {"key": "x"}).status_code == 403


def test_many_cases_are_reassigned_after_a_dry_run(one: Service, client: Client) -> None:
    cases = [case_at(client, "preparing") for _ in range(2)]
    leader = Visitor(one).sign_in("leader", "oslo")
    one.as_("coordinator", "oslo", "coordinator-oslo-2")
    fields = {"from": "coordinator-oslo", "to": "coordinator-oslo-2", "reason": "workload"}
    assert "/reassign" in leader.get("/today").text
    tried = leader.post("/reassign", {"key": leader.key("/reassign"), "action": "preview", **fields})
    assert tried.status_code == 200, tried.text
    assert "2 saker kan fordeles" in tried.text
    assert client.get(f"/v1/cases/{cases[0]}").json()["coordinator"] == "coordinator-oslo"
    done = leader.post("/reassign", {"key": leader.key("/reassign"), "action": "do", **fields})
    assert "2 saker er fordelt" in done.text
    assert {client.get(f"/v1/cases/{case}").json()["coordinator"] for case in cases} == {"coordinator-oslo-2"}
    none = leader.post("/reassign", {"key": leader.key("/reassign"), "action": "do", **fields, "waiting_for": "court"})
    assert "0 saker er fordelt" in none.text
    wrong = leader.post("/reassign", {"key": leader.key("/reassign"), "from": "a", "to": "a"})
    assert wrong.status_code == 422
    assert Visitor(one).sign_in("secretariat").get("/reassign").status_code == 403


def test_staff_are_named_to_those_who_may_read_the_list_of_staff(one: Service, client: Client) -> None:
    case = case_at(client, "executing")
    client.record(case, "team_member_joined", "2026-01-05", {"member": "teacher-7", "agency": "school"})
    with one.db.writing() as tx:
        tx.execute(update(staff).where(staff.c.subject == "coordinator-oslo").values(display_name="Kari Trapp"))
    for role, office in (("leader", "oslo"), ("secretariat", None)):
        assert "Kari Trapp" in Visitor(one).sign_in(role, office).get(f"/cases/{case}").text
    member = Visitor(one).sign_in("team_member", subject="teacher-7").get(f"/cases/{case}")
    assert member.status_code == 200
    assert "Kari Trapp" not in member.text


def test_signing_out_everywhere_is_one_button(one: Service) -> None:
    first, second = (Visitor(one).sign_in("coordinator", "oslo") for _ in range(2))
    assert 'name="everywhere"' in first.get("/today").text
    assert first.post("/sign-out", {"key": first.key(), "everywhere": "yes"}).status_code == 303
    assert second.get("/today").status_code == 303


def test_a_view_is_saved_for_oneself_or_the_office_and_deleted_by_whoever_saved_it(served: Service) -> None:
    mine = Visitor(served).sign_in("coordinator", "oslo")
    other = Visitor(served).sign_in("coordinator", "oslo", "coordinator-oslo-2")
    own = {"name": "Mine sene", "query": "whose=mine&late=yes&cursor=abc"}
    sent = mine.post("/today/views", {"key": mine.key(), **own})
    assert (sent.status_code, sent.headers["location"]) == (303, "/today?whose=mine&late=yes")
    shared = {"name": "Venter på retten", "query": "waiting_for=court", "shared": "yes"}
    assert mine.post("/today/views", {"key": mine.key(), **shared}).status_code == 303
    shown, seen = mine.get("/today").text, other.get("/today").text
    assert "Mine sene" in shown
    assert "Mine sene" not in seen
    assert 'href="/today?waiting_for=court"' in shown
    assert 'href="/today?waiting_for=court"' in seen
    assert "Venter på retten" not in Visitor(served).sign_in("leader", "troms").get("/today").text
    deletions = re.findall(r"/today/views/[0-9a-f-]+/delete", shown)
    assert (len(deletions), "/delete" in seen) == (2, False)
    other.post(deletions[0], {"key": other.key()})
    assert mine.get("/today").text.count("/delete") == 2
    assert mine.post(deletions[0], {"key": mine.key()}).status_code == 303
    assert mine.get("/today").text.count("/delete") == 1
    assert "/delete" not in Visitor(served).sign_in("leader", "troms").get("/today").text
    leader = Visitor(served).sign_in("leader", "oslo")
    [deletion] = re.findall(r"/today/views/[0-9a-f-]+/delete", leader.get("/today").text)
    assert leader.post(deletion, {"key": leader.key()}).status_code == 303
    assert "Venter på retten" not in mine.get("/today").text


def test_a_view_needs_a_name_and_holds_only_what_the_list_may_be_asked_for(one: Service, visitor: Visitor) -> None:
    assert visitor.post("/today/views", {"key": visitor.key(), "name": " ", "query": ""}).status_code == 422
    for query in ("kind=nothing", "name=Kari", "case=1"):
        assert visitor.post("/today/views", {"key": visitor.key(), "name": "a", "query": query}).status_code == 422
    sent = {"name": "Navn " * 20, "query": "whose=office&late=yes", "shared": "yes"}
    refused = visitor.post("/today/views", {"key": visitor.key(), **sent})
    assert refused.status_code == 422
    assert sent["name"].strip() in refused.text
    assert 'name="next" value="/today?whose=office&amp;late=yes"' in refused.text
    assert 'value="yes" checked' in refused.text
    assert Visitor(one).sign_in("team_member").post("/today/views", {"key": "x"}).status_code == 403


def test_one_view_more_than_there_may_be_is_refused_and_the_form_stays(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_views, "MOST_VIEWS", 1)
    answers = [visitor.post("/today/views", {"key": visitor.key(), "name": name, "query": ""}) for name in ("a", "Ny")]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert "Du har alt 1 lagrede visninger" in answers[1].text
    assert 'name="name" value="Ny"' in answers[1].text
