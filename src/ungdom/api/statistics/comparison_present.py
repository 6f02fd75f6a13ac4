"""The comparison of offices as a schema, with the sentences that say how it is to be read."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from ungdom import texts
from ungdom.analytics.comparison.funnel import funnel
from ungdom.analytics.comparison.offices import ComparedOffice, OfficeComparison
from ungdom.analytics.definition_types import IndicatorUnit
from ungdom.analytics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.analytics.queries.comparison import ComparisonResult
from ungdom.analytics.queries.statistics import CubeQuery
from ungdom.analytics.survival_errors import Limited
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.statistics.comparison_schemas import (
    ComparedOfficeOut,
    ControlLimitsOut,
    EstimateOut,
    GroupTestOut,
    OfficeComparisonOut,
)
from ungdom.api.statistics.present import question_of
from ungdom.texts.numbers import tenths

DIGITS = 6
VARIES_MORE = 1.5
"""Overdispersion from which the answer warns that the limits are too narrow. Office norm."""


def comparison_out(
    result: ComparisonResult, question: CubeQuery, language: texts.Language, names: Mapping[str, str]
) -> OfficeComparisonOut:
    """The whole answer. `names`: of every konfliktråd."""
    definition = {**LEAD_TIME_BY_CODE, **COMPLETION_BY_CODE}[question.codes[0]]
    comparison = result.comparison
    return OfficeComparisonOut(
        code=definition.code,
        definition=definition.version,
        question=question_of(definition, language),
        unit=definition.unit,
        period=definition.period,
        since=question.since,
        until=question.until,
        as_of=AsOfOut(on=result.day, known_at=question.known_at),
        published=False,
        notes=list(_notes(comparison, question, language)),
        covariates=list(question.by),
        within_days=result.until,
        country=_rounded(comparison.country),
        compared=comparison.compared,
        by_chance_95=round(comparison.by_chance["95"], DIGITS),
        by_chance_998=round(comparison.by_chance["998"], DIGITS),
        overdispersion=_rounded(comparison.overdispersion),
        tests=[
            GroupTestOut.model_validate({"test": name} | _numbers(asdict(test)))
            for name, test in comparison.tests.items()
        ],
        funnel=_funnel(comparison) if definition.unit is IndicatorUnit.SHARE else [],
        read=result.read,
        unread=result.unread,
        items=[_office_out(office, language, names) for office in comparison.offices],
    )


def _notes(comparison: OfficeComparison, question: CubeQuery, language: texts.Language) -> Iterator[str]:
    """Why this is no ranking, what chance alone does, what was adjusted for, and that it is not to be published."""
    yield texts.text(language, "comparison", "no_ranking")
    expected = tenths(language, comparison.by_chance["95"])
    yield texts.text(language, "comparison", "chance", compared=comparison.compared, expected=expected)
    if question.by:
        named = ", ".join(texts.label(language, StatisticDimension(covariate)).lower() for covariate in question.by)
        yield texts.text(language, "comparison", "case_mix", covariates=named)
    else:
        yield texts.text(language, "comparison", "unadjusted")
    if comparison.overdispersion and comparison.overdispersion > VARIES_MORE:
        ratio = tenths(language, comparison.overdispersion)
        yield texts.text(language, "comparison", "overdispersed", ratio=ratio)
    yield texts.text(language, "statistic", "note")


def _office_out(office: ComparedOffice, language: texts.Language, names: Mapping[str, str]) -> ComparedOfficeOut:
    return ComparedOfficeOut(
        konfliktrad=office.office,
        label=names.get(office.office, office.office),
        cases=office.cases,
        reading=office.reading,
        reading_label=texts.label(language, office.reading),
        value=_estimate(office.value),
        expected=_rounded(office.expected),
        difference=_estimate(office.difference),
        limits=ControlLimitsOut.model_validate(_numbers(asdict(office.limits))) if office.limits else None,
        observed=office.observed,
        expected_count=_rounded(office.expected_count),
        ended=_estimate(office.ended),
        p=_rounded(office.p),
        p_adjusted=_rounded(office.p_adjusted),
    )


def _funnel(comparison: OfficeComparison) -> list[ControlLimitsOut]:
    most = max((office.cases for office in comparison.offices), default=0)
    if comparison.country is None or not most:
        return []
    return [ControlLimitsOut.model_validate(_numbers(asdict(limits))) for limits in funnel(comparison.country, most)]


def _estimate(estimate: Limited | None) -> EstimateOut | None:
    return EstimateOut(**_numbers(asdict(estimate))) if estimate else None


def _numbers(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
