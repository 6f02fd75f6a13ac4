"""Explanations of delay: the parts are the whole; what is said to have made the difference did, with nothing less."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import combinations

import pytest

from tests.workflow import roads
from tests.workflow.roads import ROADS, YOUTH, case_at, events, lines
from ungdom.demo.load import generate_cases
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.payloads import WaitReason
from ungdom.workflow.rules.deadlines import HEADLINE, DeadlineStatus
from ungdom.workflow.views import delay
from ungdom.workflow.views.delay import Delay, WaitCause
from ungdom.workflow.views.lead_time import measures
from ungdom.workflow.vocabulary import Party, State

P, S = Party, State
TODAY = date(2026, 11, 20)
WAITED = ("2025-02-14 wait_started {party: correctional_service, reason: person_investigation}",)


def walked() -> Iterator[tuple[Case, date]]:
    """Every road at every step, looked at on that day, a month later and years later."""
    for road in ROADS:
        told = lines(road)
        for number, line in enumerate(told):
            nth = sum(earlier.kind == line.kind for earlier in told[: number + 1])
            case = case_at(road, f"{line.kind}#{nth}")
            yield from ((case, line.on + timedelta(days=days)) for days in (0, 30, 900))


@cache
def synthetic() -> list[tuple[Case, date]]:
    return [(told.case, TODAY) for told in generate_cases(120, 4, TODAY)]


def explained(case: Case, day: date) -> list[Delay]:
    return [delay.start_delay(case, day), *delay.clock_delays(case, day)]


def days_of(one: Delay, causes: tuple[WaitCause, ...]) -> int:
    return sum(one.causes[cause].days for cause in causes)


@pytest.fixture(scope="module")
def told() -> list[tuple[Case, Delay]]:
    return [(case, one) for case, day in [*walked(), *synthetic()] for one in explained(case, day)]


def test_the_parts_and_what_went_before_are_the_whole(told: list[tuple[Case, Delay]]) -> None:
    assert len({one.clock.code for _, one in told}) > 8
    for case, one in told:
        assert sum(part.days for part in one.parts) + one.before == one.days, (case, one)
        assert sum(w.days for w in one.causes.values()) == sum(w.days for w in one.parties.values())
        if one.clock.code == HEADLINE and case.start:
            assert one.days == measures(case)[2]


def test_without_what_is_named_it_is_in_time_and_no_smaller_number_does(told: list[tuple[Case, Delay]]) -> None:
    decided = [one for _, one in told if one.decisive]
    assert {len(one.decisive) for one in decided} >= {1, 2, 3}
    for one in decided:
        assert one.until - timedelta(days=days_of(one, one.decisive)) <= one.clock.due
        assert one.passed
        smaller = combinations(one.causes, len(one.decisive) - 1)
        assert all(one.until - timedelta(days=days_of(one, some)) > one.clock.due for some in smaller)


def test_where_nothing_is_named_it_was_in_time_or_late_without_any_wait(told: list[tuple[Case, Delay]]) -> None:
    found = [*(one for _, one in told), delay.start_delay(told_late(), date(2025, 2, 7))]
    assert {(one.passed, bool(one.decisive)) for one in found} == {(False, False), (True, False), (True, True)}
    for one in found:
        if one.passed and not one.decisive:
            assert one.clock.begun_on + timedelta(days=one.before) > one.clock.due
        assert one.passed or not one.decisive
        assert one.passed is bool(one.over)


def test_of_one_cause_is_said_what_its_days_alone_would_change(told: list[tuple[Case, Delay]]) -> None:
    assert {cause.within for _, one in told for cause in one.causes.values()} == {True, False}
    for _, one in told:
        for without in one.causes.values():
            assert without.on == one.until - timedelta(days=without.days)
            assert without.within is (days_between(one.clock.begun_on, without.on) <= limit(one))


def limit(one: Delay) -> int:
    return days_between(one.clock.begun_on, one.clock.due)


# --- counted by hand ------------------------------------------------------------------------------------------------


def late() -> Case:
    """Last offence 18 January 2025, due 17 July. Waited for the person investigation 14 February – 29 April: 74 days.

    Indicted 1 May, plan meeting 15 August 2025: 209 days, 29 too many.
    """
    return case_at(
        "S R2",
        "suspect_set",
        "2025-02-12 pum_ordered {wished_by: 2025-03-12}",
        *WAITED,
        "2025-04-29 wait_ended",
        "2025-04-30 pum_returned {carried_out: true}",
        "2025-05-01 indicted {court_received_on: 2025-05-02}",
        "2025-06-12 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, "
        "lives_in_norway: true, served_on: 2025-06-12}",
        "2025-06-27 became_final",
        "2025-06-30 received",
        "2025-07-01 assigned {coordinator: anna}",
        "2025-08-15 plan_meeting_held {present: [youth, guardian, correctional_service, police]}",
    )


INVESTIGATION = WaitCause(P.CORRECTIONAL_SERVICE, WaitReason.PERSON_INVESTIGATION, None)


def test_a_recorded_wait_that_made_the_difference_is_named_alone() -> None:
    one = delay.start_delay(late(), date(2025, 8, 20))

    assert (one.days, one.over, one.before, one.until) == (209, 29, 0, date(2025, 8, 15))
    assert one.decisive == (INVESTIGATION,)
    assert one.causes[INVESTIGATION] == delay.Counterfactual(74, date(2025, 6, 2), True)
    assert one.causes[WaitCause(P.COURT, None, S.IN_COURT)].days == 42
    assert one.causes[WaitCause(P.POLICE, None, S.INVESTIGATION)].days == 27  # 25 before it, 2 after
    assert one.parties[P.POLICE].days == 29  # with the 2 of the registration: by itself just enough
    assert one.parties[P.POLICE].within


def test_while_the_person_investigation_was_out_is_told_beside_and_not_added() -> None:
    out = delay.start_delay(late(), date(2025, 8, 20)).investigation
    assert out is not None
    assert (out.without.days, out.recorded, out.without.within) == (77, 74, True)  # 12 February to 30 April

    still = case_at("S R2", "suspect_set", "2025-02-12 pum_ordered")
    out = delay.start_delay(still, date(2025, 3, 1)).investigation
    assert out is not None
    assert (out.without.days, out.recorded) == (17, 0)
    assert {part.party for part in delay.start_delay(still, date(2025, 3, 1)).parts} == {P.POLICE}


def test_a_person_investigation_ordered_twice_and_returned_once_is_out_once() -> None:
    case = case_at("S R2", "suspect_set", "2025-02-01 pum_ordered", "2025-02-10 pum_ordered")
    out = delay.start_delay(case, date(2025, 3, 1)).investigation
    assert out is not None
    assert out.without.days == 28


def test_each_other_clock_that_was_passed_is_explained_over_its_own_days() -> None:
    clocks = {one.clock.code: one for one in delay.clock_delays(late(), date(2025, 8, 20))}

    assert set(clocks) == {"charge_decision", "pum_wished"}
    charge, wished = clocks["charge_decision"], clocks["pum_wished"]
    assert (charge.days, charge.over) == (101, 59)  # 20 January to 1 May; due 3 March
    assert charge.decisive == (INVESTIGATION,)
    assert (wished.days, wished.over) == (77, 49)  # 12 February to 30 April; wished by 12 March
    assert [(part.party, part.days) for part in wished.parts] == [(P.POLICE, 3), (P.CORRECTIONAL_SERVICE, 74)]


def test_a_case_that_has_not_started_is_explained_by_its_age() -> None:
    case = case_at("S R2", "suspect_set", *WAITED)
    one = delay.start_delay(case, date(2025, 8, 15))
    assert (one.clock.status, one.days, one.over) == (DeadlineStatus.OVERDUE, 209, 29)
    assert one.decisive == (INVESTIGATION,)


def test_late_before_anybody_could_be_waited_for_is_explained_by_no_wait() -> None:
    one = delay.start_delay(told_late(), date(2025, 1, 20))
    assert (one.days, one.before, one.over, one.decisive) == (385, 383, 205, ())


def told_late() -> Case:
    """The act of 1 January 2024 is registered on 18 January 2025."""
    told = lines("S R2", "suspect_set")
    first = told[0]._replace(details={"offences": [{"on": "2024-01-01"}]})
    return roads.walked(YOUTH, events("S R2", [first, *told[1:]]))


def test_a_case_closed_without_a_start_has_days_and_no_delay() -> None:
    case = case_at("S R2", "suspect_set", "2025-12-01 lapsed {reason: limitation}")
    one = delay.start_delay(case, date(2026, 3, 1))
    assert (one.clock.status, one.days, one.over, one.decisive) == (DeadlineStatus.ENDED, 317, None, ())


def test_clocks_that_measure_the_sanction_itself_blame_nobody() -> None:
    assert ROADS
    for road in ROADS:
        codes = {one.clock.code for one in delay.clock_delays(case_at(road), date(2030, 1, 1))}
        assert codes
        assert not codes & {"term_end", "petition", "ec_petition", "ec_end", "turns_18", "appeal", "lead_time"}


# --- a group --------------------------------------------------------------------------------------------------------


def test_a_group_counts_days_cases_and_those_it_made_the_difference_in() -> None:
    day = date(2025, 8, 20)
    quick = case_at("S R2", "plan_meeting_held")  # 136 days
    found = delay.summarise(delay.start_delay(case, day) for case in (late(), late(), quick, told_late()))

    assert (found.cases, found.started, found.over, found.beyond, found.before_days) == (4, 3, 3, 1, 383)
    assert found.causes[INVESTIGATION] == delay.CauseShare(148, 2, 2)
    assert found.parties[P.CORRECTIONAL_SERVICE] == delay.CauseShare(148, 2, 2)
    court = found.causes[WaitCause(P.COURT, None, S.IN_COURT)]
    assert (court.days, court.cases, court.decisive) == (42 + 42 + 52, 3, 0)
    assert next(iter(found.causes)) == INVESTIGATION


def test_the_figures_of_pages_add_up_to_those_of_all() -> None:
    told = [delay.start_delay(case, TODAY) for case, _ in synthetic()]
    whole, first, rest = delay.summarise(told), delay.summarise(told[:50]), delay.summarise(told[50:])
    assert whole.over == first.over + rest.over > 10
    for cause, share in whole.causes.items():
        parts = [part.causes[cause] for part in (first, rest) if cause in part.causes]
        assert share.days == sum(part.days for part in parts)
        assert share.decisive == sum(part.decisive for part in parts)


def test_of_nothing_nothing_is_said() -> None:
    assert delay.summarise([]) == delay.DelaySummary(0, 0, 0, 0, 0, {}, {})
