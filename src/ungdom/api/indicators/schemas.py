"""The shapes of indicators, surveys and caseload as they go out."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from ungdom import texts
from ungdom.analytics.definition_types import IndicatorPeriod, IndicatorUnit
from ungdom.analytics.indicators import INDICATORS, Indicator, IndicatorGroup
from ungdom.analytics.indicators.figures import WHOLE, Figure
from ungdom.analytics.surveys import SurveyKind, SurveyQuestion
from ungdom.analytics.surveys.results import SurveyCell
from ungdom.api.cases.schemas import AsOfOut, Output
from ungdom.api.http import inputs as i
from ungdom.workflow.payloads.base import ends_before_it_begins
from ungdom.workflow.vocabulary import Sanction

DECIMALS = 4


class PeriodQuery(i.Input):
    """A period: `from` and `to` are days, both in it."""

    since: Annotated[i.CivilDay, Field(alias="from")]
    until: Annotated[i.CivilDay, Field(alias="to")]

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.until < self.since:
            raise ends_before_it_begins("from", "to")
        return self


class FiguresQuery(i.AsOf, PeriodQuery):
    """Which indicators."""

    sanction: Sanction | None = None


class WithinOut(Output):
    """Of those for which the last day of the norm has come, not having left before it: how many ended within it."""

    norm: str
    numerator: int
    denominator: int
    value: float | None


class MedianDetailOut(Output):
    """What belongs to a median of days. `low`, `high`: its 95 % limits, null where the curve does not reach them.

    `waiting`: have not ended, `left`: ended in another way; both are censored (Kaplan–Meier). `mean_of_ended`: the
    naive mean, without those: it is lower than what a new case has to expect.
    """

    low: float | None
    high: float | None
    waiting: int
    left: int
    mean_of_ended: float | None
    within: WithinOut | None


class FigureOut(Output):
    """One figure. `konfliktrad` null: the country. `part` null: the whole.

    `value` null: nothing counted, or a median that is not reached yet. `hidden`: not shown, because few cases of other
    konfliktråd could be told from it.
    """

    konfliktrad: str | None
    part: str | None
    part_label: str | None
    numerator: int | None
    denominator: int | None
    apart: int | None
    value: float | None
    wait: MedianDetailOut | None
    hidden: bool


class IndicatorOut(Output):
    """One indicator with its figures. `definition`: the version of its definition."""

    code: str
    definition: int
    label: str
    group: IndicatorGroup
    group_label: str
    unit: IndicatorUnit
    figures: list[FigureOut]


class IndicatorList(Output):
    """The indicators of a period. `read`: cases looked at; `unread`: cases whose history could not be read."""

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    sanction: Sanction | None
    read: int
    unread: int
    items: list[IndicatorOut]


class DefinitionOut(Output):
    """What an indicator counts. `numerator`, `denominator` and `source` are in English, as in the code."""

    code: str
    definition: int
    label: str
    group: IndicatorGroup
    group_label: str
    unit: IndicatorUnit
    unit_label: str
    period: IndicatorPeriod
    period_label: str
    numerator: str
    denominator: str
    norm: str | None
    source: str


class DefinitionList(Output):
    """Every indicator, in the order of the strategy."""

    items: list[DefinitionOut]


def indicators_out(figures: Iterable[Figure], language: texts.Language) -> Iterator[IndicatorOut]:
    """The figures by indicator, in the order of the strategy."""
    all_figures = list(figures)
    for indicator in INDICATORS:
        figures_out = [_figure_out(figure, language) for figure in all_figures if figure.indicator is indicator]
        if figures_out:
            yield IndicatorOut(
                code=indicator.code,
                definition=indicator.version,
                label=texts.text(language, "indicator", indicator.code),
                group=indicator.group,
                group_label=texts.label(language, indicator.group),
                unit=indicator.unit,
                figures=figures_out,
            )


def definitions_out(language: texts.Language) -> list[DefinitionOut]:
    """Every definition."""
    return [_definition_out(indicator, language) for indicator in INDICATORS]


def _definition_out(indicator: Indicator, language: texts.Language) -> DefinitionOut:
    return DefinitionOut(
        code=indicator.code,
        definition=indicator.version,
        label=texts.text(language, "indicator", indicator.code),
        group=indicator.group,
        group_label=texts.label(language, indicator.group),
        unit=indicator.unit,
        unit_label=texts.label(language, indicator.unit),
        period=indicator.period,
        period_label=texts.label(language, indicator.period),
        numerator=indicator.numerator,
        denominator=indicator.denominator,
        norm=str(indicator.norm.values[-1][1]) if indicator.norm else None,
        source=indicator.source,
    )


def _figure_out(figure: Figure, language: texts.Language) -> FigureOut:
    counts = (None, None, None) if figure.hidden else (figure.numerator, figure.denominator, figure.apart)
    return FigureOut(
        konfliktrad=figure.konfliktrad,
        part=figure.part or None,
        part_label=part_label(figure, language),
        numerator=counts[0],
        denominator=counts[1],
        apart=counts[2],
        value=rounded(figure.value),
        wait=_median_detail_out(figure),
        hidden=figure.hidden,
    )


def part_label(figure: Figure, language: texts.Language) -> str | None:
    """What the part is called; None for the whole."""
    if figure.part == WHOLE:
        return None
    kind = figure.indicator.parts or SurveyQuestion
    return texts.label(language, kind(figure.part))


def _median_detail_out(figure: Figure) -> MedianDetailOut | None:
    wait = figure.wait
    if wait is None:
        return None
    within = None
    if wait.within:
        share = wait.within.numerator / wait.within.denominator if wait.within.denominator else None
        counts = {"numerator": wait.within.numerator, "denominator": wait.within.denominator}
        within = WithinOut(norm=wait.within.norm, value=rounded(share), **counts)
    return MedianDetailOut(
        low=wait.low,
        high=wait.high,
        waiting=wait.waiting,
        left=wait.left,
        mean_of_ended=rounded(wait.mean_of_ended),
        within=within,
    )


def rounded(value: float | None) -> float | None:
    """To four decimals."""
    return None if value is None else round(value, DECIMALS)


# --- surveys ------------------------------------------------------------------------------------------------


class GradedOut(Output):
    """One question. `mean`: of grades 1 to 5; `agree`: the share that gave 4 or 5."""

    question: SurveyQuestion
    label: str
    answers: int
    mean: float
    agree: float


class CellOut(Output):
    """A konfliktråd (null: the country), an occasion, and a quarter by its first day.

    `answered` and `rate` are null where fewer than five were invited, `questions` empty where fewer than five answered,
    or where that could be told of others.
    """

    konfliktrad: str | None
    kind: SurveyKind
    kind_label: str
    quarter: date
    invited: int | None
    answered: int | None
    rate: float | None
    questions: list[GradedOut]


class CellList(Output):
    """Response and results of the quarters whose invitations have all expired."""

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    read_at: datetime
    items: list[CellOut]


def cell_out(cell: SurveyCell, language: texts.Language) -> CellOut:
    """One cell, without what it must not show."""
    shown = cell.shows_rate
    graded = [
        GradedOut(
            question=result.question,
            label=texts.label(language, result.question),
            answers=result.answers,
            mean=round(result.total / result.answers, DECIMALS),
            agree=round(result.agree / result.answers, DECIMALS),
        )
        for result in cell.grade_summaries
    ]
    return CellOut(
        konfliktrad=cell.konfliktrad,
        kind=cell.kind,
        kind_label=texts.label(language, cell.kind),
        quarter=cell.quarter,
        invited=cell.invited if shown else None,
        answered=cell.answered if shown else None,
        rate=rounded(cell.answered / cell.invited) if shown else None,
        questions=graded,
    )
