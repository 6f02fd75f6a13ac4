"""Which konfliktråd has a case on which day, and whose days its days were: counted once, with none left over."""

from collections import Counter
from datetime import date, timedelta

import pytest

from tests.workflow.roads import case_at
from ungdom.analytics.forecast.durations import clock_spells
from ungdom.workflow.case import Case
from ungdom.workflow.rules.offices import coordinator, counted_at, shares, tenures, transfer_to
from ungdom.workflow.views.lead_time import lead_time

TO_VEST = "2025-06-10 transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-06-10}"
TO_AGDER = "2025-08-01 transfer_decided {to: agder, parties_heard: true, prosecution_told_on: 2025-08-01}"
BACK = "2025-08-01 transfer_decided {to: oslo, parties_heard: true, prosecution_told_on: 2025-08-01}"
ASKED = date(2025, 12, 1)
ROADS: dict[str, tuple[str, ...]] = {
    "twice": (TO_VEST, "2025-06-16 transfer_accepted", TO_AGDER, "2025-08-20 transfer_accepted"),
    "there and back": (TO_VEST, "2025-06-16 transfer_accepted", BACK, "2025-08-20 transfer_accepted"),
    "while it is interrupted": ("2025-06-05 youth_heard {about: [interruption], how: spoken}",
                                "2025-06-05 interrupted {reason: health}", TO_VEST, "2025-06-16 transfer_accepted",
                                "2025-07-01 resumed {reason: cause_gone}"),
    "on the day it closes": (TO_VEST, "2025-06-16 transfer_accepted", "2025-06-16 lapsed {reason: pardon}"),
    "while somebody is waited for": ("2025-06-05 wait_started {party: measure_provider, reason: measure}", TO_VEST,
                                     "2025-06-16 transfer_accepted", "2025-07-01 wait_ended"),
}  # fmt: skip


def moved(name: str) -> Case:
    return case_at("S R2", "plan_meeting_held", *ROADS[name])


def by_hand(case: Case, day: date) -> Counter[str]:
    """The office of each day, looked up one day at a time."""
    until = case.closed_on or day
    days = ((case.registered_on + timedelta(days=n)) for n in range((until - case.registered_on).days))
    return Counter(counted_at(case, one) or "nobody" for one in days)


@pytest.mark.parametrize("name", ROADS)
def test_the_days_of_all_offices_are_the_days_of_the_case(name: str) -> None:
    case = moved(name)
    time, found = lead_time(case, ASKED), shares(case, ASKED)

    assert sum(one.tenure.days for one in found) == time.total_days
    assert sum((Counter(one.stage_days) for one in found), Counter()) == +Counter(time.stage_days)
    assert sum((Counter(one.wait_days) for one in found), Counter()) == +Counter(time.wait_days)
    counted = Counter[str]()
    for one in found:
        counted[one.tenure.konfliktrad] += one.tenure.days
    assert +counted == by_hand(case, ASKED)


def test_a_day_belongs_to_the_office_that_accepted_on_it() -> None:
    case = moved("twice")

    found = [(one.konfliktrad, str(one.since), str(one.until), one.open) for one in tenures(case, ASKED)]

    assert found == [
        ("oslo", "2025-01-18", "2025-06-16", False),
        ("vest", "2025-06-16", "2025-08-20", False),
        ("agder", "2025-08-20", "2025-12-01", True),
    ]
    assert [counted_at(case, date(2025, 6, day)) for day in (15, 16)] == ["oslo", "vest"]
    assert counted_at(case, date(2025, 1, 17)) is None


def test_a_closed_case_goes_on_counting_where_it_was_closed() -> None:
    case = moved("on the day it closes")

    assert [one.konfliktrad for one in tenures(case, ASKED)] == ["oslo", "vest"]
    assert (tenures(case, ASKED)[-1].days, counted_at(case, ASKED)) == (0, "vest")


def test_it_is_on_its_way_from_the_decision_until_the_answer_and_coordinated_by_nobody_until_it_is_given_anew() -> None:
    before = case_at("S R2", "assigned")
    decided = case_at("S R2", "assigned", TO_VEST)
    declined = case_at("S R2", "assigned", TO_VEST, "2025-06-12 transfer_declined")
    accepted = case_at("S R2", "assigned", TO_VEST, "2025-06-16 transfer_accepted")
    anew = case_at(
        "S R2", "assigned", TO_VEST, "2025-06-16 transfer_accepted", "2025-06-17 assigned {coordinator: kari}"
    )
    told = [(transfer_to(case), coordinator(case)) for case in (before, decided, declined, accepted, anew)]

    assert told == [(None, "anna"), ("vest", "anna"), (None, "anna"), (None, None), (None, "kari")]


def test_a_case_that_closes_is_on_its_way_to_nobody() -> None:
    assert transfer_to(case_at("S R2", "assigned", TO_VEST, "2025-06-12 lapsed {reason: death}")) is None


def test_figures_count_a_wait_where_it_ended_and_none_twice() -> None:
    case = case_at("S R2", "assigned", TO_VEST, "2025-06-16 transfer_accepted")
    found = {(one.clock, str(one.stage)): one for one in clock_spells(case)}

    assert found["charge_decision", "investigation"].konfliktrad == "oslo"
    assert found["plan_meeting", "received"].konfliktrad == "oslo"
    assert (found["plan_meeting", "preparing"].konfliktrad, found["plan_meeting", "preparing"].waits) == ("vest", True)
    assert len(found) == len(clock_spells(case))
