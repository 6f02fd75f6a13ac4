"""Who sees a case, and who may do what in it. What is hidden cannot be told from what does not exist."""

from typing import Any

import httpx
import pytest

from tests.api.build import (
    DAY,
    FOLLOW_UP,
    HIDDEN,
    STAGES,
    assert_problem,
    case_at,
    opened,
    recorded,
    rows,
    unmet,
)
from tests.service import Client, Service, new_case
from ungdom.workflow.rules.permissions import PROSECUTION_SEES

READINGS = ("", "/events", "/options", "/lead-time", "/deadlines")
EVENT = {"type": "suspect_set", "occurred_on": DAY}
CORRECTION = {"seq": 1, "reason": "wrong_date", "replacement": None}
NO_CASE_CONTENT = ("analyst", "auditor", "admin")


def answers(client: Client, case: str) -> list[httpx.Response]:
    """Every route of a case."""
    read = [client.get(f"/v1/cases/{case}{path}") for path in READINGS]
    travel = [
        client.get(f"/v1/cases/{case}{path}", known_at=DAY, valid_at=DAY) for path in ("", "/events", "/deadlines")
    ]
    write = [
        client.post(f"/v1/cases/{case}/events", EVENT, '"1"'),
        client.post(f"/v1/cases/{case}/events?dry_run=true", EVENT, '"1"'),
        client.post(f"/v1/cases/{case}/events", EVENT),
        client.post(f"/v1/cases/{case}/events", EVENT, '"1"', key=f"permissions-{case}"),
        client.post(f"/v1/cases/{case}/corrections", CORRECTION, '"1"'),
    ]
    return read + travel + write


def without_trace(answer: httpx.Response) -> tuple[int, dict[str, Any], list[str]]:
    return answer.status_code, answer.json() | {"trace_id": ""}, sorted(answer.headers)


def listed(client: Client) -> set[str]:
    return {one["id"] for one in client.get("/v1/cases", limit=200).json()["items"]}


# --- offices ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "leader", "prosecution"])
def test_a_case_of_another_office_answers_as_one_that_does_not_exist(shared: Service, role: str) -> None:
    case = opened(shared.as_("coordinator", "oslo"))
    before = rows(shared)
    stranger = shared.as_(role, "troms")
    hidden = [without_trace(answer) for answer in answers(stranger, case)]
    absent = [without_trace(answer) for answer in answers(stranger, HIDDEN)]
    assert hidden == absent
    assert {status for status, _, _ in hidden} == {404}
    assert case not in listed(stranger)
    assert stranger.get("/v1/cases", known_at=DAY, limit=200).json()["items"] == []
    assert rows(shared) == before


def test_a_reference_or_a_number_of_another_office_finds_nothing(shared: Service) -> None:
    ours = shared.as_("coordinator", "oslo")
    reference = ours.get(f"/v1/cases/{opened(ours, police_case_numbers=['98765432'])}").json()["reference"]
    theirs = shared.as_("coordinator", "troms")
    for word in (reference, reference[:3], "98765432"):
        assert ours.get("/v1/cases", q=word).json()["items"]
        assert theirs.get("/v1/cases", q=word).json()["items"] == []
        assert theirs.get("/v1/cases", q=word, valid_at=DAY).json()["items"] == []
    assert_problem(theirs.get("/v1/cases", konfliktrad="oslo"), 403, "other_office")


def test_a_case_is_opened_only_in_the_own_office(shared: Service) -> None:
    elsewhere, secretariat = shared.as_("coordinator", "troms"), shared.as_("secretariat")
    before = rows(shared)
    assert_problem(elsewhere.post("/v1/cases", new_case()), 403, "other_office")
    assert_problem(secretariat.post("/v1/cases", new_case()), 403, "forbidden_role")
    assert rows(shared) == before


def test_the_secretariat_sees_every_office_and_does_not_do_their_work(shared: Service) -> None:
    cases = {
        opened(shared.as_("coordinator", "oslo")),
        opened(shared.as_("coordinator", "troms"), konfliktrad="troms"),
    }
    secretariat = shared.as_("secretariat")
    for case in cases:
        assert all(secretariat.get(f"/v1/cases/{case}{path}").status_code == 200 for path in READINGS)
        assert_problem(secretariat.record(case, "suspect_set", DAY), 403, "forbidden_role")
    assert cases <= listed(secretariat)


