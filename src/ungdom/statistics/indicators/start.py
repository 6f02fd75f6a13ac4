"""Rapid start: P1 last offence to receipt, P2 receipt to start, P3 last offence to start. `workflow.leadtime`."""

from collections.abc import Iterator
from datetime import timedelta

from ungdom.statistics.indicators.marks import Span, lasting, until
from ungdom.workflow.case import Case
from ungdom.workflow.leadtime import measures
from ungdom.workflow.vocabulary import EventType


def offence_to_receipt(case: Case) -> Iterator[Span]:
    """P1 of a case registered in the period. Its cohort is that of registration: the first that is known of it."""
    received = case.first(EventType.RECEIVED)
    yield until(case, case.registered_on, case.last_offence, received.occurred_on if received else None)


def receipt_to_start(case: Case) -> Iterator[Span]:
    """P2 of a case received in the period; none where interim conditions had begun the execution before."""
    received = case.first(EventType.RECEIVED)
    if received is None:
        return
    _, days, _ = measures(case)
    if case.start is None:
        yield lasting(case, received.occurred_on, received.occurred_on)
    elif days is not None:
        since = received.occurred_on
        yield Span(since, since, since + timedelta(days=days), ended=True)


def offence_to_start(case: Case) -> Iterator[Span]:
    """P3 of a case registered in the period."""
    yield until(case, case.registered_on, case.last_offence, case.start.on if case.start else None)
