"""The fixed list of tables of lead time and completion that are released. Pure.

The list is in code, not in a request: what can be asked for is what is protected together, so that no combination of
filters can be taken from another.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from ungdom.statistics import completions, lead_times
from ungdom.statistics.cubes import Cube
from ungdom.statistics.definitions import COMPLETIONS, LEAD_TIMES, Completion, LeadTime
from ungdom.statistics.frames import BY, PERIOD, Subject
from ungdom.statistics.gathering import Gathering, Known, gathering

BREAKDOWNS: tuple[tuple[str, ...], ...] = (
    (PERIOD,),
    *((PERIOD, code) for code in BY),
    (PERIOD, "konfliktrad", "sanction"),
)
"""What every figure is told apart by, each as a table of its own."""


def cubes(rows: Iterable[Subject], day: date, known: Known | None = None) -> list[Cube]:
    """Every figure by every breakdown of the list, what lasts counted until the end of that day.

    `known`: values shown also where nobody has them, by dimension.
    """
    waits = gathering(LEAD_TIMES, BY, day, known=known)
    ends = gathering(COMPLETIONS, BY, day, known=known)
    for row in rows:
        waits.add(row)
        ends.add(row)
    return [*_lead_times(waits), *_completions(ends)]


def _lead_times(gathered: Gathering[LeadTime]) -> Iterator[Cube]:
    for code in gathered.counted:
        for by in BREAKDOWNS:
            yield lead_times.table(gathered, code, by)


def _completions(gathered: Gathering[Completion]) -> Iterator[Cube]:
    for code in gathered.counted:
        for by in BREAKDOWNS:
            yield completions.table(gathered, code, by)
