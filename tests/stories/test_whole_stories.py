"""Both sanctions under each of the three regimes: one youth each, from the registration to the end, as it is lived."""

from tests.service import Service
from tests.stories.telling import Story


def stages(story: Story) -> list[str]:
    """The states it went through."""
    return [stage["state"] for stage in story.days()["stages"]]


def told_to_the_sector(story: Story) -> list[str]:
    """Every part of the official status that was owed, in order."""
    return [f"{one['part']} {one['code'] or ''}".strip() for e in story.events() for one in e["official_status"]]


def days_add_up(story: Story) -> bool:
    """Every day of the life of the case belongs to one stage and to one party."""
    days = story.days()
    return bool(sum(days["stage_days"].values()) == days["total_days"] == sum(days["wait_days"].values()))


# --- until 31 August 2024 ---------------------------------------------------------------------------------------


def test_a_youth_sanction_of_2023_is_signed_after_the_youth_conference_and_kept(one: Service) -> None:
    story = Story(one, "S R0").told("""
2022-09-14 suspect_set
2022-10-03 coordination_requested
2022-10-10 pum_ordered {wished_by: 2022-11-14}
2022-11-14 pum_returned {carried_out: true}
2022-11-21 coordination_meeting_held {suitable: true, sketch: true, agencies: [police, correctional_service, school]}
2023-01-16 consent_given {by: youth}
2023-01-16 consent_given {by: guardian}
2023-01-20 indicted {court_received_on: 2023-01-23}
2023-02-02 hearing_scheduled {hearing_on: 2023-04-12}
2023-04-12 hearing_started
2023-04-12 judgment_given {length: {months: 18}, subsidiary_prison: {months: 10}, lives_in_norway: true, \
served_on: 2023-04-12}
2023-04-27 became_final
2023-05-04 dispatched
2023-05-25 received
2023-05-30 assigned
2023-06-05 first_contact
2023-06-12 victim_invited
2023-06-20 victim_accepted
2023-06-20 wait_started {party: victim, reason: youth_conference}
2023-08-08 wait_ended {party: victim}
2023-08-08 youth_conference_held
2023-08-08 plan_signed {by: [youth, guardian]}
2023-08-10 team_member_joined {member: police-4, agency: police}
2023-08-10 team_member_joined {member: probation-2, agency: correctional_service}
2023-08-14 measure_started {measure: m1}
2023-09-20 team_meeting_held {invited: [police, correctional_service], present: [police, correctional_service]}
2024-06-14 measure_ended {measure: m1, reason: carried_out}
2025-02-08 completed
""")

    shown = story.shown("2025-03-01")
    assert (shown["state"], shown["start"]) == ("completed", {"date": "2023-08-08", "rule": "plan_signed"})
    assert (shown["planned_end"], shown["adjusted_end"], shown["served_days"]) == ("2025-02-08", "2025-02-08", 550)
    assert shown["lead_time_days"] == {"P1": 257, "P2": 75, "P3": 332}
    assert stages(story)[-3:] == ["received", "preparing", "executing"]
    assert story.days()["wait_days"]["victim"] == 49
    assert days_add_up(story)
    assert told_to_the_sector(story) == [
        "tildeltSaksansvarlig",
        "ungdomsplanSignert",
        "avsluttetUngdomsreaksjon FULLFOERT",
    ]


