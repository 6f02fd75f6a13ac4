"""The capacity model: how many cases a day one core carries, from the processor time of one move and one read.

Processor time by the measurement of `scale.py`; events of a case from the demo. The assumptions are named beside the
result, so that another installation can put in its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from ungdom.cli import dummy_cases
from ungdom.store.schema.cases import case_current, event

CASES = 400
"""Cases of the demo that are counted."""
READS_PER_MOVE = 20
FIGURES_PER_CASE = 10
BUSY_HOURS = 8
BUSY_SHARE = 0.5
WORKING_DAYS = 250
NORWAY = 1_000
"""Cases of youth sanctions a year, the upper end of what the reference of the domain says (section on volumes)."""
TIMES = 100


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor seconds of all parts for one move, one read of a case and one of figures."""

    move: float
    read: float
    figures: float


def events_per_case(cases: int = CASES) -> float:
    """The mean number of events of a closed case of the demo."""
    with dummy_cases.database(cases) as db, db.reading() as tx:
        closed = select(case_current.c.case_id).where(case_current.c.closed_on.is_not(None))
        numbers = select(func.count()).where(event.c.case_id.in_(closed)).group_by(event.c.case_id)
        counts = tx.scalars(numbers).all()
    return sum(counts) / len(counts)


def capacity(costs: Costs) -> Iterator[str]:
    """The lines of the model."""
    events = events_per_case()
    of_case = events * (costs.move + READS_PER_MOVE * costs.read) + FIGURES_PER_CASE * costs.figures
    per_day = BUSY_HOURS * 3600 * BUSY_SHARE / of_case
    yield (
        f"Capacity: a closed case of the demo ({CASES} cases) has {events:.0f} events on average. Assumed are"
        f" {READS_PER_MOVE} reads of the case beside each and {FIGURES_PER_CASE} reads of figures a case:"
        f" {of_case:.2f} s of processor time a case, in all parts. A core is assumed to be used to {BUSY_SHARE:.0%} in"
        f" {BUSY_HOURS} hours of a day; a year has {WORKING_DAYS} such days. Night, exchange and extracts are left out."
    )
    yield "\n| capacity | cases a year | cases a day | cores |\n|---|---:|---:|---:|"
    yield f"| one core | {per_day * WORKING_DAYS:,.0f} | {per_day:,.0f} | 1 |"
    for name, year in (("Norway", NORWAY), (f"{TIMES} times Norway", TIMES * NORWAY)):
        day = year / WORKING_DAYS
        yield f"| {name} | {year:,} | {day:,.0f} | {day / per_day:.3f} |"
