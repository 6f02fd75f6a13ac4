"""The release plan: figures and their breakdowns, with coarser endings than the exact results have.

Fewer endings leave fewer small counts to suppress. The endings are a dimension of the released table, so that each
count is shown or suppressed separately. To add a figure, add a row to `RELEASE_PLAN`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ungdom.analytics import completions, lead_times
from ungdom.analytics.cohort_columns import CohortCollector, KnownValues, cohort_collector
from ungdom.analytics.cubes import TOTAL, Cube, CubeCell, Dimension, Key
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    RECIDIVISM_BY_CODE,
    CompletionDefinition,
    LeadTimeDefinition,
)
from ungdom.analytics.dimensions import DIMENSION_READERS, PERIOD, StatisticDimension, Subject
from ungdom.analytics.durations import ENDED, NEVER_AT_RISK, WAITING
from ungdom.analytics.lead_times import QUANTILES
from ungdom.analytics.outcomes import EXCLUDED_OUTCOMES, OPEN
from ungdom.analytics.recidivism import cubes as relapses
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.recidivism.spells import RecidivismSpell
from ungdom.workflow.vocabulary import State

D = TypeVar("D", LeadTimeDefinition, CompletionDefinition)
SINCE = date(2022, 1, 1)
"""First day of the tables. It does not change: a total over periods then means the same in every release, plus new
periods."""

ENDING = "ending"
CASES = "cases"
LEFT_OTHERWISE, EXCLUDED = "left", "apart"
HAS_RELAPSED, NOT_FOLLOWED = "has_relapsed", "not_followed"
START_ENDINGS = {ENDED: ENDED, WAITING: WAITING, NEVER_AT_RISK: ENDED}
"""The released ending of each exact one; any other is released as `LEFT_OTHERWISE`."""
COMPLETION_ENDINGS = {
    State.COMPLETED.value: State.COMPLETED.value,
    OPEN: OPEN,
    **dict.fromkeys(EXCLUDED_OUTCOMES, EXCLUDED),
}
RELAPSE_ENDINGS: Mapping[str, str] = {
    **dict.fromkeys((Relapse.RELAPSED, Relapse.RELAPSED_EARLY), HAS_RELAPSED),
    Relapse.NOT_RELAPSED: Relapse.NOT_RELAPSED.value,
    Relapse.WINDOW_OPEN: Relapse.WINDOW_OPEN.value,
    **dict.fromkeys((Relapse.PENDING, Relapse.DIED, Relapse.EMIGRATED), NOT_FOLLOWED),
}

Breakdowns = tuple[tuple[str, ...], ...]

BREAKDOWNS: Breakdowns = ((PERIOD,), *((PERIOD, code) for code in DIMENSION_READERS))
"""The breakdowns of the main figures, each a separate table."""
FEW_BREAKDOWNS: Breakdowns = ((PERIOD,), (PERIOD, StatisticDimension.SANCTION))
"""The breakdowns of each stage and of each party waited for."""


@dataclass(frozen=True, slots=True)
class ReleaseInput:
    """The input of a release: every case, and every recidivism spell with the sex of the person, as known then."""

    subjects: list[Subject]
    spells: list[tuple[RecidivismSpell, str]]


CubeBuilder = Callable[[ReleaseInput, date, KnownValues, Breakdowns], Iterator[Cube]]


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures that count the same people: a total of one is the total of another. `endings`: exact to released.

    `derived_from`: the endings whose counts can be derived from an estimate. `breakdowns`: one table each.
    """

    codes: tuple[str, ...]
    build_cubes: CubeBuilder
    endings: Mapping[str, str]
    derived_from: Callable[[str], tuple[str, ...]]
    breakdowns: Breakdowns = BREAKDOWNS

    @property
    def population(self) -> str:
        """The population that their totals refer to."""
        return self.codes[0]

    def released_cubes(self, release_input: ReleaseInput, day: date, known: KnownValues) -> Iterator[Cube]:
        """Every table, with coarser endings as its last dimension."""
        for cube in self.build_cubes(release_input, day, known, self.breakdowns):
            yield coarsen_outcomes(cube, self.endings)


