"""The office: who has how much, what will be late, what came in and went out, and the indicators of the strategy."""

import csv
import io
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.inputs import AsOf, CivilDay, NoQuery, in_order
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
from ungdom.web.page import answer, data_of
from ungdom.web.places import DELAYS, OFFICE
from ungdom.web.queries import PageForm, address_of
from ungdom.web.share_svg import Share, draw_shares
from ungdom.web.submitting import validated
from ungdom.workflow.rules.permissions import may_read_staff, may_read_worklist
from ungdom.workflow.vocabulary import Sanction

router = APIRouter(include_in_schema=False)

WEEKS, LATE_CASES, STAFF = 8, 25, 200
YEAR = timedelta(days=365)
INDICATORS, CURVES = "/office/indicators", "/office/curves"
TOTAL = "_T"
"""The value of a dimension that stands for all of it."""
CSV = "text/csv; charset=utf-8"


class OfficeAtAGlance(BaseModel):
    """The caseload; what will be late, for roles with a worklist; the members of staff, for those who may read them."""

    caseload: CaseloadOut
    late: LateForecastOut | None
    staff: StaffList | None


class IndicatorsAtAGlance(BaseModel):
    """The indicators of a period with what each counts."""

    indicators: IndicatorList
    definitions: DefinitionList


class PeriodForm(PageForm):
    """The form of a period: the last year where none is named."""

    since: CivilDay | None = None
    until: CivilDay | None = None
    sanction: Sanction | None = None

    _ends_after_it_began = model_validator(mode="after")(in_order("since", "until"))

    def period(self, today: date) -> dict[str, Any]:
        """The period and the sanction as the interface is asked for them."""
        until = self.until or today
        since = self.since or (until - YEAR)
        return {"from": since.isoformat(), "to": until.isoformat(), "sanction": self.sanction}


class CurveForm(PeriodForm):
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
        "may_read_delays": DELAYS.may(role),
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


@router.get(INDICATORS, response_model=IndicatorsAtAGlance)
def indicators_page(request: Request, context: ReadContext, query: Annotated[PeriodForm, Query()]) -> Response:
    """The indicators of the strategy with their definitions."""
    question = query.period(context.today)
    data = data_of(figures.get_indicators(context, validated(FiguresQuery, question, "query")))
    definitions = data_of(figures.list_indicator_definitions(context, NoQuery()))["items"]
    values = {
        "indicators": data,
        "definitions": {definition["code"]: definition for definition in definitions},
        **_asked_for(question, INDICATORS),
    }
    return answer(request, "indicators.html", values)


@router.get(f"{INDICATORS}/download", response_model=IndicatorList)
def download_indicators(context: ReadContext, query: Annotated[PeriodForm, Query()]) -> Response:
    """The same as CSV."""
    data = data_of(figures.get_indicators(context, validated(FiguresQuery, query.period(context.today), "query")))
    names = ("konfliktrad", "part", "numerator", "denominator", "apart", "value", "hidden")
    rows = [
        {"indicator": item["code"], "definition": item["definition"], "unit": item["unit"]}
        | {name: figure[name] for name in names}
        for item in data["items"]
        for figure in item["figures"]
    ]
    return _csv(rows, "indicators.csv")


@router.get(CURVES, response_model=StatisticList)
def curves_page(request: Request, context: ReadContext, query: Annotated[CurveForm, Query()]) -> Response:
    """How long cases take, as curves of those that still wait."""
    question, statistics = _statistic(context, query)
    figure = statistics["items"][0]
    points = {_label(cell, query.sanction): cell["curve"] or [] for cell in figure["cells"]}
    values = {
        "statistics": statistics,
        "figure": figure,
        "drawing": draw_curves(points, figure["threshold_days"]),
        "codes": PARTS,
        "statistic": query.statistic,
        **_asked_for(question | {"statistic": query.statistic}, CURVES),
    }
    return answer(request, "curves.html", values)


@router.get(f"{CURVES}/download", response_model=StatisticList)
def download_curve(context: ReadContext, query: Annotated[CurveForm, Query()]) -> Response:
    """Every step of the curves as CSV."""
    _, statistics = _statistic(context, query)
    rows = [
        {"statistic": figure["code"], **cell["dimensions"], **point}
        for figure in statistics["items"]
        for cell in figure["cells"]
        for point in cell["curve"] or ()
    ]
    return _csv(rows, "curve.csv")


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


def _asked_for(question: dict[str, Any], path: str) -> dict[str, Any]:
    """What was asked for, and the addresses of the page with changes and of its download."""
    names = {"from": "since", "to": "until"}
    given = {names.get(name, name): value for name, value in question.items()}
    return {
        "given": {name: value for name, value in given.items() if value},
        "download": address_of(f"{path}/download", given, {}),
        "sanctions": [str(sanction) for sanction in Sanction],
    }


def _csv(rows: list[dict[str, Any]], name: str) -> Response:
    """The rows as a file; empty where there are none."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.getvalue(), headers=headers, media_type=CSV)