@pytest.mark.parametrize("protection", ["none", "confidential", "strictly_confidential"])
def test_until_a_transfer_is_accepted_the_old_office_has_the_case_and_the_new_leader_looks_and_then_only_the_new_one(
    shared: Service, protection: str
) -> None:
    ours, theirs = shared.as_("coordinator", "oslo"), shared.as_("coordinator", "troms")
    leader, their_leader = shared.as_("leader", "oslo"), shared.as_("leader", "troms")
    strict = protection == "strictly_confidential"
    case = case_at(ours, "preparing", person=youth(protection=protection))
    details = {"to": "troms", "parties_heard": True, "prosecution_told_on": DAY}
    assert_problem(ours.record(case, "transfer_decided", DAY, details), 403, "forbidden_role")
    recorded(leader, case, "transfer_decided", DAY, details)
    for client, sees in ((ours, True), (leader, True), (theirs, False), (their_leader, True)):
        assert client.get(f"/v1/cases/{case}").status_code == (200 if sees else 404)
        assert (case in listed(client)) is sees
    recorded(shared.as_("secretariat"), case, "transfer_accepted")

    assert {answer.status_code for answer in answers(ours, case)} == {404}
    assert {answer.status_code for answer in answers(leader, case)} == {404}
    assert case not in listed(ours) | listed(leader)
    assert their_leader.get(f"/v1/cases/{case}").json()["konfliktrad"] == "troms"
    assert (case in listed(theirs)) is not strict
    recorded(their_leader, case, "assigned", DAY, {"coordinator": "coordinator-troms"})
    assert theirs.get(f"/v1/cases/{case}").json()["coordinator"] == "coordinator-troms"
    assert case in listed(theirs)


# --- protected youths ---------------------------------------------------------------------------------------


def youth(**changed: Any) -> dict[str, Any]:
    """An invented youth with a contact, and a guardian with one."""
    guardian = {"name": "Sindig Vaffelpresse", "contact": "+47 000 00002"}
    person = {"given_name": "Vimsete", "family_name": "Vaffelpresse", "born": "2009-03-12", "contact": "+47 000 00001"}
    return person | {"guardians": [guardian]} | changed


def reach(client: Client, case: str) -> dict[str, Any] | None:
    return client.get(f"/v1/cases/{case}").json()["person"]["reach"]


def test_a_strictly_confidential_case_is_opened_by_hand_and_brought_to_its_end(shared: Service) -> None:
    opener, other = shared.as_("coordinator", "oslo", "coordinator-oslo-2"), shared.as_("coordinator", "oslo")
    leader = shared.as_("leader", "oslo")
    case = opened(opener, person=youth(protection="strictly_confidential"))
    for kind, details in FOLLOW_UP[: STAGES["received"]]:
        recorded(opener, case, kind, DAY, details)  # who opened it goes on until it is assigned
        assert other.get(f"/v1/cases/{case}").status_code == 404
    assert reach(opener, case) is None
    recorded(leader, case, "assigned", DAY, {"coordinator": "coordinator-oslo"})

    assert {answer.status_code for answer in answers(opener, case)} == {404}
    assert case not in listed(opener)
    assert case in listed(other)
    found = reach(other, case)
    assert found is not None
    assert [found["contact"]["telephone"], found["guardians"][0]["contact"]["telephone"]] == [
        "+47 000 00001",
        "+47 000 00002",
    ]
    for kind, details in FOLLOW_UP[STAGES["preparing"] : STAGES["executing"]]:
        recorded(other, case, kind, DAY, details)
    recorded(leader, case, "assigned", DAY, {"coordinator": "leader-oslo"})  # somebody else takes over
    assert other.get(f"/v1/cases/{case}").status_code == 404


def test_before_a_coordinator_is_assigned_the_leader_handles_a_strictly_confidential_case(shared: Service) -> None:
    leader, coordinator = shared.as_("leader", "oslo"), shared.as_("coordinator", "oslo")
    case = opened(
        shared.as_("prosecution", "oslo"), person=youth(protection="strictly_confidential"), on_behalf_of="police"
    )
    for kind, details in FOLLOW_UP[: STAGES["preparing"]]:
        assert coordinator.get(f"/v1/cases/{case}").status_code == 404
        recorded(leader, case, kind, DAY, details)
    assert coordinator.get(f"/v1/cases/{case}").json()["state"] == "preparing"


def test_the_prosecution_sees_of_strictly_confidential_cases_only_its_own_until_they_are_assigned(
    shared: Service,
) -> None:
    own, other = shared.as_("prosecution", "oslo"), shared.as_("prosecution", "oslo", "prosecution-oslo-2")
    case = opened(own, person=youth(protection="strictly_confidential"), on_behalf_of="police")
    assert (own.get(f"/v1/cases/{case}").status_code, other.get(f"/v1/cases/{case}").status_code) == (200, 404)
    assert (case in listed(own), case in listed(other)) == (True, False)
    assert own.get(f"/v1/cases/{case}").json()["person"]["reach"] is None


