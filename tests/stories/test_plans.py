"""From the plan meeting to the last measure, told over HTTP as the coordinator lives it."""

from typing import Any

from tests.service import Client, Service
from tests.stories.places import OFFICE
from tests.stories.test_endings import CONSENTS, Story

WORK = {"measure": "m1", "code": "education_work_community", "hours_a_week": 6, "intended_for": "school_or_work"}
TALKS = {"measure": "m2", "code": "conversation", "provider": "politi", "hours_a_week": 1}
CURFEW = {"measure": "m3", "code": "curfew", "since": "2025-06-05", "until": "2025-08-31"}
REPORTING = {"measure": "m4", "code": "reporting", "provider": "politi"}


def plan(story: Story, day: str | None = None) -> dict[str, Any]:
    """The plan as the coordinator reads it that day."""
    story.shown(day)
    return dict(story.coordinator.get(f"/v1/cases/{story.id}/plan").json())


def measure(story: Story, number: str, day: str | None = None) -> dict[str, Any]:
    return next(one for one in plan(story, day)["measures"] if one["measure"] == number)


def provider(coordinator: Client) -> str:
    """A training place in the municipality, entered in the catalogue, with a waiting list of two months."""
    body = {"name": "Lynghei arbeidstrening", "municipality": "0301", "agency": "nav", "valid_from": "2025-01-01",
            "measures": ["education_work_community"]}  # fmt: skip
    found = str(coordinator.post("/v1/measures/providers", body).json()["id"])
    room = {"code": "education_work_community", "as_of": "2025-06-02", "status": "waiting_list", "waiting_days": 60}
    assert coordinator.post(f"/v1/measures/providers/{found}/availability", room).status_code == 201
    return found


