"""Which decisions can be complained about, until when, what is late, and what an upheld complaint undoes."""

from datetime import date
from typing import NamedTuple

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import RULES, UNDO_RULES, Aftermath
from ungdom.workflow.payloads import ComplaintAbout
from ungdom.workflow.rules.deadlines import deadlines
from ungdom.workflow.vocabulary import Actor, State

A = ComplaintAbout
PLAN = "plan_meeting_held"


def test_every_kind_of_decision_has_its_row_and_what_undoes_it() -> None:
    assert {rule.about for rule in RULES} == set(A) == set(UNDO_RULES)
    assert [rule.about for rule in RULES if rule.to is Actor.PROSECUTION] == [A.TRANSFER_TO_FOLLOW_UP]


@pytest.mark.parametrize(
    ("road", "until", "more", "about", "last_day"),
    [
        ("F R2", "transferred_to_follow_up", (), A.TRANSFER_TO_FOLLOW_UP, "2025-03-06"),  # notified on 13 February
        ("S R2", PLAN, ("2025-06-04 plan_approved",), A.PLAN, "2025-06-25"),
        ("S R2", PLAN, ("2025-06-16 plan_changed {load: lower}",), A.PLAN_CHANGE, "2025-07-07"),
        ("F R2", "assigned", ("2025-03-28 postponed {reason: health}",), A.POSTPONEMENT, "2025-04-22"),  # Easter
        ("S R2", "breach_talk_held", (), A.BREACH_CONDITIONS, "2025-10-01"),
        ("S R2", PLAN, ("2025-07-01 youth_heard {about: [interruption], how: spoken}",
                        "2025-07-01 interrupted {reason: health}",), A.INTERRUPTION, "2025-07-22"),
        ("S R2", PLAN, ("2025-07-01 stay_abroad_refused {since: 2025-07-20, until: 2025-08-01}",), A.STAY_ABROAD,
         "2025-07-22"),
    ],
)  # fmt: skip
def test_a_decision_can_be_complained_about_for_three_weeks(
    road: str, until: str, more: tuple[str, ...], about: ComplaintAbout, last_day: str
) -> None:
    case = case_at(road, until, *more)

    [found] = complaints.decisions(case, about)
    clock = [one for one in deadlines(case, case.entered_on) if one.begun_on == found.notified_on and not one.delay]

    assert found.last_day == date.fromisoformat(last_day)
    assert found.last_day in {one.due for one in clock if one.code.startswith("complaint")}


@pytest.mark.parametrize(
    ("road", "until", "more", "others"),
    [
        ("S R0", "plan_signed", ("2023-08-09 plan_approved",), []),  # no right before September 2024
        ("F R2", "breach_talk_held", (), [A.TRANSFER_TO_FOLLOW_UP]),  # a talk without conditions decides nothing
        ("S R2", PLAN, ("2025-07-11 new_offence_recorded {offence_on: 2025-07-05, charged_on: 2025-07-11}",
                        "2025-07-14 interrupted {reason: charged_with_new_offence, decided_by: prosecution}"), []),
    ],
)  # fmt: skip
def test_what_is_not_the_offices_decision_of_the_new_law_cannot(
    road: str, until: str, more: tuple[str, ...], others: list[A]
) -> None:
    found = [one.rule.about for one in complaints.decisions(case_at(road, until, *more))]

    assert found == others


@pytest.mark.parametrize(("filed", "late"), [("2025-06-25", False), ("2025-06-26", True)])
def test_a_complaint_is_late_the_day_after_the_last(filed: str, late: bool) -> None:
    case = case_at("S R2", PLAN, "2025-06-04 plan_approved", f"{filed} complaint_filed {{about: plan}}")

    assert [one.late for one in complaints.complaints_in(case)] == [late]


