"""What one case gives to the indicators: marks, each placed in a period by one day. Pure; told by the history alone.

A mark holds days and a code, nothing of the youth. No day is asked, so that the same history gives the same marks:
what has not ended is left open, and censored when figures are made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple

from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType


class Count(NamedTuple):
    """One that is counted in a denominator. `hit`: in the numerator too; None: kept apart from both.

    `on`: the day that places it in a period. `part`: which part of the indicator it belongs to; empty: the whole.
    """

    on: date
    hit: bool | None
    part: str = ""


class Span(NamedTuple):
    """One wait that is counted. `on`: the day that places it in a period; `since`: from which its days are counted.

    `over`: the day it ended, None while it lasts. `ended`: by what was waited for; otherwise the case left in another
    way, and is censored on that day. `seen`: under observation from that morning; None: from the first.
    """

    on: date
    since: date
    over: date | None
    ended: bool
    seen: date | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """From one kind of event to the next in a chain. `elsewhere`: events that end the wait in another way."""

    begins: tuple[EventType, ...]
    ends: tuple[EventType, ...]
    elsewhere: tuple[EventType, ...] = ()


def spans(case: Case, link: Link) -> Iterator[Span]:
    """Every wait of this kind in the case, one at a time: what would begin another while one lasts belongs to it.

    In the order in which things happened; what happened on one day, in the order recorded.
    """
    since: date | None = None
    for event in in_order(case):
        if since is None and event.type in link.begins:
            since = event.occurred_on
        elif since is not None and event.type in link.ends + link.elsewhere:
            yield Span(since, since, event.occurred_on, event.type in link.ends)
            since = None
    if since is not None:
        yield lasting(case, since, since)


def lasting(case: Case, on: date, since: date) -> Span:
    """A wait that has not ended: open as long as the case is, otherwise left on the day it closed."""
    return Span(on, since, case.closed_on and max(case.closed_on, since), ended=False)


def until(case: Case, on: date, since: date, end: date | None) -> Span:
    """A wait that ended on that day; None: it has not."""
    return lasting(case, on, since) if end is None else Span(on, since, end, ended=True)


def in_order(case: Case) -> list[Event]:
    """The events as they happened; those of one day in the order recorded."""
    return sorted(case.events, key=lambda event: (event.occurred_on, event.seq))


def parted(on: date, hits: dict[str, bool]) -> Iterator[Count]:
    """A mark for each part, and one for the whole: whether all of them are."""
    return chain((Count(on, hit, part) for part, hit in hits.items()), (Count(on, all(hits.values())),))
