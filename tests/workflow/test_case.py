"""What a history tells of a case: acts, consents, team, complaints, breach, office, start."""

import pickle
from datetime import date, timedelta

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import open_complaint
from ungdom.workflow.derived.consents import current_consents
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import Regime

PLAN = "plan_meeting_held"
HEARD = "{} youth_heard {{about: [interruption], how: spoken}}"


def test_the_lead_time_counts_from_the_last_day_of_the_last_act() -> None:
    case = case_at("S R2", "suspect_set", "2025-02-10 offence_added {offence: {on: 2025-01-02, until: 2025-02-01}}",
                   "2025-02-10 offence_added {offence: {on: 2024-12-24}}")  # fmt: skip

    assert (case.first_offence, case.last_offence) == (date(2024, 12, 24), date(2025, 2, 1))


def test_nothing_has_been_served_before_the_start() -> None:
    case = case_at("S R2", "assigned")

    assert case.served_days(date(2025, 6, 1)) is None
    assert case.served_before_interruption is None
    assert (case.planned_end, case.adjusted_end(date(2025, 6, 1)), case.interrupted_days(date(2025, 6, 1))) == (
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("road", "until", "on", "rule"),
    [
        ("S R2", PLAN, date(2025, 6, 3), "plan_meeting"),
        ("S R2 interim", PLAN, date(2025, 4, 25), "interim_conditions"),
        ("S R0", "plan_signed", date(2023, 8, 8), "plan_signed"),
        ("F R0", "plan_signed", date(2023, 6, 1), "plan_signed"),
        ("F R1", PLAN, date(2024, 10, 14), "plan_meeting"),
    ],
)
def test_the_start_is_told_with_the_rule_that_gave_it(road: str, until: str, on: date, rule: str) -> None:
    start = case_at(road, until).start

    assert start is not None
    assert (start.on, start.rule) == (on, rule)


def test_a_plan_signed_in_september_2024_or_later_starts_nothing() -> None:
    case = case_at("F R2", PLAN, "2025-03-10 plan_signed {by: [youth, guardian]}")

    assert case.start is not None
    assert case.start.on == date(2025, 3, 3)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), (False, 0)),
        (("{by: youth}",), (True, 0)),
        (("{by: guardian}", "{by: guardian}"), (False, 1)),  # one is on record
        (("{by: guardian, guardian: g1}", "{by: guardian, guardian: g1}"), (False, 1)),
        (("{by: youth}", "refused {by: youth}"), (False, 0)),
        (("{by: guardian, guardian: g1}", "{by: guardian, guardian: g9, temporary: true}",
          "revoked {by: guardian, guardian: g1}"), (False, 1)),
        (("{by: guardian, guardian: g1}", "{by: guardian}", "revoked {by: guardian}"), (False, 0)),
    ],
)  # fmt: skip
def test_consents_are_counted_by_who_gave_them_and_took_them_back(
    lines: tuple[str, ...], expected: tuple[bool, int]
) -> None:
    told = [f"2025-02-11 consent_{'given ' if line.startswith('{') else ''}{line}" for line in lines]

    assert current_consents(case_at("F R2", "investigation_closed", *told)) == expected


def test_the_team_is_who_joined_and_has_not_left() -> None:
    case = case_at("S R2", PLAN,
                   "2025-06-05 team_member_joined {member: m1, agency: school}",
                   "2025-06-05 team_member_joined {member: m2, agency: health}",
                   "2025-06-20 team_member_left {member: m1}")  # fmt: skip

    assert case.team == {"m2"}


def test_two_complaints_about_one_decision_are_decided_one_by_one() -> None:
    filed = ("2025-06-03 plan_approved", "2025-06-04 youth_heard {about: [drug_ban], how: spoken}",
             "2025-06-04 drug_ban_imposed",
             "2025-06-05 complaint_filed {about: plan}", "2025-06-06 complaint_filed {about: plan}",
             "2025-06-09 complaint_filed {about: drug_ban}")  # fmt: skip
    decided = "2025-06-20 complaint_decided {about: plan, outcome: rejected}"

    one, two = case_at("S R2", PLAN, *filed, decided), case_at("S R2", PLAN, *filed, decided, decided)

    def waiting(case: Case, about: d.ComplaintAbout | None = None) -> Event | None:
        found = open_complaint(case, about)
        return found.filed if found else None

    assert waiting(one, d.ComplaintAbout.PLAN) == one.events[15]
    assert waiting(two, d.ComplaintAbout.PLAN) is None
    assert waiting(two) == two.events[16]
    assert waiting(two, d.ComplaintAbout.INTERRUPTION) is None


def test_a_transfer_moves_the_case_when_the_other_office_accepts_it() -> None:
    decided = "2025-06-10 transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-06-10}"

    pending = case_at("S R2", PLAN, decided)
    moved = case_at("S R2", PLAN, decided, "2025-06-12 transfer_accepted")

    assert (pending.konfliktrad, moved.konfliktrad) == ("oslo", "vest")


