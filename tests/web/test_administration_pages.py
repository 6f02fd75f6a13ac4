"""Staff, nights, the access log and the hash chains for whoever may see each; and a survey answered from its link."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.build import case_at
from tests.api.test_alerts import WARNED, night
from tests.service import Service
from tests.web.visiting import Visitor
from ungdom import texts
from ungdom.jobs import nightly
from ungdom.jobs.steps import all_steps
from ungdom.web.night_counts import counts_in_words

TABLES = {
    "staff": {"leader": 200, "secretariat": 200, "admin": 200, "auditor": 403, "team_member": 403},
    "contacts": {"leader": 200, "secretariat": 200, "admin": 403, "auditor": 403, "team_member": 403},
    "webhooks": {"admin": 200, "auditor": 403, "leader": 200, "secretariat": 200, "team_member": 403},
    "jobs": {"admin": 200, "auditor": 403, "leader": 403},
    "nights": {"admin": 200, "auditor": 403, "leader": 403},
    "access-log": {"auditor": 200, "admin": 403, "leader": 403},
    "audit": {"auditor": 200, "admin": 200, "leader": 403},
}
"""Who is given which table: as the interface answers (tests/api/test_permissions.py)."""


def signed_in(service: Service, role: str) -> Visitor:
    return Visitor(service).sign_in(role, "oslo" if role == "leader" else None)


def test_each_table_is_for_whom_the_interface_gives_it_and_no_other_is_offered(one: Service) -> None:
    case_at(one.as_("coordinator", "oslo"), "registered")
    night(one)
    for table, roles in TABLES.items():
        for role, status in roles.items():
            visitor = signed_in(one, role)
            page = visitor.get(f"/administration/{table}")
            assert page.status_code == status, (table, role, page.text)
            if status == 200:
                offered = set(re.findall(r'href="/administration/([a-z-]+)"', page.text))
                assert offered == {name for name, those in TABLES.items() if those.get(role) == 200}
    assert signed_in(one, "auditor").get("/administration").headers["location"] == "/administration/access-log"
    assert signed_in(one, "team_member").get("/administration").status_code == 403


def test_the_tables_have_what_the_interface_answers(one: Service) -> None:
    case = case_at(one.as_("coordinator", "oslo"), "registered")
    Visitor(one).sign_in("coordinator", "oslo").get(f"/cases/{case}")
    night(one)
    auditor, admin = signed_in(one, "auditor"), signed_in(one, "admin")
    log = auditor.get("/administration/access-log?subject=coordinator-oslo").text
    assert "GET /cases/{case_id}" in log
    assert case in log
    assert (
        "coordinator-oslo"
        not in auditor.get("/administration/access-log?subject=nobody").text.replace("Uten", "").partition("<main")[2]
    )
    [run] = one.as_("admin").get("/v1/jobs/nightly/runs", limit=1).json()["items"]
    assert run["status"] == "ok"
    for language, words in (("nb", "Fullført"), ("nn", "Fullført"), ("en", "Completed")):
        admin.language = language
        assert f">{words}</td>" in admin.get("/administration/nights").text
    admin.language = "nb"
    search = {"name": "Sykkelpumpe", "reason": "own_case"}
    assert one.as_("coordinator", "oslo").post("/v1/persons/search", search).status_code == 200
    assert "Navn, Min egen sak" in auditor.get("/administration/access-log?subject=coordinator-oslo").text
    assert "Ingen feil er funnet" in admin.get("/administration/audit").text
    assert "coordinator-oslo" in admin.get("/administration/staff").text


def test_many_cases_of_one_answer_are_shown_when_they_are_opened(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    cases = [case_at(client, "registered") for _ in range(4)]
    Visitor(one).sign_in("coordinator", "oslo").get("/today")
    log = signed_in(one, "auditor").get("/administration/access-log?subject=coordinator-oslo").text
    [folded] = re.findall(r"<details><summary>4 saker og personer</summary>(.*?)</details>", log)
    assert all(f"<li>{case}</li>" in folded for case in cases)


def test_contacts_and_webhooks_are_listed_as_in_the_interface(one: Service) -> None:
    leader, client = signed_in(one, "leader"), one.as_("leader", "oslo")
    contact = {"agency": "police", "name": "Vakta", "subject": "police-7"}
    headers = {"Authorization": f"Bearer {client.token}", "Idempotency-Key": "contacts"}
    written = one.send("PUT", "/v1/coordination-groups/oslo", json={"contacts": [contact]}, headers=headers)
    assert written.status_code == 200, written.text
    [group] = client.get("/v1/coordination-groups", limit=1).json()["items"]
    page = leader.get("/administration/contacts").text
    assert f"{group['contacts'][0]['agency_label']}: Vakta" in page
    assert group["missing"] == ["prosecution", "correctional_service"]
    assert "Påtalemyndigheten, Kriminalomsorgen" in page
    assert "Konfliktrådet Oslo" in page
    hook = {"url": "https://system.test/secret-path", "kinds": ["alert.raised"]}
    assert client.post("/v1/webhooks", hook).status_code == 201
    page = signed_in(one, "admin").get("/administration/webhooks").text
    assert "system.test" in page
    assert "nye varsler" in page
    assert "secret-path" not in page
    assert "Ny webhook" not in page


def test_what_a_night_counts_is_named_in_words(one: Service, tmp_path: Path) -> None:
    case_at(one.as_("coordinator", "oslo"), "registered")
    one.clock.turn_to(WARNED, 2)
    [run] = nightly.run(one.db, one.clock, steps=all_steps(one.app.state.keys, one.app.state.erasures, tmp_path))
    assert {"scanned", "decisions_tried", "audit_rows", "forecast_curves"} <= set(run.counts)
    for language in texts.languages():
        words = counts_in_words(language, {**run.counts, "retention_persons_unconfirmed": 3, "checks_chain_broken": 1})
        assert [line for line in words if re.search("[a-z]_[a-z]", line)] == []
        assert len(set(words)) == len(words)
    assert "3 ikke slettet, fordi regelen ikke er bekreftet: opplysninger om personer" in counts_in_words(
        "nb", {"retention_persons_unconfirmed": 3}
    )
    assert counts_in_words("nb", {"of_later_versions": 1}) == ["1 of_later_versions"]
    page = signed_in(one, "admin").get("/administration/nights").text
    assert f"<li>{counts_in_words('nb', run.counts)[0]}</li>" in page


def invited(service: Service) -> dict[str, Any]:
    client = service.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    [due, *_] = client.get(f"/v1/cases/{case}/surveys").json()["items"]
    answer = client.post(f"/v1/cases/{case}/surveys", {"kind": due["kind"], "respondent": due["respondent"]})
    assert answer.status_code == 201, answer.text
    invitation: dict[str, Any] = answer.json()
    return invitation


def test_a_survey_is_answered_from_its_link_once_without_signing_in(one: Service) -> None:
    invitation = invited(one)
    path = f"/survey/{invitation['token']}"
    assert invitation["address"].endswith(path)
    visitor = Visitor(one)
    page = visitor.get(path)
    assert page.status_code == 200, page.text
    questions = sorted(set(re.findall(r'type="radio" name="([a-z_]+)"', page.text)))
    assert questions
    missing = visitor.post(path, {questions[0]: "4"})
    assert missing.status_code == (422 if len(questions) > 1 else 200)
    grades = dict.fromkeys(questions, "4")
    for wrong in ("9", "9" * 5_000):
        assert visitor.post(path, grades | {questions[0]: wrong}).status_code == 422
    assert re.search(r'value="4" required checked', visitor.post(path, grades | {questions[0]: "x"}).text)
    thanks = visitor.post(path, grades)
    assert thanks.status_code == 200, thanks.text
    assert "Takk" in thanks.text
    assert visitor.post(path, grades).status_code == visitor.get(path).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_survey_is_answered_from_its_own_page_only(one: Service, headers: dict[str, str]) -> None:
    assert Visitor(one).post(f"/survey/{invited(one)['token']}", {}, headers).status_code == 403
