"""Offices beside what was expected of their own cases, drawn as a funnel; no ranking."""

from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from ungdom.analytics.queries.comparison import COMPARED
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.scopes import figures_scope
from ungdom.api.statistics.comparison_routes import get_office_comparison
from ungdom.api.statistics.comparison_schemas import ComparisonQuery, OfficeComparisonOut
from ungdom.web.figures_form import PeriodForm, csv_file, form_values
from ungdom.web.funnel_svg import draw_funnel
from ungdom.web.page import answer, data_of
from ungdom.web.places import COMPARISON
from ungdom.web.submitting import validated

router = APIRouter(include_in_schema=False)

Adjusted = Literal["yes", "no"]


class ComparisonForm(PeriodForm):
    """The form of a comparison. `adjusted`: for the case mix."""

    statistic: Annotated[str, Field(max_length=60)] = "completion.closed"
    adjusted: Adjusted = "yes"


@router.get(COMPARISON.path, response_model=OfficeComparisonOut)
def comparison_page(request: Request, context: ReadContext, query: Annotated[ComparisonForm, Query()]) -> Response:
    """Every konfliktråd with the limits of chance."""
    question, comparison = _comparison(context, query)
    values = {
        "comparison": comparison,
        "drawing": draw_funnel(comparison["items"], comparison["funnel"], comparison["country"]),
        "codes": COMPARED,
        "adjustments": get_args(Adjusted),
        **form_values(question, COMPARISON.path),
    }
    return answer(request, "comparison.html", values)


@router.get(f"{COMPARISON.path}/download", response_model=OfficeComparisonOut)
def download_comparison(context: ReadContext, query: Annotated[ComparisonForm, Query()]) -> Response:
    """The same as CSV."""
    _, comparison = _comparison(context, query)
    return csv_file([_flat(office) for office in comparison["items"]], "comparison.csv")


def _comparison(context: RequestContext, query: ComparisonForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked for, and the comparison. Raises what the interface raises."""
    context.require(figures_scope, COMPARISON.may)
    period = query.period(context.today)
    wanted = {**period, "statistic": query.statistic, "unadjusted": query.adjusted == "no"}
    data = data_of(get_office_comparison(context, validated(ComparisonQuery, wanted, "query")))
    return {**period, "statistic": query.statistic, "adjusted": query.adjusted}, data


def _flat(office: dict[str, Any]) -> dict[str, Any]:
    """An office as a line: estimates and limits as columns of their own."""
    parts = {
        "value": ("value", "error", "low", "high"),
        "difference": ("value", "error", "low", "high"),
        "ended": ("value", "error", "low", "high"),
        "limits": ("low_95", "high_95", "low_998", "high_998"),
    }
    plain = {name: value for name, value in office.items() if name not in parts}
    return plain | {f"{part}_{name}": (office[part] or {}).get(name) for part, names in parts.items() for name in names}