def test_a_level_told_with_a_new_case_holds_for_every_case_of_the_youth_and_is_never_lowered(shared: Service) -> None:
    """Told by somebody who may see the youth; tests/api/test_questions.py is about everybody else."""
    known = youth(national_id="12830950077", protection="confidential")
    ours, leader = shared.as_("coordinator", "oslo"), shared.as_("leader", "oslo")
    colleague = shared.as_("coordinator", "oslo", "coordinator-oslo-2")
    case = opened(ours, person=known)
    assert colleague.get(f"/v1/cases/{case}").status_code == 200
    other = colleague.post("/v1/cases", new_case(person=known | {"protection": "none"}))
    assert other.json()["person"]["protection"] == "confidential"
    assert other.json()["person"]["reach"] is None  # opening a case teaches nobody where somebody known lives
    opened(leader, person=known | {"protection": "strictly_confidential"})
    assert colleague.get(f"/v1/cases/{case}").status_code == 404
    assert leader.get(f"/v1/cases/{case}").json()["person"]["protection"] == "strictly_confidential"


def test_how_an_unprotected_youth_is_reached_is_told_to_the_office_alone(shared: Service) -> None:
    coordinator = shared.as_("coordinator", "oslo")
    case = opened(coordinator, person=youth(), municipality="0301", konfliktrad=None)
    for client in (coordinator, shared.as_("leader", "oslo"), shared.as_("coordinator", "oslo", "coordinator-oslo-2")):
        found = reach(client, case)
        assert found is not None
        assert found["municipality"] == "0301"
    for client in (shared.as_("secretariat"), shared.as_("prosecution", "oslo")):
        assert reach(client, case) is None


# --- roles that hold no cases -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", NO_CASE_CONTENT)
def test_analysts_auditors_and_administrators_get_no_case_and_no_list(shared: Service, role: str) -> None:
    case = opened(shared.as_("coordinator", "oslo"))
    client = shared.as_(role)
    for answer in [client.get("/v1/cases"), client.post("/v1/cases", new_case()), *answers(client, case)]:
        assert_problem(answer, 403, "forbidden_role")
    assert without_trace(client.get(f"/v1/cases/{case}")) == without_trace(client.get(f"/v1/cases/{HIDDEN}"))


# --- the team -----------------------------------------------------------------------------------------------


def test_a_team_member_sees_a_case_from_joining_until_leaving_and_never_writes(shared: Service) -> None:
    coordinator = shared.as_("coordinator", "oslo")
    case = case_at(coordinator, "executing")
    teacher = shared.as_("team_member", subject="teacher-7")
    colleague = shared.as_("team_member", subject="teacher-8")
    member = {"member": "teacher-7"}

    assert teacher.get(f"/v1/cases/{case}").status_code == 404
    recorded(coordinator, case, "team_member_joined", DAY, member | {"agency": "school"})
    found = {path: teacher.get(f"/v1/cases/{case}{path}").status_code for path in READINGS}
    assert found == dict.fromkeys(READINGS, 200) | {"/lead-time": 404}  # a school is told of no stage dates
    assert teacher.get(f"/v1/cases/{case}/options").json()["items"] == []
    assert listed(teacher) == {case}
    assert colleague.get(f"/v1/cases/{case}").status_code == 404
    assert listed(colleague) == set()
    for answer in answers(teacher, case)[-5:]:
        assert_problem(answer, 403, "forbidden_role")

    recorded(coordinator, case, "team_member_left", DAY, member)
    assert [teacher.get(f"/v1/cases/{case}{path}").status_code for path in READINGS] == [404] * len(READINGS)
    assert listed(teacher) == set()


def test_a_member_who_never_joined_after_all_sees_nothing(shared: Service) -> None:
    coordinator = shared.as_("coordinator", "oslo")
    case = case_at(coordinator, "executing")
    nurse = shared.as_("team_member", subject="nurse-1")
    seq = recorded(coordinator, case, "team_member_joined", DAY, {"member": "nurse-1", "agency": "health"})["seq"]
    assert nurse.get(f"/v1/cases/{case}").status_code == 200
    body = {"seq": seq, "reason": "wrong_case", "replacement": None}
    assert coordinator.post(f"/v1/cases/{case}/corrections", body, f'"{seq}"').status_code == 201
    assert nurse.get(f"/v1/cases/{case}").status_code == 404
    assert listed(nurse) == set()