def test_a_complaint_is_about_the_newest_decision_of_its_kind() -> None:
    case = case_at(
        "S R2", PLAN, "2025-06-10 plan_changed {load: equal}", "2025-07-10 plan_changed {load: equal}",
        "2025-07-20 complaint_filed {about: plan_change}",
    )  # fmt: skip
    first, second = complaints.decisions(case, A.PLAN_CHANGE)

    [one] = complaints.complaints_in(case)

    assert one.decision == second
    assert (complaints.complaint_filed_on(case, first), complaints.complaint_filed_on(case, second)) == (
        None,
        date(2025, 7, 20),
    )


class Upheld(NamedTuple):
    """A history that ends with a complaint decided, and what that leads to."""

    about: str
    road: str
    until: str
    before: tuple[str, ...]
    day: str
    aftermath: Aftermath
    event: str | None
    later: tuple[str, ...] = ()
    outcome: str = "upheld"


U = Aftermath
HEARD_BAN = "2025-06-09 youth_heard {about: [drug_ban], how: spoken}"
STOP = "2025-10-20 interrupted {reason: new_breach_after_talk}"
REFUSED = "2025-07-01 stay_abroad_refused {since: 2025-07-20, until: 2025-08-01}"
CASES = (
    Upheld("interruption", "S R2", "youth_heard", (STOP,), "2025-11-20", U.UNDONE, "resumed"),
    Upheld("interruption", "S R2", "youth_heard", (STOP,), "2025-11-20", U.NOTHING_LEFT, None,
           ("2025-11-10 resumed {reason: cause_gone}",)),
    Upheld("drug_ban", "S R2", PLAN, (HEARD_BAN, "2025-06-10 drug_ban_imposed"), "2025-07-20", U.UNDONE,
           "drug_ban_lifted"),
    Upheld("drug_ban", "S R2", PLAN, (HEARD_BAN, "2025-06-10 drug_ban_imposed"), "2025-07-20", U.NOTHING_LEFT, None,
           ("2025-07-01 drug_ban_lifted",)),
    Upheld("postponement", "S R2", "assigned", ("2025-05-20 postponed {reason: health}",), "2025-06-20", U.UNDONE,
           "postponement_ended"),
    Upheld("breach_conditions", "S R2", "breach_talk_held", (), "2025-09-25", U.UNDONE, "breach_conditions_lifted"),
    Upheld("breach_conditions", "S R2", "breach_talk_held", (), "2025-10-25", U.NOTHING_LEFT, None,
           ("2025-10-01 breach_recorded {kind: plan}", "2025-10-02 breach_talk_ordered")),
    Upheld("plan_change", "S R2", PLAN, ("2025-06-10 plan_changed {load: lower}",), "2025-07-20", U.UNDONE,
           "plan_changed"),
    Upheld("plan", "S R2", PLAN, ("2025-06-10 plan_approved",), "2025-07-20", U.BY_HAND, None),
    Upheld("transfer_to_follow_up", "F R2", "assigned", (), "2025-04-01", U.UNDONE, "decision_set_aside"),
    Upheld("stay_abroad", "S R2", PLAN, (REFUSED,), "2025-07-15", U.UNDONE, "stay_abroad_permitted"),
    Upheld("stay_abroad", "S R2", PLAN, ("2025-07-01 stay_abroad_permitted {since: 2025-07-20, until: 2025-08-01}",),
           "2025-07-15", U.BY_HAND, None),
    Upheld("interruption", "S R2", "youth_heard", (STOP,), "2025-11-20", U.BY_HAND, None, outcome="partly_upheld"),
)  # fmt: skip


def decided(told: Upheld) -> Case:
    last = (told.before or ("2025-02-20 assigned",))[-1].split()[0]
    filed = max(last, {"breach_talk_held": "2025-09-12", "assigned": "2025-02-20"}.get(told.until, last))
    history = (
        *told.before,
        f"{filed} complaint_filed {{about: {told.about}}}",
        *told.later,
        f"{told.day} complaint_decided {{about: {told.about}, outcome: {told.outcome}}}",
    )
    return case_at(told.road, told.until, *history)


