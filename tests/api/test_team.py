"""The team of a case over HTTP: who is told what of whom, by law and by consent."""

from typing import Any

import pytest

from tests.api.build import DAY, case_at, recorded
from tests.service import Client, Service

TEACHER = {"member": "teacher-7", "agency": "school", "role": "teacher", "channel": "email"}
NURSE = {"member": "nurse-1", "agency": "health", "role": "health_worker", "channel": "inbox"}
SHARES = {"scope": ["progress"], "recipients": ["school"]}


def with_team(client: Client, **changed: Any) -> str:
    case = case_at(client, "executing", **changed)
    recorded(client, case, "team_member_joined", DAY, TEACHER)
    recorded(client, case, "team_member_joined", DAY, NURSE)
    recorded(client, case, "team_member_left", DAY, {"member": "nurse-1"})
    recorded(client, case, "measure_started", DAY, {"measure": "m1"})
    return case


def team(client: Client, case: str, **asked: str) -> dict[str, Any]:
    found = client.get(f"/v1/cases/{case}/team", **asked)
    assert found.status_code == 200, found.text
    return found.json()


def shared(member: dict[str, Any], matter: str) -> dict[str, Any]:
    return next(one for one in member["shares"] if one["matter"] == matter)


def test_the_office_is_told_of_members_now_and_before_and_why_something_may_not_be_shared(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case = with_team(office)
    found = team(office, case)
    teacher, nurse = found["members"]
    assert (teacher["role"], teacher["channel"], teacher["joined"], teacher["left"]) == ("teacher", "email", DAY, None)
    assert (nurse["left"], nurse["shares"]) == (DAY, None)
    why = shared(teacher, "progress")
    assert (why["allowed"], why["reason"], why["law"]) == (False, "youth_has_not_consented", "krl § 22 c")
    assert "samtykket" in why["message"]
    recorded(office, case, "sharing_consent_given", DAY, SHARES | {"by": "youth"})
    assert shared(team(office, case)["members"][0], "progress")["reason"] == "guardian_has_not_consented"
    recorded(office, case, "sharing_consent_given", DAY, SHARES | {"by": "guardian", "guardian": "g1"})
    assert shared(team(office, case)["members"][0], "progress")["allowed"]


def test_a_youth_sanction_names_who_is_missing_with_its_law_and_what_to_do(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    found = team(office, with_team(office))
    assert found["due"]
    taken = {seat["who"]: (seat["taken"], seat["law"], seat["advice"]) for seat in found["mandatory"]}
    assert set(taken) == {"coordinator", "youth", "guardian", "task_holder"}
    assert all(one == (True, one[1], None) and "krl" in one[1] for one in taken.values())
    case = case_at(office, "executing")
    recorded(office, case, "measure_started", DAY, {"measure": "m1"})
    lacking = [seat for seat in team(office, case)["mandatory"] if not seat["taken"]]
    assert [seat["who"] for seat in lacking] == ["task_holder"]
    assert len(lacking[0]["advice"]) > 20


def test_before_execution_no_team_is_due(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    found = team(office, case_at(office, "preparing"))
    assert (found["due"], found["mandatory"], found["members"]) == (False, [], [])


def test_a_member_is_told_who_is_on_the_team_but_of_others_not_what_they_may_learn(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case = with_team(office)
    recorded(office, case, "team_member_joined", DAY, {"member": "doctor-1", "agency": "health"})
    found = team(one.as_("team_member", subject="teacher-7"), case)
    by_name = {member["member"]: member for member in found["members"] if member["left"] is None}
    assert (found["mandatory"], found["coordinator"]) == (None, "coordinator-oslo")
    assert (by_name["doctor-1"]["shares"], by_name["doctor-1"]["channel"]) == (None, None)
    own = shared(by_name["teacher-7"], "progress")
    assert (own["allowed"], own["reason"], own["message"]) == (False, None, None)


@pytest.mark.parametrize("protection", ["confidential", "strictly_confidential"])
def test_the_team_of_a_protected_youth_is_told_of_themselves_only(one: Service, protection: str) -> None:
    office = one.as_("coordinator", "oslo")
    person = {
        "given_name": "Vimsete", "family_name": "Vaffelpresse", "born": "2009-03-12", "protection": protection,
        "guardians": [{"name": "Sindig Vaffelpresse"}],
    }  # fmt: skip
    found = team(one.as_("team_member", subject="teacher-7"), with_team(office, person=person))
    assert [member["member"] for member in found["members"]] == ["teacher-7"]
    assert (found["coordinator"], found["mandatory"]) == (None, None)
    assert "oslo" not in str(found)


def test_the_team_is_told_as_it_was(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case = with_team(office)
    one.clock.turn_to(one.clock.instant.date().replace(day=9))
    recorded(office, case, "team_member_left", "2026-01-08", {"member": "teacher-7"})
    assert [m["left"] for m in team(office, case)["members"]] == ["2026-01-08", DAY]
    assert [m["left"] for m in team(office, case, valid_at="2026-01-07")["members"]] == [None, DAY]
    assert [m["left"] for m in team(office, case, known_at="2026-01-08")["members"]] == [None, DAY]


def test_joining_twice_is_refused_with_what_helps(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case = with_team(office)
    again = office.record(case, "team_member_joined", DAY, TEACHER)
    assert again.status_code == 409
    assert [no["code"] for no in again.json()["unmet"]] == ["is_not_on_the_team"]
    wrong = office.record(case, "team_member_joined", DAY, NURSE | {"role": "police_contact"})
    assert [no["code"] for no in wrong.json()["unmet"]] == ["role_fits_the_agency"]
