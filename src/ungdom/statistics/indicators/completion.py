"""Completion: how cases came out. Three denominators side by side, because each has been published as the share.

Which cases these are and what counts as completed stands in `statistics.outcomes`, for this and for the statistics.
"""

from collections.abc import Iterator
from datetime import date

from ungdom.statistics import outcomes
from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.indicators.marks import Count


def of_received(row: CaseRow) -> Iterator[Count]:
    """A case received in the period; in the numerator when it has been completed."""
    return _of(row, outcomes.received(row))


def of_started(row: CaseRow) -> Iterator[Count]:
    """A case whose execution began in the period; in the numerator when it has been completed."""
    return _of(row, outcomes.started(row))


def of_closed(row: CaseRow) -> Iterator[Count]:
    """A case of the konfliktråd that was closed in the period; in the numerator when that was by completion."""
    return _of(row, outcomes.closed(row))


def closed_as(row: CaseRow) -> Iterator[Count]:
    """A case of the konfliktråd that was closed in the period, under each way of closing: in the numerator of its own.

    Death, limitation and pardon are one of the ways here.
    """
    on = outcomes.closed(row)
    if on:
        yield from (Count(on, row.state is state, state) for state in outcomes.CLOSINGS)


def _of(row: CaseRow, on: date | None) -> Iterator[Count]:
    if on:
        yield Count(on, outcomes.completed(row))
