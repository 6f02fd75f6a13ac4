"""The release plan: figures and their breakdowns, with coarser endings than the exact results have.

Fewer endings leave fewer small counts to suppress. The endings are a dimension of the released table, so that each
count is shown or suppressed separately. To add a figure, add a row to `RELEASE_PLAN`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from typing import TypeVar

from ungdom.analytics import completions, lead_times
from ungdom.analytics.caseload import released as caseload
from ungdom.analytics.cohort_columns import CohortCollector, KnownValues, cohort_collector
from ungdom.analytics.cubes import TOTAL, Cube, CubeCell, Dimension, Key
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    RECIDIVISM_BY_CODE,
    RELEASED_INDICATORS,
    CompletionDefinition,
    LeadTimeDefinition,
)
from ungdom.analytics.dimensions import DIMENSION_READERS, PERIOD, SECOND_HALF_START, StatisticDimension, Subject
from ungdom.analytics.durations import ENDED, ENDED_BY_CLOSING, NEVER_AT_RISK, WAITING
from ungdom.analytics.indicators import INDICATORS, IndicatorGroup
from ungdom.analytics.indicators import cohorts as indicators
from ungdom.analytics.indicators.cohorts import COUNTED, IndicatorCollector
from ungdom.analytics.lead_times import QUANTILES
from ungdom.analytics.outcomes import EXCLUDED_OUTCOMES, OPEN
from ungdom.analytics.recidivism import cubes as relapses
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.recidivism.spells import RecidivismSpell
from ungdom.workflow.vocabulary import Phase, State

D = TypeVar("D", LeadTimeDefinition, CompletionDefinition)
SINCE = date(2022, 1, 1)
"""First day of the tables. It does not change: a total over periods then means the same in every release, plus new
periods."""

ENDING = "ending"
CASES = "cases"
LEFT_OTHERWISE = "left"
HAS_RELAPSED, NOT_FOLLOWED = "has_relapsed", "not_followed"
START_ENDINGS = {ENDED: ENDED, WAITING: WAITING, NEVER_AT_RISK: ENDED}
"""The released ending of each exact one; any other is released as `LEFT_OTHERWISE`."""
INTERVAL_ENDINGS = {ENDED: ENDED, ENDED_BY_CLOSING: ENDED, NEVER_AT_RISK: ENDED, WAITING: WAITING}
"""Of a stage or a wait, which ends in whichever way."""
COMPLETION_ENDINGS = {
    State.COMPLETED.value: State.COMPLETED.value,
    OPEN: OPEN,
}
RELAPSE_ENDINGS: Mapping[str, str] = {
    **dict.fromkeys((Relapse.RELAPSED, Relapse.RELAPSED_EARLY), HAS_RELAPSED),
    Relapse.NOT_RELAPSED: Relapse.NOT_RELAPSED.value,
    **dict.fromkeys((Relapse.WINDOW_OPEN, Relapse.PENDING, Relapse.DIED, Relapse.EMIGRATED), NOT_FOLLOWED),
}
BEFORE_RECEIPT, PREPARING, CARRIED_OUT = "before_receipt", "preparing_plan", "carried_out"
CASELOAD_ENDINGS: Mapping[str, str] = {
    **dict.fromkeys(map(str, (Phase.INVESTIGATION, Phase.CONSENT, Phase.DECISION)), BEFORE_RECEIPT),
    Phase.PLAN.value: PREPARING,
    **dict.fromkeys(map(str, (Phase.EXECUTION, Phase.BREACH)), CARRIED_OUT),
}

YEARS_TOGETHER = 3
"""The years of a span of periods: the groups of a konfliktråd are too small for shorter ones."""


def days_of(period: str) -> tuple[date, date]:
    """The first and the last day of a period: of 2025, 2025H1 or 2025-2027."""
    first, last = int(period[:4]), int(period[-4:]) if "-" in period else int(period[:4])
    if period.endswith("H1"):
        return date(first, 1, 1), date(first, SECOND_HALF_START, 1) - timedelta(days=1)
    return date(first, SECOND_HALF_START if period.endswith("H2") else 1, 1), date(last, 12, 31)


class Finest(Enum):
    """The shortest periods of a table, each with the longer ones above it. Value: which periods these are.

    `ALL`: all periods together only.
    """

    HALF_YEAR = re.compile(r"\d{4}(-\d{4}|H[12])?")
    YEAR = re.compile(r"\d{4}(-\d{4})?")
    SPAN = re.compile(r"\d{4}-\d{4}")
    ALL = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One table of a figure: by its periods, and by these dimensions.

    `at_least`: periods that the table has even where many of its counts are small; None: there may be no table.
    """

    finest: Finest
    by: tuple[str, ...] = ()
    at_least: Finest | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions of the table, without the endings."""
        return (PERIOD, *self.by)


Breakdowns = tuple[Breakdown, ...]

BREAKDOWNS: Breakdowns = (
    Breakdown(Finest.HALF_YEAR, (), Finest.HALF_YEAR),
    Breakdown(Finest.SPAN, (StatisticDimension.KONFLIKTRAD,), Finest.SPAN),
    *(
        Breakdown(Finest.YEAR, (code,))
        for code in (StatisticDimension.SANCTION, StatisticDimension.SEX, StatisticDimension.AGE)
    ),
    *(
        Breakdown(Finest.SPAN, (code,))
        for code in (StatisticDimension.POLICE_DISTRICT, StatisticDimension.OFFENCE_GROUP)
    ),
    Breakdown(Finest.ALL, (StatisticDimension.REGIME,)),
)
"""The breakdowns of the main figures, each a separate table: the smaller the groups, the longer the periods."""
FEW_BREAKDOWNS: Breakdowns = (Breakdown(Finest.YEAR), Breakdown(Finest.SPAN, (StatisticDimension.SANCTION,)))
"""The breakdowns of each stage and of each party waited for."""
INDICATOR_BREAKDOWNS: Breakdowns = (Breakdown(Finest.YEAR), Breakdown(Finest.SPAN, (StatisticDimension.KONFLIKTRAD,)))
"""The breakdowns of each indicator but those of breaches, which are too few by konfliktråd."""
CASELOAD_BREAKDOWNS: Breakdowns = (
    Breakdown(Finest.ALL, (), Finest.ALL),
    Breakdown(Finest.ALL, (StatisticDimension.KONFLIKTRAD,)),
    Breakdown(Finest.ALL, (StatisticDimension.SANCTION,)),
)
"""The breakdowns of the caseload, which is that of a day and has no periods."""


@dataclass(frozen=True, slots=True)
class ReleaseInput:
    """The input of a release: every case, and every recidivism spell with the sex of the person, as known then.

    `indicators`: what the cases contribute to the indicators; None: they are not released.
    """

    subjects: list[Subject]
    spells: list[tuple[RecidivismSpell, str]]
    indicators: IndicatorCollector | None = None


CubeBuilder = Callable[[ReleaseInput, date, KnownValues, Breakdowns], Iterator[tuple[Cube, Breakdown]]]


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures that count the same people: a total of one is the total of another. `endings`: exact to released.

    `estimated`: the ending whose days or share are estimated. `breakdowns`: one table each. `core`: the
    ending (or the total) that is never suppressed in the tables that there always are; None: there is none.
    `share_without`: the exact endings that its share leaves out, and that have no ending of their own.
    """

    codes: tuple[str, ...]
    build_cubes: CubeBuilder
    endings: Mapping[str, str]
    estimated: str
    breakdowns: Breakdowns = BREAKDOWNS
    core: str | None = None
    share_without: tuple[str, ...] = ()

    def is_in_days(self, estimate: str) -> bool:
        """Whether an estimate is a number of days, which is no number of cases or persons."""
        return estimate.split("_", maxsplit=1)[0] in (*QUANTILES, "mean")

    @property
    def population(self) -> str:
        """The population that their totals refer to."""
        return self.codes[0]

    def released_cubes(
        self, release_input: ReleaseInput, day: date, known: KnownValues, threshold: int = 1, small_share: float = 1.0
    ) -> Iterator[Cube]:
        """Every table, with coarser endings as its last dimension.

        A table in which more than this share of its counts is from 1 to one below the threshold has longer periods, or
        is left out.
        """
        for cube, breakdown in self.build_cubes(release_input, day, known, self.breakdowns):
            coarse = coarsen_outcomes(cube, self.endings)
            periods = [*Finest]
            for finest in periods[periods.index(breakdown.finest) :]:
                table = coarsen_periods(coarse, finest)
                if (self.core and finest is breakdown.at_least) or small_counts_share(table, threshold) <= small_share:
                    yield table
                    break


