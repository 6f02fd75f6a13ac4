"""The plan: the lists of krl § 25, its versions and load, and how each measure has fared."""

import csv
from datetime import date, timedelta

import pytest

from tests.data import REFERENCE
from tests.workflow.roads import case_at, read
from ungdom import texts
from ungdom.texts import Language
from ungdom.workflow import measure_list
from ungdom.workflow.calendar import days_between
from ungdom.workflow.derived import plan, team
from ungdom.workflow.derived.plan import MeasureState, MeasureStatus, PlanVersion
from ungdom.workflow.engine import Decision, decide
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import read_details
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.measure_list import AGENCY, KIND, MEASURES, allowed_codes, load
from ungdom.workflow.payloads import (
    Attended,
    Attendee,
    MeasureEnd,
    MeasureOutcome,
    PlanLoad,
    PlannedMeasure,
)
from ungdom.workflow.views.plan import (
    complaint_deadlines,
    days_to_first_measure,
    is_overdue,
    measures_of_agencies,
)
from ungdom.workflow.vocabulary import EventType, MeasureKind, Regime, Sanction

E, S, F = EventType, Sanction.YOUTH_SANCTION, Sanction.YOUTH_FOLLOW_UP
DAY = date(2025, 12, 31)
TALKS = "{measure: m1, code: conversation, hours_a_week: 2, provider: politi}"
CURFEW = "{measure: m2, code: curfew}"
APPROVED = f"2025-06-05/2025-06-06 plan_approved {{notified_on: 2025-06-06, measures: [{TALKS}, {CURFEW}]}}"
"""Seven points: two hours of conversation (mixed, 2) and a curfew (intrusive, 3)."""
REPLAN = "2025-10-20 replan_meeting_held {consent_police: true, consent_correctional_service: true}"


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the lists of krl § 25 --------------------------------------------------------------------------------------


def test_the_lists_are_those_of_the_reference_data() -> None:
    published = [(row["code"], row["letter"] or None, row["kind"], row["regime"]) for row in rows("measures.csv")]

    ours = [(one.code, one.letter, str(one.kind), "2014" if Regime.R0 in one.regimes else "2024") for one in MEASURES]

    assert ours == published


@pytest.mark.parametrize("language", texts.languages())
def test_a_measure_is_called_what_the_reference_data_calls_it(language: Language) -> None:
    published = {row["code"]: row[language] for row in rows("measures.csv")}

    assert {code: texts.text(language, "measure", code) for code in KIND} == published


def test_a_code_of_both_lists_takes_the_same_in_both() -> None:
    assert {(one.code, one.kind) for one in MEASURES} == set(KIND.items())


def test_every_agency_has_its_part_on_a_team() -> None:
    assert set(AGENCY) == {row["code"] for row in rows("agencies.csv")}


def test_the_list_of_the_first_regime_is_open_and_the_later_one_is_not() -> None:
    assert measure_list.may_be_planned("fishing_trip", Regime.R0, F)
    assert not measure_list.may_be_planned("fishing_trip", Regime.R1, F)
    assert measure_list.may_be_planned("other_suitable", Regime.R2, F)


def test_a_stay_in_an_institution_is_for_the_youth_sanction_of_the_first_regime_alone() -> None:
    fits = {(r, s) for r in Regime for s in Sanction if measure_list.may_be_planned("institution_stay", r, s)}

    assert fits == {(Regime.R0, S)}
    assert "institution_stay" in allowed_codes(Regime.R0, S)
    assert "institution_stay" not in allowed_codes(Regime.R0, F)


# --- load -------------------------------------------------------------------------------------------------------


def measure(code: str, hours: int | None = None) -> PlannedMeasure:
    return PlannedMeasure(measure="m1", code=code, hours_a_week=hours)


@pytest.mark.parametrize(
    ("measures", "points"),
    [
        ((), 0),
        ((measure("education_work_community"),), 1),
        ((measure("conversation", 2), measure("curfew")), 7),
        ((measure("reporting", 4),), 12),
        ((measure("fishing_trip", 3),), 6),  # beside the open list of R0
    ],
)
def test_a_load_is_weight_times_hours_of_each_measure(measures: tuple[PlannedMeasure, ...], points: int) -> None:
    assert load(measures, DAY) == points


