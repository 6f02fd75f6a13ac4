"""Statistics over many cases: lead time and completion, and what every figure counts.

Exact answers are for those who may see the cases anyway. Published ones, and all for analysts, are those of releases.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom import texts
from ungdom.analytics.queries import statistics
from ungdom.analytics.queries.recidivism import recidivism
from ungdom.analytics.queries.statistics import CubeQuery, CubeResult, known_values
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.formats import TableFormat, preferred_format
from ungdom.api.http.offices import check_known, check_office, own_office
from ungdom.api.http.problems import PROBLEM_CONTENT
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import figures_scope, published_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.statistics import schemas as f
from ungdom.api.statistics.labels import labels_for, places, table_response
from ungdom.api.statistics.present import definitions_out, list_out
from ungdom.api.statistics.published import published_response
from ungdom.api.statistics.schemas import ReleasedList
from ungdom.message.text import HeaderText
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_figures, may_read_published, may_read_recidivism
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["statistics"])
Accept = Annotated[HeaderText | None, Header(alias="Accept")]
Find = Callable[[Connection, EncryptionKeys, CubeQuery, datetime], CubeResult]
FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "Exact figures; as JSON-stat 2.0 or CSV one figure at a time",
    },
    406: {"description": "None of the forms of a table is wanted.", "content": PROBLEM_CONTENT},
}


@router.get(
    "/v1/statistics/lead-time",
    response_model=f.StatisticList | ReleasedList | f.DatasetOut,
    responses=FORMS,
    summary="How long cases take, those that still wait with them",
)
def get_lead_time_statistics(
    context: ReadContext, query: Annotated[f.LeadTimeQuery, Query()], accept: Accept = None
) -> Response:
    """P1 to P3, each stage and each party waited for: Kaplan–Meier with limits, and shares by Aalen–Johansen.

    Exact, and not to be published. Coordinators and leaders: of their own konfliktråd; the secretariat and
    administrators: of all.
    """
    return _statistics_response(
        context, query, _question(context, query), preferred_format(accept, query.format), statistics.lead_time
    )


@router.get(
    "/v1/statistics/completion",
    response_model=f.StatisticList | ReleasedList | f.DatasetOut,
    responses=FORMS,
    summary="How cases come out, of those received, started and closed",
)
def get_completion_statistics(
    context: ReadContext, query: Annotated[f.CompletionQuery, Query()], accept: Accept = None
) -> Response:
    """The share completed by three denominators, and every way of ending; death and lapse told apart.

    Exact, and not to be published. Coordinators and leaders: of their own konfliktråd; the secretariat and
    administrators: of all.
    """
    return _statistics_response(
        context, query, _question(context, query), preferred_format(accept, query.format), statistics.completion
    )


@router.get(
    "/v1/statistics/recidivism",
    response_model=f.StatisticList | ReleasedList | f.DatasetOut,
    responses=FORMS,
    summary="How many relapse, by three definitions side by side",
)
def get_recidivism_statistics(
    context: ReadContext, query: Annotated[f.RecidivismQuery, Query()], accept: Accept = None
) -> Response:
    """Persons by origin in the period: how they came out by the day of observation, and shares by Kaplan–Meier.

    `valid_at` is the day of observation. Exact, and not to be published: for the secretariat and administrators.
    """
    if not _uses_release(context, query):
        context.require(figures_scope, may_read_recidivism)
    return _statistics_response(
        context, query, _question(context, query), preferred_format(accept, query.format), recidivism
    )


@router.get(
    "/v1/statistics/indicators/released",
    response_model=ReleasedList | f.DatasetOut,
    responses={406: FORMS[406], 200: {**FORMS[200], "description": "As JSON-stat 2.0 or CSV one figure at a time"}},
    summary="The indicators and the caseload as released",
)
def get_released_indicators(
    context: ReadContext, query: Annotated[f.ReleasedIndicatorQuery, Query()], accept: Accept = None
) -> Response:
    """From the newest release: by period and by konfliktråd. Small counts are hidden; may be published.

    The caseload is of the day of the release, by konfliktråd or by sanction, whatever the period. An indicator that is
    the same question as a figure of completion or lead time is released as that figure.
    """
    form = preferred_format(accept, query.format)
    _check_one_figure(query, form)
    return published_response(context, query, form)


@router.get("/v1/statistics/definitions", response_model=f.FigureDefinitionList, summary="What every figure counts")
def list_statistic_definitions(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each figure of each family: version, question, unit, numerator, denominator, which day counts, norm, source."""
    context.require(published_scope, may_read_published)
    return context.respond(json_response(f.FigureDefinitionList(items=definitions_out(context.language))))


def _uses_release(context: RequestContext, query: f.AnyStatisticQuery) -> bool:
    """Whether the response uses the newest release: always for analysts, for others on request."""
    return query.published or context.principal.viewer.role is Role.ANALYST


def _statistics_response(
    context: RequestContext, query: f.AnyStatisticQuery, question: CubeQuery, form: TableFormat, find: Find
) -> Response:
    _check_one_figure(query, form)
    if _uses_release(context, query):
        return published_response(context, query, form)

    def operation(tx: Connection) -> ApiResponse:
        check_office(tx, context, query.konfliktrad)
        for code, values in known_values(tx).items():
            check_known(question.where.get(code), list(values), "query", code)
        result = find(tx, context.keys, question, context.now)
        return (
            json_response(list_out(result, question, context.now, context.language))
            if form is TableFormat.JSON
            else _table_response(tx, context, question, result, form)
        )

    return context.read_figures(operation, figures_scope, may_read_figures)


def _check_one_figure(query: f.FigureTableQuery, form: TableFormat) -> None:
    if form is not TableFormat.JSON and len({*query.statistic}) > 1:
        raise RequestValidationError([{"loc": ("query", "statistic"), "type": "too_long"}])


def _question(context: RequestContext, query: f.AnyStatisticQuery) -> CubeQuery:
    """The query on the analytics layer; for a viewer in an office, of that office alone."""
    own = None if query.published else own_office(context)
    return query.question(query.valid_at, instant(query.known_at), own)


def _table_response(
    tx: Connection, context: RequestContext, question: CubeQuery, result: CubeResult, form: TableFormat
) -> ApiResponse:
    """One figure as JSON-stat or CSV."""
    (cube,) = result.cubes
    known_at, language = question.known_at or context.now, context.language
    labels = labels_for(cube, language, places(tx, language), known_at)
    period = {"from": str(question.since), "to": str(question.until), "valid_at": str(result.day)}
    more = {**period, "where": dict(question.where), "published": False, "unread": result.unread}
    return table_response(cube, replace(labels, notes=(texts.text(language, "statistic", "note"),), more=more), form)