def small_counts_share(cube: Cube, threshold: int) -> float:
    """The share of the counts of a table, without zeros, that are below the threshold."""
    counts = [cell.total for cell in cube.cells.values() if cell.total]
    return sum(count < threshold for count in counts) / max(1, len(counts))


def coarsen_periods(cube: Cube, finest: Finest) -> Cube:
    """The same table without the periods that are shorter than these."""
    place = [dimension.code for dimension in cube.dimensions].index(PERIOD)
    period = cube.dimensions[place]
    remaining = tuple(value for value in period.values if finest.value.fullmatch(value))
    parents = {value: above for value, above in period.parents.items() if value in remaining}
    dimensions = (*cube.dimensions[:place], Dimension(PERIOD, remaining, parents), *cube.dimensions[place + 1 :])
    cells = {key: cell for key, cell in cube.cells.items() if key[place] in (*remaining, TOTAL)}
    return replace(cube, dimensions=dimensions, cells=cells)


def coarser_cube(cube: Cube, group: FigureGroup, core: bool, threshold: int) -> Cube | None:
    """The same table with longer periods; None: there is none.

    `core`: of a figure that there always is the endings go before its years and spans of years do. Estimates then stay
    in the cells in which at least `threshold` have ended.
    """
    periods = [*Finest]
    values = cube.dimensions[[dimension.code for dimension in cube.dimensions].index(PERIOD)].values
    finest = next((item for item in periods[::-1] if all(map(item.value.fullmatch, values))), Finest.HALF_YEAR)
    if core and finest is not Finest.HALF_YEAR and cube.dimensions[-1].values:
        return _without_endings(cube, group.estimated, threshold)
    return None if finest is Finest.ALL else coarsen_periods(cube, periods[periods.index(finest) + 1])


