"""How a case ends: every way at least once, told over HTTP as the office lives it."""

from datetime import date
from typing import Any

import pytest

from tests.service import Client, Service
from tests.stories.places import COORDINATOR, OFFICE, by_the_system, opened
from tests.workflow.roads import lines, read

CONSENTS = {"consent_police": True, "consent_correctional_service": True}
EVERYBODY = {"present": ["youth", "guardian", "correctional_service", "police"]}


class Story:
    """One case, told day by day; every line has to be taken."""

    def __init__(self, service: Service, road: str, until: str) -> None:
        self.service = service
        self.id = opened(service, road)
        for line in lines(road, until)[1:]:
            self._record(line.kind, line.known, line.details)

    def on(self, day: str, kind: str, /, **details: Any) -> "Story":
        """That day it happens, and is recorded."""
        self._record(kind, date.fromisoformat(day), details)
        return self

    def refused(self, day: str, kind: str, /, **details: Any) -> dict[str, Any]:
        """That day it is tried, and refused: the first condition that is unmet."""
        self.service.clock.turn_to(date.fromisoformat(day))
        done = self.coordinator.record(self.id, kind, day, details)
        assert done.status_code == 409, done.text
        return dict(done.json()["unmet"][0])

    def over(self, day: str) -> "Story":
        """The term is over while a breach case is open: the system records it, no person does."""
        by_the_system(self.service, self.id, read(f"{day} term_expired"))
        return self

    def shown(self, day: str | None = None) -> dict[str, Any]:
        """The case as the coordinator sees it."""
        if day:
            self.service.clock.turn_to(date.fromisoformat(day))
        return dict(self.coordinator.get(f"/v1/cases/{self.id}").json())

    def official(self) -> list[str]:
        """What the sector was told with the last event: part and code."""
        *_, last = self.coordinator.get(f"/v1/cases/{self.id}/events").json()["items"]
        return [f"{status['part']} {status['code']}" for status in last["official_status"]]

    def offered(self, role: str = "leader") -> set[str]:
        """What may be recorded now."""
        who = self.service.as_(role, OFFICE if role != "secretariat" else None)
        items = who.get(f"/v1/cases/{self.id}/options").json()["items"]
        return {item["type"] for item in items if item["enabled"]}

    @property
    def coordinator(self) -> Client:
        return self.service.as_("coordinator", OFFICE)

    def _record(self, kind: str, day: date, details: dict[str, Any]) -> None:
        self.service.clock.turn_to(day)
        office = "secretariat" if kind == "reopening_approved" else "leader"
        who = self.service.as_(office, OFFICE if office == "leader" else None)
        said = details | ({"coordinator": COORDINATOR} if kind == "assigned" else {})
        done = who.record(self.id, kind, day, said)
        assert done.status_code == 201, f"{kind} on {day}: {done.text}"


# --- completed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("road", "until", "eve", "end"),
    [
        ("F R2", "plan_meeting_held", "2025-06-30", "2025-07-01"),
        ("F R1", "plan_meeting_held", "2025-04-13", "2025-04-14"),
        ("F R0", "plan_signed", "2023-11-30", "2023-12-01"),
        ("S R2", "plan_meeting_held", "2026-06-02", "2026-06-03"),
        ("S R1", "plan_meeting_held", "2025-10-14", "2025-10-15"),
        ("S R0", "plan_signed", "2025-02-07", "2025-02-08"),
    ],
)
def test_a_youth_who_keeps_the_plan_completes_on_the_last_day(
    one: Service, road: str, until: str, eve: str, end: str
) -> None:
    story = Story(one, road, until)

    too_early = story.refused(eve, "completed")
    story.on(end, "completed")

    assert (too_early["code"], too_early["earliest"]) == ("term_has_run", end)
    assert (story.shown()["state"], story.shown()["closed_on"]) == ("completed", end)
    assert story.shown()["completion"]["completed"] is True
    assert story.official() == ["avsluttetUngdomsreaksjon FULLFOERT"]