def test_every_kind_of_measure_has_a_weight() -> None:
    alone = {kind: load([measure(code)], DAY) for code, kind in KIND.items()}

    assert alone == {MeasureKind.SUPPORTIVE: 1, MeasureKind.MIXED: 2, MeasureKind.INTRUSIVE: 3}


# --- versions ---------------------------------------------------------------------------------------------------


def told(version: PlanVersion) -> tuple[object, ...]:
    return (
        version.number,
        str(version.by),
        version.made_on.isoformat(),
        version.approved_on and version.approved_on.isoformat(),
        version.load,
        version.superseded_on and version.superseded_on.isoformat(),
    )


def test_a_meeting_makes_a_version_and_its_approval_completes_it() -> None:
    case = case_at("S R2", "plan_meeting_held", APPROVED)

    assert [told(one) for one in plan.versions(case, DAY)] == [
        (1, "plan_meeting_held", "2025-06-03", "2025-06-05", 7, None)
    ]
    assert [told(one) for one in plan.versions(case, date(2025, 6, 4))] == [
        (1, "plan_meeting_held", "2025-06-03", None, None, None)
    ]


def test_a_change_and_a_new_meeting_take_the_place_of_what_was() -> None:
    change = f"2025-07-01 plan_changed {{load: lower, measures: [{TALKS}]}}"
    heavier = f"2025-10-22 plan_approved {{measures: [{TALKS}, {CURFEW}, {{measure: m3, code: reporting}}]}}"
    talk = (
        "2025-09-01 breach_recorded {kind: plan}",
        "2025-09-03 breach_talk_ordered",
        "2025-09-10 breach_talk_held {consequences_explained: true}",
        "2025-10-01 breach_recorded {kind: plan}",
        "2025-10-02 youth_heard {about: [new_plan], how: spoken}",
    )
    case = case_at("S R2", "plan_meeting_held", APPROVED, change, *talk, REPLAN, heavier)

    assert [told(one) for one in plan.versions(case, DAY)] == [
        (1, "plan_meeting_held", "2025-06-03", "2025-06-05", 7, "2025-07-01"),
        (2, "plan_changed", "2025-07-01", "2025-07-01", 4, "2025-10-20"),
        (3, "replan_meeting_held", "2025-10-20", "2025-10-22", 10, None),
    ]
    assert plan.versions(case, DAY)[1].declared is PlanLoad.LOWER
    assert plan.awaits_approval(case, date(2025, 10, 21))
    assert [one.measure for one in plan.planned_measures(case, date(2025, 10, 21))] == ["m1"]


def test_in_the_first_regime_the_signature_makes_the_plan_and_later_it_makes_nothing() -> None:
    signed = case_at("S R0", "plan_signed", "2023-08-09 plan_approved")
    later = case_at("S R2", "plan_meeting_held", "2025-06-04 plan_signed {by: [youth, guardian]}", APPROVED)

    assert [told(one)[:4] for one in plan.versions(signed, DAY)] == [(1, "plan_signed", "2023-08-08", "2023-08-09")]
    assert [told(one)[:4] for one in plan.versions(later, DAY)] == [
        (1, "plan_meeting_held", "2025-06-03", "2025-06-05")
    ]


def test_the_last_day_for_a_complaint_is_that_of_the_clock() -> None:
    case = case_at("S R2", "plan_meeting_held", APPROVED)
    before_2024 = case_at("S R0", "plan_signed", "2023-08-09 plan_approved")

    assert complaint_deadlines(case, DAY) == {date(2025, 6, 5): date(2025, 6, 26)}
    assert complaint_deadlines(before_2024, DAY) == {}


def test_there_is_no_version_before_there_is_a_plan() -> None:
    assert plan.versions(case_at("S R2", "assigned"), DAY) == []
    assert plan.in_force(case_at("S R2", "assigned"), DAY) is None


# --- what a change may be ---------------------------------------------------------------------------------------


def asked(line: str, *before: str) -> Decision:
    wish = read(line)
    kind = EventType(wish.kind)
    case = case_at("S R2", "plan_meeting_held", *before)
    return decide(case, ProposedEvent(kind, wish.on, wish.known, read_details(kind, wish.details)))


def test_a_heavier_change_is_refused_with_both_sums() -> None:
    heavier = asked(
        f"2025-07-01 plan_changed {{load: equal, measures: [{TALKS}, {CURFEW}, {{measure: m3, code: reporting}}]}}",
        APPROVED,
    )

    assert [(no.code, no.current, no.needed) for no in heavier.unmet] == [("plan_is_not_heavier", 10, 7)]


