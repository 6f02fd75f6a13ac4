"""What the second version of the table brought, told over HTTP: appeals, new trials, control, closings, insertions."""

from datetime import date
from typing import Any

import pytest

from tests.service import Service
from tests.stories.places import OFFICE
from tests.stories.telling import CONSENTS, EVERYBODY, Story
from ungdom.worklist import checks

TERMS = {"length": {"months": 9}, "subsidiary_prison": {"months": 4}}
ONCE_EACH_RECEIPT = ("plan_meeting", "first_contact")
HEARD = {"about": ["interruption", "referral", "new_plan"], "how": "spoken"}


def refusal(story: Story, day: str, kind: str, /, **details: Any) -> dict[str, dict[str, Any]]:
    """That day the leader tries it, and is refused: every unmet condition by its code."""
    story.service.clock.turn_to(date.fromisoformat(day))
    done = story.service.as_("leader", OFFICE).record(story.id, kind, day, details)
    assert done.status_code == 409, done.text
    return {unmet["code"]: unmet for unmet in done.json()["unmet"]}


def corrected(story: Story, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    path = f"/v1/cases/{story.id}"
    who = story.service.as_("leader", OFFICE)
    done = who.post(f"{path}/corrections", body, who.get(path).headers["ETag"])
    assert done.status_code == status, done.text
    return dict(done.json())


def insert(kind: str, on: str, **details: Any) -> dict[str, Any]:
    return {"reason": "forgotten", "insert": {"type": kind, "occurred_on": on, "details": details}}


# --- appeal -----------------------------------------------------------------------------------------------------


def test_conditions_stand_still_during_an_appeal_unless_the_court_says_that_they_go_on(served: Service) -> None:
    still, going = (Story(served, "S R2 interim", "interim_conditions_started") for _ in range(2))

    still.on("2025-05-05", "appealed")
    going.on("2025-05-05", "appealed", conditions_continue=True)

    for story, end in ((still, "2026-05-05"), (going, "2026-04-25")):
        shown = story.shown("2025-05-15")
        assert (shown["state"], shown["start"]["date"]) == ("appealed", "2025-04-25")
        assert shown["adjusted_end"] == end


def test_an_appeal_that_was_given_up_leaves_the_first_terms_and_the_conditions_go_on(served: Service) -> None:
    story = Story(served, "S R2 interim", "interim_conditions_started").on("2025-05-05", "appealed")

    with_terms = refusal(story, "2025-05-20", "appeal_decided", outcome="withdrawn", terms=TERMS)
    story.on("2025-05-20", "appeal_decided", outcome="withdrawn").on("2025-05-20", "became_final")
    story.on("2025-05-22", "interim_conditions_started")

    assert with_terms["terms_only_when_changed"]["message"]
    shown = story.shown("2025-05-22")
    assert (shown["state"], shown["start"]["date"], shown["length"]) == ("interim_conditions", "2025-04-25", "1 year")
    assert (shown["interrupted_days"], shown["adjusted_end"]) == (17, "2026-05-12")
    assert shown["finality"] == {"date": "2025-05-20", "computed": "2025-05-20", "difference_days": 0}


def test_a_final_judgment_whose_conditions_run_is_not_appealed(served: Service) -> None:
    story = Story(served, "S R2 interim", "became_final")

    assert "judgment_is_not_final_yet" in refusal(story, "2025-05-10", "appealed", reinstated="special_reasons")


def test_a_new_trial_begins_the_limits_anew_and_keeps_the_judgment_that_fell(served: Service) -> None:
    story = Story(served, "S R2", "judgment_given").on("2025-05-02", "appealed")

    story.on("2025-06-27", "appeal_decided", outcome="sent_back")

    shown = story.shown("2025-06-30")
    assert (shown["state"], shown["length"]) == ("in_court", None)
    assert shown["set_aside_judgments"] == [{"judged_on": "2025-04-24", "set_aside_on": "2025-06-27"}]
    clocks = story.coordinator.get(f"/v1/cases/{story.id}/deadlines").json()["items"]
    running = {c["code"]: c["due"] for c in clocks if c["status"] == "running"}
    assert (running["hearing_scheduled"], running["hearing_started"]) == ("2025-07-11", "2025-08-08")
    story.on("2025-09-01", "judgment_given", suitable_reaction=True, lives_in_norway=True, **TERMS)
    assert story.shown()["length"] == "9 months"


def test_a_changed_judgment_meets_the_demands_of_a_judgment(served: Service) -> None:
    story = Story(served, "S R2", "judgment_given").on("2025-05-02", "appealed")

    lacking = refusal(story, "2025-06-27", "appeal_decided", outcome="changed", terms={"length": {"months": 9}})

    assert set(lacking) == {"changed_terms_as_judged"}


def test_early_execution_starts_the_case_and_finality_follows_as_a_fact(served: Service) -> None:
    story = Story(served, "S R2", "judgment_given")
    story.on("2025-04-28", "early_execution_allowed", requested_on="2025-04-25")
    story.on("2025-04-29", "received").on("2025-04-30", "assigned")

    too_early = refusal(story, "2025-05-08", "became_final")
    story.on("2025-05-09", "became_final")

    assert set(too_early) == {"accepted_or_appeal_time_over"}
    assert (story.shown()["state"], story.shown()["finality"]["date"]) == ("preparing", "2025-05-09")
    assert "wrong_state" in refusal(story, "2025-05-12", "became_final")


def test_an_appeal_during_early_execution_stops_everything(served: Service) -> None:
    story = Story(served, "S R2", "judgment_given")
    story.on("2025-04-28", "early_execution_allowed", requested_on="2025-04-25")
    story.on("2025-04-29", "received").on("2025-04-30", "assigned").on("2025-05-02", "appealed")

    assert story.shown()["state"] == "appealed"
    assert "wrong_state" in refusal(story, "2025-05-05", "plan_meeting_held", **EVERYBODY)


def test_a_case_received_anew_after_an_appeal_has_one_clock_for_the_plan_meeting(served: Service) -> None:
    story = Story(served, "S R2", "judgment_given")
    story.on("2025-04-28", "early_execution_allowed", requested_on="2025-04-25")
    story.on("2025-04-29", "received").on("2025-04-30", "assigned").on("2025-05-02", "first_contact")
    story.on("2025-05-02", "appealed").on("2025-09-01", "appeal_decided", outcome="withdrawn")
    story.on("2025-09-01", "became_final").on("2025-09-02", "dispatched").on("2025-09-03", "received")

    story.shown("2025-09-04")
    clocks = story.coordinator.get(f"/v1/cases/{story.id}/deadlines").json()["items"]
    begun = {code: [(c["begun_on"], c["status"]) for c in clocks if c["code"] == code] for code in ONCE_EACH_RECEIPT}

    assert begun == {
        "plan_meeting": [("2025-09-03", "running")],
        "first_contact": [("2025-04-29", "met"), ("2025-09-03", "running")],
    }


def test_no_judgment_is_final_before_the_appeal_period_whoever_says_so(served: Service) -> None:
    story = Story(served, "S R2", "judgment_given")

    assert "accepted_or_appeal_time_over" in refusal(story, "2025-05-08", "became_final", set_by_prosecution=True)
    story.on("2025-05-08", "became_final", accepted=True)


# --- electronic control -----------------------------------------------------------------------------------------


def test_electronic_control_outlives_a_talk_and_an_interruption(served: Service) -> None:
    story = Story(served, "S R2", "electronic_control_ordered")

    story.on("2025-12-01", "breach_recorded", kind="duty").on("2025-12-02", "breach_talk_ordered")
    story.on("2025-12-09", "breach_talk_held")
    after_talk = story.shown()["state"]
    story.on("2025-12-10", "youth_heard", **HEARD).on("2025-12-11", "interrupted", reason="health")
    story.on("2025-12-18", "resumed", reason="cause_gone")

    assert (after_talk, story.shown()["state"]) == ("electronic_control", "electronic_control")


@pytest.mark.parametrize("state", ["breach_talk", "interrupted"])
def test_a_period_that_reached_its_last_day_untold_is_a_task_and_can_be_ended_where_the_case_stands(
    served: Service, state: str
) -> None:
    story = Story(served, "S R2", "electronic_control_ordered")
    story.on("2026-03-20", "breach_recorded", kind="duty").on("2026-03-23", "breach_talk_ordered")
    if state == "interrupted":
        story.on("2026-03-24", "youth_heard", **HEARD).on("2026-03-25", "interrupted", reason="health")

    clock = story.clock("ec_end", "2026-04-10")
    worklist = story.coordinator.get("/v1/worklist").json()["items"]
    story.on("2026-04-10", "electronic_control_ended", reason="period_over")

    assert (clock["status"], clock["due"], clock["unmoved"]) == ("overdue", "2026-04-01", "2026-04-01")
    assert "end_control" in {task["kind"] for row in worklist if row["id"] == story.id for task in row["tasks"]}
    assert story.shown()["state"] == state


# --- other moves ------------------------------------------------------------------------------------------------


def test_a_case_with_a_referral_or_running_conditions_closes_after_a_new_offence(served: Service) -> None:
    decided = {"decision": "final_decision", "decided_on": "2025-10-14"}
    referred = Story(served, "S R2", "referred_for_breach").on("2025-10-15", "closed_after_new_offence", **decided)
    running = Story(served, "S R2 interim", "assigned")
    running.on("2025-05-20", "closed_after_new_offence", decision="joint_sentence", decided_on="2025-05-19")

    assert [referred.shown()["state"], running.shown()["state"]] == ["breach_closed", "breach_closed"]


def test_a_decision_falls_also_while_the_breach_case_is_in_court(served: Service) -> None:
    story = Story(served, "S R2", "petition_sent")

    story.on("2025-10-27", "decision_set_aside", reason="judgment_overturned")

    assert story.shown()["state"] == "other_decision"


def test_before_the_plan_meeting_the_case_may_become_something_else(served: Service) -> None:
    story = Story(served, "S R2 interim", "interim_conditions_started")

    story.on("2025-05-05", "other_outcome", outcome="prison")

    assert story.shown()["state"] == "other_decision"


def test_a_case_goes_to_another_coordinator_while_conditions_run(served: Service) -> None:
    story = Story(served, "S R2 interim", "received")
    story.on("2025-05-15", "assigned").on("2025-05-19", "breach_recorded", kind="interim_conditions")

    story.told("2025-05-16/2025-05-20 assigned {}")

    given = [(event["occurred_on"], event["state_after"]) for event in story.events() if event["type"] == "assigned"]
    assert given == [("2025-05-15", "interim_conditions"), ("2025-05-16", "interim_conditions")]
    assert story.shown()["state"] == "interim_conditions"


# --- facts and details ------------------------------------------------------------------------------------------


def test_one_guardians_consent_twice_is_one(served: Service) -> None:
    story = Story(served, "F R2", "suspect_set")
    story.on("2025-02-11", "consent_given", by="guardian").on("2025-02-12", "consent_given", by="guardian")
    story.on("2025-02-12", "consent_given", by="guardian", guardian="g1")

    consents = story.coordinator.get(f"/v1/cases/{story.id}/consents").json()
    another = refusal(story, "2025-02-12", "consent_given", by="guardian", guardian="g2")

    assert [item["guardian"] for item in consents["sanction"] if item["by"] == "guardian"] == ["g1"]
    assert another["guardian_is_on_record"]["needed"] == ["g1"]


def test_two_missed_meetings_of_one_day_are_two_and_one_told_twice_is_refused(served: Service) -> None:
    story = Story(served, "S R2", "plan_meeting_held")
    story.on("2025-07-01", "breach_recorded", kind="plan", meeting="m1")
    story.on("2025-07-01", "breach_recorded", kind="plan", meeting="m2")

    twice = refusal(story, "2025-07-01", "breach_recorded", kind="duty", meeting="m1")

    assert (set(twice), story.shown()["breaches"]) == ({"breach_is_not_told_already"}, 2)


def test_a_restorative_meeting_needs_a_victim_who_said_yes(served: Service) -> None:
    story = Story(served, "S R2", "plan_meeting_held").on("2025-06-10", "victim_accepted", victim=2)

    without = refusal(story, "2025-07-01", "restorative_meeting_held")
    story.on("2025-07-01", "restorative_meeting_held", victims=[2])

    assert (without["each_victim_accepted"]["current"], without["each_victim_accepted"]["needed"]) == (["1"], ["2"])


def test_a_new_plan_meeting_takes_that_the_youth_was_heard(served: Service) -> None:
    story = Story(served, "S R2", "breach_recorded#2")

    silent = refusal(story, "2025-10-08", "replan_meeting_held", **CONSENTS)
    story.on("2025-10-08", "youth_heard", **HEARD).on("2025-10-08", "replan_meeting_held", **CONSENTS)

    assert set(silent) == {"youth_was_heard"}


@pytest.mark.parametrize(
    ("road", "until", "step", "details", "dates"),
    [
        ("S R2", "suspect_set", "2025-03-03 indicted", {"court_received_on": "2025-05-03"}, "2025-05-03 2025-05-02"),
        ("S R2", "indicted", "2025-03-10 hearing_scheduled", {"hearing_on": "2045-03-10"}, "2045-03-10 2027-03-10"),
        ("S R2", "plan_meeting_held", "2025-06-05 stay_abroad_permitted",
         {"since": "2025-07-10", "until": "2025-07-01"}, "2025-07-01 2025-07-10"),
        ("S R2", "plan_meeting_held", "2025-06-05 plan_approved", {"notified_on": "2025-06-06"},
         "2025-06-06 2025-06-05"),
        ("S R2", "plan_meeting_held", "2025-07-01 new_offence_recorded",
         {"offence_on": "2025-06-20", "charged_on": "2025-06-19"}, "2025-06-19 2025-06-20"),
        ("S R2", "suspect_set", "2025-02-05 offence_added", {"offence": {"on": "2001-01-01"}},
         "2001-01-01 2008-03-12"),
    ],
)  # fmt: skip
def test_a_date_in_a_detail_that_cannot_be_is_refused_with_both_dates(
    one: Service, road: str, until: str, step: str, details: dict[str, Any], dates: str
) -> None:
    unmet = refusal(Story(one, road, until), *step.split(), **details)

    assert [f"{no['current']} {no['needed']}" for no in unmet.values()] == [dates]


# --- inserted events --------------------------------------------------------------------------------------------


def test_a_forgotten_event_is_put_in_where_it_happened(served: Service) -> None:
    story = Story(served, "S R2", "became_final").on("2025-05-14", "received")

    done = corrected(story, insert("dispatched", "2025-05-12"))

    stages = story.days("2025-05-20")["stage_days"]
    assert (done["type"], stages["final"], stages["dispatched"]) == ("corrected", 3, 2)
    assert story.events()[-1]["details"]["insert"]["type"] == "dispatched"
    back = corrected(story, {"seq": done["seq"], "reason": "never_happened", "replacement": None})
    assert back["after"]["version"] == done["seq"] + 1
    assert "dispatched" not in story.days("2025-05-20")["stage_days"]


def test_an_insertion_that_does_not_fit_names_each_event_in_the_way(served: Service) -> None:
    story = Story(served, "S R2", "assigned")

    broken = corrected(story, insert("lapsed", "2025-05-13", reason="limitation"), 409)

    assert broken["code"] == "correction_refused"
    named = [broken["event"], *(also["event"] for also in broken["also"])]
    assert "received" in named


def test_of_several_events_of_one_day_the_one_it_follows_is_named(served: Service) -> None:
    story = Story(served, "S R2", "became_final")
    story.on("2025-05-12", "dispatched").on("2025-05-12", "received").on("2025-05-12", "assigned")
    numbers = {event["type"]: event["seq"] for event in story.events()}

    elsewhere = corrected(story, insert("note_added", "2025-05-12") | {"after_seq": numbers["became_final"]}, 422)
    last = corrected(story, insert("postponed", "2025-05-12", reason="health"))
    after_all = {event["type"]: event["state_after"] for event in story.events()}
    corrected(story, {"seq": last["seq"], "reason": "never_happened", "replacement": None})
    corrected(story, insert("postponed", "2025-05-12", reason="health") | {"after_seq": numbers["received"]})
    between = {event["type"]: event["state_after"] for event in story.events()}

    assert elsewhere["code"] == "wrong_place"
    assert (after_all["assigned"], between["assigned"]) == ("preparing", "postponed")


def test_a_reopening_is_not_put_in(served: Service) -> None:
    story = Story(served, "S R2", "plan_meeting_held")

    assert corrected(story, insert("reopened", "2025-06-04"), 422)["code"] == "not_insertable"


# --- wrong state, wrong regime ----------------------------------------------------------------------------------


def test_a_step_that_is_not_possible_says_where_it_is_and_what_leads_there(one: Service) -> None:
    unmet = refusal(Story(one, "S R2", "received"), "2025-05-15", "breach_talk_ordered")["wrong_state"]

    assert "executing" in unmet["needed"]
    assert unmet["leads_there"] == ["assigned", "plan_meeting_held"]
    assert "Ungdomsplanmøte" in unmet["message"]


def test_a_step_of_another_regime_says_which_applies_and_why(one: Service) -> None:
    unmet = refusal(Story(one, "S R2", "assigned"), "2025-05-20", "youth_conference_held")["wrong_regime"]

    assert (unmet["current"], unmet["needed"], unmet["because"]) == ("R2", ["R0"], "day")


# --- closing and reopening --------------------------------------------------------------------------------------

RUNNING = """
2025-06-05 team_member_joined {member: m1, agency: school}
2025-06-10 measure_started {measure: t1, code: conversation}
2025-07-01 wait_started {party: youth, reason: illness}
"""


def closed(served: Service) -> tuple[Story, dict[str, int]]:
    story = Story(served, "S R2", "plan_meeting_held").told(RUNNING)
    story.on("2025-08-01", "lapsed", reason="limitation")
    return story, {ended["type"]: ended["seq"] for ended in story.shown()["ended_by_closing"]}


def test_after_a_closing_nothing_is_left_open(served: Service) -> None:
    story, ended = closed(served)

    assert set(ended) == {"measure_ended", "wait_ended", "team_member_left"}
    assert (story.shown()["team"], story.shown()["waiting_for"]) == ([], None)
    assert {event["occurred_on"] for event in story.events()[-4:]} == {"2025-08-01"}
    again = refusal(story, "2025-08-02", "measure_ended", measure="t1", reason="carried_out")
    assert "case_is_closed" in again
    assert story.coordinator.get("/v1/worklist").json()["items"] == []
    findings = checks.run(served.db, date(2025, 8, 2), served.clock())
    assert {code for code, found in findings.items() if found} <= {"outbox_waits"}  # nothing is delivered here


def test_the_two_who_reopen_say_for_each_whether_it_goes_on(served: Service) -> None:
    story, ended = closed(served)
    goes_on = [ended["measure_ended"], ended["team_member_left"]]
    stays = [ended["wait_ended"]]

    silent = refusal(story, "2025-08-05", "reopened")
    story.on("2025-08-05", "reopening_approved", goes_on=goes_on, stays_ended=stays)
    other = refusal(story, "2025-08-06", "reopened", goes_on=[], stays_ended=sorted(goes_on + stays))
    story.on("2025-08-06", "reopened", goes_on=goes_on, stays_ended=stays)

    assert silent["reopening_says_what_goes_on"]["needed"] == [str(seq) for seq in sorted(ended.values())]
    assert "reopeners_agree_on_what_goes_on" in other
    shown = story.shown("2025-08-10")
    assert (shown["state"], shown["team"], shown["ended_by_closing"]) == ("executing", ["m1"], [])
    assert story.days("2025-08-10")["wait_days"]["youth"] == 31
    story.on("2025-08-12", "measure_ended", measure="t1", reason="carried_out")


def test_control_that_a_closing_ended_goes_on_only_if_the_two_say_so(served: Service) -> None:
    states = []
    for goes_on in (True, False):
        story = Story(served, "S R2", "electronic_control_ordered").on("2025-12-01", "lapsed", reason="limitation")
        [ended] = [item["seq"] for item in story.shown()["ended_by_closing"]]
        choice = {"goes_on" if goes_on else "stays_ended": [ended]}
        story.on("2025-12-05", "reopening_approved", **choice).on("2025-12-06", "reopened", **choice)
        states.append(story.shown()["state"])

    assert states == ["electronic_control", "executing"]


def test_what_is_told_late_of_a_closed_case_is_ended_too(served: Service) -> None:
    story, _ = closed(served)
    before = {end["seq"] for end in story.shown("2025-08-05")["ended_by_closing"]}

    story.told("2025-07-20/2025-08-05 team_member_joined {member: m2, agency: school}")
    [late] = [end for end in story.shown("2025-08-05")["ended_by_closing"] if end["seq"] not in before]
    inserted = corrected(story, insert("measure_started", "2025-07-21", measure="t2", code="conversation"))

    assert (late["type"], late["occurred_on"], story.shown()["team"]) == ("team_member_left", "2025-08-01", [])
    assert [(e["type"], e["occurred_on"]) for e in inserted["followed_by"]] == [("measure_ended", "2025-08-01")]


def test_what_a_closing_ended_is_corrected_with_what_it_ends_not_alone(served: Service) -> None:
    story, ended = closed(served)
    started = {event["type"]: event["seq"] for event in story.events()}
    never = {"reason": "never_happened", "replacement": None}

    alone = corrected(story, never | {"seq": ended["measure_ended"]}, 422)
    corrected(story, never | {"seq": started["measure_started"]})
    corrected(story, insert("wait_ended", "2025-07-15", party="youth"))

    shown = story.shown("2025-08-05")
    assert alone["code"] == "not_correctable"
    assert [end["type"] for end in shown["ended_by_closing"]] == ["team_member_left"]
    assert story.days("2025-08-05")["wait_days"]["youth"] == 14


def test_a_corrected_closing_takes_with_it_what_it_ended(served: Service) -> None:
    story, _ = closed(served)
    [closing] = [event["seq"] for event in story.events() if event["type"] == "lapsed"]

    moved = corrected(story, {"seq": closing, "reason": "wrong_date", "replacement": {"occurred_on": "2025-07-30"}})
    shown = story.shown("2025-08-10")
    annulled = corrected(story, {"seq": closing, "reason": "never_happened", "replacement": None})

    assert [event["type"] for event in moved["followed_by"]] == ["corrected"] * 3
    assert {item["occurred_on"] for item in shown["ended_by_closing"]} == {"2025-07-30"}
    assert len(annulled["followed_by"]) == len(moved["followed_by"])
    assert (story.shown()["state"], story.shown()["team"]) == ("executing", ["m1"])