def test_weeks_in_hospital_are_added_at_the_end(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held")

    story.on("2025-04-01", "interrupted", reason="health").on("2025-04-22", "resumed", reason="cause_gone")
    too_early = story.refused("2025-07-21", "completed")
    story.on("2025-07-22", "completed")

    assert too_early["earliest"] == "2025-07-22"
    shown = story.shown()
    assert (shown["planned_end"], shown["adjusted_end"], shown["interrupted_days"]) == ("2025-07-01", "2025-07-22", 21)
    assert shown["served_days"] == 120


def test_a_case_that_is_closed_offers_only_facts_and_its_reopening(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held").on("2025-07-01", "completed")

    story.shown("2025-07-02")  # what happened on the last day may still be told

    assert story.offered() == {"note_added", "reopening_approved", "survey_answered"}
    assert story.offered("secretariat") == {"reopening_approved"}


# --- before there is a plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2025-02-20", "2025-06-20"])
def test_a_follow_up_ends_when_the_youth_withdraws_the_consent(one: Service, day: str) -> None:
    story = Story(one, "F R2", "assigned" if day < "2025-03-03" else "plan_meeting_held")
    if day > "2025-03-03":
        story.on("2025-03-10", "plan_signed", by=["youth", "guardian"])

    story.on(day, "consent_withdrawn", by="youth")

    assert story.shown()["state"] == "consent_withdrawn"
    signed = "ETTER" if day > "2025-03-03" else "FOER"
    assert story.official() == [f"avsluttetUngdomsreaksjon SAMTYKKE_TRUKKET_{signed}_SIGNERT_UNGDOMSPLAN"]


def test_a_youth_sanction_could_end_by_withdrawn_consent_until_september_2024(one: Service) -> None:
    before = Story(one, "S R0", "plan_signed").on("2023-11-01", "consent_withdrawn", by="guardian")
    since = Story(one, "S R2", "plan_meeting_held")

    refused = since.refused("2025-07-01", "consent_withdrawn", by="youth")

    assert before.shown()["state"] == "consent_withdrawn"
    assert (refused["code"], refused["current"]) == ("wrong_regime", "R2")


def test_no_plan_came_about_in_a_follow_up(one: Service) -> None:
    story = Story(one, "F R1", "assigned").on("2024-11-04", "plan_failed", reason="did_not_meet")

    assert story.shown()["state"] == "no_plan"
    assert story.shown()["lead_time_days"]["P3"] is None
    assert story.official() == ["avsluttetUngdomsreaksjon ANNEN_AARSAK"]


def test_no_plan_in_a_youth_sanction_goes_on_with_a_recommendation(one: Service) -> None:
    story = Story(one, "S R2", "assigned")

    refused = story.refused("2025-06-03", "plan_failed", reason="no_agreement")
    story.on("2025-06-03", "youth_heard", about=["plan_failure"], how="spoken")
    story.on("2025-06-03", "plan_failed", reason="no_agreement", recommendation="serve_prison")

    assert refused["code"] == "failed_plan_has_a_recommendation"
    assert story.shown()["state"] == "no_plan"


# --- another decision -------------------------------------------------------------------------------------------


def test_an_acquittal_ends_the_case_before_it_reached_the_office(one: Service) -> None:
    story = Story(one, "S R2", "indicted").on("2025-04-24", "other_outcome", outcome="acquitted")

    assert story.shown()["state"] == "other_decision"
    assert story.official() == []  # the konfliktråd never had it


def test_the_court_of_appeal_puts_another_sanction_in_its_place(one: Service) -> None:
    story = Story(one, "S R1", "judgment_given")

    story.on("2024-09-20", "appealed").on("2024-11-20", "appeal_decided", outcome="replaced")

    assert story.shown()["state"] == "other_decision"


def test_a_complaint_over_the_transfer_is_upheld_and_what_had_run_is_kept(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held")

    story.on("2025-03-05", "complaint_filed", about="transfer_to_follow_up")
    story.on("2025-04-02", "complaint_decided", about="transfer_to_follow_up", outcome="upheld")

    shown = story.shown("2025-06-01")
    assert (shown["state"], shown["start"]["date"], shown["served_days"]) == ("other_decision", "2025-03-03", 30)
    assert story.official() == ["avsluttetUngdomsreaksjon ANNEN_AARSAK"]


def test_a_judgment_is_overturned_during_execution(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held")

    refused = story.refused("2025-09-01", "decision_set_aside", reason="complaint_upheld")
    story.on("2025-09-01", "decision_set_aside", reason="judgment_overturned")

    assert refused["code"] == "set_aside_fits_the_decision"
    assert story.shown()["state"] == "other_decision"


@pytest.mark.parametrize(
    ("road", "until"), [("S R2", "plan_meeting_held"), ("F R0", "received"), ("F R1", "suspect_set")]
)
def test_the_death_of_the_youth_ends_the_case_wherever_it_stands(one: Service, road: str, until: str) -> None:
    day = {"S R2": "2025-09-01", "F R0": "2023-05-20", "F R1": "2024-09-01"}[road]
    story = Story(one, road, until).on(day, "lapsed", reason="death")

    assert (story.shown()["state"], story.shown()["closed_on"]) == ("lapsed", day)


# --- breach of a youth sanction ---------------------------------------------------------------------------------


def test_two_breaches_a_petition_and_the_prison_is_served(one: Service) -> None:
    story = Story(one, "S R0", "petition_sent")

    story.on("2024-03-22", "conversion_final", to="prison", extent="whole", judged_on="2024-03-07")

    shown = story.shown("2024-06-01")
    assert (shown["state"], shown["served_days_before_interruption"]) == ("converted", 160)
    assert story.official() == ["avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR"]


def test_a_part_is_converted_and_the_rest_goes_on_to_the_end(one: Service) -> None:
    story = Story(one, "S R2", "youth_heard")
    story.on("2025-10-08", "referred_for_breach", to="prosecution", recommendation="community_sentence", **CONSENTS)
    story.on("2025-10-20", "petition_sent", **{"for": "community_sentence", "by": "prosecution"})

    story.on("2025-11-19", "conversion_final", to="community_sentence", extent="part", rest_continues=True)
    going_on = story.shown()
    story.on("2026-07-03", "completed")

    assert (going_on["state"], going_on["adjusted_end"]) == ("executing", "2026-07-03")  # 30 days with the court
    assert story.shown()["state"] == "completed"


def test_a_breach_case_that_no_petition_followed_is_closed_after_three_months(one: Service) -> None:
    story = Story(one, "S R2", "referred_for_breach").over("2026-06-03")

    too_early = story.refused("2026-09-03", "window_closed", outcome="breach_closed")
    story.on("2026-09-04", "window_closed", outcome="breach_closed")

    assert (too_early["code"], too_early["earliest"]) == ("petition_window_is_over", "2026-09-04")
    assert story.shown()["state"] == "breach_closed"
    assert story.official() == ["avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR"]


def test_a_breach_case_that_came_to_nothing_is_closed_as_completed(one: Service) -> None:
    story = Story(one, "S R2", "referred_for_breach").over("2026-06-03")

    story.on("2026-09-04", "window_closed", outcome="completed")

    assert story.shown()["state"] == "completed"
    assert story.official() == ["avsluttetUngdomsreaksjon FULLFOERT"]


@pytest.mark.parametrize(("day", "taken"), [("2026-09-03", True), ("2026-09-04", False)])
def test_a_petition_reaches_the_court_until_three_months_after_the_end(one: Service, day: str, taken: bool) -> None:
    story = Story(one, "S R2", "referred_for_breach").over("2026-06-03")
    petition = {"for": "serve_prison"}

    if taken:
        story.on(day, "petition_sent", **petition)
        story.on("2026-10-15", "conversion_final", to="prison", extent="whole")
        assert story.shown()["state"] == "converted"
    else:
        assert story.refused(day, "petition_sent", **petition)["code"] == "petition_in_time"


def test_a_new_offence_is_judged_together_with_the_rest(one: Service) -> None:
    story = Story(one, "S R1", "plan_meeting_held")
    story.on("2025-02-03", "new_offence_recorded", offence_on="2025-02-01", charged_on="2025-02-03")

    story.on("2025-06-10", "closed_after_new_offence", decision="joint_sentence", decided_on="2025-06-06")

    assert story.shown()["state"] == "breach_closed"
    assert story.official() == ["avsluttetUngdomsreaksjon BRUDD_NYE_LOVBRUDD"]


def test_a_new_sentence_before_the_start_has_a_code_of_its_own(one: Service) -> None:
    story = Story(one, "F R2", "assigned")

    story.on("2025-02-25", "closed_after_new_offence", decision="final_decision", decided_on="2025-02-24")

    assert story.official() == ["avsluttetUngdomsreaksjon BRUDD_NYE_LOVBRUDD_FOER_IVERKSETTELSE"]


# --- breach of a follow-up --------------------------------------------------------------------------------------


def test_the_prosecution_takes_the_case_up_again(one: Service) -> None:
    story = Story(one, "F R2", "referred_for_resumption").on("2025-04-15", "prosecution_resumed")

    assert (story.shown()["state"], story.shown("2025-06-01")["served_days"]) == ("breach_closed", 43)
    assert story.official() == [
        "stansUngdomsreaksjon BRUDD_PGA_VILKÅR",
        "avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR",
    ]


def test_the_prosecution_does_not_take_it_up_and_the_plan_goes_on(one: Service) -> None:
    story = Story(one, "F R2", "referred_for_resumption").on("2025-04-15", "prosecution_not_resumed")

    assert (story.shown()["state"], story.shown()["adjusted_end"]) == ("executing", "2025-07-01")
    assert story.on("2025-07-01", "completed").shown()["state"] == "completed"


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ("prosecution_not_resumed", "completed", "avsluttetUngdomsreaksjon FULLFOERT"),
        ("prosecution_resumed", "breach_closed", "avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR"),
    ],
)
def test_an_answer_after_the_term_is_over_closes_the_case(one: Service, answer: str, state: str, code: str) -> None:
    story = Story(one, "F R2", "referred_for_resumption").over("2025-07-01")

    story.on("2025-07-10", answer)

    assert story.shown()["state"] == state
    assert story.official()[-1] == code


# --- interim conditions -----------------------------------------------------------------------------------------


def test_interim_conditions_start_the_term_and_the_plan_meeting_does_not_start_it_again(one: Service) -> None:
    story = Story(one, "S R2 interim", "assigned")
    before = story.shown()

    story.on("2025-06-03", "plan_meeting_held", **EVERYBODY)
    after = story.shown()

    assert before["state"] == "interim_conditions"
    assert after["state"] == "executing"
    for shown in (before, after):
        assert shown["start"] == {"date": "2025-04-25", "rule": "interim_conditions"}
        assert shown["planned_end"] == "2026-04-25"
        assert shown["lead_time_days"] == {"P1": 116, "P2": None, "P3": 97}
    assert after["start_dates"]["plan_meeting"] == "2025-06-03"
    assert story.on("2026-04-25", "completed").shown()["state"] == "completed"


def test_a_breach_of_interim_conditions_leads_back_to_them_until_there_is_a_plan(one: Service) -> None:
    story = Story(one, "S R2 interim", "assigned").on("2025-05-19", "breach_recorded", kind="interim_conditions")

    story.on("2025-05-20", "breach_talk_ordered").on("2025-05-23", "breach_talk_held", consequences_explained=True)

    assert story.shown()["state"] == "interim_conditions"
    assert story.on("2025-06-03", "plan_meeting_held", **EVERYBODY).shown()["state"] == "executing"


# --- electronic control -----------------------------------------------------------------------------------------


def test_electronic_control_runs_inside_the_term_and_stops_no_clock(one: Service) -> None:
    story = Story(one, "S R2", "electronic_control_ordered")

    too_early = story.refused("2026-03-31", "electronic_control_ended", reason="period_over")
    story.on("2026-04-01", "electronic_control_ended", reason="period_over")

    assert (too_early["code"], too_early["earliest"]) == ("control_period_is_over", "2026-04-01")
    shown = story.shown()
    assert (shown["state"], shown["adjusted_end"], shown["interrupted_days"]) == ("executing", "2026-06-03", 0)
    assert story.on("2026-06-03", "completed").shown()["state"] == "completed"


def test_electronic_control_is_extended_by_a_new_petition_never_past_the_end(one: Service) -> None:
    story = Story(one, "S R2", "electronic_control_ordered")

    story.on("2026-03-16", "petition_sent", **{"for": "electronic_control"})
    refused = story.refused("2026-03-30", "electronic_control_ordered", until="2026-06-04")
    story.on("2026-03-30", "electronic_control_ordered", until="2026-06-03")

    assert refused["code"] == "control_within_the_term"
    assert story.shown()["state"] == "electronic_control"
    assert story.on("2026-06-03", "completed").shown()["state"] == "completed"


# --- reopening --------------------------------------------------------------------------------------------------


def test_a_case_closed_in_error_is_reopened_by_two_people_of_two_offices(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held").on("2025-04-01", "consent_withdrawn", by="youth")

    story.on("2025-04-04", "reopening_approved").on("2025-04-07", "reopened", reason="closed_in_error")

    shown = story.shown()
    assert (shown["state"], shown["closed_on"], shown["adjusted_end"]) == ("executing", None, "2025-07-01")
    assert story.on("2025-07-01", "completed").shown()["state"] == "completed"


def test_a_leader_alone_cannot_reopen_and_neither_can_the_secretariat(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held").on("2025-04-01", "consent_withdrawn", by="youth")

    for who in (one.as_("leader", OFFICE), one.as_("secretariat")):
        tried = who.record(story.id, "reopened", "2025-04-01", {"reason": "closed_in_error"})
        assert tried.status_code == 409
        assert tried.json()["unmet"][0]["code"] == "another_person_approved"
    assert one.as_("coordinator", OFFICE).record(story.id, "reopened", "2025-04-01").status_code == 403