def test_a_youth_waits_for_work_training_keeps_it_and_the_plan_is_never_made_heavier_alone(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held")  # the plan meeting is on 3 June 2025
    work = WORK | {"provider": provider(story.coordinator)}

    the_catalogue_tells_of_the_waiting_list(story)
    the_plan_is_approved(story, work)
    the_training_waits_and_other_measures_begin(story, work)
    heavier_takes_a_meeting_and_lighter_does_not(story, work)
    the_training_begins_is_met_for_and_ends(story)


def the_catalogue_tells_of_the_waiting_list(story: Story) -> None:
    shown = story.coordinator.get("/v1/measures/catalogue", municipality="0301", code="education_work_community").json()

    assert [(item["name"], item["measures"][0]["waiting_days"]) for item in shown["items"]] == [
        ("Lynghei arbeidstrening", 60)
    ]


def the_plan_is_approved(story: Story, work: dict[str, Any]) -> None:
    refused = story.refused("2025-06-05", "plan_approved", measures=[work | {"code": "military_camp"}])
    story.on("2025-06-05", "plan_approved", measures=[work, TALKS, CURFEW], notified_on="2025-06-05")

    assert (refused["code"], refused["law"]) == ("planned_measures_are_listed", "krl § 25 first paragraph")
    assert "other_suitable" in refused["needed"]
    (version,) = plan(story)["versions"]
    assert version["load"] == 6 * 1 + 1 * 2 + 3
    assert version["complaint_until"] == "2025-06-26"


def the_training_waits_and_other_measures_begin(story: Story, work: dict[str, Any]) -> None:
    story.on("2025-06-06", "measure_requested", measure="m1", provider=work["provider"])
    story.on("2025-06-20", "measure_answered", measure="m1", answer="waiting_list", available_from="2025-08-11")
    waiting = measure(story, "m1", "2025-07-06")
    story.on("2025-07-07", "measure_started", measure="m3")
    story.on("2025-07-08", "measure_started", measure="m2")

    assert (waiting["status_label"], waiting["days_to_answer"], waiting["days_waited"]) == ("På venteliste", 14, 30)
    assert plan(story)["days_to_first_measure"] == 34


def heavier_takes_a_meeting_and_lighter_does_not(story: Story, work: dict[str, Any]) -> None:
    heavier = story.refused("2025-07-10", "plan_changed", load="equal", measures=[work, TALKS, CURFEW, REPORTING])
    told_higher = story.refused("2025-07-10", "plan_changed", load="higher", measures=[work, TALKS])
    story.on("2025-07-10", "plan_changed", load="lower", measures=[work, TALKS])

    assert (heavier["code"], heavier["current"], heavier["needed"]) == ("plan_is_not_heavier", 14, 11)
    assert "nytt ungdomsplanmøte" in heavier["message"]
    assert told_higher["code"] == "plan_load_not_higher"
    assert [one["load"] for one in plan(story)["versions"]] == [11, 8]


def the_training_begins_is_met_for_and_ends(story: Story) -> None:
    story.on("2025-07-10", "measure_ended", measure="m3", reason="replaced", outcome="not_assessed")
    story.on("2025-08-11", "measure_started", measure="m1")
    story.on("2025-08-18", "measure_attended", measure="m1", attended="attended")
    story.on("2025-08-25", "measure_attended", measure="m1", attended="absent_with_reason")
    no_longer = story.refused("2025-08-26", "measure_attended", measure="m3", attended="attended")
    story.on("2025-12-19", "measure_ended", measure="m1", reason="carried_out", outcome="achieved")

    assert no_longer["code"] == "measure_was_running"
    kept = measure(story, "m1")
    assert (kept["status"], kept["outcome_label"], kept["days_waited"]) == ("ended", "Målet nådd", 66)
    assert kept["attendance"] == {"attended": 1, "absent_with_reason": 1, "absent": 0}
    assert not kept["overdue"]


def test_after_a_new_breach_a_new_plan_meeting_makes_the_plan_heavier(one: Service) -> None:
    story = Story(one, "S R2", "plan_meeting_held")
    story.on("2025-06-05", "plan_approved", measures=[TALKS])
    story.on("2025-09-01", "breach_recorded", kind="plan").on("2025-09-03", "breach_talk_ordered")
    story.on("2025-09-10", "breach_talk_held", consequences_explained=True)

    # heavier takes the meeting, and the meeting takes a new breach and both consents
    alone = story.refused("2025-09-12", "plan_changed", load="equal", measures=[TALKS, REPORTING])
    story.on("2025-10-01", "breach_recorded", kind="plan")
    story.on("2025-10-06", "youth_heard", about=["new_plan"], how="spoken")
    without = story.refused("2025-10-08", "replan_meeting_held", consent_correctional_service=True)
    story.on("2025-10-08", "replan_meeting_held", present=["youth", "guardian", "police"], **CONSENTS)
    story.on("2025-10-09", "plan_approved", measures=[TALKS, REPORTING])

    assert (alone["code"], without["code"]) == ("plan_is_not_heavier", "police_consent_to_replan")
    first, second = plan(story)["versions"]
    assert (first["load"], first["superseded_on"]) == (2, "2025-10-08")
    assert (second["by"], second["load"], second["approved_on"]) == ("replan_meeting_held", 5, "2025-10-09")

    # the correctional service had to be there and was not: the meeting tells it
    found = story.coordinator.get(f"/v1/cases/{story.id}/meetings").json()["meetings"]
    (replan,) = [meeting for meeting in found if meeting["kind"] == "replan"]
    assert [row["who"] for row in replan["required"] if row["missing"]] == ["correctional_service"]


def test_under_the_first_rules_a_change_takes_the_youth(one: Service) -> None:
    story = Story(one, "F R0", "plan_signed")
    story.on("2023-06-02", "plan_approved", measures=[{"measure": "m1", "code": "fishing_trip"}])

    refused = story.refused(
        "2023-07-03", "plan_changed", load="equal", measures=[{"measure": "m1", "code": "programme"}]
    )
    story.on("2023-07-03", "plan_changed", load="lower", agreed=True, measures=[{"measure": "m1", "code": "programme"}])

    assert (refused["code"], refused["law"]) == ("youth_agreed_to_the_change", "krl § 25 as first in force")
    assert [one["load"] for one in plan(story)["versions"]] == [2, 1]


def test_the_plan_meeting_waits_for_no_victim_and_the_track_goes_on_beside_it(one: Service) -> None:
    story = Story(one, "F R2", "assigned")
    story.on("2025-02-19", "victim_invited")
    refused = story.refused("2025-02-20", "wait_started", party="victim", reason="restorative_meeting")
    story.on("2025-03-03", "plan_meeting_held", present=["youth", "guardian"])
    story.on("2025-03-20", "victim_accepted").on("2025-04-10", "restorative_meeting_held")

    track = one.as_("coordinator", OFFICE).get(f"/v1/cases/{story.id}/restorative").json()["track"]

    assert (refused["code"], refused["law"]) == ("victim_never_holds_up_the_start", "krl § 24 a")
    assert (track["state"], track["days_open"], track["days_before_start"]) == ("met", 52, 0)
    assert story.shown()["start"]["date"] == "2025-03-03"
