"""The office: who has how much, what will be late, what came in and went out, and the indicators of the strategy."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.inputs import AsOf, NoQuery
from ungdom.api.http.scopes import figures_scope
from ungdom.api.indicators import routes as figures
from ungdom.api.indicators.schemas import CaseloadOut, DefinitionList, FiguresQuery, IndicatorList
from ungdom.api.staff.routes import list_staff
from ungdom.api.staff.schemas import StaffList, StaffQuery
from ungdom.api.statistics.routes import get_lead_time_statistics
from ungdom.api.statistics.schemas import PARTS, LeadTimeQuery, StatisticList
from ungdom.api.worklist.routes import get_late_forecast
from ungdom.api.worklist.schemas import LateForecastOut, LateForecastQuery
from ungdom.web.curve_svg import draw_curves
from ungdom.web.figures_form import SanctionPeriodForm, csv_file, form_values
from ungdom.web.page import answer, data_of
from ungdom.web.places import CURVES, EXPLANATION, INDICATORS, OFFICE, OFFICE_FIGURES
from ungdom.web.queries import address_of
from ungdom.web.share_svg import Share, draw_shares
from ungdom.web.submitting import validated
from ungdom.workflow.rules.permissions import may_read_staff, may_read_worklist
from ungdom.workflow.vocabulary import Sanction

router = APIRouter(include_in_schema=False)

WEEKS, LATE_CASES, STAFF = 8, 25, 200
TOTAL = "_T"
"""The value of a dimension that stands for all of it."""


class OfficeAtAGlance(BaseModel):
    """The caseload; what will be late, for roles with a worklist; the members of staff, for those who may read them."""

    caseload: CaseloadOut
    late: LateForecastOut | None
    staff: StaffList | None


class IndicatorsAtAGlance(BaseModel):
    """The indicators of a period with what each counts."""

    indicators: IndicatorList
    definitions: DefinitionList


class CurveForm(SanctionPeriodForm):
    """The form of the curves. `statistic`: which time."""

    statistic: Annotated[str, Field(max_length=60)] = "p3"


@router.get(OFFICE.path, response_model=OfficeAtAGlance)
def office_page(request: Request, context: ReadContext) -> Response:
    """Who has how much, and what will be late."""
    role = context.principal.viewer.role
    load = data_of(figures.get_caseload(context, AsOf()))
    late = staff = None
    if may_read_worklist(role):
        late = data_of(get_late_forecast(context, LateForecastQuery(weeks=WEEKS, limit=LATE_CASES)))
    if may_read_staff(role):
        staff = _whole_staff(context)
    values = {
        "load": load,
        "late": late,
        "staff": staff,
        "figures": [place for place in OFFICE_FIGURES if place.may(role)],
        "shares": draw_shares,
        "share": Share,
    }
    return answer(request, "office.html", values)


def _whole_staff(context: RequestContext) -> dict[str, Any]:
    """The members of the office, of all pages of their list."""
    staff = data_of(list_staff(context, StaffQuery(limit=STAFF)))
    while staff["next"]:
        page = data_of(list_staff(context, StaffQuery(limit=STAFF, cursor=staff["next"])))
        staff = {"items": [*staff["items"], *page["items"]], "next": page["next"]}
    return staff


@router.get(INDICATORS.path, response_model=IndicatorsAtAGlance)
def indicators_page(request: Request, context: ReadContext, query: Annotated[SanctionPeriodForm, Query()]) -> Response:
    """The indicators of the strategy with their definitions."""
    question = query.period(context.today)
    data = data_of(figures.get_indicators(context, validated(FiguresQuery, question, "query")))
    definitions = data_of(figures.list_indicator_definitions(context, NoQuery()))["items"]
    values = {
        "indicators": data,
        "definitions": {definition["code"]: definition for definition in definitions},
        **form_values(question, INDICATORS.path),
    }
    return answer(request, "indicators.html", values)


@router.get(f"{INDICATORS.path}/download", response_model=IndicatorList)
def download_indicators(context: ReadContext, query: Annotated[SanctionPeriodForm, Query()]) -> Response:
    """The same as CSV."""
    data = data_of(figures.get_indicators(context, validated(FiguresQuery, query.period(context.today), "query")))
    names = ("konfliktrad", "part", "numerator", "denominator", "apart", "value", "hidden")
    rows = [
        {"indicator": item["code"], "definition": item["definition"], "unit": item["unit"]}
        | {name: figure[name] for name in names}
        for item in data["items"]
        for figure in item["figures"]
    ]
    return csv_file(rows, "indicators.csv")


@router.get(CURVES.path, response_model=StatisticList)
def curves_page(request: Request, context: ReadContext, query: Annotated[CurveForm, Query()]) -> Response:
    """How long cases take, as curves of those that still wait."""
    question, statistics = _statistic(context, query)
    figure = statistics["items"][0]
    points = {_label(cell, query.sanction): cell["curve"] or [] for cell in figure["cells"]}
    form = form_values(question | {"statistic": query.statistic}, CURVES.path)
    values = {
        "statistics": statistics,
        "figure": figure,
        "drawing": draw_curves(points, figure["threshold_days"]),
        "codes": PARTS,
        "statistic": query.statistic,
        "explained": address_of(EXPLANATION.path, form["given"], {}),
        **form,
    }
    return answer(request, "curves.html", values)


@router.get(f"{CURVES.path}/download", response_model=StatisticList)
def download_curve(context: ReadContext, query: Annotated[CurveForm, Query()]) -> Response:
    """Every step of the curves as CSV."""
    _, statistics = _statistic(context, query)
    rows = [
        {"statistic": figure["code"], **cell["dimensions"], **point}
        for figure in statistics["items"]
        for cell in figure["cells"]
        for point in cell["curve"] or ()
    ]
    return csv_file(rows, "curve.csv")


def _statistic(context: RequestContext, query: CurveForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked for, and the figure with its curves by sanction. Raises what the interface raises."""
    question = query.period(context.today)
    by = ("sanction",) if query.sanction is None else ()
    context.require(figures_scope, OFFICE.may)
    figure = {**question, "statistic": (query.statistic,), "by": by, "curve": True}
    wanted = validated(LeadTimeQuery, figure, "query")
    return question, data_of(get_lead_time_statistics(context, wanted))


def _label(cell: dict[str, Any], sanction: Sanction | None) -> str:
    """The sanction of a cell: of its dimension, or the only one that was asked for; else all of them."""
    return next(iter(cell["dimensions"].values()), sanction or TOTAL)
