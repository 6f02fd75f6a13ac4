"""The days of a case: its stages, whom it waits for, its lead times and its term."""

from datetime import date

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow.rules.waits import DEFAULT_PARTY, Stage, stages, waiting_for
from ungdom.workflow.views.lead_time import lead_time
from ungdom.workflow.vocabulary import Sanction, State

# --- what the ledger says ---------------------------------------------------------------------------------------


def test_a_stage_lasts_from_its_entry_to_its_exit() -> None:
    case = case_at("F R2", "received")

    found = stages(case, date(2025, 2, 20))

    assert found == [
        Stage(State.REGISTERED, date(2025, 1, 18), date(2025, 1, 20), open=False),
        Stage(State.INVESTIGATION, date(2025, 1, 20), date(2025, 2, 3), open=False),
        Stage(State.ASSESSMENT, date(2025, 2, 3), date(2025, 2, 10), open=False),
        Stage(State.AWAITING_DECISION, date(2025, 2, 10), date(2025, 2, 12), open=False),
        Stage(State.FINAL, date(2025, 2, 12), date(2025, 2, 14), open=False),
        Stage(State.DISPATCHED, date(2025, 2, 14), date(2025, 2, 17), open=False),
        Stage(State.RECEIVED, date(2025, 2, 17), date(2025, 2, 20), open=True),
    ]
    assert [stage.days for stage in found] == [2, 14, 7, 2, 2, 3, 3]


def test_a_closed_case_has_no_open_stage_and_waits_for_nobody() -> None:
    case = case_at("F R2", "received", "2025-02-20 lapsed {reason: death}")

    time = lead_time(case, date(2026, 1, 1))

    assert not any(stage.open for stage in time.stages)
    assert (time.until, time.total_days) == (date(2025, 2, 20), 33)
    assert waiting_for(case) is None


@pytest.mark.parametrize(
    ("road", "until", "more", "party"),
    [
        ("S R2", "case_registered", (), "police"),
        ("S R2", "judgment_given", (), "parties"),
        ("S R2", "assigned", ("2025-05-20 postponed {reason: health}",), "youth"),
        ("S R2", "assigned", ("2025-05-20 postponed {reason: weighty_grounds}",), "other"),
        ("S R2", "plan_meeting_held", ("2025-07-01 youth_heard {about: [interruption], how: spoken}",
                                       "2025-07-01 interrupted {reason: health}",), "youth"),
        ("S R2", "plan_meeting_held", ("2025-07-01 youth_heard {about: [interruption], how: spoken}",
                                       "2025-07-01 interrupted {reason: weighty_grounds}",), "other"),
        ("S R2", "referred_for_breach", (), "correctional_service"),
        ("S R2", "youth_heard", ("2025-10-08 referred_for_breach {to: prosecution, recommendation: serve_prison, "
         "consent_police: true, consent_correctional_service: true}",), "prosecution"),
        ("S R2", "petition_sent", (), "court"),
        ("S R2", "referred_for_breach", ("2026-06-03 term_expired",), "correctional_service"),  # as before
        ("F R2", "referred_for_resumption", ("2025-07-01 term_expired",), "prosecution"),
        ("S R2", "assigned", ("2025-05-20 wait_started {party: youth, reason: illness}",), "youth"),
        ("S R2", "assigned", ("2025-05-20 wait_started {party: youth, reason: illness}",
                              "2025-05-25 wait_ended"), "konfliktrad"),
        ("S R2", "assigned", ("2025-05-20 wait_started {party: youth, reason: illness}",
                              "2025-05-22 wait_started {party: guardian, reason: consent}"), "guardian"),
        ("S R2", "assigned", ("2025-05-20 wait_started {party: youth, reason: illness}",
                              "2025-05-22 wait_started {party: guardian, reason: consent}",
                              "2025-05-23 wait_ended {party: youth}"), "guardian"),
        ("S R2", "assigned", ("2025-05-20 wait_started {party: youth, reason: illness}",
                              "2025-05-22 wait_started {party: guardian, reason: consent}",
                              "2025-05-23 wait_ended"), "youth"),
    ],
)  # fmt: skip
def test_the_case_waits_for(road: str, until: str, more: tuple[str, ...], party: str) -> None:
    assert waiting_for(case_at(road, until, *more)) == party


def test_of_two_waits_the_one_started_last_has_the_day() -> None:
    case = case_at("S R2", "assigned",
                   "2025-05-20 wait_started {party: youth, reason: illness}",
                   "2025-05-22 wait_started {party: guardian, reason: consent}",
                   "2025-05-25 wait_ended {party: guardian}",
                   "2025-05-29 wait_ended {party: youth}")  # fmt: skip

    found = [(wait.party, wait.since.day, wait.until.day) for wait in lead_time(case, date(2025, 5, 31)).waits[-5:]]

    assert found == [
        ("konfliktrad", 15, 20),
        ("youth", 20, 22),
        ("guardian", 22, 25),
        ("youth", 25, 29),
        ("konfliktrad", 29, 31),
    ]


def test_days_in_a_closed_state_count_only_when_the_case_was_reopened() -> None:
    closed = ("2025-05-20 lapsed {reason: limitation}",)
    again = (*closed, "2025-05-27 reopening_approved", "2025-05-30 reopened")

    before, after = (lead_time(case_at("S R2", "assigned", *more), date(2025, 6, 2)) for more in (closed, again))

    assert (before.total_days, after.total_days) == (122, 135)
    assert State.LAPSED not in before.stage_days
    assert after.stage_days[State.LAPSED] == 10


def test_every_state_has_somebody_to_wait_for() -> None:
    assert set(DEFAULT_PARTY) == set(State)


