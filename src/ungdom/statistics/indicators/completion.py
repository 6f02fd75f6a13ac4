"""Completion: how cases came out. Three denominators side by side, because each has been published as the share."""

from collections.abc import Iterator

from ungdom.statistics.indicators.marks import Count
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import EventType, State


def of_received(case: Case) -> Iterator[Count]:
    """A case received in the period; in the numerator when it has been completed."""
    received = case.first(EventType.RECEIVED)
    if received:
        yield Count(received.occurred_on, completed(case))


def of_started(case: Case) -> Iterator[Count]:
    """A case whose execution began in the period; in the numerator when it has been completed."""
    if case.start:
        yield Count(case.start.on, completed(case))


def of_closed(case: Case) -> Iterator[Count]:
    """A case of the konfliktråd that was closed in the period; in the numerator when that was by completion."""
    if case.closed_on and was_here(case):
        yield Count(case.closed_on, completed(case))


def closed_as(case: Case) -> Iterator[Count]:
    """A case of the konfliktråd that was closed in the period, under each way of closing: in the numerator of its own.

    Death, limitation and pardon are one of the ways here.
    """
    if case.closed_on and was_here(case):
        yield from (Count(case.closed_on, case.state is state, state) for state in WAYS)


def completed(case: Case) -> bool | None:
    """Whether it has been completed; None: it lapsed (death, limitation, pardon), and is kept apart."""
    return None if case.state is State.LAPSED else case.state is State.COMPLETED


def was_here(case: Case) -> bool:
    """The konfliktråd has had it: it was received, or its execution began. Others are counted by police and courts."""
    return case.start is not None or case.has(EventType.RECEIVED)


WAYS = (
    State.COMPLETED,
    State.CONVERTED,
    State.BREACH_CLOSED,
    State.CONSENT_WITHDRAWN,
    State.NO_PLAN,
    State.OTHER_DECISION,
    State.LAPSED,
)
"""Every way of closing, in the order of the vocabulary."""
