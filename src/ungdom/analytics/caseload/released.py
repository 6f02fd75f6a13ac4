"""The caseload as a table for releases: the open cases of a day by phase. Pure.

Cases received and closed in a period are the totals of `completion.received` and `completion.closed`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product

from ungdom.analytics.cohort_columns import KnownValues, dimension_columns
from ungdom.analytics.cubes import TOTAL, Cube, CubeCell, Dimension, Key
from ungdom.analytics.definition_types import Definition, Family, IndicatorPeriod, IndicatorUnit
from ungdom.analytics.dimensions import DIMENSION_READERS, PERIOD, Subject
from ungdom.workflow.vocabulary import PHASE, Phase

OPEN_CASES = Definition(
    "caseload.open",
    1,
    Family.CASELOAD,
    IndicatorUnit.CASES,
    IndicatorPeriod.ON_DAY,
    "of these, cases in this phase",
    "cases that are open at the end of the day, whenever they were registered",
    "krl § 22; the phases are an office norm",
    tuple(phase.value for phase in Phase if phase is not Phase.COMPLETION),
)
CASELOAD_BY_CODE = {OPEN_CASES.code: OPEN_CASES}


def table(subjects: Iterable[Subject], by: Sequence[str], known: KnownValues) -> Cube:
    """The open cases by these dimensions. `by`: without the period, which a day has none of."""
    columns = dimension_columns(by, known)
    counts: Counter[tuple[Key, str]] = Counter()
    for subject in subjects:
        if subject.facts.closed is None:
            values = tuple(DIMENSION_READERS[code](subject) for code in by)
            for code, value in zip(by, values, strict=True):
                columns[code].add(value)
            for key in product(*((value, TOTAL) for value in values)):
                counts[key, PHASE[subject.facts.state].value] += 1
    cells: dict[Key, CubeCell] = {
        (TOTAL, *key): CubeCell({phase: counts[key, phase] for phase in OPEN_CASES.outcomes})
        for key in dict.fromkeys(key for key, _ in counts)
    }
    dimensions = (Dimension(PERIOD, ()), *(columns[code].indexed()[0] for code in by))
    return Cube(OPEN_CASES.code, OPEN_CASES.version, dimensions, OPEN_CASES.outcomes, (), cells)
