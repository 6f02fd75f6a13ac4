"""Statistics and their definitions as schemas."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from ungdom import texts
from ungdom.analytics.cubes import Cube, Key
from ungdom.analytics.definitions import COMPLETIONS, LEAD_TIMES, RECIDIVISMS, Definition, Family, all_definitions
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.analytics.lead_times import Point
from ungdom.analytics.queries.statistics import CubeQuery, CubeResult
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.indicators.present import rounded
from ungdom.api.statistics.schemas import (
    MEMBER_FIGURES,
    FigureDefinitionOut,
    PointOut,
    StatisticList,
    StatisticOut,
    TableCellOut,
)


def list_out(result: CubeResult, question: CubeQuery, now: datetime, language: texts.Language) -> StatisticList:
    """The whole answer, exact."""
    return StatisticList(
        since=question.since,
        until=question.until,
        as_of=AsOfOut(on=result.day, known_at=question.known_at),
        read_at=now,
        by=[StatisticDimension(code) for code in question.by],
        where=dict(question.where),
        published=False,
        note=texts.text(language, "statistic", "note"),
        read=result.read,
        unread=result.unread,
        items=list(_statistics(result, question, language)),
    )


def _statistics(result: CubeResult, question: CubeQuery, language: texts.Language) -> Iterator[StatisticOut]:
    """The figures found, with their definitions."""
    definitions: dict[str, Definition] = {
        definition.code: definition for definition in (*LEAD_TIMES, *COMPLETIONS, *RECIDIVISMS)
    }
    for cube in result.cubes:
        definition = definitions[cube.figure]
        norm = definition.norm_days(result.day)
        yield StatisticOut(
            code=definition.code,
            definition=definition.version,
            label=question_of(definition, language),
            unit=definition.unit,
            period=definition.period,
            period_label=texts.label(language, definition.period),
            threshold_days=norm if question.threshold is None else question.threshold,
            cells=list(_cells(cube, result.curves.get(definition.code, {}))),
        )


def _cells(cube: Cube, curves: Mapping[Key, list[Point]]) -> Iterator[TableCellOut]:
    for key in cube.keys():  # noqa: SIM118 - a method
        cell = cube.at(key)
        if cell.total:
            steps = curves.get(key)
            yield TableCellOut(
                dimensions=dict(zip((dimension.code for dimension in cube.dimensions), key, strict=True)),
                all=cell.total,
                counts=dict(cell.counts),
                estimates={name: rounded(cell.estimates.get(name)) for name in cube.estimates},
                curve=[PointOut.model_validate(step) for step in steps] if steps is not None else None,
            )


def definitions_out(language: texts.Language) -> list[FigureDefinitionOut]:
    """Every definition."""
    return [
        from_source(
            FigureDefinitionOut,
            definition,
            definition=definition.version,
            family_label=texts.label(language, definition.family),
            label=question_of(definition, language),
            unit_label=texts.label(language, definition.unit),
            period_label=texts.label(language, definition.period),
            norm=str(definition.norm.values[-1][1]) if definition.norm else None,
        )
        for definition in all_definitions()
    ]


def question_of(definition: Definition, language: texts.Language) -> str:
    """The question that a figure answers."""
    if definition.family is Family.INDICATORS:
        return texts.text(language, "indicator", definition.code)
    kind, _, of = definition.code.partition(".")
    if kind in MEMBER_FIGURES:
        return texts.text(language, "statistic", kind, of=texts.label(language, MEMBER_FIGURES[kind](of)))
    return texts.text(language, "statistic", definition.code)
