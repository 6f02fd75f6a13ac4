"""Rapid start: P1 last offence to receipt, P2 receipt to start, P3 last offence to start: those of `passages`."""

from collections.abc import Iterator

from ungdom.statistics import passages
from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.indicators.marks import Span
from ungdom.statistics.passages import ENDED, Passage


def offence_to_receipt(row: CaseRow) -> Iterator[Span]:
    """P1 of a case registered in the period. Its cohort is that of registration: the first that is known of it."""
    yield _span(passages.offence_to_receipt(row))


def receipt_to_start(row: CaseRow) -> Iterator[Span]:
    """P2 of a case received in the period; none where interim conditions had begun the execution before."""
    found = passages.receipt_to_start(row)
    if found:
        yield _span(found)


def offence_to_start(row: CaseRow) -> Iterator[Span]:
    """P3 of a case registered in the period."""
    yield _span(passages.offence_to_start(row))


def _span(found: Passage) -> Span:
    return Span(found.on, found.since, found.over, found.ending == ENDED, found.seen)
