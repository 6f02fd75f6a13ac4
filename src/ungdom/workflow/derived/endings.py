"""What a closing ends: the measures, waits, electronic control and memberships that still run. Pure.

The closing writes the events by which they end in the same transaction (`cases.consequences`). They are recorded in the
name of the system, after the closing, on its day. So is the end of what a late fact or a correction leaves open.
"""

from collections.abc import Iterator
from dataclasses import replace

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived.team import running_measures
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import Actor, EventType

E = EventType
ENDINGS = (E.MEASURE_ENDED, E.WAIT_ENDED, E.ELECTRONIC_CONTROL_ENDED, E.TEAM_MEMBER_LEFT)
"""The types of event by which a closing ends something."""
CLOSING_ENDS = "2026-11-30"
"""First version of the table in which a closing ends what still runs."""


def endings(case: Case, last: Event) -> list[Event]:
    """The events that end what still runs in this closed case, on the day it closed; `last`: the event recorded last.

    None under a table from before `CLOSING_ENDS`.
    """
    ending = list(_what_ends(case)) if law.holds(case.table, CLOSING_ENDS, None) else []
    return [
        replace(
            last,
            seq=last.seq + n,
            type=kind,
            occurred_on=case.entered_on,
            occurred_at=None,
            details=details,
            actor=Actor.SYSTEM,
        )
        for n, (kind, details) in enumerate(ending, start=1)
    ]


def _what_ends(case: Case) -> Iterator[tuple[EventType, d.Details]]:
    if case.control_runs:
        yield E.ELECTRONIC_CONTROL_ENDED, d.ElectronicControlEnded(reason=d.EndOfControl.CASE_CLOSED)
    for measure, _ in running_measures(case):
        yield E.MEASURE_ENDED, d.MeasureEnded(measure=measure, reason=d.MeasureEnd.CASE_CLOSED)
    for started, ended in case.waits():
        if ended is None and isinstance(started.details, d.WaitStarted):
            yield E.WAIT_ENDED, d.WaitEnded(party=started.details.party)
    for member in sorted(case.team):
        yield E.TEAM_MEMBER_LEFT, d.MemberLeft(member=member)


def ended_by_closing(case: Case) -> list[Event]:
    """The events by which the closing of this closed case ended something; empty for an open case."""
    if not case.is_closed:
        return []
    closing = case.order_of(case.intervals[-1].seq)
    return [event for event in case.all(*ENDINGS) if event.order > closing and event.actor is Actor.SYSTEM]


def ends_of_nothing(case: Case) -> list[Event]:
    """The events of `ended_by_closing` that end nothing: without them that would not run. Empty for an open case."""
    own = ended_by_closing(case)
    numbers = {end.seq for end in own}
    without = replace(case, events=tuple(event for event in case.events if event.seq not in numbers))
    needed = list(_what_ends(without)) if own else []
    return [end for end in own if (end.type, end.details) not in needed]
