"""Recording errors that are corrected later: a wrong date, an event recorded twice."""

from dataclasses import replace
from datetime import timedelta

from ungdom.demo import parameters
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.events import Corrected, Event, Replacement, plain_details
from ungdom.workflow.vocabulary import EventType

E = EventType
DATED = (
    E.FIRST_CONTACT,
    E.RECEIVED,
    E.PLAN_MEETING_HELD,
    E.PLAN_SIGNED,
    E.TEAM_MEETING_HELD,
    E.BREACH_RECORDED,
    E.COORDINATION_MEETING_HELD,
    E.VICTIM_INVITED,
)
TWICE = (E.FIRST_CONTACT, E.TEAM_MEETING_HELD, E.VICTIM_INVITED, E.COORDINATION_MEETING_HELD)


def plan(simulator: CaseSimulator) -> None:
    """Draw at the beginning whether this case has a recording error, and when it is found."""
    for share, what in ((parameters.WRONG_DATE, _wrong_date), (parameters.RECORDED_TWICE, _twice)):
        if simulator.happens(share):
            found_on = simulator.draws.later(simulator.since, parameters.MISTAKE_FOUND)
            simulator.plan_late(found_on, what)


def _wrong_date(simulator: CaseSimulator) -> None:
    wrong = _some(simulator, DATED)
    if wrong is None:
        return
    days = simulator.draws.rng.choice((-7, -2, -1, 1, 1, 2, 7))
    details = plain_details(wrong.type, wrong.details)
    right = Replacement(type=wrong.type, occurred_on=wrong.occurred_on + timedelta(days=days), details=details)
    simulator.correct(Corrected(corrects=wrong.seq, reason=d.CorrectionReason.WRONG_DATE, replacement=right))


def _twice(simulator: CaseSimulator) -> None:
    once = _some(simulator, TWICE)
    if once is None or simulator.case.is_closed:
        return
    again = DemoEvent(once.type, once.occurred_on, once.details, once.actor, frozenset({simulator.state}))
    if simulator.fact(again, prompt=True):
        seq = len(simulator.events)
        found_on = oslo_date(simulator.clock) + timedelta(days=simulator.draws.days(parameters.CORRECTED_AFTER))
        gone = Corrected(corrects=seq, reason=d.CorrectionReason.RECORDED_TWICE)
        simulator.plan_late(found_on, lambda sim: sim.correct(gone))


def _some(simulator: CaseSimulator, kinds: tuple[EventType, ...]) -> Event | None:
    known = [event for event in simulator.case.events if event.type in kinds and event.corrected_by is None]
    return replace(simulator.draws.rng.choice(known)) if known else None
