"""Offices compared on the current cases, exact: for users who see figures of every office."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, get_args

from ungdom.analytics.comparison.offices import ComparedCases, OfficeComparison, compare_shares, compare_waits
from ungdom.analytics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE, CompletionDefinition, LeadTimeDefinition
from ungdom.analytics.dimensions import StatisticDimension, numbers
from ungdom.analytics.durations import ENDED
from ungdom.analytics.outcomes import EXCLUDED_OUTCOMES
from ungdom.analytics.queries.statistics import CubeQuery, collect
from ungdom.lazy import lazy
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import State

if TYPE_CHECKING:
    import numpy as np

    from ungdom.analytics.cohort_columns import CohortTable
else:
    np = lazy("numpy")

COMPARED = ("p1", "p2", "p3", *COMPLETION_BY_CODE)
"""The figures that offices are compared by."""
Covariate = Literal["sanction", "offence_group", "age", "regime", "sex"]
COVARIATES: tuple[Covariate, ...] = get_args(Covariate)
"""What may be declared as case mix."""
DECLARED = COVARIATES[:3]
"""The case mix that is adjusted for unless another is declared."""
A_YEAR = 365
"""Days that waits are compared within where a figure has no norm."""


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """The comparison of one figure. `until`: waits are compared within so many days; None: of a share."""

    day: date
    until: int | None
    comparison: OfficeComparison
    read: int
    unread: int


def compare_offices(tx: Connection, keys: EncryptionKeys, query: CubeQuery, now: datetime) -> ComparisonResult:
    """The comparison of the figure of the query by konfliktråd, adjusted for its dimensions `by`.

    Raises `TooManyCases`.
    """
    (code,), covariates = query.codes, query.by
    by_office = replace(query, by=(StatisticDimension.KONFLIKTRAD.value, *covariates))
    if code in LEAD_TIME_BY_CODE:
        waits, read, unread = collect(tx, keys, by_office, now, LEAD_TIME_BY_CODE)
        norm = LEAD_TIME_BY_CODE[code].norm_days(waits.day)
        until = norm or A_YEAR if query.threshold is None else query.threshold
        table = waits.table(code, by_office.by)
        spans, followed = table.cohort.spans(), numbers(table.cohort.followed)
        comparison = compare_waits(_cases(table), spans, followed, table.cohort.code_of(ENDED), until)
        return ComparisonResult(waits.day, until, comparison, read, unread)
    outcomes, read, unread = collect(tx, keys, by_office, now, COMPLETION_BY_CODE)
    return ComparisonResult(outcomes.day, None, _shares(outcomes.table(code, by_office.by)), read, unread)


def _shares(table: CohortTable[CompletionDefinition]) -> OfficeComparison:
    """Of cases that neither lapsed nor ended by death, as the share of the figure."""
    cohort, codes = table.cohort, numbers(table.cohort.outcome_code)
    counted = ~np.isin(codes, [cohort.code_of(outcome) for outcome in EXCLUDED_OUTCOMES])
    cases = _cases(table)
    counted_cases = ComparedCases(
        cases.offices, cases.office[counted], tuple(covariate[counted] for covariate in cases.covariates)
    )
    return compare_shares(counted_cases, codes[counted] == cohort.code_of(State.COMPLETED))


def _cases(table: CohortTable[LeadTimeDefinition] | CohortTable[CompletionDefinition]) -> ComparedCases:
    office, *covariates = table.places
    return ComparedCases(table.dimensions[0].values, office, tuple(covariates))
