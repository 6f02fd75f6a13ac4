"""Plan, meetings and restorative track over HTTP: whole for the office, for others what they may learn."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.build import DAY, case_at, opened, recorded
from tests.api.test_statements import READING, statements
from tests.service import Client, Service
from ungdom import texts
from ungdom.texts import Language

TEACHER = {"member": "teacher-7", "agency": "school"}
OFFICER = {"member": "officer-1", "agency": "police"}
SCHOOL = {"measure": "m1", "code": "education_work_community", "provider": "skole", "hours_a_week": 10}
TALKS = {"measure": "m2", "code": "conversation", "provider": "politi"}
CONSENT = {"scope": ["plan"], "recipients": ["school"]}
PROTECTED = {
    "given_name": "Vimsete", "family_name": "Vaffelpresse", "born": "2009-03-12", "guardians": [{"name": "Sindig"}],
    "protection": "confidential",
}  # fmt: skip


def planned(office: Client, *measures: dict[str, Any], **changed: Any) -> str:
    """A case under execution with a team and an approved plan, all of it on one day."""
    case = case_at(office, "executing", **changed)
    recorded(office, case, "team_member_joined", DAY, TEACHER)
    recorded(office, case, "team_member_joined", DAY, OFFICER)
    approved = {"measures": list(measures or (SCHOOL, TALKS)), "notified_on": DAY}
    recorded(office, case, "plan_approved", DAY, approved)
    return case


def consented(office: Client, case: str) -> None:
    recorded(office, case, "sharing_consent_given", DAY, CONSENT | {"by": "youth"})
    recorded(office, case, "sharing_consent_given", DAY, CONSENT | {"by": "guardian", "guardian": "g1"})


def read(client: Client, case: str, view: str, **asked: str) -> dict[str, Any]:
    found = client.get(f"/v1/cases/{case}/{view}", **asked)
    assert found.status_code == 200, found.text
    return found.json()


def test_the_office_reads_versions_and_measures(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case = planned(office)
    recorded(office, case, "measure_requested", DAY, {"measure": "m1"})

    found = read(office, case, "plan")

    (version,) = found["versions"]
    assert (version["number"], version["by"], version["load"], version["approved_on"]) == (
        1,
        "plan_meeting_held",
        12,
        DAY,
    )
    assert version["complaint_until"] == "2026-01-26"
    assert [(one["label"], one["kind"], one["provider_name"]) for one in version["measures"]] == [
        ("Opplæring, arbeid eller samfunnsnyttige oppgaver", "supportive", "Skole (grunnskole eller videregående)"),
        ("Samtale med politi, kriminalomsorg eller annen i teamet", "mixed", "Politiet"),
    ]
    assert [(one["measure"], one["status"], one["days_waited"]) for one in found["measures"]] == [
        ("m1", "requested", 0), ("m2", "planned", None),
    ]  # fmt: skip
    assert found["shown"] == "whole"


@pytest.mark.parametrize("language", texts.languages())
def test_the_plan_is_told_in_the_language_asked_for(one: Service, language: Language) -> None:
    office = one.as_("coordinator", "oslo")
    case = planned(office)
    bearer = {"Authorization": f"Bearer {office.token}", "Accept-Language": language}

    found = one.send("GET", f"/v1/cases/{case}/plan", headers=bearer).json()

    assert found["measures"][0]["label"] == texts.text(language, "measure", "education_work_community")
    assert found["measures"][0]["status_label"] == texts.text(language, "measure_status", "planned")


def test_a_team_member_sees_the_measures_of_their_own_agency_and_only_with_consent(one: Service) -> None:
    office, teacher = one.as_("coordinator", "oslo"), one.as_("team_member", subject="teacher-7")
    case = planned(office)

    before = read(teacher, case, "plan")
    consented(office, case)
    after = read(teacher, case, "plan")

    assert (before["shown"], before["measures"], before["versions"]) == ("nothing", [], None)
    assert (after["shown"], after["versions"], after["days_to_first_measure"]) == ("own_measures", None, None)
    assert [one["measure"] for one in after["measures"]] == ["m1"]
    assert after["measures"][0]["attendance"] is None


def test_consent_that_is_withdrawn_is_gone_whatever_day_is_asked_about(one: Service) -> None:
    office, teacher = one.as_("coordinator", "oslo"), one.as_("team_member", subject="teacher-7")
    case = planned(office)
    consented(office, case)
    one.clock.turn_to(one.clock.instant.date() + timedelta(days=2))
    assert read(teacher, case, "plan", known_at=DAY)["shown"] == "own_measures"

    recorded(office, case, "sharing_consent_withdrawn", "2026-01-07", {"by": "youth"})

    assert [read(teacher, case, "plan", **at)["shown"] for at in ({}, {"known_at": DAY}, {"valid_at": DAY})] == [
        "nothing", "nothing", "nothing",
    ]  # fmt: skip


def test_a_provider_of_the_catalogue_is_its_agencys_own(one: Service) -> None:
    office, teacher = one.as_("coordinator", "oslo"), one.as_("team_member", subject="teacher-7")
    entered = office.post(
        "/v1/measures/providers",
        {"name": "Lynghei skole", "municipality": "0301", "agency": "skole", "valid_from": DAY,
         "measures": ["education_work_community"]},
    )  # fmt: skip
    case = planned(office, SCHOOL | {"provider": entered.json()["id"]}, TALKS)
    consented(office, case)

    (own,) = read(teacher, case, "plan")["measures"]

    assert (own["measure"], own["provider_name"]) == ("m1", "Lynghei skole")


def test_where_an_address_is_kept_no_provider_tells_where_the_youth_is(one: Service) -> None:
    office, leader = one.as_("coordinator", "oslo"), one.as_("leader", "oslo")
    entered = office.post(
        "/v1/measures/providers",
        {"name": "Lynghei skole", "municipality": "0301", "agency": "skole", "valid_from": DAY,
         "measures": ["education_work_community"]},
    )  # fmt: skip
    case = planned(office, SCHOOL | {"provider": entered.json()["id"]}, TALKS, person=PROTECTED)

    near, far = read(leader, case, "plan"), read(one.as_("secretariat"), case, "plan")

    assert [one["provider_name"] for one in near["measures"]] == ["Lynghei skole", "Politiet"]
    assert [one["provider_name"] for one in far["measures"]] == [None, "Politiet"]
    assert "Lynghei" not in str(far)
    assert entered.json()["id"] not in str(far)


def test_others_than_the_office_learn_when_the_team_meets_and_no_more(one: Service) -> None:
    office, teacher = one.as_("coordinator", "oslo"), one.as_("team_member", subject="teacher-7")
    case = planned(office)
    recorded(office, case, "team_meeting_held", DAY, {"invited": ["school", "police"], "present": ["youth", "police"]})
    recorded(office, case, "victim_accepted", DAY)
    recorded(office, case, "restorative_meeting_held", DAY)

    whole, told = read(office, case, "meetings"), read(teacher, case, "meetings")

    assert [one["kind"] for one in whole["meetings"]] == ["plan", "team", "restorative"]
    team = whole["meetings"][1]
    assert [one["who"] for one in team["absent"]] == ["school", "guardian"]
    assert [(one["who"], one["missing"]) for one in team["required"]] == [("youth", False), ("guardian", True)]
    assert {one["agency"]: (one["came"], one["expected"]) for one in whole["attendance"]} == {
        "youth": (2, 2), "guardian": (1, 2), "police": (1, 1), "school": (0, 1),
    }  # fmt: skip
    assert [(one["kind"], one["on"]) for one in told["meetings"]] == [("plan", DAY), ("team", DAY)]
    assert told["attendance"] is None
    assert {one[field] for one in told["meetings"] for field in ("invited", "present", "absent", "required")} == {None}


def test_the_restorative_track_is_for_the_office(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case = planned(office)
    recorded(office, case, "victim_invited", DAY)
    recorded(office, case, "victim_declined", DAY)

    track = read(office, case, "restorative")["track"]

    assert (track["state"], track["label"], track["settled_on"]) == ("declined", "Fornærmede takket nei", DAY)
    assert [one["type"] for one in track["events"]] == ["victim_invited", "victim_declined"]
    assert (track["days_open"], track["waits"], track["days_before_start"]) == (0, [], 0)
    assert read(one.as_("secretariat"), case, "restorative")["track"] == track
    assert read(one.as_("team_member", subject="teacher-7"), case, "restorative")["track"] is None


def test_the_prosecution_learns_of_the_plan_while_a_breach_is_dealt_with(one: Service) -> None:
    office, prosecution = one.as_("coordinator", "oslo"), one.as_("prosecution", "oslo")
    case = planned(office)
    recorded(office, case, "youth_heard", DAY, {"about": ["interruption"], "how": "spoken"})
    recorded(office, case, "interrupted", DAY, {"reason": "health"})

    assert read(prosecution, case, "plan")["shown"] == "whole"
    assert read(prosecution, opened(office), "plan")["shown"] == "nothing"


def test_the_plan_is_told_as_it_was(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case = planned(office)
    one.clock.turn_to(one.clock.instant.date() + timedelta(days=4))
    recorded(office, case, "plan_changed", "2026-01-08", {"load": "lower", "measures": [SCHOOL]})

    assert [one["load"] for one in read(office, case, "plan")["versions"]] == [12, 10]
    for then in ({"valid_at": "2026-01-07"}, {"known_at": "2026-01-08"}):
        (version,) = read(office, case, "plan", **then)["versions"]
        assert (version["load"], version["superseded_on"]) == (12, None)


@pytest.mark.parametrize("view", ["plan", "meetings", "restorative"])
@pytest.mark.parametrize("when", [{}, {"known_at": DAY}], ids=["now", "then"])
def test_a_view_takes_at_most_six_statements(served: Service, view: str, when: dict[str, str]) -> None:
    office = served.as_("coordinator", "oslo")
    case = planned(office, SCHOOL | {"provider": "019b8dd0-0000-7000-8000-000000000000"}, TALKS)
    for client in (office, served.as_("team_member", subject="teacher-7")):
        with statements() as said:
            read(client, case, view, **when)
        assert 0 < len(said) <= READING, said
