"""Statistics over many cases: lead time and completion, and what every figure counts.

Exact answers are for those who may see the cases anyway. Published ones, and all for analysts, are those of releases.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom import texts
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    RECIDIVISM_BY_CODE,
    Definition,
)
from ungdom.analytics.jsonstat import csv_text, dataset
from ungdom.analytics.queries import statistics as live_queries
from ungdom.analytics.queries.recidivism import recidivism
from ungdom.analytics.queries.statistics import CubeQuery, CubeResult, known_values
from ungdom.api.cases.routes import instant, json_response
from ungdom.api.docs.openapi import PROBLEM_CONTENT
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ApiResponse, ReadContext, RequestContext
from ungdom.api.http.formats import TableFormat, preferred_format
from ungdom.api.http.offices import check_known, check_office
from ungdom.api.indicators.routes import own_office, scope_of
from ungdom.api.releases.routes import ReleasedList, published_response
from ungdom.api.releases.routes import scope_of as published_scope
from ungdom.api.statistics import schemas as f
from ungdom.api.statistics.labels import labels_for, places
from ungdom.message.text import HeaderText
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_figures, may_read_published, may_read_recidivism
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["statistics"])
Accept = Annotated[HeaderText | None, Header(alias="Accept")]
AnyStatisticQuery = f.LeadTimeQuery | f.CompletionQuery | f.RecidivismQuery
Find = Callable[[Connection, EncryptionKeys, CubeQuery, datetime], CubeResult]
DEFINITIONS: Mapping[str, Definition] = {**LEAD_TIME_BY_CODE, **COMPLETION_BY_CODE, **RECIDIVISM_BY_CODE}
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
        context, query, _question(context, query), preferred_format(accept, query.format), live_queries.lead_time
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
        context, query, _question(context, query), preferred_format(accept, query.format), live_queries.completion
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
        context.require(scope_of, may_read_recidivism)
    return _statistics_response(
        context, query, _question(context, query), preferred_format(accept, query.format), recidivism
    )


@router.get("/v1/statistics/definitions", response_model=f.FigureDefinitionList, summary="What every figure counts")
def list_statistic_definitions(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each figure of each family: version, question, unit, numerator, denominator, which day counts, norm, source."""
    context.require(published_scope, may_read_published)
    return context.respond(json_response(f.FigureDefinitionList(items=f.definitions_out(context.language))))


def _uses_release(context: RequestContext, query: AnyStatisticQuery) -> bool:
    """Whether the answer comes from what has been released: always for analysts, for others when they ask for it."""
    return query.published or context.principal.viewer.role is Role.ANALYST


def _statistics_response(
    context: RequestContext, query: AnyStatisticQuery, question: CubeQuery, form: TableFormat, find: Find
) -> Response:
    if form is not TableFormat.JSON and len(question.codes) > 1:
        raise _query_error("statistic", "too_long")
    if _uses_release(context, query):
        return published_response(context, query, form)

    def operation(tx: Connection) -> ApiResponse:
        check_office(tx, context, query.konfliktrad)
        _check_places(tx, question)
        result = find(tx, context.keys, question, context.now)
        return (
            json_response(f.list_out(result, question, context.now, context.language))
            if form is TableFormat.JSON
            else _table_response(tx, context, question, result, form)
        )

    return context.read(operation, scope_of, may_read_figures)


def _question(context: RequestContext, query: AnyStatisticQuery) -> CubeQuery:
    """The question asked, of somebody in an office about that office alone."""
    own = None if query.published else own_office(context)
    return query.question(query.valid_at, instant(query.known_at), own)


def _check_places(tx: Connection, question: CubeQuery) -> None:
    """Nothing when the konfliktråd and the police district that are named exist. Raises `RequestValidationError`."""
    for code, values in known_values(tx).items():
        check_known(question.where.get(code), list(values), "query", code)


def _query_error(field: str, kind: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", field), "type": kind}])


def _table_response(
    tx: Connection, context: RequestContext, question: CubeQuery, result: CubeResult, form: TableFormat
) -> ApiResponse:
    """The one figure asked for, as JSON-stat or CSV."""
    (cube,) = result.cubes
    labels = labels_for(
        cube, DEFINITIONS[cube.figure], context.language, places(tx, context.language), question.known_at or context.now
    )
    labels = replace(
        labels, notes=(texts.text(context.language, "statistic", "note"),), more=_table_extension(question, result)
    )
    body = csv_text(cube, labels) if form is TableFormat.CSV else json.dumps(dataset(cube, labels), ensure_ascii=False)
    return ApiResponse(200, body.encode(), {"Content-Type": form.media_type})


def _table_extension(question: CubeQuery, result: CubeResult) -> dict[str, object]:
    period = {"from": str(question.since), "to": str(question.until), "valid_at": str(result.day)}
    return {**period, "where": dict(question.where), "published": False, "unread": result.unread}
