"""What follows for a plan from deadlines, the term of the sanction and the agency of a provider. krl §§ 22 e, 25."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.derived.plan import MeasureState, MeasureStatus, measures
from ungdom.workflow.measure_list import AGENCY
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.deadlines import deadlines

COMPLAINT_CLOCKS = frozenset({"complaint_plan", "complaint_plan_change"})
"""The clocks of a complaint about a plan."""


def complaint_deadlines(case: Case, day: date) -> dict[date, date]:
    """The last day for a complaint (krl § 22 e) about each version of the plan, by the day it was approved.

    A version without an entry cannot be complained about: that clock does not run.
    """
    return {clock.begun_on: clock.due for clock in deadlines(case, day) if clock.code in COMPLAINT_CLOCKS}


def is_overdue(measure: MeasureState, case: Case, day: date) -> bool:
    """Whether a running measure should have ended: its planned end or the term has passed, or the case is closed."""
    if measure.status is not MeasureStatus.RUNNING:
        return False
    ends = (measure.planned.until if measure.planned else None, case.closed_on, case.adjusted_end(day))
    return any(end is not None and end < day for end in ends)


def days_to_first_measure(case: Case, day: date) -> int | None:
    """Calendar days from the start of execution to the first measure; 0 if that started before, None without one."""
    started = [measure.started_on for measure in measures(case, day) if measure.started_on is not None]
    if case.start is None or not started:
        return None
    return max(0, days_between(case.start.on, min(started)))


def measures_of_agencies(
    states: Iterable[MeasureState], carriers: Collection[Attendee], agencies: Mapping[str, str]
) -> list[MeasureState]:
    """The measures that these carry out. `agencies`: provider id in the catalogue → code of its agency.

    A provider that is neither an agency nor in the catalogue belongs to no agency.
    """
    return [
        measure
        for measure in states
        if measure.provider and AGENCY.get(agencies.get(measure.provider, measure.provider)) in carriers
    ]
