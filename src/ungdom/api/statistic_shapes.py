"""The shapes of statistics, lead time and completion, as they are asked for and as they go out."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom import texts
from ungdom.api import inputs as i
from ungdom.api.figure_shapes import PeriodQuery, rounded
from ungdom.api.formats import TableFormat
from ungdom.api.schemas import AsOfOut, Output
from ungdom.statistics.cubes import Cube, Key
from ungdom.statistics.definitions import COMPLETIONS, LEAD_TIMES, RECIDIVISMS, Definition, Family, every
from ungdom.statistics.exact import AT_MOST, FEW_BY, Found, Question
from ungdom.statistics.frames import StatisticDimension
from ungdom.statistics.indicators import IndicatorPeriod, IndicatorUnit
from ungdom.statistics.lead_times import Point
from ungdom.workflow.vocabulary import OffenceGroup, Party, Regime, Sanction, State

LEAD_TIME_CODES = tuple(one.code for one in LEAD_TIMES)
COMPLETION_CODES = tuple(one.code for one in COMPLETIONS)
RECIDIVISM_CODES = tuple(one.code for one in RECIDIVISMS)
PARTS = ("p1", "p2", "p3")
OF_THESE: dict[str, type[State] | type[Party]] = {"stage": State, "wait": Party}
"""Figures that there is one of for each member."""
LONGEST = 3650
"""Days that can be asked for as a threshold."""

Code = Annotated[str, Field(max_length=40)]


def _known(code: str, codes: tuple[str, ...]) -> str:
    if code not in codes:
        raise PydanticCustomError("enum", "is none of the figures", {"allowed": list(codes)})
    return code


LeadTimeCode = Annotated[
    str,
    AfterValidator(lambda code: _known(code, LEAD_TIME_CODES)),
    Field(json_schema_extra={"enum": [*LEAD_TIME_CODES]}),
]
CompletionCode = Annotated[
    str,
    AfterValidator(lambda code: _known(code, COMPLETION_CODES)),
    Field(json_schema_extra={"enum": [*COMPLETION_CODES]}),
]

RecidivismCode = Annotated[
    str,
    AfterValidator(lambda code: _known(code, RECIDIVISM_CODES)),
    Field(json_schema_extra={"enum": [*RECIDIVISM_CODES]}),
]


class StatisticQuery(i.AsOf, PeriodQuery):
    """Which cases, how they are told apart (`by`, at most two), and in which form they are told.

    `published`: from released tables, where small cells are hidden; otherwise exact, and not to be published.
    """

    by: Annotated[tuple[StatisticDimension, ...], Field(max_length=FEW_BY)] = ()
    konfliktrad: Code | None = None
    police_district: Code | None = None
    sanction: Sanction | None = None
    regime: Regime | None = None
    offence_group: OffenceGroup | Literal["unknown"] | None = None
    age: Literal["15", "16", "17", "18+"] | None = None
    sex: Literal["female", "male", "unknown"] | None = None
    statistic: tuple[str, ...] = ()
    published: bool = False
    format: TableFormat | None = None

    @model_validator(mode="after")
    def _told_apart_once(self) -> Self:
        if len(set(self.by)) < len(self.by):
            raise PydanticCustomError("value_error", "by names a dimension twice")
        return self

    @property
    def where(self) -> dict[str, str]:
        """The values that cases have to have."""
        asked = {code: getattr(self, code) for code in StatisticDimension if code != StatisticDimension.PERIOD}
        return {str(code): value for code, value in asked.items() if value is not None}

    def question(
        self, valid_at: date | None, known_at: datetime | None, own: str | None, at_most: int | None = AT_MOST
    ) -> Question:
        """What is asked. `own`: the konfliktråd that the answer is about, whatever else is asked; None: any."""
        return Question(
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
    threshold_days: Annotated[int, Field(ge=0, le=LONGEST)] | None = None
    curve: bool = False

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.curve and len(self.by) > 1:
            raise PydanticCustomError("value_error", "a curve is told by one dimension at most")
        return self

    def question(
        self, valid_at: date | None, known_at: datetime | None, own: str | None, at_most: int | None = AT_MOST
    ) -> Question:
        """What is asked, with threshold and curve."""
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


def list_out(found: Found, asked: Question, now: datetime, language: texts.Language) -> StatisticList:
    """The whole answer, exact."""
    return StatisticList(
        since=asked.since,
        until=asked.until,
        as_of=AsOfOut(on=found.day, known_at=asked.known_at),
        read_at=now,
        by=[StatisticDimension(code) for code in asked.by],
        where=dict(asked.where),
        published=False,
        note=texts.text(language, "statistic", "note"),
        read=found.read,
        unread=found.unread,
        items=list(_statistics(found, asked, language)),
    )


def _statistics(found: Found, asked: Question, language: texts.Language) -> Iterator[StatisticOut]:
    """The figures found, with their definitions."""
    known: dict[str, Definition] = {one.code: one for one in (*LEAD_TIMES, *COMPLETIONS, *RECIDIVISMS)}
    for cube in found.cubes:
        one = known[cube.figure]
        norm = one.norm_days(found.day)
        yield StatisticOut(
            code=one.code,
            definition=one.version,
            label=question_of(one, language),
            unit=one.unit,
            period=one.period,
            period_label=texts.label(language, one.period),
            threshold_days=norm if asked.threshold is None else asked.threshold,
            cells=list(_cells(cube, found.curves.get(one.code, {}))),
        )


def _cells(cube: Cube, curves: Mapping[Key, list[Point]]) -> Iterator[TableCellOut]:
    for key in cube.keys():  # noqa: SIM118 - a method
        cell = cube.at(key)
        if cell.all:
            steps = curves.get(key)
            yield TableCellOut(
                dimensions=dict(zip((one.code for one in cube.dimensions), key, strict=True)),
                all=cell.all,
                counts=dict(cell.counts),
                estimates={name: rounded(cell.estimates.get(name)) for name in cube.estimates},
                curve=[PointOut.model_validate(step) for step in steps] if steps is not None else None,
            )


def definitions_out(language: texts.Language) -> list[FigureDefinitionOut]:
    """Every definition."""
    return [
        FigureDefinitionOut(
            code=one.code,
            definition=one.version,
            family=one.family,
            family_label=texts.label(language, one.family),
            label=question_of(one, language),
            unit=one.unit,
            unit_label=texts.label(language, one.unit),
            period=one.period,
            period_label=texts.label(language, one.period),
            numerator=one.numerator,
            denominator=one.denominator,
            outcomes=list(one.outcomes),
            norm=str(one.norm.values[-1][1]) if one.norm else None,
            source=one.source,
            changed=list(one.changed),
        )
        for one in every()
    ]


def question_of(one: Definition, language: texts.Language) -> str:
    """The question that a figure answers."""
    if one.family is Family.INDICATORS:
        return texts.text(language, "indicator", one.code)
    kind, _, of = one.code.partition(".")
    if kind in OF_THESE:
        return texts.text(language, "statistic", kind, of=texts.label(language, OF_THESE[kind](of)))
    return texts.text(language, "statistic", one.code)
