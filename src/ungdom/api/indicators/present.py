"""Indicators, survey results and the caseload as schemas."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.analytics.caseload import Caseload, OpenCaseCounts, weight_of
from ungdom.analytics.caseload.pressure import PressureWarning
from ungdom.analytics.indicators import INDICATORS, Indicator
from ungdom.analytics.indicators.figures import WHOLE, Figure
from ungdom.analytics.surveys import SurveyQuestion
from ungdom.analytics.surveys.results import SurveyCell
from ungdom.api.http.present import from_source
from ungdom.api.indicators.schemas import (
    ArrivalOut,
    CellOut,
    CoordinatorOut,
    DefinitionOut,
    FigureOut,
    FlowOut,
    GradedOut,
    IndicatorOut,
    MedianDetailOut,
    OfficeLoadOut,
    OpenCasesOut,
    PhaseLoadOut,
    WarningOut,
    WithinOut,
)
from ungdom.workflow.vocabulary import Phase

DECIMALS = 4


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
    return from_source(
        DefinitionOut,
        indicator,
        definition=indicator.version,
        label=texts.text(language, "indicator", indicator.code),
        group_label=texts.label(language, indicator.group),
        unit_label=texts.label(language, indicator.unit),
        period_label=texts.label(language, indicator.period),
        norm=str(indicator.norm.values[-1][1]) if indicator.norm else None,
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
    return from_source(MedianDetailOut, wait, mean_of_ended=rounded(wait.mean_of_ended), within=within)


def rounded(value: float | None) -> float | None:
    """To four decimals."""
    return None if value is None else round(value, DECIMALS)


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


ONE_DECIMAL = 1


def offices_out(caseload: Caseload, language: texts.Language) -> Iterator[OfficeLoadOut]:
    """Every konfliktråd that was counted, the country last."""
    for place in sorted(caseload.offices, key=lambda place: (place is None, place or "")):
        yield _office_out(caseload, place, language)


def _office_out(caseload: Caseload, place: str | None, language: texts.Language) -> OfficeLoadOut:
    office = caseload.offices[place]
    weeks, not_forecast = caseload.arrivals(place)
    by_coordinator = {} if place is None else office.coordinators
    return OfficeLoadOut(
        konfliktrad=place,
        load=OpenCasesOut(**_load_values(office.load, caseload.day, language)),
        coordinators=[
            CoordinatorOut(coordinator=name, **_load_values(load, caseload.day, language))
            for name, load in sorted(by_coordinator.items(), key=lambda item: (item[0] is None, item[0] or ""))
        ],
        weeks=[FlowOut.model_validate(item) for item in office.flow()],
        in_chain=len(office.waiting),
        not_foretold=not_forecast,
        arrivals=[
            ArrivalOut(since=w.since, expected=round(w.expected, ONE_DECIMAL), low=w.low, high=w.high) for w in weeks
        ],
        warnings=[_warning_out(item, language) for item in caseload.warnings(place)],
    )


def _load_values(load: OpenCaseCounts, day: date, language: texts.Language) -> dict[str, Any]:
    kinds = [
        PhaseLoadOut(
            phase=phase,
            phase_label=texts.label(language, phase),
            sanction=sanction,
            sanction_label=texts.label(language, sanction),
            cases=count,
            weight=round(count * weight_of(phase, sanction, day), ONE_DECIMAL),
        )
        for (phase, sanction), count in sorted(
            load.open.items(), key=lambda item: (list(Phase).index(item[0][0]), item[0][1])
        )
    ]
    return {"cases": load.open.total(), "weight": load.weight(day), "kinds": kinds}


def _warning_out(warning: PressureWarning, language: texts.Language) -> WarningOut:
    rule = warning.rule
    message = texts.text(
        language,
        "caseload_warning",
        rule.code,
        growing=texts.label(language, warning.growing),
        waiting=texts.label(language, warning.waiting),
        recent=warning.recent,
        before=warning.before,
        weeks=rule.weeks,
        days=round(warning.days),
        days_before=round(warning.days_before),
    )
    of_rule = {name: getattr(rule, name) for name in ("code", "weeks", "growth", "longer", "source")}
    return from_source(
        WarningOut, warning, message=message, received_before=warning.before, received=warning.recent, **of_rule
    )