@pytest.fixture(autouse=True)
def _the_prosecution_decides_on_the_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.workflow import roads  # noqa: PLC0415

    monkeypatch.setitem(roads.RECORDED_BY, "complaint_decided", ("system", "system"))


@pytest.mark.parametrize("told", CASES, ids=lambda told: f"{told.about}-{told.aftermath}")
def test_an_upheld_complaint_is_undone_by_its_event_or_says_why_not(told: Upheld) -> None:
    case = decided(told)

    found = complaints.consequence_of(case, complaints.complaints_in(case)[-1])

    assert found is not None
    assert (found.aftermath, found.event) == (told.aftermath, told.event)


@pytest.mark.parametrize("outcome", ["rejected", "dismissed"])
def test_a_complaint_that_is_not_upheld_undoes_nothing(outcome: str) -> None:
    case = decided(CASES[0]._replace(outcome=outcome))

    assert complaints.consequence_of(case, complaints.complaints_in(case)[-1]) is None


# --- the clock ------------------------------------------------------------------------------------------------------


def test_the_days_of_an_interruption_that_fell_count_as_served() -> None:
    """One year from 3 June 2025: until 3 June 2026, whether it stood still for 31 days or not."""
    history = (STOP, "2025-10-24 complaint_filed {about: interruption}")
    fell = (
        "2025-11-20 complaint_decided {about: interruption, outcome: upheld}",
        "2025-11-20 resumed {reason: complaint_upheld}",
    )
    stands, annulled = (
        case_at("S R2", "youth_heard", *history, "2025-11-20 resumed {reason: cause_gone}"),
        case_at("S R2", "youth_heard", *history, *fell),
    )
    day = date(2025, 12, 1)

    assert (stands.adjusted_end(day), stands.interrupted_days(day)) == (date(2026, 7, 4), 31)
    assert (annulled.adjusted_end(day), annulled.interrupted_days(day)) == (date(2026, 6, 3), 0)
    assert (stands.served_days(day), annulled.served_days(day)) == (150, 181)


def test_only_the_interruption_that_fell_is_left_out_of_the_clock() -> None:
    case = case_at(
        "S R2", "youth_heard", STOP, "2025-10-24 complaint_filed {about: interruption}",
        "2025-11-20 complaint_decided {about: interruption, outcome: upheld}",
        "2025-11-20 resumed {reason: complaint_upheld}", "2025-12-01 youth_heard {about: [interruption], how: spoken}",
                                                         "2025-12-01 interrupted {reason: health}",
        "2025-12-11 resumed {reason: cause_gone}",
    )  # fmt: skip

    assert case.interruptions(date(2026, 1, 1)) == [(date(2025, 12, 1), date(2025, 12, 11))]
    assert case.adjusted_end(date(2026, 1, 1)) == date(2026, 6, 13)


def test_an_interruption_that_fell_after_the_case_was_closed_and_reopened_never_stood_still() -> None:
    case = case_at(
        "S R2", "youth_heard", STOP, "2025-10-24 complaint_filed {about: interruption}",
        "2025-10-28 lapsed {reason: death}", "2025-10-30 reopening_approved",
        "2025-11-03 reopened {reason: closed_in_error}",
        "2025-11-20 complaint_decided {about: interruption, outcome: upheld}",
        "2025-11-20 resumed {reason: complaint_upheld}",
    )  # fmt: skip

    assert case.interruptions(date(2025, 12, 1)) == []
    assert (case.adjusted_end(date(2025, 12, 1)), case.served_days(date(2025, 12, 1))) == (date(2026, 6, 3), 181)


def test_conditions_that_fell_lead_back_to_execution() -> None:
    case = case_at("S R2", "breach_talk_held", "2025-09-25 breach_conditions_lifted")

    assert case.state is State.EXECUTING