def _without_endings(cube: Cube, estimated: str, threshold: int) -> Cube:
    totals = {}
    for key, cell in cube.cells.items():
        if key[-1] == TOTAL:
            ended = cube.at((*key[:-1], estimated)).total
            totals[key] = cell if ended >= threshold else replace(cell, estimates={})
    return replace(cube, dimensions=(*cube.dimensions[:-1], Dimension(ENDING, ())), cells=totals)


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
    def cubes(
        release_input: ReleaseInput, day: date, known: KnownValues, breakdowns: Breakdowns
    ) -> Iterator[tuple[Cube, Breakdown]]:
        definitions = [definition_by_code[code] for code in codes]
        collector = cohort_collector(definitions, DIMENSION_READERS, day, (SINCE, day), known, YEARS_TOGETHER)
        for subject in release_input.subjects:
            collector.add(subject)
        yield from ((table(collector, code, item.dimensions), item) for code in codes for item in breakdowns)

    return cubes


def _recidivism_cubes(code: str) -> CubeBuilder:
    def cubes(
        release_input: ReleaseInput, day: date, known: KnownValues, breakdowns: Breakdowns
    ) -> Iterator[tuple[Cube, Breakdown]]:
        columns = relapses.spell_columns(DIMENSION_READERS, [RECIDIVISM_BY_CODE[code]], known)[code]
        for spell, sex in release_input.spells:
            if spell.definition == code and SINCE <= spell.index_date <= day:
                columns.add(spell, sex)
        for item in breakdowns:
            yield relapses.table(columns, item.dimensions, day, (SINCE, day), YEARS_TOGETHER), item

    return cubes


