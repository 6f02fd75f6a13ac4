"""What is recorded wrongly and put right later: a wrong date, the same thing twice."""

from dataclasses import replace
from datetime import timedelta

from ungdom.demo import shape
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow.daycount import oslo_date
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


def plan(teller: Teller) -> None:
    """Decide at the beginning whether this case has a mistake in it, and when it is found."""
    for share, what in ((shape.WRONG_DATE, _wrong_date), (shape.RECORDED_TWICE, _twice)):
        if teller.happens(share):
            found = teller.chance.later(teller.since, shape.MISTAKE_FOUND)
            teller.plan_late(found, what)


def _wrong_date(teller: Teller) -> None:
    wrong = _some(teller, DATED)
    if wrong is None:
        return
    days = teller.chance.rng.choice((-7, -2, -1, 1, 1, 2, 7))
    details = plain_details(wrong.type, wrong.details)
    right = Replacement(type=wrong.type, occurred_on=wrong.occurred_on + timedelta(days=days), details=details)
    teller.correct(Corrected(corrects=wrong.seq, reason=d.CorrectionReason.WRONG_DATE, replacement=right))


def _twice(teller: Teller) -> None:
    once = _some(teller, TWICE)
    if once is None or teller.case.is_closed:
        return
    again = Entry(once.type, once.occurred_on, once.details, once.actor, frozenset({teller.state}))
    if teller.fact(again, prompt=True):
        seq = len(teller.events)
        found = oslo_date(teller.clock) + timedelta(days=teller.chance.days(shape.CORRECTED_AFTER))
        gone = Corrected(corrects=seq, reason=d.CorrectionReason.RECORDED_TWICE)
        teller.plan_late(found, lambda at: at.correct(gone))


def _some(teller: Teller, kinds: tuple[EventType, ...]) -> Event | None:
    known = [event for event in teller.case.events if event.type in kinds and event.corrected_by is None]
    return replace(teller.chance.rng.choice(known)) if known else None