def test_a_follow_up_of_2023_is_a_condition_of_a_suspended_sentence(one: Service) -> None:
    story = Story(one, "F R0").told("""
2023-01-12 suspect_set
2023-01-16 consent_given {by: youth}
2023-01-16 consent_given {by: guardian}
2023-01-20 indicted {court_received_on: 2023-01-23}
2023-04-12 follow_up_by_judgment {length: {months: 6}, suspended_sentence: true, served_on: 2023-04-12}
2023-04-18 appealed {by: youth}
2023-05-10 appeal_decided {outcome: refused, served_on: 2023-05-10}
2023-05-25 became_final
2023-06-01 received
2023-06-02 assigned
2023-06-05 postponed {reason: health}
2023-06-26 postponement_ended
2023-08-14 youth_conference_held
2023-08-14 plan_signed {by: [youth, guardian]}
2023-10-02 breach_recorded {kind: plan}
2023-10-04 breach_talk_ordered
2023-10-11 breach_talk_held
2024-02-14 completed
""")

    shown = story.shown("2024-03-01")
    assert (shown["state"], shown["start"]) == ("completed", {"date": "2023-08-14", "rule": "plan_signed"})
    assert (shown["adjusted_end"], shown["interrupted_days"]) == ("2024-02-14", 0)  # a breach talk stops no clock
    assert "appealed" in stages(story)
    assert days_add_up(story)
    assert told_to_the_sector(story) == [
        "tildeltSaksansvarlig",
        "stansUngdomsreaksjon UTSATT_GJENNOMFOERING",
        "ungdomsplanSignert",
        "avsluttetUngdomsreaksjon FULLFOERT",
    ]


# --- the autumn of 2024 -----------------------------------------------------------------------------------------


def test_a_youth_sanction_of_autumn_2024_starts_with_the_meeting_and_ends_in_prison(one: Service) -> None:
    story = Story(one, "S R1").told("""
2024-05-06 suspect_set
2024-06-03 indicted {court_received_on: 2024-06-04}
2024-09-10 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, \
lives_in_norway: true, served_on: 2024-09-10}
2024-09-25 became_final
2024-09-26 dispatched
2024-09-27 received
2024-09-30 assigned
2024-10-15 plan_meeting_held {present: [youth, guardian, correctional_service, police]}
2024-10-17 plan_signed {by: [youth, guardian]}
2024-11-04 breach_recorded {kind: duty}
2024-11-05 breach_talk_ordered
2024-11-12 breach_talk_held {conditions: [reporting, no_contact]}
2024-12-02 breach_recorded {kind: plan}
2024-12-04 youth_heard {about: [referral], how: spoken}
2024-12-09 referred_for_breach {to: correctional_service, recommendation: serve_prison}
2024-12-20 petition_sent {for: serve_prison}
2025-02-14 conversion_final {to: prison, extent: whole, judged_on: 2025-01-30}
""")

    shown = story.shown("2025-03-01")
    assert (shown["state"], shown["start"]) == ("converted", {"date": "2024-10-15", "rule": "plan_meeting"})
    assert shown["served_days_before_interruption"] == 66  # 15 October to 20 December
    assert stages(story)[-4:] == ["breach_talk", "tightened", "referred", "breach_in_court"]
    assert days_add_up(story)
    assert told_to_the_sector(story) == [
        "tildeltSaksansvarlig",
        "ungdomsplanSignert",
        "stansUngdomsreaksjon BRUDD_PGA_VILKÅR",
        "avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR",
    ]


def test_a_follow_up_of_autumn_2024_runs_on_into_the_law_of_december(one: Service) -> None:
    story = Story(one, "F R1").told("""
2024-08-07 suspect_set
2024-08-19 coordination_requested
2024-09-09 consent_given {by: youth}
2024-09-09 consent_given {by: guardian}
2024-09-16 transferred_to_follow_up {length: {months: 6}, guilt_proven: true, notified_on: 2024-09-16}
2024-09-18 dispatched
2024-09-20 received
2024-09-23 assigned
2024-09-24 first_contact
2024-09-26 victim_invited
2024-10-14 plan_meeting_held {present: [youth, guardian, school]}
2024-10-16 plan_signed {by: [youth, guardian]}
2024-10-21 victim_accepted
2024-11-18 restorative_meeting_held
2025-01-03 youth_heard {about: [interruption], how: spoken}
2025-01-06 interrupted {reason: weighty_grounds}
2025-01-20 resumed {reason: cause_gone}
2025-02-10 plan_changed {load: lower}
2025-04-28 completed
""")

    shown = story.shown("2025-05-01")
    assert (shown["state"], shown["start"]) == ("completed", {"date": "2024-10-14", "rule": "plan_meeting"})
    assert (shown["planned_end"], shown["adjusted_end"]) == ("2025-04-14", "2025-04-28")  # fourteen days stood still
    assert shown["lead_time_days"]["P2"] == 24  # the victim held up nothing
    assert days_add_up(story)


