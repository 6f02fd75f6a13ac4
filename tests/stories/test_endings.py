"""How a case ends: every way at least once, told over HTTP as the office lives it."""

import pytest

from tests.service import Service
from tests.stories.places import OFFICE
from tests.stories.telling import CONSENTS, EVERYBODY, Story

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

    story.on("2025-03-31", "youth_heard", about=["interruption"], how="written")
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


def test_a_consent_withdrawn_after_the_start_and_before_the_plan_is_signed_is_told_as_before_it(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held").on("2025-03-05", "consent_withdrawn", by="guardian")

    shown = story.shown("2025-06-01")
    assert (shown["state"], shown["served_days"]) == ("consent_withdrawn", 2)
    assert story.official() == ["avsluttetUngdomsreaksjon SAMTYKKE_TRUKKET_FOER_SIGNERT_UNGDOMSPLAN"]


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


def test_no_plan_came_about_while_interim_conditions_ran(one: Service) -> None:
    story = Story(one, "S R2 interim", "assigned")

    story.on("2025-06-10", "youth_heard", about=["plan_failure"], how="did_not_use")
    story.on("2025-06-10", "plan_failed", reason="did_not_meet", recommendation="community_sentence")

    shown = story.shown("2025-08-01")
    assert (shown["state"], shown["start"]["date"], shown["served_days"]) == ("no_plan", "2025-04-25", 46)
    assert story.official() == ["avsluttetUngdomsreaksjon ANNEN_AARSAK"]


# --- another decision -------------------------------------------------------------------------------------------


def test_an_acquittal_ends_the_case_before_it_reached_the_office(one: Service) -> None:
    story = Story(one, "S R2", "indicted").on("2025-04-24", "other_outcome", outcome="acquitted")

    assert story.shown()["state"] == "other_decision"
    assert story.official() == []  # the konfliktråd never had it


@pytest.mark.parametrize(
    ("road", "until", "day", "outcome"),
    [
        ("F R2", "suspect_set", "2025-01-27", "dropped"),
        ("F R2", "coordination_requested", "2025-02-10", "mediation"),
        ("F R1", "coordination_requested", "2024-09-10", "fine"),
        ("S R0", "indicted", "2023-04-12", "prison"),
        ("S R2", "judgment_given", "2025-05-05", "suspended_sentence"),
    ],
)
def test_another_reaction_is_chosen_in_place_of_ours(
    one: Service, road: str, until: str, day: str, outcome: str
) -> None:
    story = Story(one, road, until).on(day, "other_outcome", outcome=outcome)

    shown = story.shown()
    assert (shown["state"], shown["closed_on"], shown["start"]) == ("other_decision", day, None)


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


def test_a_case_is_reopened_by_the_commission_before_it_has_started(one: Service) -> None:
    story = Story(one, "S R1", "assigned").on("2024-10-08", "decision_set_aside", reason="case_reopened")

    shown = story.shown("2024-12-01")
    assert (shown["state"], shown["start"], shown["served_days"]) == ("other_decision", None, None)
    assert shown["lead_time_days"]["P3"] is None
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


def test_a_case_is_too_old_to_be_pursued(one: Service) -> None:
    story = Story(one, "F R2", "coordination_requested").on("2025-02-20", "lapsed", reason="limitation")

    assert (story.shown()["state"], story.official()) == ("lapsed", [])


def test_a_pardon_ends_the_execution_and_what_was_served_is_kept(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held").on("2025-09-01", "lapsed", reason="pardon")

    shown = story.shown("2026-01-01")
    assert (shown["state"], shown["served_days"]) == ("lapsed", 90)
    assert shown["completion"]["completed"] is False
    assert story.official() == ["avsluttetUngdomsreaksjon ANNEN_AARSAK"]


# --- breach of a youth sanction ---------------------------------------------------------------------------------


def test_two_breaches_a_petition_and_the_prison_is_served(one: Service) -> None:
    story = Story(one, "S R0", "petition_sent")

    story.on("2024-03-22", "conversion_final", to="prison", extent="whole", judged_on="2024-03-07")

    shown = story.shown("2024-06-01")
    assert (shown["state"], shown["served_days_before_interruption"]) == ("converted", 160)
    assert story.official() == ["avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR"]


@pytest.mark.parametrize("to", ["community_sentence", "suspended_sentence"])
def test_the_whole_is_converted_to_something_milder_than_prison_since_september_2024(one: Service, to: str) -> None:
    story = Story(one, "S R2", "youth_heard")
    story.on("2025-10-08", "referred_for_breach", to="prosecution", recommendation=to)
    story.on("2025-10-20", "petition_sent", **{"for": to, "by": "prosecution"})

    story.on("2025-11-19", "conversion_final", to=to, extent="whole", judged_on="2025-11-05")

    shown = story.shown("2026-01-01")
    assert (shown["state"], shown["closed_on"]) == ("converted", "2025-11-19")
    assert shown["served_days_before_interruption"] == 139  # 3 June to 20 October: the petition stops the clock
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


def test_a_breach_and_a_new_offence_are_judged_together_while_the_court_has_the_breach(one: Service) -> None:
    story = Story(one, "S R0", "petition_sent")
    story.on("2024-01-22", "new_offence_recorded", offence_on="2024-01-12", charged_on="2024-01-22")

    story.on("2024-04-15", "closed_after_new_offence", decision="joint_sentence", decided_on="2024-03-27")

    assert (story.shown()["state"], story.shown()["served_days"]) == ("breach_closed", 160)
    assert story.official() == ["avsluttetUngdomsreaksjon BRUDD_NYE_LOVBRUDD_OG_VILKAAR"]


def test_a_new_decision_of_its_own_ends_a_follow_up_on_its_way(one: Service) -> None:
    story = Story(one, "F R1", "plan_meeting_held")
    story.on("2024-12-02", "new_offence_recorded", offence_on="2024-11-29", charged_on="2024-12-02")

    story.on("2025-02-03", "closed_after_new_offence", decision="final_decision", decided_on="2025-01-31")

    assert (story.shown()["state"], story.shown()["served_days"]) == ("breach_closed", 112)
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


def test_the_prosecution_takes_up_a_case_that_was_interrupted_for_a_charge(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held")
    story.on("2025-04-07", "new_offence_recorded", offence_on="2025-04-05", charged_on="2025-04-07")
    story.on("2025-04-07", "interrupted", reason="charged_with_new_offence", decided_by="prosecution")

    story.on("2025-05-12", "prosecution_resumed")

    assert (story.shown()["state"], story.shown("2025-06-01")["served_days"]) == ("breach_closed", 35)
    assert story.official()[-1] == "avsluttetUngdomsreaksjon BRUDD_NYE_LOVBRUDD"


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
