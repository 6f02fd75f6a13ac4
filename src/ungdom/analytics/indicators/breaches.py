"""Breaches and new offences: each step from the breach to the judgment, and whether the execution continued."""

from collections.abc import Iterator
from datetime import date

from ungdom.analytics.contributions import (
    CountContribution,
    DurationContribution,
    Link,
    durations,
    events_in_order,
    open_duration,
)
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType

E = EventType

REFERRED = (E.REFERRED_FOR_BREACH, E.REFERRED_FOR_RESUMPTION)
ESCALATING_EVENTS = (E.INTERRUPTED, E.PETITION_SENT, *REFERRED)
"""Events that escalate a breach without, or instead of, a talk."""

TO_TALK = Link(
    (E.BREACH_RECORDED,), (E.BREACH_TALK_ORDERED,), (*ESCALATING_EVENTS, E.BREACH_TALK_HELD, E.REPLAN_MEETING_HELD)
)
TALK_HELD = Link((E.BREACH_TALK_ORDERED,), (E.BREACH_TALK_HELD,), (*ESCALATING_EVENTS, E.REPLAN_MEETING_HELD))
TO_PETITION = Link(
    (E.REFERRED_FOR_BREACH,),
    (E.PETITION_SENT,),
    (E.PETITION_DECLINED, E.REPLAN_MEETING_HELD, E.INTERRUPTED),
)
TO_JUDGMENT = Link(
    (E.PETITION_SENT,),
    (E.PETITION_REJECTED, E.ELECTRONIC_CONTROL_ORDERED, E.CONVERSION_FINAL),
    (E.CLOSED_AFTER_NEW_OFFENCE,),
)
TO_RESUMPTION = Link(
    (E.REFERRED_FOR_RESUMPTION,),
    (E.PROSECUTION_RESUMED, E.PROSECUTION_NOT_RESUMED),
    (E.CLOSED_AFTER_NEW_OFFENCE, E.INTERRUPTED),
)
INTERRUPTION = Link((E.INTERRUPTED,), (E.RESUMED, E.REPLAN_MEETING_HELD), (*REFERRED, E.PETITION_SENT))
TO_REACTION = Link((E.NEW_OFFENCE_RECORDED,), (*ESCALATING_EVENTS, E.CLOSED_AFTER_NEW_OFFENCE, E.BREACH_TALK_ORDERED))


def to_talk(case: Case) -> Iterator[DurationContribution]:
    """A breach in the period, until a talk about it was ordered. Further breaches meanwhile belong to the first."""
    return durations(case, TO_TALK)


def talk_held(case: Case) -> Iterator[DurationContribution]:
    """A talk ordered in the period, until it was held."""
    return durations(case, TALK_HELD)


def conditions_set(case: Case) -> Iterator[CountContribution]:
    """A talk held in the period; in the numerator when conditions were set in it, that is, on the same day."""
    for event in case.all(E.BREACH_TALK_HELD):
        yield CountContribution(event.occurred_on, _sets_conditions(event))


def to_referral(case: Case) -> Iterator[DurationContribution]:
    """Conditions set in the period, until the case was referred.

    Referrals: to correctional service, prosecution or for resumption. Most cases are never referred: they are censored
    when the case closes, or today.
    """
    since: date | None = None
    for event in events_in_order(case):
        if since is None and _sets_conditions(event):
            since = event.occurred_on
        elif since is not None and event.type in REFERRED:
            yield DurationContribution(since, since, event.occurred_on, ended=True)
            since = None
    if since is not None:
        yield open_duration(case, since, since)


def to_petition(case: Case) -> Iterator[DurationContribution]:
    """A referral in the period, until the petition was sent."""
    return durations(case, TO_PETITION)


def to_judgment(case: Case) -> Iterator[DurationContribution]:
    """A petition in the period, until the court had decided; a conversion counts from the day it was final."""
    return durations(case, TO_JUDGMENT)


def to_resumption(case: Case) -> Iterator[DurationContribution]:
    """A referral for resumption in the period, until the prosecution had decided."""
    return durations(case, TO_RESUMPTION)


def prosecution_resumed(case: Case) -> Iterator[CountContribution]:
    """A decision of the prosecution on resumption in the period; in the numerator when it resumed."""
    for event in case.all(E.PROSECUTION_RESUMED, E.PROSECUTION_NOT_RESUMED):
        yield CountContribution(event.occurred_on, event.type is E.PROSECUTION_RESUMED)


def went_on(case: Case) -> Iterator[CountContribution]:
    """An interruption in the period that is over; in the numerator when the execution continued."""
    for span in durations(case, INTERRUPTION):
        if span.ended_on:
            yield CountContribution(span.period_day, span.ended)


def new_offence(case: Case) -> Iterator[CountContribution]:
    """A case whose execution began in the period; in the numerator when a new offence since then has been recorded."""
    if case.start:
        since = case.start.on
        offences = (event.details for event in case.all(E.NEW_OFFENCE_RECORDED))
        recorded = any(isinstance(new, d.NewOffenceRecorded) and new.offence_on >= since for new in offences)
        yield CountContribution(since, recorded)


def to_reaction(case: Case) -> Iterator[DurationContribution]:
    """A new offence recorded in the period, until a reaction: talk, interruption, referral, petition, closing.

    A case completed without a reaction counts as having left in another way.
    """
    return durations(case, TO_REACTION)


def _sets_conditions(event: Event) -> bool:
    return isinstance(event.details, d.BreachTalkHeld) and bool(event.details.conditions)