# --- since 1 December 2024 --------------------------------------------------------------------------------------


def test_a_youth_sanction_of_2025_begins_with_interim_conditions_and_goes_through_electronic_control(
    one: Service,
) -> None:
    story = Story(one, "S R2 interim").told("""
2025-01-20 suspect_set
2025-03-03 indicted {court_received_on: 2025-03-04}
2025-04-24 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, \
lives_in_norway: true, served_on: 2025-04-24, interim_conditions: [abstinence], interim_from: 2025-04-25}
2025-04-25 interim_conditions_started
2025-05-09 became_final
2025-05-12 dispatched
2025-05-14 received
2025-05-15 assigned
2025-05-20 drug_test_held {result: negative}
2025-06-03 plan_meeting_held {present: [youth, guardian, correctional_service, police]}
2025-06-05 plan_signed {by: [youth, guardian]}
2025-09-01 breach_recorded {kind: plan}
2025-09-03 breach_talk_ordered
2025-09-10 breach_talk_held {conditions: [reporting]}
2025-10-01 breach_recorded {kind: plan}
2025-10-02 youth_heard {about: [referral], how: spoken}
2025-10-08 referred_for_breach {to: prosecution, recommendation: electronic_control}
2025-10-20 petition_sent {for: electronic_control, by: prosecution}
2025-11-03 electronic_control_ordered {until: 2026-02-02}
2026-02-02 electronic_control_ended {reason: period_over}
2026-04-25 completed
""")

    shown = story.shown("2026-05-01")
    assert (shown["state"], shown["start"]) == ("completed", {"date": "2025-04-25", "rule": "interim_conditions"})
    assert (shown["adjusted_end"], shown["interrupted_days"], shown["served_days"]) == ("2026-04-25", 0, 365)
    assert stages(story)[-4:] == ["referred", "breach_in_court", "electronic_control", "executing"]
    assert shown["lead_time_days"] == {"P1": 116, "P2": None, "P3": 97}
    assert days_add_up(story)


def test_a_follow_up_of_2025_is_broken_twice_and_the_prosecution_takes_it_back(one: Service) -> None:
    story = Story(one, "F R2").told("""
2025-01-20 suspect_set
2025-02-03 coordination_requested
2025-02-10 coordination_meeting_held {suitable: true, agencies: [police, school, child_welfare]}
2025-02-10 investigation_closed
2025-02-11 consent_given {by: youth}
2025-02-11 consent_given {by: guardian}
2025-02-12/2025-02-13 transferred_to_follow_up {length: {days: 120}, guilt_proven: true, notified_on: 2025-02-13}
2025-02-14 dispatched
2025-02-17 received
2025-02-18 assigned
2025-03-03 plan_meeting_held {present: [youth, guardian]}
2025-03-05 plan_signed {by: [youth, guardian]}
2025-03-17 breach_recorded {kind: plan}
2025-03-18 breach_talk_ordered
2025-03-25 breach_talk_missed
2025-03-26 youth_heard {about: [interruption, resumption], how: did_not_use}
2025-03-26 interrupted {reason: missed_talk}
2025-04-08 referred_for_resumption
2025-04-15 prosecution_resumed
""")

    shown = story.shown("2025-06-01")
    assert (shown["state"], shown["closed_on"]) == ("breach_closed", "2025-04-15")
    assert stages(story)[-4:] == ["executing", "breach_talk", "interrupted", "resumption_review"]
    assert shown["completion"]["completed"] is False
    assert days_add_up(story)
    assert story.official() == ["stansUngdomsreaksjon BRUDD_PGA_VILKÅR", "avsluttetUngdomsreaksjon BRUDD_PAA_VILKAAR"]