@pytest.mark.parametrize(
    ("more", "new"),
    [
        ((), False),
        (("2025-09-02 breach_recorded {kind: plan}",), False),  # before the talk was ordered
        (("2025-09-03 breach_recorded {kind: plan}",), False),  # on the day it was ordered
        (("2025-09-04 breach_recorded {kind: plan}",), True),
        (("2025-09-04 breach_talk_missed",), True),
    ],
)
def test_a_new_breach_happened_on_a_later_day_than_the_talk_was_ordered(more: tuple[str, ...], new: bool) -> None:
    case = case_at("S R2", "breach_talk_ordered", *more)

    assert (case.new_breach is not None) is new


def test_a_referral_is_open_until_it_is_declined_rejected_or_taken_back() -> None:
    declined = "2025-10-20 petition_declined"
    replanned = "2025-10-20 replan_meeting_held {consent_police: true, consent_correctional_service: true}"

    assert case_at("S R2", "referred_for_breach").referral is not None
    assert case_at("S R2", "referred_for_breach", declined).referral is None
    assert case_at("S R2", "youth_heard", replanned).referral is None
    assert case_at("S R2", "petition_sent", "2025-11-03 petition_rejected").referral is None


def test_the_petition_is_the_one_sent_last() -> None:
    extended = "2026-03-16 petition_sent {for: electronic_control, by: prosecution}"
    before, first = case_at("S R2", "referred_for_breach"), case_at("S R2", "petition_sent")
    again = case_at("S R2", "electronic_control_ordered", extended)

    assert before.petition is None
    assert first.petition is not None
    assert again.petition is not None
    assert [str(petition.by) for petition in (first.petition, again.petition)] == [
        "correctional_service",
        "prosecution",
    ]


def test_the_regime_of_terms_is_that_of_the_decision_and_of_execution_that_of_the_day() -> None:
    case = case_at("S R0", "plan_signed")

    assert case.decision_regime(date(2025, 1, 1)) is Regime.R0
    assert [case.execution_regime(day) for day in (date(2024, 8, 31), date(2024, 9, 1), date(2024, 12, 1))] == [
        Regime.R0,
        Regime.R1,
        Regime.R2,
    ]


def test_before_there_is_a_decision_the_day_gives_the_regime() -> None:
    case = case_at("S R0", "indicted")

    assert [case.decision_regime(day) for day in (date(2024, 8, 31), date(2024, 12, 1))] == [Regime.R0, Regime.R2]


def test_a_pinned_regime_governs_execution_whatever_the_day() -> None:
    pin = "2024-08-01 execution_regime_pinned {regime: R0, reason: more_lenient_law}"
    case = case_at("S R0", "plan_signed", pin)

    assert case.execution_regime(date(2025, 6, 1)) is Regime.R0


def test_a_judgment_changed_on_appeal_is_the_one_in_force() -> None:
    case = case_at("S R2", "judgment_given", "2025-05-02 appealed",
                   "2025-06-27 appeal_decided {outcome: changed, terms: {length: {months: 9}, "
                   "subsidiary_prison: {months: 4}}}")  # fmt: skip

    assert case.sanction_in_force is not None
    assert (case.sanction_in_force.on, str(case.sanction_in_force.length)) == (date(2025, 6, 27), "9 months")


def test_a_follow_up_by_judgment_changed_on_appeal_stays_under_its_regime() -> None:
    case = case_at("F R0", "follow_up_by_judgment", "2023-04-20 appealed",
                   "2024-10-10 appeal_decided {outcome: changed, terms: {length: {months: 4}}}")  # fmt: skip

    assert case.sanction_in_force is not None
    assert case.sanction_in_force.regime is Regime.R0


@pytest.mark.parametrize(
    ("stopped_on", "days", "end"),
    [
        ("2026-06-02", 10, date(2026, 6, 13)),  # the day before the last: the term stands still from then on
        ("2026-06-03", 0, date(2026, 6, 3)),  # the last day: the whole term has run
        ("2026-06-04", 0, date(2026, 6, 3)),
    ],
)
def test_an_interruption_from_the_last_day_of_the_term_on_moves_no_end(stopped_on: str, days: int, end: date) -> None:
    case = case_at("S R2", PLAN, HEARD.format(stopped_on), f"{stopped_on} interrupted {{reason: health}}")
    day = date.fromisoformat(stopped_on) + timedelta(days=10)

    assert case.planned_end == date(2026, 6, 3)
    assert (case.interrupted_days(day), case.adjusted_end(day)) == (days, end)


def test_a_case_goes_to_another_process_without_what_was_derived_from_it() -> None:
    case = case_at("S R2", PLAN, "2025-06-04 plan_approved", "2025-06-12 complaint_filed {about: plan}")
    found = [*complaints.decisions(case)]
    assert found
    assert case.derived

    there = pickle.loads(pickle.dumps(case))  # noqa: S301  # of this test

    assert there == case
    assert not there.derived
    assert [*complaints.decisions(there)] == found
