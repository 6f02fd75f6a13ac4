"""Which waits a history gives: counted by hand from histories told in lines."""

from datetime import date

from tests.workflow.build import Told
from ungdom.analytics.forecast.durations import FORECAST_CLOCKS, ClockSpell, clock_spells
from ungdom.workflow.case import Youth
from ungdom.workflow.vocabulary import State

YOUTH = Youth(date(2009, 3, 12), 1)
FOLLOW_UP = {"length": {"months": 6}, "guilt_proven": True}


def told() -> Told:
    """Registered on 10 January, recorded two days later; the offence was on 1 January."""
    story = Told("youth_follow_up", date(2025, 1, 10), YOUTH, offences=[{"on": "2025-01-01"}])
    story.then("suspect_set", date(2025, 1, 13))
    story.then("coordination_requested", date(2025, 2, 3))
    story.then("consent_given", date(2025, 2, 4), by="youth").then("consent_given", date(2025, 2, 4), by="guardian")
    return story.then("transferred_to_follow_up", date(2025, 2, 10), **FOLLOW_UP)


def of(story: Told, clock: str) -> list[ClockSpell]:
    return [one for one in clock_spells(story.case) if one.clock == clock]


def days(found: list[ClockSpell]) -> list[tuple[State, date, date | None, date | None, date | None]]:
    return [(one.stage, one.since, one.left, one.stopped, one.ended) for one in found]


def test_a_clock_has_one_wait_for_each_stage_it_ran_on() -> None:
    stopped = date(2025, 2, 10)
    assert days(of(told(), "charge_decision")) == [
        (State.INVESTIGATION, date(2025, 1, 13), date(2025, 2, 3), stopped, None),
        (State.ASSESSMENT, date(2025, 2, 3), stopped, stopped, None),
    ]


def test_a_running_clock_waits_on_the_stage_the_case_is_on_only() -> None:
    found = of(told(), "lead_time")
    assert [one.stage for one in found if one.waits] == [State.FINAL]
    assert [one.stage for one in found] == [State.REGISTERED, State.INVESTIGATION, State.ASSESSMENT, State.FINAL]
    assert {(one.begun, one.due) for one in found} == {(date(2025, 1, 1), date(2025, 6, 30))}


def test_a_stage_that_became_known_late_is_known_from_then() -> None:
    story = told().then("received", date(2025, 2, 20), today=date(2025, 3, 5))
    (waiting,) = [one for one in of(story, "lead_time") if one.waits]
    assert (waiting.stage, waiting.since, waiting.known) == (State.RECEIVED, date(2025, 2, 20), date(2025, 3, 5))


def test_a_case_that_closes_leaves_its_clocks_in_another_way() -> None:
    story = told().then("received", date(2025, 2, 20)).then("consent_withdrawn", date(2025, 3, 1), by="youth")
    (found,) = of(story, "plan_meeting")
    assert (found.stopped, found.ended, found.over) == (None, date(2025, 3, 1), date(2025, 3, 1))


def test_a_case_past_the_step_leaves_the_clock_on_the_day_it_got_past() -> None:
    story = told().then("received", date(2025, 2, 20)).then("assigned", date(2025, 2, 21), coordinator="anna")
    story.then("plan_meeting_held", date(2025, 3, 20), present=["youth", "guardian"])
    contact = of(story, "first_contact")
    assert {(one.stopped, one.ended) for one in contact} == {(None, date(2025, 3, 20))}
    assert days(of(story, "plan_meeting"))[-1] == (
        State.PREPARING, date(2025, 2, 21), date(2025, 3, 20), date(2025, 3, 20), None
    )  # fmt: skip


def test_the_clocks_foretold_are_those_somebody_is_late_with_and_none_about_the_youth() -> None:
    codes = {rule.code for rule in FORECAST_CLOCKS}
    assert {"lead_time", "plan_meeting", "charge_decision"} <= codes
    assert codes.isdisjoint({"turns_18", "term_end", "petition", "ec_petition", "appeal", "pum_wished", "ec_end"})


def test_nothing_of_the_youth_goes_into_a_wait() -> None:
    assert list(ClockSpell.__dataclass_fields__) == [
        "clock", "stage", "sanction", "konfliktrad", "begun", "due", "since", "known", "left", "stopped", "ended",
    ]  # fmt: skip
    other = Told("youth_follow_up", date(2025, 1, 10), Youth(date(2008, 1, 30), 2), offences=[
        {"on": "2024-12-20", "statute": "strl-273"}, {"on": "2025-01-01"}
    ])  # fmt: skip
    same = Told("youth_follow_up", date(2025, 1, 10), YOUTH, offences=[{"on": "2025-01-01"}])
    assert clock_spells(other.case) == clock_spells(same.case)
