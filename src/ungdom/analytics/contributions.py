"""What one case contributes to the indicators, each contribution placed in a period by one day. Pure.

A contribution holds days and a code, nothing about the youth. It is derived from the events alone: what has not ended
has no end date, and is censored when figures are computed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple

from ungdom.store.codec import Day
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType


class CountContribution(NamedTuple):
    """One unit counted in a denominator. `in_numerator`: in the numerator too; None: excluded from both.

    `period_day`: the day that places it in a period. `part`: the part of the indicator it belongs to; empty: the whole.
    """

    period_day: Day
    in_numerator: bool | None
    part: str = ""


class DurationContribution(NamedTuple):
    """One wait that is counted.

    `period_day`: the day that places it in a period; `since`: from which its days are counted.

    `ended_on`: the day it ended, None while it is open. `ended`: whether it ended by what was waited for; otherwise the
    case left in another way, and the wait is censored on that day. `observed_from`: under observation from that
    morning; None: from the first.
    """

    period_day: Day
    since: Day
    ended_on: Day | None
    ended: bool
    observed_from: Day | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A step from one kind of event to the next in a chain. `otherwise`: events that end the wait in another way."""

    begins: tuple[EventType, ...]
    ends: tuple[EventType, ...]
    otherwise: tuple[EventType, ...] = ()


def durations(case: Case, link: Link) -> Iterator[DurationContribution]:
    """Every wait of this kind in the case, without overlap, in order of occurrence.

    An event that would start another wait during one belongs to it. Events of one day are in the order recorded.
    """
    since: date | None = None
    for event in events_in_order(case):
        if since is None and event.type in link.begins:
            since = event.occurred_on
        elif since is not None and event.type in link.ends + link.otherwise:
            yield DurationContribution(since, since, event.occurred_on, event.type in link.ends)
            since = None
    if since is not None:
        yield open_duration(case, since, since)


def open_duration(case: Case, period_day: date, since: date) -> DurationContribution:
    """A wait that has not ended: open while the case is open, otherwise censored on the day the case closed."""
    return DurationContribution(period_day, since, case.closed_on and max(case.closed_on, since), ended=False)


def duration_until(case: Case, period_day: date, since: date, end: date | None) -> DurationContribution:
    """A wait that ended on that day; None: it has not ended."""
    return (
        open_duration(case, period_day, since)
        if end is None
        else DurationContribution(period_day, since, end, ended=True)
    )


def events_in_order(case: Case) -> list[Event]:
    """The events in order of occurrence; those of one day in the order recorded."""
    return sorted(case.events, key=lambda event: (event.occurred_on, event.order))


def contributions_by_part(period_day: date, in_numerator_by_part: dict[str, bool]) -> Iterator[CountContribution]:
    """A contribution per part, and one for the whole, which is in the numerator if all parts are."""
    return chain(
        (CountContribution(period_day, in_numerator, part) for part, in_numerator in in_numerator_by_part.items()),
        (CountContribution(period_day, all(in_numerator_by_part.values())),),
    )