def coarsen_outcomes(cube: Cube, endings: Mapping[str, str]) -> Cube:
    """The same table with endings as a dimension; estimates belong to its total."""
    names = tuple(dict.fromkeys(endings.get(ending, LEFT_OTHERWISE) for ending in cube.outcomes))
    cells: dict[Key, CubeCell] = {}
    for key, cell in cube.cells.items():
        counts = dict.fromkeys(names, 0)
        for ending, count in cell.counts.items():
            counts[endings.get(ending, LEFT_OTHERWISE)] += count
        cells |= {(*key, name): CubeCell({CASES: count}) for name, count in counts.items()}
        cells[*key, TOTAL] = CubeCell({CASES: cell.total}, cell.estimates)
    dimensions = (*cube.dimensions, Dimension(ENDING, names))
    return Cube(cube.figure, cube.version, dimensions, (CASES,), cube.estimates, cells)


def _cohort_cubes(
    definition_by_code: Mapping[str, D], table: Callable[[CohortCollector[D], str, Sequence[str]], Cube], *codes: str
) -> CubeBuilder:
    def cubes(release_input: ReleaseInput, day: date, known: KnownValues, breakdowns: Breakdowns) -> Iterator[Cube]:
        definitions = [definition_by_code[code] for code in codes]
        collector = cohort_collector(definitions, DIMENSION_READERS, day, (SINCE, day), known)
        for subject in release_input.subjects:
            collector.add(subject)
        yield from (table(collector, code, by) for code in codes for by in breakdowns)

    return cubes


def _recidivism_cubes(code: str) -> CubeBuilder:
    def cubes(release_input: ReleaseInput, day: date, known: KnownValues, breakdowns: Breakdowns) -> Iterator[Cube]:
        columns = relapses.spell_columns(DIMENSION_READERS, [RECIDIVISM_BY_CODE[code]], known)[code]
        for spell, sex in release_input.spells:
            if spell.definition == code and SINCE <= spell.index_date <= day:
                columns.add(spell, sex)
        yield from (relapses.table(columns, by, day, (SINCE, day)) for by in breakdowns)

    return cubes


def _endings_behind_days(name: str) -> tuple[str, ...]:
    """Quantiles and the naive mean depend on cases that ended; other estimates can disclose every ending."""
    return (ENDED,) if name.split("_", maxsplit=1)[0] in (*QUANTILES, "mean") else (ENDED, WAITING, LEFT_OTHERWISE)


MAIN_LEAD_TIMES = ("p1", "p2", "p3")

RELEASE_PLAN: tuple[FigureGroup, ...] = (
    FigureGroup(
        ("p1", "p3"),
        _cohort_cubes(LEAD_TIME_BY_CODE, lead_times.table, "p1", "p3"),
        START_ENDINGS,
        _endings_behind_days,
    ),
    FigureGroup(("p2",), _cohort_cubes(LEAD_TIME_BY_CODE, lead_times.table, "p2"), START_ENDINGS, _endings_behind_days),
    *(
        FigureGroup(
            (code,),
            _cohort_cubes(COMPLETION_BY_CODE, completions.table, code),
            COMPLETION_ENDINGS,
            lambda _name: (State.COMPLETED, OPEN, LEFT_OTHERWISE, EXCLUDED),
        )
        for code in ("completion.received", "completion.started", "completion.closed")
    ),
    *(
        FigureGroup(
            (code,),
            _recidivism_cubes(code),
            RELAPSE_ENDINGS,
            lambda _name: (HAS_RELAPSED, Relapse.NOT_RELAPSED, Relapse.WINDOW_OPEN, NOT_FOLLOWED),
        )
        for code in RECIDIVISM_BY_CODE
    ),
    *(
        FigureGroup(
            (code,),
            _cohort_cubes(LEAD_TIME_BY_CODE, lead_times.table, code),
            START_ENDINGS,
            _endings_behind_days,
            FEW_BREAKDOWNS,
        )
        for code in LEAD_TIME_BY_CODE
        if code not in MAIN_LEAD_TIMES
    ),
)

RELEASED_ENDINGS = tuple(
    dict.fromkeys([*(str(end) for group in RELEASE_PLAN for end in group.endings.values()), LEFT_OTHERWISE])
)
"""Every ending that a released table may have."""