@pytest.mark.parametrize(
    ("change", "unmet"),
    [
        (f"{{load: equal, measures: [{TALKS}, {CURFEW}]}}", []),
        (f"{{load: equal, measures: [{TALKS}]}}", []),
        (f"{{load: lower, measures: [{TALKS}]}}", []),
        (f"{{load: lower, measures: [{TALKS}, {CURFEW}]}}", ["lower_load_weighs_less"]),
        ("{load: lower}", ["change_says_its_measures"]),
        (f"{{load: higher, measures: [{TALKS}]}}", ["plan_load_not_higher"]),
    ],
)
def test_a_change_to_an_equal_or_lower_load_is_the_coordinators_own(change: str, unmet: list[str]) -> None:
    assert [no.code for no in asked(f"2025-07-01 plan_changed {change}", APPROVED).unmet] == unmet


def test_a_plan_without_measures_is_changed_on_the_word_of_the_coordinator() -> None:
    assert asked("2025-07-01 plan_changed {load: equal}", "2025-06-05 plan_approved").allowed


def test_a_measure_agreed_under_the_old_list_may_stay_when_the_list_has_changed() -> None:
    old = "{measure: m1, code: meet_police_corrections}"
    case = case_at(
        "S R0",
        "plan_signed",
        f"2023-08-09 plan_approved {{measures: [{old}]}}",
    )
    kind = E.PLAN_CHANGED

    def unmet(code: str) -> list[str]:
        details = read_details(kind, {"load": "equal", "measures": [{"measure": "m1", "code": code}]})
        return [
            no.code for no in decide(case, ProposedEvent(kind, date(2024, 10, 1), date(2024, 10, 1), details)).unmet
        ]

    assert unmet("meet_police_corrections") == []
    assert unmet("residence_work_education") == ["planned_measures_are_listed"]


def test_a_list_names_each_measure_once_and_no_time_backwards() -> None:
    twice = {"measures": [{"measure": "m1", "code": "curfew"}, {"measure": "m1", "code": "reporting"}]}
    backwards = {"measures": [{"measure": "m1", "code": "curfew", "since": "2025-07-02", "until": "2025-07-01"}]}

    for wrong in (twice, backwards):
        with pytest.raises(BadDetails):
            read_details(E.PLAN_APPROVED, wrong)


# --- how a measure has fared ------------------------------------------------------------------------------------

REQUESTED = "2025-06-10 measure_requested {measure: m1}"
WAITING = "2025-06-20 measure_answered {measure: m1, answer: waiting_list, available_from: 2025-08-01}"
STARTED = "2025-08-04 measure_started {measure: m1}"
MET = "2025-08-11 measure_attended {measure: m1, attended: attended}"
STAYED_AWAY = "2025-08-18 measure_attended {measure: m1, attended: absent}"
MET_AGAIN = "2025-08-25 measure_attended {measure: m1, attended: attended}"
ENDED = "2025-11-03 measure_ended {measure: m1, reason: carried_out, outcome: partly_achieved}"
LIFE = (APPROVED, REQUESTED, WAITING, STARTED, MET, STAYED_AWAY, MET_AGAIN, ENDED)


def measures_on(day: date, *lines: str) -> dict[str, MeasureState]:
    case = case_at("S R2", "plan_meeting_held", *(line for line in lines if read(line).on <= day))
    return {one.measure: one for one in plan.measures(case, day)}


@pytest.mark.parametrize(
    ("day", "status", "waited"),
    [
        ("2025-06-09", MeasureStatus.PLANNED, None),
        ("2025-06-15", MeasureStatus.REQUESTED, 5),
        ("2025-06-30", MeasureStatus.WAITING_LIST, 20),
        ("2025-08-04", MeasureStatus.RUNNING, 55),
        ("2025-11-03", MeasureStatus.ENDED, 55),
    ],
)
def test_a_measure_is_asked_for_waits_begins_and_ends(day: str, status: MeasureStatus, waited: int | None) -> None:
    on = date.fromisoformat(day)
    one = measures_on(on, *LIFE)["m1"]

    assert (one.status, one.days_waited(on)) == (status, waited)


