"""The youth turns 18 on the way: in every phase the guardian's part is over that day, and the youth is alone in theirs.

vergemålsloven § 8. On the eve the guardian still has it; both days are tried in every story.
"""

from typing import Any

import pytest

from tests.service import Service
from tests.stories.telling import Story

GUARDIAN, YOUTH = {"by": "guardian"}, {"by": "youth"}
SCHOOL = {"scope": ["progress"], "recipients": ["school"]}
YOUTH_AND_AUTHORITIES = {"present": ["youth", "correctional_service", "police"]}
FATHER = {"member": "father-1", "agency": "guardian"}
TEACHER = {"member": "teacher-7", "agency": "school"}


def may_learn(story: Story, member: str, matter: str, day: str) -> str | None:
    """None when this member of the team may be told this on that day, otherwise the reason why not."""
    shares = next(one["shares"] for one in story.team(day)["members"] if one["member"] == member)
    found = next(one for one in shares if one["matter"] == matter)
    return None if found["allowed"] else str(found["reason"])


def seats(story: Story, day: str) -> set[str]:
    """Who must be on the team on that day."""
    return {seat["who"] for seat in story.team(day)["mandatory"]}


def only_the_youth(refusal: dict[str, Any]) -> bool:
    """Refused because from 18 the youth alone decides."""
    return (refusal["current"], refusal["needed"], refusal["law"].endswith("vergemålsloven § 8")) == (
        "guardian",
        "youth",
        True,
    )


# --- investigation ----------------------------------------------------------------------------------------------


def test_under_investigation_no_guardian_consents_any_more(one: Service) -> None:
    story = Story(one, "F R2", "suspect_set", born="2007-01-28")  # 18 on 28 January 2025
    due = story.clock("turns_18", "2025-01-27")

    story.on("2025-01-27", "consent_given", **GUARDIAN)
    refused = story.refused("2025-01-28", "consent_given", **GUARDIAN)
    story.told("""
2025-02-03 coordination_requested
2025-02-10 consent_given {by: youth}
2025-02-12 transferred_to_follow_up {length: {days: 120}, guilt_proven: true}
""")

    assert (due["due"], due["status"], due["notice_from"]) == ("2025-01-28", "running", "2025-01-18")
    assert story.clock("turns_18", "2025-02-13")["status"] == "met"
    assert refused["code"] == "guardian_consents_only_under_18"
    assert only_the_youth(refused)
    assert story.shown()["state"] == "final"


# --- consent ----------------------------------------------------------------------------------------------------


def test_while_consents_are_asked_for_the_youth_alone_is_enough_from_the_day(one: Service) -> None:
    story = Story(one, "F R2", "coordination_requested", born="2007-02-12")
    story.on("2025-02-10", "consent_given", **YOUTH)
    transfer = {"length": {"days": 120}, "guilt_proven": True}

    refused = story.refused("2025-02-11", "transferred_to_follow_up", **transfer)
    story.on("2025-02-12", "transferred_to_follow_up", **transfer)

    assert (refused["code"], refused["earliest"]) == ("guardians_consent", "2025-02-12")
    assert story.shown()["state"] == "final"


def test_a_guardian_who_took_the_consent_back_no_longer_stands_in_the_way(one: Service) -> None:
    story = Story(one, "F R1", "consent_given#2", born="2006-09-15")
    story.on("2024-09-11", "consent_revoked", **GUARDIAN)
    transfer = {"length": {"months": 6}, "guilt_proven": True}

    refused = story.refused("2024-09-13", "transferred_to_follow_up", **transfer)
    story.on("2024-09-16", "transferred_to_follow_up", **transfer)

    assert (refused["code"], refused["earliest"]) == ("guardians_consent", "2024-09-15")


# --- decision ---------------------------------------------------------------------------------------------------


