"""Caseload on cases made by hand: weights, weeks, what is expected, and the warning, each counted by hand."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from ungdom.analytics.case_summaries import CaseSummary, Stay
from ungdom.analytics.caseload import OfficeCaseload, count_caseload, weight_of
from ungdom.analytics.caseload.pressure import RULES, ReceivedCase, median_wait, warnings
from ungdom.workflow.vocabulary import CLOSED, Phase, Sanction, State

S, F = Sanction.YOUTH_SANCTION, Sanction.YOUTH_FOLLOW_UP
DAY = date(2026, 1, 5)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def case(state: State = State.PREPARING, since: int = 10, **told: Any) -> CaseSummary:
    """A case in this state for so many days; received then unless told otherwise."""
    received = told.pop("received", None if state in BEFORE else ago(since))
    plain: dict[str, Any] = {
        "sanction": F,
        "konfliktrad": "oslo",
        "coordinator": "anna" if received else None,
        "registered": ago(since + 90),
        "received": received,
        "started": None,
        "plan_meeting": None,
        "closed": ago(since) if state in CLOSED else None,
        "stays": (Stay(state, ago(since), ago(since)),),
    }
    return CaseSummary(**{**plain, **told})


BEFORE = (State.REGISTERED, State.INVESTIGATION, State.FINAL, State.DISPATCHED)


def test_open_cases_count_by_phase_and_sanction_with_their_weight() -> None:
    load = count_caseload(
        [
            case(),
            case(State.EXECUTING, sanction=S),
            case(State.BREACH_TALK, coordinator="berit"),
            case(State.COMPLETED),
            case(State.DISPATCHED),
        ],
        DAY,
        "oslo",
    ).offices["oslo"]
    assert load.load.open == {
        (Phase.PLAN, F): 1,
        (Phase.EXECUTION, S): 1,
        (Phase.BREACH, F): 1,
        (Phase.DECISION, F): 1,
    }
    # 1.0 × 1, 0.8 × 1.5, 1.6 × 1, 0.1 × 1
    assert load.load.weight(DAY) == pytest.approx(3.9)
    assert {name: one.open.total() for name, one in load.coordinators.items()} == {"anna": 2, "berit": 1}
    assert load.coordinators["anna"].weight(DAY) == pytest.approx(2.2)
    assert weight_of(Phase.BREACH, S, DAY) == pytest.approx(2.4)


def test_a_case_received_and_assigned_to_nobody_is_shown_as_nobodys() -> None:
    office = count_caseload([case(State.RECEIVED, coordinator=None)], DAY, "oslo").offices["oslo"]
    assert office.coordinators[None].open.total() == 1


def test_another_office_is_not_counted_in_ones_own_and_once_in_the_country() -> None:
    cases = [case(), case(konfliktrad="vest")]
    assert count_caseload(cases, DAY, "oslo").offices.keys() == {"oslo"}
    every = count_caseload(cases, DAY).offices
    assert {place: office.load.open.total() for place, office in every.items()} == {"oslo": 1, "vest": 1, None: 2}


def test_a_week_is_the_seven_days_that_end_on_the_day_asked() -> None:
    office = OfficeCaseload(DAY)
    for days in (0, 6, 7, 90, 91):
        office.add(case(since=days))
    office.add(case(State.COMPLETED, since=3, received=ago(200)))
    office.add(case(State.OTHER_DECISION, since=3, received=None))  # never ours: no outflow
    weeks = office.flow()
    assert (len(weeks), weeks[0].since, weeks[-1].since) == (13, ago(90), ago(6))
    assert [week.received for week in weeks] == [1] + [0] * 10 + [1, 2]
    assert [week.closed for week in weeks] == [0] * 12 + [1]


# --- what will come -----------------------------------------------------------------------------------------


def earlier(count: int, days: int, *, left: bool = False, state: State = State.DISPATCHED) -> Iterator[CaseSummary]:
    """Cases of a year ago that were received after so many days in this state, or left it otherwise."""
    since, end = ago(400), ago(400 - days)
    last = Stay(State.OTHER_DECISION if left else State.RECEIVED, end, end)
    for _ in range(count):
        stays = (Stay(state, since, since), last)
        closed = end if left else None
        yield case(State.COMPLETED, received=None if left else end, closed=closed, stays=stays, registered=since)


def test_what_is_expected_is_the_share_of_earlier_cases_that_were_received_as_late() -> None:
    # Of 40 dispatched, 20 were received after 10 days, 10 after 20 days, 10 left after 20. Waiting now since 12 days:
    # of the 20 that had waited as long, 10 were received on day 20, that is in the second week from now.
    history = [*earlier(20, 10), *earlier(10, 20), *earlier(10, 20, left=True)]
    waiting = [case(State.DISPATCHED, since=12)] * 2
    weeks, untold = count_caseload([*history, *waiting], DAY, "oslo").arrivals("oslo")
    assert untold == 0
    assert weeks[0].since == DAY + timedelta(days=1)
    assert [week.expected for week in weeks] == pytest.approx([0, 1, 0, 0, 0, 0, 0, 0])
    assert [(week.low, week.high) for week in weeks[:2]] == [(0, 0), (0, 2)]


def test_too_few_earlier_cases_foretell_nothing() -> None:
    weeks, untold = count_caseload([*earlier(28, 10), case(State.DISPATCHED, since=2)], DAY, "oslo").arrivals("oslo")
    assert (untold, [week.expected for week in weeks]) == (1, [0.0] * 8)


# --- the warning --------------------------------------------------------------------------------------------

NOW, THEN = 45, 45 + 91


def received(sanction: Sanction, count: int, days_ago: int, wait: int | None) -> list[ReceivedCase]:
    """Cases received then; the plan meeting after so many days, None: not yet."""
    on = ago(days_ago)
    met = None if wait is None else on + timedelta(days=wait)
    return [ReceivedCase(sanction, on, met if met and met <= DAY else None, None)] * count


def load(
    growing: tuple[int, int] = (10, 13), waits: tuple[int, int] = (30, 36), waiting: tuple[int, int] = (9, 9)
) -> list[ReceivedCase]:
    """Youth follow-ups then and now, and youth sanctions with their wait then and now."""
    follow_ups = received(F, growing[0], THEN, 20) + received(F, growing[1], NOW, 20)
    return [*follow_ups, *received(S, waiting[0], THEN, waits[0]), *received(S, waiting[1], NOW, waits[1])]


def test_growth_of_one_with_longer_waits_of_the_other_warns() -> None:
    (found,) = warnings(load(), DAY)
    assert (found.growing, found.before, found.recent) == (F, 10, 13)
    assert (found.waiting, found.days_before, found.days) == (S, 30, 36)
    assert found.rule is RULES[0]


@pytest.mark.parametrize(
    "quiet",
    [
        {"growing": (10, 12)},  # 20 % more
        {"growing": (12, 12)},
        {"growing": (13, 10)},
        {"waits": (30, 35)},  # 17 % longer
        {"waits": (30, 30)},
        {"waits": (36, 30)},
        {"growing": (7, 12)},  # too few before
        {"waiting": (7, 9)},
        {"waiting": (9, 7)},
    ],
    ids=str,
)
def test_less_growth_shorter_waits_or_too_few_do_not_warn(quiet: dict[str, tuple[int, int]]) -> None:
    assert list(warnings(load(**quiet), DAY)) == []


def test_the_threshold_itself_warns() -> None:
    assert len(list(warnings(load(growing=(8, 10), waits=(30, 36)), DAY))) == 1


def test_growth_of_a_sanction_does_not_warn_of_its_own_wait() -> None:
    alone = received(F, 10, THEN, 30) + received(F, 20, NOW, 40)
    assert list(warnings(alone, DAY)) == []


def test_the_wait_of_a_span_counts_those_that_have_not_met() -> None:
    # Nine met after 20 days, nine more wait still after 45: the curve stays above one half, no median.
    waiting = received(S, 9, NOW, 20) + received(S, 10, NOW, None)
    assert median_wait(waiting, ago(91), DAY, 8) is None
    assert median_wait(received(S, 9, NOW, 20), ago(91), DAY, 8) == 20


def test_a_case_that_met_before_the_span_did_not_wait_in_it() -> None:
    assert median_wait(received(S, 9, THEN, 20), ago(91), DAY, 8) is None