@pytest.mark.parametrize(
    ("road", "until", "more", "expected"),
    [
        ("S R2", "dispatched", (), (None, None, None)),
        ("S R2", "assigned", (), (116, None, None)),
        ("S R2", "plan_meeting_held", (), (116, 20, 136)),
        ("S R2 interim", "interim_conditions_started", (), (None, None, 97)),
        ("S R2 interim", "assigned", (), (116, None, 97)),  # started before it was received
        ("S R0", "plan_signed", (), (257, 75, 332)),
    ],
)
def test_p1_p2_and_p3(road: str, until: str, more: tuple[str, ...], expected: tuple[int | None, ...]) -> None:
    time = lead_time(case_at(road, until, *more), date(2026, 1, 1))

    assert (time.p1, time.p2, time.p3) == expected


def test_the_days_before_registration_are_unreported_and_belong_to_nobody() -> None:
    case = case_at("S R0", "plan_signed")

    time = lead_time(case, date(2024, 1, 1))

    assert time.unreported_days == 0
    assert time.p3 == sum((time.p3_by_party or {}).values()) == 332


# --- the term ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "day", "end", "interrupted", "served"),
    [
        ((), "2025-06-03", "2026-06-03", 0, 0),
        ((), "2025-06-04", "2026-06-03", 0, 1),
        (("2025-07-01 youth_heard {about: [interruption], how: spoken}",
          "2025-07-01 interrupted {reason: health}",), "2025-07-01", "2026-06-03", 0, 28),
        (("2025-07-01 youth_heard {about: [interruption], how: spoken}",
          "2025-07-01 interrupted {reason: health}",), "2025-07-11", "2026-06-13", 10, 28),
        (("2025-07-01 youth_heard {about: [interruption], how: spoken}",
          "2025-07-01 interrupted {reason: health}", "2025-07-11 resumed {reason: cause_gone}"), "2025-07-12",
         "2026-06-13", 10, 29),
        (("2025-07-01 youth_heard {about: [interruption], how: spoken}",
          "2025-07-01 interrupted {reason: health}", "2025-07-01 resumed {reason: cause_gone}"), "2025-07-12",
         "2026-06-03", 0, 39),
        (("2026-06-03 youth_heard {about: [interruption], how: spoken}",
          "2026-06-03 interrupted {reason: health}",), "2026-06-20", "2026-06-03", 0, 382),  # begun after the end
        (("2026-06-02 youth_heard {about: [interruption], how: spoken}",
          "2026-06-02 interrupted {reason: health}",), "2026-06-20", "2026-06-21", 18, 364),
    ],
)  # fmt: skip
def test_an_interruption_moves_the_end_by_its_days(
    more: tuple[str, ...], day: str, end: str, interrupted: int, served: int
) -> None:
    case = case_at("S R2", "plan_meeting_held", *more)
    asked = date.fromisoformat(day)

    assert case.adjusted_end(asked) == date.fromisoformat(end)
    assert case.interrupted_days(asked) == interrupted
    assert case.served_days(asked) == served


@pytest.mark.parametrize(
    ("until", "more", "runs"),
    [
        ("plan_meeting_held", (), True),
        ("breach_talk_ordered", (), True),
        ("referred_for_breach", (), True),
        ("petition_sent", (), True),  # for electronic control
        ("electronic_control_ordered", (), True),
        ("referred_for_breach", ("2025-10-20 petition_sent {for: serve_prison}",), False),
        (
            "plan_meeting_held",
            (
                "2025-07-01 youth_heard {about: [interruption], how: spoken}",
                "2025-07-01 interrupted {reason: health}",
            ),
            False,
        ),
        ("referred_for_breach", ("2026-06-03 term_expired",), True),
    ],
)
def test_the_clock_runs_in(until: str, more: tuple[str, ...], runs: bool) -> None:
    assert case_at("S R2", until, *more).intervals[-1].clock is runs


def test_a_case_reopened_goes_on_with_its_clock_as_it_was() -> None:
    stopped = ("2025-07-01 youth_heard {about: [interruption], how: spoken}",
               "2025-07-01 interrupted {reason: health}", "2025-07-11 lapsed {reason: limitation}",
               "2025-07-15 reopening_approved", "2025-07-21 reopened")  # fmt: skip
    case = case_at("S R2", "plan_meeting_held", *stopped)

    assert (case.state, case.intervals[-1].clock) == (State.INTERRUPTED, False)
    assert case.sanction is Sanction.YOUTH_SANCTION
    assert case.served_before_interruption == 28  # the ten days it lay closed stand still as those before them
    assert case.adjusted_end(date(2025, 7, 25)) == date(2026, 6, 27)


def test_days_served_before_a_new_trial_count_for_the_new_judgment_and_the_days_between_do_not() -> None:
    lines = ("2025-05-05 appealed", "2025-06-27 appeal_decided {outcome: sent_back}",
             "2025-09-01 judgment_given {length: {months: 9}, subsidiary_prison: {months: 4}, suitable_reaction: true, "
             "lives_in_norway: true, served_on: 2025-09-01, interim_conditions: [abstinence], "
             "interim_from: 2025-09-02}", "2025-09-02 interim_conditions_started")  # fmt: skip
    before, case = (case_at("S R2 interim", "interim_conditions_started", *lines[:n]) for n in (2, 4))
    day = date(2025, 9, 12)

    assert (before.planned_end, before.start and before.start.on) == (None, date(2025, 4, 25))
    assert (case.start and case.start.on, case.planned_end) == (date(2025, 4, 25), date(2026, 1, 25))
    assert (case.served_days(day), case.interrupted_days(day)) == (20, 120)
    assert case.adjusted_end(day) == date(2026, 5, 25)
