"""Conditions of electronic control: its length, its place within the term, and its end. strl § 52 c."""

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import after
from ungdom.workflow.case import Case
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail, details_of
from ungdom.workflow.vocabulary import Actor, EventType

E = EventType


@detail(d.ElectronicControlOrdered, "strl § 52 c fifth paragraph", Actor.COURT)
def control_at_most_six_months(
    _case: Case, step: ProposedEvent, control: d.ElectronicControlOrdered
) -> Violation | None:
    """At most six months at a time, and at least until the day it is ordered."""
    last = after(step.on, law.ELECTRONIC_CONTROL_MAX.on(step.on))
    return None if step.on <= control.until <= last else Violation(control.until, last)


@condition("strl § 52 c fifth paragraph", Actor.COURT)
def control_within_the_term(case: Case, step: ProposedEvent) -> Violation | None:
    """Never past the end of the term."""
    control = details_of(step, d.ElectronicControlOrdered)
    until = control.until if control else step.on
    end = case.adjusted_end(step.on)
    return None if end is None or until <= end else Violation(until, end)


@detail(d.ElectronicControlEnded, "strl § 52 c fifth paragraph", Actor.COURT)
def control_period_is_over(case: Case, step: ProposedEvent, ended: d.ElectronicControlEnded) -> Violation | None:
    """The period is over, unless the court lifted it."""
    ordered = case.last(E.ELECTRONIC_CONTROL_ORDERED)
    if ordered is None or ended.reason is d.EndOfControl.LIFTED:
        return None
    until = ordered.details.until if isinstance(ordered.details, d.ElectronicControlOrdered) else step.on
    return None if step.on >= until else Violation(step.on, until, until)


@condition("strl § 52 c fifth paragraph", Actor.COURT)
def control_runs(case: Case, _step: ProposedEvent) -> Violation | None:
    """A period of electronic control was ordered, and has neither ended nor been lifted."""
    return None if case.control_runs else Violation(False, True)
