"""The timeline: everything on one line, and nothing that another view does not say as well."""

from datetime import date, timedelta
from itertools import pairwise

from tests.workflow.roads import case_at
from ungdom.workflow.calendar import days_between
from ungdom.workflow.rules.deadlines import DeadlineStatus, deadlines
from ungdom.workflow.views.timeline import Mark, timeline

DAY = date(2025, 9, 1)


def test_it_is_in_order_and_holds_every_event_once() -> None:
    case = case_at("S R2")
    found = timeline(case, DAY)

    assert [entry.on for entry in found] == sorted(entry.on for entry in found)
    assert sorted(e.seq for e in found if e.mark is Mark.EVENT and e.seq) == sorted(e.seq for e in case.events)


def test_the_stages_meet_and_cover_the_life_of_the_case() -> None:
    case = case_at("S R2", "plan_meeting_held")
    day = case.entered_on + timedelta(days=30)
    stages = [entry for entry in timeline(case, day) if entry.mark is Mark.STAGE]

    assert stages[0].on == case.registered_on
    assert all(one.until == following.on for one, following in pairwise(stages))
    assert stages[-1].until is None
    assert sum(entry.days or 0 for entry in stages) == days_between(case.registered_on, day)


def test_what_is_to_come_is_said_to_come() -> None:
    case = case_at("F R2", "plan_meeting_held")
    found = timeline(case, case.entered_on)

    ends = next(entry for entry in found if entry.mark is Mark.TERM_ENDS)
    assert (ends.on, ends.to_come) == (case.adjusted_end(case.entered_on), True)
    running = {(x.code, x.due) for x in deadlines(case, case.entered_on) if x.status is DeadlineStatus.RUNNING}
    assert {(e.code, e.on) for e in found if e.mark is Mark.DEADLINE and e.to_come} <= running


def test_an_event_recorded_late_says_by_how_many_days() -> None:
    held = case_at("F R2", "plan_meeting_held").entered_on
    breach, known = held + timedelta(days=3), held + timedelta(days=24)

    told = case_at("F R2", "plan_meeting_held", f"{breach}/{known} breach_recorded {{kind: plan}}")

    assert next(e for e in timeline(told, known) if e.code == "breach_recorded").known_late == 21