# --- the prosecution ----------------------------------------------------------------------------------------


def test_the_prosecution_sees_a_case_only_while_it_decides_something_in_it(shared: Service) -> None:
    coordinator, prosecution = shared.as_("coordinator", "oslo"), shared.as_("prosecution", "oslo")
    case = opened(coordinator)
    for kind, details in FOLLOW_UP[: STAGES["executing"]]:
        recorded(coordinator, case, kind, DAY, details)
        state = coordinator.get(f"/v1/cases/{case}").json()["state"]
        sees = state in {str(known) for known in PROSECUTION_SEES}
        assert prosecution.get(f"/v1/cases/{case}").status_code == (200 if sees else 404), state
        assert (case in listed(prosecution)) is sees
    recorded(coordinator, case, "youth_heard", DAY, {"about": ["interruption"], "how": "spoken"})
    recorded(coordinator, case, "interrupted", DAY, {"reason": "health"})
    assert prosecution.get(f"/v1/cases/{case}").status_code == 200


def test_the_prosecution_acts_only_for_police_and_prosecution(shared: Service) -> None:
    coordinator, prosecution = shared.as_("coordinator", "oslo"), shared.as_("prosecution", "oslo")
    case = opened(prosecution, on_behalf_of="police")
    recorded(prosecution, case, "suspect_set")
    recorded(prosecution, case, "coordination_requested")
    told = coordinator.get(f"/v1/cases/{case}/events").json()["items"]
    assert [(e["actor"], e["role"]) for e in told] == [("police", "prosecution")] * 2 + [("prosecution", "prosecution")]
    assert_problem(
        prosecution.record(case, "coordination_meeting_held", DAY, {"suitable": True}), 403, "forbidden_role"
    )
    assert_problem(
        prosecution.record(case, "consent_given", DAY, {"by": "youth"}, on_behalf_of="coordinator"),
        403,
        "forbidden_role",
    )


def test_every_option_of_a_role_is_one_it_acts_for(shared: Service) -> None:
    case = case_at(shared.as_("coordinator", "oslo"), "assessment")
    for role, actors in (("prosecution", {"police", "prosecution"}), ("secretariat", {"secretariat"})):
        client = shared.as_(role, "oslo" if role == "prosecution" else None)
        options = client.get(f"/v1/cases/{case}/options").json()["items"]
        assert options
        assert all(set(one["actors"]) <= actors for one in options)


# --- two persons --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["leader", "secretariat"])
def test_reopening_takes_the_leader_and_the_secretariat_in_either_order(shared: Service, first: str) -> None:
    coordinator = shared.as_("coordinator", "oslo")
    case = opened(coordinator)
    recorded(coordinator, case, "other_outcome", DAY, {"outcome": "dropped"})
    both = {"leader": shared.as_("leader", "oslo"), "secretariat": shared.as_("secretariat")}
    approver, opener = both.pop(first), both.popitem()[1]

    assert_problem(coordinator.record(case, "reopened", DAY), 403, "forbidden_role")
    found = assert_problem(opener.record(case, "reopened", DAY), 409, "refused")
    assert "another_person_approved" in unmet(found)
    recorded(approver, case, "reopening_approved")
    found = assert_problem(approver.record(case, "reopened", DAY), 409, "refused")
    assert "another_person_approved" in unmet(found)
    assert recorded(opener, case, "reopened")["after"]["state"] == "registered"


def test_two_leaders_are_not_the_two_who_reopen(shared: Service) -> None:
    coordinator = shared.as_("coordinator", "oslo")
    case = opened(coordinator)
    recorded(coordinator, case, "other_outcome", DAY, {"outcome": "dropped"})
    recorded(shared.as_("leader", "oslo"), case, "reopening_approved")
    deputy = shared.as_("leader", "oslo", "deputy-leader-oslo")
    assert_problem(deputy.record(case, "reopened", DAY), 409, "refused")


def test_one_person_with_both_roles_does_not_reopen_alone(shared: Service) -> None:
    coordinator = shared.as_("coordinator", "oslo")
    case = opened(coordinator)
    recorded(coordinator, case, "other_outcome", DAY, {"outcome": "dropped"})
    recorded(shared.as_("leader", "oslo", "busy-person"), case, "reopening_approved")
    assert_problem(shared.as_("secretariat", None, "busy-person").record(case, "reopened", DAY), 409, "refused")
