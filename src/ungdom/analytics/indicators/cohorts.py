"""The indicators that are counted from cases, as columns and tables for releases. Pure.

Left out are those that are the same question as a figure of the statistics (completion, P1 to P3, ways of closing),
which are released as that figure; survey answers, which have rules of their own (docs/surveys.md); and alerts, which
are no part of the history of a case. Of an indicator with parts that are counted one beside another (who attended, what
is recorded of a consent) only the whole is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from ungdom.analytics import completions, lead_times
from ungdom.analytics.case_summaries import CaseSummary
from ungdom.analytics.cohort_columns import CohortCollector, CohortColumns, KnownValues, cohort_collector
from ungdom.analytics.contributions import CountContribution, DurationContribution
from ungdom.analytics.cubes import Cube, CubeCell, Key
from ungdom.analytics.definition_types import CompletionDefinition, Definition, IndicatorUnit, LeadTimeDefinition
from ungdom.analytics.dimensions import StatisticDimension, numbers
from ungdom.analytics.durations import ENDED, LEFT_OTHERWISE, NEVER_AT_RISK, WAITING, entry
from ungdom.analytics.indicators import INDICATORS, FromAlerts, FromFacts, Indicator
from ungdom.analytics.indicators.figures import WHOLE
from ungdom.lazy import lazy
from ungdom.workflow.calendar import days_between
from ungdom.workflow.payloads import MeasureAnswer, PlanLoad

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

COUNTED, NOT_COUNTED = "counted", "not_counted"
"""The endings of an indicator that is a share: in the numerator, or in the denominator only."""
RATIO = ("ratio", "ratio_low", "ratio_high")
"""The share in the numerator, with Wilson's 95 % limits."""
ONE_PART_EACH: tuple[type[StrEnum], ...] = (MeasureAnswer, PlanLoad)
"""Parts of which everything counted has exactly one."""
DURATION_OUTCOMES = (ENDED, LEFT_OTHERWISE, WAITING, NEVER_AT_RISK)


@dataclass(frozen=True, slots=True)
class ShareDefinition(CompletionDefinition):
    """An indicator that is a share. `by_part`: its outcomes are its parts."""

    by_part: bool = False


def _definition(indicator: Indicator) -> Definition:
    """The definition of an indicator with its outcomes."""
    row = indicator.definition()
    values = (row.code, row.version, row.family, row.unit, row.period, row.numerator, row.denominator, row.source)
    if indicator.unit == IndicatorUnit.DAYS:
        return LeadTimeDefinition(*values, DURATION_OUTCOMES, row.norm, row.changed)
    parts = tuple(indicator.parts) if indicator.parts in ONE_PART_EACH else ()
    outcomes = tuple(map(str, parts)) or (COUNTED, NOT_COUNTED)
    return ShareDefinition(*values, outcomes, row.norm, row.changed, by_part=bool(parts))


RELEASED_INDICATORS: Mapping[str, Definition] = {
    indicator.code: _definition(indicator)
    for indicator in INDICATORS
    if indicator.counting and not isinstance(indicator.counting, FromFacts | FromAlerts)
}
"""The indicators of releases by code, with their outcomes."""


@dataclass(frozen=True, slots=True)
class IndicatorCollector:
    """What cases contribute to the indicators, as columns: those in days, and those that are shares."""

    waits: CohortCollector[LeadTimeDefinition]
    shares: CohortCollector[CompletionDefinition]


def collect(
    summaries: Iterable[CaseSummary], day: date, since: date, known: KnownValues, years_together: int
) -> IndicatorCollector:
    """The contributions of these cases from `since` until `day`, as columns, by konfliktråd."""
    definitions = RELEASED_INDICATORS.values()
    by, period = [StatisticDimension.KONFLIKTRAD], (since, day)
    waits = [definition for definition in definitions if isinstance(definition, LeadTimeDefinition)]
    shares = [definition for definition in definitions if isinstance(definition, ShareDefinition)]
    collector = IndicatorCollector(
        cohort_collector(waits, by, day, period, known, years_together),
        cohort_collector(shares, by, day, period, known, years_together),
    )
    for place, summary in enumerate(summaries):
        for columns in (collector.waits.columns, collector.shares.columns):
            columns[StatisticDimension.KONFLIKTRAD].add(summary.konfliktrad)
        _add_summary(collector, summary, place, since)
    return collector


def _add_summary(collector: IndicatorCollector, summary: CaseSummary, place: int, since: date) -> None:
    day = collector.waits.day
    for waits in collector.waits.cohorts.values():
        for duration in summary.durations.get(waits.definition.code, ()):
            if since <= duration.period_day <= day:
                _add_duration(waits, duration, place, day)
    for shares in collector.shares.cohorts.values():
        for count in _counted_once(summary, shares.definition):
            if since <= count.period_day <= day:
                _add_count(shares, count, place)


def _counted_once(summary: CaseSummary, definition: CompletionDefinition) -> Iterator[CountContribution]:
    """Everything of a case that the indicator counts, each once."""
    by_part = isinstance(definition, ShareDefinition) and definition.by_part
    for count in summary.counts.get(definition.code, ()):
        if count.in_numerator if by_part else count.part == WHOLE:
            yield count


def _add_count(cohort: CohortColumns[CompletionDefinition], count: CountContribution, place: int) -> None:
    cohort.subject.append(place)
    cohort.period_day.append(count.period_day.toordinal())
    cohort.outcome_code.append(cohort.code_of(count.part or (COUNTED if count.in_numerator else NOT_COUNTED)))


def _add_duration(
    cohort: CohortColumns[LeadTimeDefinition], duration: DurationContribution, place: int, day: date
) -> None:
    since, ended_on = duration.since, duration.ended_on
    if ended_on is not None and ended_on > day:
        ended_on = None
    ending = WAITING if ended_on is None else ENDED if duration.ended else LEFT_OTHERWISE
    cohort.subject.append(place)
    cohort.period_day.append(duration.period_day.toordinal())
    cohort.outcome_code.append(cohort.code_of(ending))
    cohort.entry.append(entry(since, duration.observed_from or since))
    cohort.followed.append(days_between(since, max(day, since)))
    cohort.time.append(days_between(since, ended_on or max(day, since)))


def table(collector: IndicatorCollector, code: str, by: Sequence[str]) -> Cube:
    """The indicator of this code by these dimensions."""
    if isinstance(RELEASED_INDICATORS[code], LeadTimeDefinition):
        return lead_times.table(collector.waits, code, by)
    cohort_table = collector.shares.table(code, by)
    cohort = cohort_table.cohort
    outcomes = cohort.definition.outcomes
    estimates = RATIO if COUNTED in outcomes else ()
    cells: dict[Key, CubeCell] = {}
    for key, members in cohort_table.cells():
        by_code = np.bincount(numbers(cohort.outcome_code)[members], minlength=len(outcomes) + 1)
        counts = {ending: int(by_code[cohort.code_of(ending)]) for ending in outcomes}
        share = completions.wilson(counts[COUNTED], sum(counts.values())) if estimates else ()
        cells[key] = CubeCell(counts, dict(zip(estimates, share, strict=True)))
    return cohort_table.cube(estimates, cells)