def test_the_days_of_a_measure_are_told_apart() -> None:
    one = measures_on(DAY, *LIFE)["m1"]

    assert (one.days_to_answer, one.days_from_answer, one.days_to_start) == (10, 45, 55)
    assert one.available_from == date(2025, 8, 1)
    assert (one.reason, one.outcome) == (MeasureEnd.CARRIED_OUT, MeasureOutcome.PARTLY_ACHIEVED)
    assert (one.attendance[Attended.ATTENDED], one.attendance[Attended.ABSENT]) == (2, 1)
    assert (one.code, one.provider) == ("conversation", "politi")


def test_one_that_is_refused_may_be_asked_for_elsewhere_and_waits_from_the_first_request() -> None:
    refused = "2025-06-20 measure_answered {measure: m1, answer: refused}"
    elsewhere = "2025-06-25 measure_requested {measure: m1, provider: kriminalomsorg}"

    before = measures_on(date(2025, 6, 24), APPROVED, REQUESTED, refused)["m1"]
    one = measures_on(date(2025, 6, 30), APPROVED, REQUESTED, refused, elsewhere)["m1"]

    assert before.status is MeasureStatus.REFUSED
    assert before.days_waited(DAY) is None
    assert (one.status, one.provider) == (MeasureStatus.REQUESTED, "kriminalomsorg")
    assert one.days_waited(date(2025, 6, 30)) == days_between(date(2025, 6, 10), date(2025, 6, 30))


def test_what_is_taken_off_the_plan_before_it_began_is_dropped() -> None:
    change = f"2025-07-01 plan_changed {{load: lower, measures: [{TALKS}]}}"

    assert measures_on(DAY, APPROVED, change)["m2"].status is MeasureStatus.DROPPED


def test_one_that_begins_again_runs_again() -> None:
    again = "2025-11-10 measure_started {measure: m1}"
    one = measures_on(DAY, *LIFE, again)["m1"]

    assert (one.status, one.ended_on, one.outcome) == (MeasureStatus.RUNNING, None, None)
    assert one.started_on == date(2025, 8, 4)


def test_what_runs_here_runs_on_the_team_as_well() -> None:
    case = case_at("S R2", "plan_meeting_held", *LIFE, "2025-11-10 measure_started {measure: m4}")

    running = [one.measure for one in plan.measures(case, DAY) if one.status is MeasureStatus.RUNNING]

    assert running == [measure for measure, _ in team.running_measures(case)] == ["m4"]


def test_a_measure_is_overdue_the_day_after_it_should_have_ended() -> None:
    until = "2025-06-05 plan_approved {measures: [{measure: m1, code: curfew, until: 2025-09-30}]}"
    case = case_at("S R2", "plan_meeting_held", until, "2025-06-10 measure_started {measure: m1}")
    last = date(2025, 9, 30)

    def late(day: date) -> list[bool]:
        return [is_overdue(one, case, day) for one in plan.measures(case, day)]

    assert (late(last), late(last + timedelta(days=1))) == ([False], [True])


def test_a_measure_without_a_planned_end_is_overdue_when_the_term_is() -> None:
    case = case_at("S R2", "plan_meeting_held", "2025-06-10 measure_started {measure: m1}")

    assert not is_overdue(plan.measures(case, date(2026, 6, 3))[0], case, date(2026, 6, 3))
    assert is_overdue(plan.measures(case, date(2026, 6, 4))[0], case, date(2026, 6, 4))


def test_whether_measures_are_there_in_time_is_counted_from_the_start() -> None:
    case = case_at("S R2", "plan_meeting_held", *LIFE)
    interim = case_at("S R2 interim", "interim_conditions_started", "2025-04-28 measure_started {measure: m1}")

    assert days_to_first_measure(case, DAY) == 62
    assert days_to_first_measure(case, date(2025, 8, 1)) is None
    assert days_to_first_measure(interim, DAY) == 3


def test_an_agency_has_the_measures_that_it_carries_out_and_no_others() -> None:
    found = measures_on(DAY, APPROVED, "2025-06-10 measure_requested {measure: m2, provider: p-1}").values()

    def own(agency: Attendee) -> list[str]:
        return [one.measure for one in measures_of_agencies(found, [agency], {"p-1": "bup"})]

    assert own(Attendee.POLICE) == ["m1"]
    assert own(Attendee.HEALTH) == ["m2"]
    assert own(Attendee.SCHOOL) == []
