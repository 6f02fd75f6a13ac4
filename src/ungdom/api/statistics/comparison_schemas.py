"""Schemas of the comparison of offices."""

from datetime import date
from typing import Annotated

from pydantic import Field

from ungdom.analytics.comparison.funnel import ControlReading
from ungdom.analytics.definition_types import IndicatorPeriod, IndicatorUnit
from ungdom.analytics.queries.comparison import COMPARED, COVARIATES, DECLARED, Covariate
from ungdom.analytics.queries.statistics import CubeQuery
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import instant
from ungdom.api.indicators.schemas import PeriodQuery
from ungdom.api.statistics.schemas import MAX_THRESHOLD_DAYS
from ungdom.message.text import ReferenceText


class ComparisonQuery(i.AsOf, PeriodQuery):
    """One figure of all konfliktråd in a period. `covariates`: the case mix that is adjusted for.

    `unadjusted`: for none. `threshold_days`: waits are compared within so many days, instead of the norm.
    """

    statistic: Annotated[ReferenceText, i.listed(COMPARED), Field(json_schema_extra={"enum": [*COMPARED]})] = "p3"
    covariates: Annotated[tuple[Covariate, ...], Field(max_length=len(COVARIATES))] = DECLARED
    unadjusted: bool = False
    threshold_days: Annotated[int, Field(ge=1, le=MAX_THRESHOLD_DAYS)] | None = None

    def question(self) -> CubeQuery:
        """The query on the analytics layer, by the declared covariates."""
        return CubeQuery(
            codes=(self.statistic,),
            since=self.since,
            until=self.until,
            by=() if self.unadjusted else tuple(dict.fromkeys(self.covariates)),
            valid_at=self.valid_at,
            known_at=instant(self.known_at),
            threshold=self.threshold_days,
        )


class EstimateOut(Output):
    """An estimate with its standard error and 95 % limits."""

    value: float
    error: float
    low: float
    high: float


class ControlLimitsOut(Output):
    """Between which values 95 % and 99.8 % of offices with so many cases lie if they do as expected."""

    cases: int
    low_95: float
    high_95: float
    low_998: float
    high_998: float


class ComparedOfficeOut(Output):
    """One konfliktråd beside what was expected of its own cases; null where it has too few to be compared.

    `observed` of `expected_count`: cases that started or were completed. `ended`: the share that has started within
    the days, with the other endings competing; of waits.
    """

    konfliktrad: str
    label: str
    cases: int
    reading: ControlReading
    reading_label: str
    value: EstimateOut | None
    expected: float | None
    difference: EstimateOut | None
    limits: ControlLimitsOut | None
    observed: int | None
    expected_count: float | None
    ended: EstimateOut | None
    p: float | None
    p_adjusted: float | None


class GroupTestOut(Output):
    """A test of all offices at once: whether any of them differs."""

    test: str
    statistic: float
    degrees: int
    p: float


class OfficeComparisonOut(Output):
    """All konfliktråd by one figure, in the order of their codes. `notes`: how it is to be read.

    `compared`: offices with enough cases. `by_chance_95`, `by_chance_998`: how many of them lie outside the limits on
    average if none differs. `funnel`: the limits by number of cases, of a share.
    """

    code: str
    definition: int
    question: str
    unit: IndicatorUnit
    period: IndicatorPeriod
    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    published: bool
    notes: list[str]
    covariates: list[str]
    within_days: int | None
    country: float | None
    compared: int
    by_chance_95: float
    by_chance_998: float
    overdispersion: float | None
    tests: list[GroupTestOut]
    funnel: list[ControlLimitsOut]
    read: int
    unread: int
    items: list[ComparedOfficeOut]
