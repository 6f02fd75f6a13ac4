"""Schemas of statistics: queries, live and released figures, and definitions."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.analytics.case_cache import AT_MOST
from ungdom.analytics.caseload.released import OPEN_CASES
from ungdom.analytics.definition_types import IndicatorPeriod, IndicatorUnit
from ungdom.analytics.definitions import (
    CASELOAD_BY_CODE,
    COMPLETIONS,
    LEAD_TIMES,
    RECIDIVISMS,
    RELEASED_INDICATORS,
    Family,
)
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.analytics.queries.statistics import MAX_DIMENSIONS, CubeQuery
from ungdom.api.http import inputs as i
from ungdom.api.http.formats import TableFormat
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.indicators.schemas import PeriodQuery
from ungdom.message.text import CodeText, ReferenceText
from ungdom.workflow.vocabulary import OffenceGroup, Party, Regime, Sanction, State

LEAD_TIME_CODES = tuple(definition.code for definition in LEAD_TIMES)
COMPLETION_CODES = tuple(definition.code for definition in COMPLETIONS)
RECIDIVISM_CODES = tuple(definition.code for definition in RECIDIVISMS)
INDICATOR_CODES = (*RELEASED_INDICATORS, *CASELOAD_BY_CODE)
"""The indicators and the caseload of releases."""
PARTS = ("p1", "p2", "p3")
MEMBER_FIGURES: dict[str, type[State] | type[Party]] = {"stage": State, "wait": Party}
"""Figures that there is one of for each member."""
MAX_THRESHOLD_DAYS = 3650
"""Days that can be asked for as a threshold."""


LeadTimeCode = Annotated[
    ReferenceText,
    i.listed(LEAD_TIME_CODES),
    Field(json_schema_extra={"enum": [*LEAD_TIME_CODES]}),
]
CompletionCode = Annotated[
    ReferenceText,
    i.listed(COMPLETION_CODES),
    Field(json_schema_extra={"enum": [*COMPLETION_CODES]}),
]

RecidivismCode = Annotated[
    ReferenceText,
    i.listed(RECIDIVISM_CODES),
    Field(json_schema_extra={"enum": [*RECIDIVISM_CODES]}),
]

ReleasedIndicatorCode = Annotated[
    ReferenceText,
    i.listed(INDICATOR_CODES),
    Field(json_schema_extra={"enum": [*INDICATOR_CODES]}),
]


class FigureTableQuery(i.AsOf, PeriodQuery):
    """Which cases, how they are told apart (`by`, at most two), and in which form they are told."""

    by: Annotated[tuple[StatisticDimension, ...], Field(max_length=MAX_DIMENSIONS)] = ()
    konfliktrad: CodeText | None = None
    police_district: CodeText | None = None
    sanction: Sanction | None = None
    regime: Regime | None = None
    offence_group: OffenceGroup | Literal["unknown"] | None = None
    age: Literal["15", "16", "17", "18+"] | None = None
    sex: Literal["female", "male", "unknown"] | None = None
    statistic: tuple[ReferenceText, ...] = ()
    format: TableFormat | None = None

    @model_validator(mode="after")
    def _names_dimensions_once(self) -> Self:
        if len(set(self.by)) < len(self.by):
            raise PydanticCustomError("value_error", "by names a dimension twice")
        return self

    @property
    def where(self) -> dict[str, str]:
        """The values that cases have to have."""
        values = {code: getattr(self, code) for code in StatisticDimension if code != StatisticDimension.PERIOD}
        return {str(code): value for code, value in values.items() if value is not None}


class StatisticQuery(FigureTableQuery):
    """A table of figures.

    `published`: from released tables, where small cells are hidden; otherwise exact, and not to be published.
    """

    published: bool = False

    def question(
        self, valid_at: date | None, known_at: datetime | None, own: str | None, at_most: int | None = AT_MOST
    ) -> CubeQuery:
        """The query on the analytics layer. `own`: the konfliktråd to which it is restricted; None: unrestricted."""
        return CubeQuery(
            codes=tuple(dict.fromkeys(self.statistic)),
            since=self.since,
            until=self.until,
            by=self.by,
            where=self.where | ({StatisticDimension.KONFLIKTRAD.value: own} if own else {}),
            valid_at=valid_at,
            known_at=known_at,
            at_most=at_most,
        )


class LeadTimeQuery(StatisticQuery):
    """Which lead times. `threshold_days`: instead of the norm; `curve`: with every step, by one dimension at most."""

    statistic: Annotated[tuple[LeadTimeCode, ...], Field(min_length=1, max_length=len(LEAD_TIME_CODES))] = PARTS
    threshold_days: Annotated[int, Field(ge=0, le=MAX_THRESHOLD_DAYS)] | None = None
    curve: bool = False

    @model_validator(mode="after")
    def _curve_by_one_dimension(self) -> Self:
        if self.curve and len(self.by) > 1:
            raise PydanticCustomError("value_error", "a curve is told by one dimension at most")
        return self

    def question(
        self, valid_at: date | None, known_at: datetime | None, own: str | None, at_most: int | None = AT_MOST
    ) -> CubeQuery:
        """The query on the analytics layer, with threshold and curve."""
        plain = super().question(valid_at, known_at, own, at_most)
        return replace(plain, threshold=self.threshold_days, curves=self.curve)


class CompletionQuery(StatisticQuery):
    """Which completion."""

    statistic: Annotated[tuple[CompletionCode, ...], Field(min_length=1, max_length=len(COMPLETION_CODES))] = (
        COMPLETION_CODES
    )


class RecidivismQuery(StatisticQuery):
    """Which definitions of recidivism: all of them, unless some are named."""

    statistic: Annotated[tuple[RecidivismCode, ...], Field(min_length=1, max_length=len(RECIDIVISM_CODES))] = (
        RECIDIVISM_CODES
    )


AnyStatisticQuery = LeadTimeQuery | CompletionQuery | RecidivismQuery


class ReleasedIndicatorQuery(FigureTableQuery):
    """Which released indicators; the caseload, unless some are named."""

    statistic: Annotated[tuple[ReleasedIndicatorCode, ...], Field(min_length=1, max_length=len(INDICATOR_CODES))] = (
        OPEN_CASES.code,
    )


ReleasedQuery = AnyStatisticQuery | ReleasedIndicatorQuery


class PointOut(Output):
    """One step of a curve: the share that waits longer than so many days, with its 95 % limits."""

    days: int
    share: float
    low: float | None
    high: float | None
    at_risk: int
    ended: int


class TableCellOut(Output):
    """One combination of values; `_T` is all of a dimension. `counts` add up to `all`.

    `estimates`: by name; null where there is nothing to count, or where it is not reached.
    """

    dimensions: dict[str, str]
    all: int
    counts: dict[str, int]
    estimates: dict[str, float | None]
    curve: list[PointOut] | None = None


class StatisticOut(Output):
    """One figure. `definition`: the version of its definition; `threshold_days`: what `over` and `…_by` ask about."""

    code: str
    definition: int
    label: str
    unit: IndicatorUnit
    period: IndicatorPeriod
    period_label: str
    threshold_days: int | None
    cells: list[TableCellOut]


class StatisticList(Output):
    """Exact figures of a period. `note`: how they may be used. `read`: cases looked at; `unread`: could not be.

    `read_at`: when they were read; what was known then counts, where `as_of` names no other instant.
    """

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    read_at: datetime
    by: list[StatisticDimension]
    where: dict[str, str]
    published: bool
    note: str
    read: int
    unread: int
    items: list[StatisticOut]


class DatasetOut(Output):
    """One figure as JSON-stat 2.0 (json-stat.org), where that is asked for."""

    version: Literal["2.0"]
    kind: Annotated[Literal["dataset"], Field(alias="class")]
    label: str
    source: str
    updated: datetime
    id: list[str]
    size: list[int]
    role: dict[str, list[str]]
    dimension: dict[str, dict[str, Any]]
    value: list[float | None]
    status: dict[str, str]
    note: list[str]
    extension: dict[str, Any]


class FigureDefinitionOut(Output):
    """What a figure counts. `numerator`, `denominator`, `changed` and `source` are in English, as in the code."""

    code: str
    definition: int
    family: Family
    family_label: str
    label: str
    unit: IndicatorUnit
    unit_label: str
    period: IndicatorPeriod
    period_label: str
    numerator: str
    denominator: str
    outcomes: list[str]
    norm: str | None
    source: str
    changed: list[str]


class FigureDefinitionList(Output):
    """Every figure of every family."""

    items: list[FigureDefinitionOut]


class ReleasedCellOut(Output):
    """One combination of values; `_T` is all of a dimension. `cases` null: hidden."""

    dimensions: dict[str, str]
    cases: int | None
    estimates: dict[str, float | None]


class DaysOut(Output):
    """From a day to a day, both included."""

    since: date
    until: date


class ReleasedFigureOut(Output):
    """One figure, by these dimensions and its endings. A combination that is not here has no cases.

    `release`, `known_at`: of its numbers. `stands` is `earlier` where these are of an earlier release than the answer,
    because new ones beside the others would disclose hidden counts.
    """

    code: str
    definition: int
    by: list[str]
    release: UUID | None
    known_at: datetime | None
    stands: str | None
    cells: list[ReleasedCellOut]


class ReleasedList(Output):
    """Released figures, to be published as they are. `known_at`: of the release.

    `asked`: the days of the question; `given`: those of them that are released.
    """

    release: UUID
    known_at: datetime
    published: bool
    asked: DaysOut
    given: DaysOut
    where: dict[str, str]
    items: list[ReleasedFigureOut]
