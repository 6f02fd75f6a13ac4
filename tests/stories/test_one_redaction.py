"""What the team view says that somebody may learn is what every other answer gives them: no more, and no less.

One youth with a two-year youth sanction. Vimsete Paraplystativ, born on 12 March 2008, the offence on 11 January 2025.
"""

from datetime import date
from typing import Any

import pytest

from tests.redaction.histories import BORN, OFFENCE_ON, Told, Variant, nights, told
from tests.service import Client, Service

SUMMER = date(2025, 7, 14)
LATE = date(2025, 9, 15)


def story(service: Service, consents: str = "none", phase: str = "execution", sanction: str = "youth_sanction") -> Told:
    """The case until summer, with a member on the team from every agency."""
    case = told(service, Variant(sanction, phase, consents))
    service.clock.turn_to(SUMMER)
    return case


def member(service: Service, agency: str) -> Client:
    return service.as_("team_member", subject=f"{agency}-1")


def shown(client: Client, case: Told, view: str = "", **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/cases/{case.id}{view}", **asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def allowed(client: Client, case: Told) -> set[str]:
    """What the team view says that this reader may learn."""
    return {row["matter"] for row in shown(client, case, "/team")["yours"] if row["allowed"]}


def test_a_school_without_consent_learns_where_the_case_stands_and_when_to_meet(served: Service) -> None:
    """The team view says no to the stages. The timeline then has meetings, and no stage, wait or end of the term."""
    case, school = story(served), member(served, "school")

    assert allowed(school, case) == {"current_status", "meeting_dates"}
    seen = shown(school, case)
    assert (seen["state"], seen["person"], seen["sanction"], seen["received_on"]) == ("executing", None, None, None)
    timeline = shown(school, case, "/timeline")["items"]
    assert {entry["mark"] for entry in timeline} == {"event", "deadline"}
    assert {entry["code"] for entry in timeline if entry["mark"] == "deadline"} <= {"plan_meeting", "team_meeting"}
    assert {event["type"] for event in shown(school, case, "/events")["items"]} == {
        "plan_meeting_held", "team_member_joined", "team_meeting_held",
    }  # fmt: skip
    assert [meeting["on"] for meeting in shown(school, case, "/meetings")["meetings"]] == ["2025-06-03", "2025-06-25"]
    assert school.get(f"/v1/cases/{case.id}/lead-time").status_code == 404
    assert school.get(f"/v1/cases/{case.id}/breaches").status_code == 403


def test_a_name_that_everybody_consented_to_share_is_shown_with_the_year_of_birth(served: Service) -> None:
    """Youth and guardian consent that the school learns of progress and attendance: then it also learns of whom."""
    case, school, police = story(served, "for the school"), member(served, "school"), member(served, "police")

    assert {"name_and_birth_year", "sanction", "progress", "attendance"} <= allowed(school, case)
    person = shown(school, case)["person"]
    assert (person["given_name"], person["family_name"], person["birth_year"]) == ("Vimsete", "Paraplystativ", 2008)
    assert (person["born"], person["id"], person["reach"], person["flags"]) == (None, None, None, [])
    assert shown(school, case)["sanction"] == "youth_sanction"
    assert [chain["occurred_on"] for chain in shown(school, case, "/breaches")["items"]] == ["2025-06-19"]
    assert "measure_attended" in {event["type"] for event in shown(school, case, "/events")["items"]}
    assert "drug_test_held" not in {event["type"] for event in shown(school, case, "/events")["items"]}
    assert shown(police, case)["person"]["born"] == BORN  # by law, for its own task
    assert shown(police, case)["last_offence"] == OFFENCE_ON


def test_a_consent_that_is_withdrawn_or_has_run_out_is_so_in_every_answer_and_for_every_day_asked(one: Service) -> None:
    expired, withdrawn = story(one, "expired"), story(one, "withdrawn")
    school = member(one, "school")
    assert shown(school, expired)["person"]["family_name"] == "Paraplystativ"  # until 20 August
    assert shown(school, withdrawn)["person"] is None  # since 7 July

    one.clock.turn_to(LATE)

    for case in (expired, withdrawn):
        assert allowed(school, case) == {"current_status", "meeting_dates"}
        for asked in ({}, {"valid_at": "2025-07-05"}, {"known_at": "2025-07-05"}):
            assert shown(school, case, **asked)["person"] is None
            assert "breach_recorded" not in str(shown(school, case, "/timeline", **asked))


def test_the_prosecution_learns_of_the_plan_while_a_breach_is_dealt_with_and_not_otherwise(one: Service) -> None:
    """Interrupted after a missed breach talk the case is in the phase of breach: plan and drug tests are learnt."""
    prosecution = one.as_("prosecution", "oslo")
    case = story(one, phase="interrupted")
    one.clock.turn_to(LATE)

    assert {"plan", "progress", "drug_tests"} <= allowed(prosecution, case)
    assert "drug_test_held" in {event["type"] for event in shown(prosecution, case, "/events")["items"]}
    assert shown(prosecution, case, "/plan")["shown"] == "whole"
    assert shown(prosecution, case)["person"]["reach"] is None
    assert shown(prosecution, case, "/restorative")["track"] is None


@pytest.mark.parametrize("agency", ["victim", "guardian"])
def test_who_may_learn_nothing_sees_no_case(one: Service, agency: str) -> None:
    """A victim never learns anything here; a guardian nothing from the youth's 18th birthday on."""
    case, reader = story(one), member(one, agency)
    before = reader.get(f"/v1/cases/{case.id}").status_code
    one.clock.turn_to(date(2026, 3, 12))

    assert before == (404 if agency == "victim" else 200)
    for path in (f"/v1/cases/{case.id}", f"/v1/cases/{case.id}/team", f"/v1/cases/{case.id}/events"):
        assert reader.get(path).status_code == 404
    assert reader.get("/v1/cases").json()["items"] == []


def test_lists_and_their_filters_say_what_the_case_says(served: Service) -> None:
    open_to_school, closed_to_school = story(served, "for the school"), story(served, "none")
    school = member(served, "school")

    rows = {row["id"]: row for row in school.get("/v1/cases", sort="-adjusted_end").json()["items"]}
    assert rows[open_to_school.id]["sanction"] == "youth_sanction"
    assert rows[closed_to_school.id]["sanction"] is None
    assert {row["registered_on"] for row in rows.values()} == {None}
    found = school.get("/v1/cases", sanction="youth_sanction").json()["items"]
    assert [row["id"] for row in found] == [open_to_school.id]  # the other is found by no filter on what is hidden
    first = school.get("/v1/cases", limit=1, total="true").json()
    second = school.get("/v1/cases", limit=1, cursor=first["next"]).json()
    assert first["total"] == 2
    assert {first["items"][0]["id"], second["items"][0]["id"]} == set(rows)
    assert school.get("/v1/cases", limit=1, cursor=second["prev"]).json()["items"] == first["items"]


def test_a_notice_names_no_clock_that_tells_more_than_where_the_case_stands(served: Service) -> None:
    """In September the breach talk is late. Police learn of breaches in a youth sanction, the school does not."""
    case = story(served)
    nights(served, SUMMER, LATE)

    def codes(agency: str, path: str) -> set[str]:
        return {row["code"] for row in member(served, agency).get(path, limit=200).json()["items"]}

    assert "breach_talk" in codes("police", "/v1/alerts") & codes("police", "/v1/notices")
    assert "breach_talk" not in codes("school", "/v1/alerts") | codes("school", "/v1/notices")
    assert "turns_18" not in codes("school", "/v1/alerts")
    breach = next(
        row for row in member(served, "police").get("/v1/alerts").json()["items"] if row["code"] == "breach_talk"
    )
    assert member(served, "school").get(f"/v1/alerts/{breach['id']}").status_code == 404
    assert case.reference in str(member(served, "police").get("/v1/notices").json())


def test_neither_the_version_nor_the_tag_tells_of_an_event_that_is_hidden(one: Service) -> None:
    case, school = story(one), member(one, "school")
    before = school.get(f"/v1/cases/{case.id}")
    office = one.as_("coordinator", "oslo")
    one.clock.turn_to(date(2025, 7, 15))

    assert office.record(case.id, "drug_test_held", "2025-07-15", {"result": "negative"}).status_code == 201
    after = school.get(f"/v1/cases/{case.id}")
    assert (after.headers["ETag"], after.json()["version"]) == (before.headers["ETag"], before.json()["version"])
    assert [event["seq"] for event in shown(school, case, "/events")["items"]] == list(
        range(1, before.json()["version"] + 1)
    )

    assert office.record(case.id, "team_meeting_held", "2025-07-15").status_code == 201
    later = school.get(f"/v1/cases/{case.id}")
    assert later.json()["version"] == before.json()["version"] + 1
    assert later.headers["ETag"] != before.headers["ETag"]


def test_a_person_investigation_is_another_wait_to_the_police(one: Service) -> None:
    """The police learn the stages and who was waited for; of the person investigation they learn nothing."""
    case = story(one)
    police, probation = member(one, "police"), member(one, "correctional_service")

    for reader, reason in ((police, "other"), (probation, "person_investigation")):
        waits = shown(reader, case, "/lead-time")["waits"]
        assert {wait["reason"] for wait in waits if wait["reason"]} == {reason}
        explained = shown(reader, case, "/delay")["start"]
        assert (explained["person_investigation"] is None) is (reader is police)
        assert ("personundersøkelse" in str(explained).lower()) is (reader is probation)
        assert ("pum_ordered" in str(shown(reader, case, "/events"))) is (reader is probation)