def test_before_the_court_of_2023_the_consent_of_the_youth_alone_counts(one: Service) -> None:
    story = Story(one, "S R0", "suspect_set", born="2005-04-12")
    story.on("2023-01-16", "consent_given", **YOUTH).on("2023-01-20", "indicted", court_received_on="2023-01-23")
    judgment = {
        "length": {"months": 18},
        "subsidiary_prison": {"months": 10},
        "lives_in_norway": True,
        "served_on": "2023-04-12",
    }

    refused = story.refused("2023-04-11", "judgment_given", **judgment | {"served_on": "2023-04-11"})
    story.on("2023-04-12", "judgment_given", **judgment)

    assert (refused["code"], refused["earliest"]) == ("guardians_consent", "2023-04-12")
    assert story.shown()["state"] == "judged"


def test_on_the_way_to_the_office_the_judgment_of_a_child_is_carried_out_on_an_adult(one: Service) -> None:
    story = Story(one, "S R2", "judgment_given", born="2007-05-10")  # 18 the day after the judgment became final

    story.told("""
2025-05-09 became_final
2025-05-12 dispatched
2025-05-14 received
2025-05-15 assigned
2025-06-03 plan_meeting_held {present: [youth, correctional_service, police]}
""")

    assert story.shown()["state"] == "executing"
    assert seats(story, "2025-06-03") == {"coordinator", "youth", "correctional_service", "police"}


# --- plan -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("road", "born", "eve", "day", "who"),
    [
        ("F R2", "2007-03-03", "2025-03-02", "2025-03-03", ["youth"]),
        ("F R1", "2006-10-14", "2024-10-13", "2024-10-14", ["youth"]),
        ("S R2", "2007-06-03", "2025-06-02", "2025-06-03", ["youth", "correctional_service", "police"]),
        ("S R1", "2006-10-15", "2024-10-14", "2024-10-15", ["youth", "correctional_service", "police"]),
    ],
)
def test_the_plan_meeting_needs_a_guardian_on_the_eve_and_none_on_the_day(
    one: Service, road: str, born: str, eve: str, day: str, who: list[str]
) -> None:
    story = Story(one, road, "assigned", born=born)

    refused = story.refused(eve, "plan_meeting_held", present=who)
    story.on(day, "plan_meeting_held", present=who)

    assert (refused["code"], refused["needed"]) == ("guardian_was_present", "guardian")
    assert story.shown()["state"] == "executing"


def test_the_plan_of_2023_is_signed_by_the_youth_alone(one: Service) -> None:
    story = Story(one, "F R0", "youth_conference_held", born="2005-06-02")

    refused = story.refused("2023-06-01", "plan_signed", by=["youth"])
    story.on("2023-06-02", "plan_signed", by=["youth"])

    assert (refused["code"], refused["needed"]) == ("guardian_signed", "guardian")
    assert story.shown()["start"] == {"date": "2023-06-02", "rule": "plan_signed"}


def test_before_the_plan_only_the_youth_withdraws_from_the_day(one: Service) -> None:
    story = Story(one, "F R2", "assigned", born="2007-02-25")

    refused = story.refused("2025-02-25", "consent_withdrawn", **GUARDIAN)
    story.on("2025-02-26", "consent_withdrawn", **YOUTH)

    assert refused["code"] == "guardian_speaks_only_under_18"
    assert only_the_youth(refused)
    assert story.shown()["state"] == "consent_withdrawn"


# --- execution --------------------------------------------------------------------------------------------------