def _indicator_cubes(code: str) -> CubeBuilder:
    def cubes(
        release_input: ReleaseInput, _day: date, _known: KnownValues, breakdowns: Breakdowns
    ) -> Iterator[tuple[Cube, Breakdown]]:
        if release_input.indicators is not None:
            for item in breakdowns:
                yield indicators.table(release_input.indicators, code, item.dimensions), item

    return cubes


def _caseload_cubes(
    release_input: ReleaseInput, _day: date, known: KnownValues, breakdowns: Breakdowns
) -> Iterator[tuple[Cube, Breakdown]]:
    yield from ((caseload.table(release_input.subjects, item.by, known), item) for item in breakdowns)


BREACHES = {indicator.code for indicator in INDICATORS if indicator.group is IndicatorGroup.BREACHES}
MAIN_LEAD_TIMES = ("p1", "p2", "p3")

RELEASE_PLAN: tuple[FigureGroup, ...] = (
    FigureGroup(
        ("p1", "p3"),
        _cohort_cubes(LEAD_TIME_BY_CODE, lead_times.table, "p1", "p3"),
        START_ENDINGS,
        ENDED,
        core=TOTAL,
    ),
    FigureGroup(
        ("p2",),
        _cohort_cubes(LEAD_TIME_BY_CODE, lead_times.table, "p2"),
        START_ENDINGS,
        ENDED,
        core=TOTAL,
    ),
    *(
        FigureGroup(
            (code,),
            _cohort_cubes(COMPLETION_BY_CODE, completions.table, code),
            COMPLETION_ENDINGS,
            State.COMPLETED,
            core=core,
            share_without=EXCLUDED_OUTCOMES,
        )
        for code, core in (
            ("completion.received", TOTAL),
            ("completion.started", TOTAL),
            ("completion.closed", State.COMPLETED.value),
        )
    ),
    *(
        FigureGroup(
            (code,),
            _recidivism_cubes(code),
            RELAPSE_ENDINGS,
            HAS_RELAPSED,
        )
        for code in RECIDIVISM_BY_CODE
    ),
    *(
        FigureGroup(
            (code,),
            _cohort_cubes(LEAD_TIME_BY_CODE, lead_times.table, code),
            INTERVAL_ENDINGS,
            ENDED,
            FEW_BREAKDOWNS,
        )
        for code in LEAD_TIME_BY_CODE
        if code not in MAIN_LEAD_TIMES
    ),
    *(
        FigureGroup(
            (code,),
            _indicator_cubes(code),
            START_ENDINGS if ENDED in definition.outcomes else {outcome: outcome for outcome in definition.outcomes},
            ENDED if ENDED in definition.outcomes else COUNTED,
            INDICATOR_BREAKDOWNS[:1] if code in BREACHES else INDICATOR_BREAKDOWNS,
        )
        for code, definition in RELEASED_INDICATORS.items()
    ),
    FigureGroup((caseload.OPEN_CASES.code,), _caseload_cubes, CASELOAD_ENDINGS, "", CASELOAD_BREAKDOWNS, core=TOTAL),
)

EARLIER_ENDINGS = ("apart", "window_open")
"""Endings of tables that were released before these were counted with others: each was small nearly everywhere."""
RELEASED_ENDINGS = tuple(
    dict.fromkeys(
        [
            *(str(end) for group in RELEASE_PLAN for end in group.endings.values()),
            LEFT_OTHERWISE,
            *EARLIER_ENDINGS,
        ]
    )
)
"""Every ending that a released table may have."""


def codes_of(of: str) -> tuple[str, ...]:
    """The figures of a row of the plan."""
    return next(group.codes for group in RELEASE_PLAN if group.population == of)
