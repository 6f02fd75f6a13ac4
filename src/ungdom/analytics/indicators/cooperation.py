"""Interdisciplinary cooperation: coordination before the decision, attendance, and response times of other agencies."""

from collections.abc import Iterator
from datetime import date

from ungdom.analytics.case_facts import DECISIONS
from ungdom.analytics.contributions import (
    CountContribution,
    DurationContribution,
    Link,
    durations,
    open_duration,
)
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import EventType

E = EventType

AGENCIES = (
    Attendee.POLICE,
    Attendee.PROSECUTION,
    Attendee.CORRECTIONAL_SERVICE,
    Attendee.CHILD_WELFARE,
    Attendee.SCHOOL,
    Attendee.HEALTH,
    Attendee.MEASURE_PROVIDER,
    Attendee.OTHER,
)
"""Attendees of a team meeting who represent an agency: neither family nor victim, nor the konfliktråd that calls it."""

INVESTIGATED = Link((E.PUM_ORDERED,), (E.PUM_RETURNED,))


def coordinated(case: Case) -> Iterator[CountContribution]:
    """A sanction decided in the period; in the numerator when the coordination group had met by that day."""
    decided = case.first(*DECISIONS)
    if decided:
        met = (event.occurred_on for event in case.all(E.COORDINATION_MEETING_HELD))
        yield CountContribution(decided.occurred_on, any(day <= decided.occurred_on for day in met))


def attendance(case: Case) -> Iterator[CountContribution]:
    """An agency invited to a team meeting in the period, once per meeting; in the numerator when it attended."""
    for event in case.all(E.TEAM_MEETING_HELD):
        details = event.details
        if isinstance(details, d.TeamMeetingHeld):
            for agency in (candidate for candidate in AGENCIES if candidate in details.invited):
                came = agency in details.present
                yield from (
                    CountContribution(event.occurred_on, came, agency),
                    CountContribution(event.occurred_on, came),
                )


def measure_answered(case: Case) -> Iterator[DurationContribution]:
    """A measure requested in the period, until its provider answered. A start counts as an answer too."""
    yield from _measure_durations(case, (E.MEASURE_ANSWERED, E.MEASURE_STARTED))


def measure_begun(case: Case) -> Iterator[DurationContribution]:
    """A measure requested in the period, until it began. A refusal ends the wait in another way."""
    yield from _measure_durations(case, (E.MEASURE_STARTED,))


def person_investigation(case: Case) -> Iterator[DurationContribution]:
    """A person investigation ordered in the period, until it was returned."""
    yield from durations(case, INVESTIGATED)


def _measure_durations(case: Case, ends: tuple[EventType, ...]) -> Iterator[DurationContribution]:
    """Each measure from its first request; its number within the case identifies the events about it."""
    requests: dict[str, date] = {}
    for event in case.all(E.MEASURE_REQUESTED):
        if isinstance(event.details, d.Measure):
            requests.setdefault(event.details.measure, event.occurred_on)
    for number, since in requests.items():
        later = [e for e in case.events if e.occurred_on >= since and getattr(e.details, "measure", None) == number]
        end = min((e.occurred_on for e in later if e.type in ends), default=None)
        answers = ((e.occurred_on, e.details) for e in later if isinstance(e.details, d.MeasureAnswered))
        refused = min((on for on, details in answers if details.answer is d.MeasureAnswer.REFUSED), default=None)
        if end is not None and (refused is None or E.MEASURE_ANSWERED in ends or end <= refused):
            yield DurationContribution(since, since, end, ended=True)
        elif refused is not None:
            yield DurationContribution(since, since, refused, ended=False)
        else:
            yield open_duration(case, since, since)