def test_during_execution_the_guardian_leaves_the_table_and_the_youth_decides_who_is_told(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held", born="2007-05-05")
    story.on("2025-03-10", "team_member_joined", **FATHER).on("2025-03-10", "team_member_joined", **TEACHER)
    story.on("2025-03-11", "sharing_consent_given", **YOUTH, **SCHOOL)

    assert may_learn(story, "teacher-7", "progress", "2025-05-04") == "guardian_has_not_consented"
    assert may_learn(story, "father-1", "progress", "2025-05-04") is None
    assert "guardian" in seats(story, "2025-05-04")

    refused = story.refused("2025-05-05", "sharing_consent_given", **GUARDIAN, **SCHOOL)

    assert only_the_youth(refused)
    assert may_learn(story, "teacher-7", "progress", "2025-05-05") is None  # the consent of the youth is enough now
    assert may_learn(story, "father-1", "progress", "2025-05-05") == "youth_is_of_age"
    assert may_learn(story, "father-1", "stage_dates", "2025-05-05") == "youth_is_of_age"
    assert "guardian" not in seats(story, "2025-05-05")


def test_what_a_guardian_withdrew_the_youth_of_age_gives(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held", born="2007-05-05")
    story.on("2025-03-10", "team_member_joined", **TEACHER)
    story.on("2025-03-11", "sharing_consent_given", **YOUTH, **SCHOOL)
    story.on("2025-03-11", "sharing_consent_given", **GUARDIAN, **SCHOOL)
    story.on("2025-04-01", "sharing_consent_withdrawn", **GUARDIAN)

    refused = story.refused("2025-05-05", "sharing_consent_withdrawn", **GUARDIAN)

    assert may_learn(story, "teacher-7", "progress", "2025-05-04") == "guardian_has_withdrawn"
    assert may_learn(story, "teacher-7", "progress", "2025-05-05") is None
    assert refused["code"] == "guardian_withdraws_only_under_18"


# --- breach -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["breach_talk_ordered", "breach_recorded#2"])
def test_in_a_breach_case_the_guardian_ends_nothing_any_more(one: Service, until: str) -> None:
    story = Story(one, "F R2", until, born="2007-04-08")  # 18 on 8 April 2025

    refused = story.refused("2025-04-08", "consent_withdrawn", **GUARDIAN)

    assert only_the_youth(refused)
    assert "guardian" in seats(story, "2025-04-07")
    assert "guardian" not in seats(story, "2025-04-08")
    assert story.on("2025-04-09", "consent_withdrawn", **YOUTH).shown()["state"] == "consent_withdrawn"


def test_a_new_plan_after_a_breach_is_made_with_the_youth_alone(one: Service) -> None:
    story = Story(one, "S R2", "breach_recorded#2", born="2007-10-02")
    consents = {"consent_police": True, "consent_correctional_service": True}

    story.on("2025-10-07", "youth_heard", about=["new_plan"], how="spoken")
    story.on("2025-10-08", "replan_meeting_held", **YOUTH_AND_AUTHORITIES, **consents)

    assert (story.shown()["state"], story.shown()["adjusted_end"]) == ("executing", "2026-06-03")
    assert seats(story, "2025-10-01") - seats(story, "2025-10-08") == {"guardian"}


# --- completion -------------------------------------------------------------------------------------------------


def test_the_last_day_of_the_term_is_the_first_as_an_adult(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held", born="2007-07-01")

    assert "guardian" in seats(story, "2025-06-30")
    story.on("2025-07-01", "completed")

    assert story.shown()["state"] == "completed"
    assert seats(story, "2025-07-01") == set()


def test_a_case_closed_in_childhood_and_reopened_in_adulthood_has_no_guardian(one: Service) -> None:
    story = Story(one, "F R2", "plan_meeting_held", born="2007-04-05")
    story.on("2025-03-10", "team_member_joined", **FATHER).on("2025-04-01", "consent_withdrawn", **GUARDIAN)
    [left] = [ended["seq"] for ended in story.shown()["ended_by_closing"]]
    story.on("2025-04-07", "reopening_approved", stays_ended=[left])
    story.on("2025-04-07", "reopened", stays_ended=[left])
    refused = story.refused("2025-04-08", "consent_withdrawn", **GUARDIAN)

    assert only_the_youth(refused)
    assert seats(story, "2025-04-08") == {"coordinator", "youth"}
