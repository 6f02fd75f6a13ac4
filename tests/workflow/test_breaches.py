"""The chain of each breach and new offence, control periods, the petition window, hearings."""

from datetime import date

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow.case import Case
from ungdom.workflow.derived import breaches, right_to_be_heard
from ungdom.workflow.payloads import EndOfControl, HeardHow


def told(case: Case) -> list[list[tuple[str, int, int]]]:
    return [[(str(s.event.type), s.days, s.total) for s in chain.steps] for chain in breaches.chains(case)]


def test_each_breach_has_its_chain_with_the_days_between() -> None:
    """As in the worked history «Gamma»: breach, talk; a new breach, referral, petition, prison."""
    case = case_at("S R0", None, "2024-03-22 conversion_final {to: prison, extent: whole}")

    assert told(case) == [
        [("breach_recorded", 0, 0), ("breach_talk_ordered", 2, 2), ("breach_talk_held", 7, 9)],
        [
            ("breach_recorded", 0, 0),
            ("referred_for_breach", 14, 14),
            ("petition_sent", 28, 42),
            ("conversion_final", 67, 109),
        ],
    ]


def test_a_talk_is_about_every_breach_recorded_before_it() -> None:
    case = case_at(
        "S R2", "breach_recorded", "2025-09-02 breach_recorded {kind: duty}", "2025-09-03 breach_talk_ordered"
    )

    assert told(case) == [
        [("breach_recorded", 0, 0), ("breach_talk_ordered", 2, 2)],
        [("breach_recorded", 0, 0), ("breach_talk_ordered", 1, 1)],
    ]


def test_a_new_offence_has_a_chain_of_its_own() -> None:
    """As in «Epsilon»: charged, interrupted by the prosecution, resumed when the new case was dropped."""
    case = case_at(
        "S R2", "breach_talk_held",
        "2025-09-20 new_offence_recorded {offence_on: 2025-09-15, charged_on: 2025-09-20}",
        "2025-09-23 interrupted {reason: charged_with_new_offence, decided_by: prosecution}",
        "2025-11-22 resumed {reason: new_case_dropped}",
    )  # fmt: skip

    assert told(case)[1] == [("new_offence_recorded", 0, 0), ("interrupted", 3, 3), ("resumed", 60, 63)]
    assert [kind for kind, _, _ in told(case)[0]] == ["breach_recorded", "breach_talk_ordered", "breach_talk_held"]


def test_a_breach_brought_to_the_prosecution_ends_with_its_decision() -> None:
    case = case_at("F R2", "referred_for_resumption", "2025-04-20 prosecution_not_resumed")

    assert told(case)[1] == [
        ("breach_recorded", 0, 0),
        ("youth_heard", 1, 1),
        ("referred_for_resumption", 0, 1),
        ("prosecution_not_resumed", 12, 13),
    ]


def test_periods_of_electronic_control_have_review_end_and_extension() -> None:
    case = case_at(
        "S R2", "electronic_control_ordered", "2026-03-20 petition_sent {for: electronic_control}",
        "2026-03-30 electronic_control_ordered {until: 2026-06-03}",
        "2026-05-01 electronic_control_ended {reason: lifted}",
    )  # fmt: skip

    first, second = breaches.control_periods(case)

    assert (first.since, first.until, first.review_from, first.longest) == (
        date(2025, 11, 3), date(2026, 4, 1), date(2026, 2, 3), date(2026, 5, 3),
    )  # fmt: skip
    assert (first.ended_on, first.extension) == (None, False)
    assert (second.ended_on, second.end, second.extension) == (date(2026, 5, 1), EndOfControl.LIFTED, True)


@pytest.mark.parametrize(("ordered", "extension"), [("2026-04-01", True), ("2026-04-02", False)])
def test_an_order_until_the_last_day_of_a_period_extends_it_and_a_later_one_does_not(
    ordered: str, extension: bool
) -> None:
    case = case_at(
        "S R2", "electronic_control_ordered", "2026-03-20 petition_sent {for: electronic_control}",
        f"{ordered} electronic_control_ordered {{until: 2026-06-03}}",
    )  # fmt: skip

    assert [period.until for period in breaches.control_periods(case)] == [date(2026, 4, 1), date(2026, 6, 3)]
    assert [period.extension for period in breaches.control_periods(case)] == [False, extension]


def test_the_window_is_three_months_after_the_end_of_the_term() -> None:
    case = case_at("S R2", "referred_for_breach", "2026-06-03 term_expired")

    found = breaches.window(case, date(2026, 8, 31))

    assert found is not None
    assert (found.end_of_term, found.last, found.days_left) == (date(2026, 6, 3), date(2026, 9, 3), 3)
    assert (found.open, found.sent_on) == (True, None)
    assert breaches.window(case_at("F R2", None), date(2025, 5, 1)) is None


def test_whether_the_youth_was_heard_is_told_of_each_step() -> None:
    before, after = case_at("S R2", "breach_recorded#2"), case_at("S R2", "youth_heard")

    waiting = right_to_be_heard.heard_statuses(before, date(2025, 10, 8))
    spoken = right_to_be_heard.heard_statuses(after, date(2025, 10, 8))

    assert [(str(one.about), one.hearing) for one in waiting] == [
        ("interruption", None),
        ("new_plan", None),
        ("referral", None),
    ]
    assert [(str(one.about), one.how) for one in spoken] == [
        ("interruption", HeardHow.SPOKEN),
        ("new_plan", HeardHow.SPOKEN),
        ("referral", HeardHow.SPOKEN),
    ]


def test_a_breach_talk_held_after_the_breach_is_a_hearing() -> None:
    found = right_to_be_heard.heard_statuses(case_at("S R2", "breach_talk_held"), date(2025, 9, 12))

    assert {one.how for one in found} == {HeardHow.SPOKEN}
