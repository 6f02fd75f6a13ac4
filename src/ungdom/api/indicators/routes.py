"""Figures over many cases: the indicators of the strategy, what each is, survey answers, and the caseload."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom.analytics.queries import indicators as answering
from ungdom.analytics.queries.caseload import read_caseload
from ungdom.analytics.surveys import results
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import own_office
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.scopes import figures_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.indicators import schemas as f
from ungdom.api.indicators.present import cell_out, definitions_out, indicators_out, offices_out
from ungdom.api.indicators.schemas import CaseloadOut
from ungdom.store import surveys
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_figures

router = APIRouter(tags=["statistics"])


@router.get("/v1/statistics/indicators", response_model=f.IndicatorList, summary="The indicators of the strategy")
def get_indicators(context: ReadContext, query: Annotated[f.FiguresQuery, Query()]) -> Response:
    """Every indicator of a period: numerator, denominator, value; days as medians with those that still wait.

    Coordinators and leaders are told of their own konfliktråd and of the country, where an indicator is hidden if a few
    cases of others could be told from it; the secretariat and administrators of all. Within the office, and not to be
    published: figures of one konfliktråd are exact.
    """
    return context.read_figures(lambda tx: _indicator_list(tx, context, query), figures_scope, may_read_figures)


@router.get(
    "/v1/statistics/indicators/definitions", response_model=f.DefinitionList, summary="What the indicators count"
)
def list_indicator_definitions(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each indicator: version, question, unit, numerator, denominator, which day counts, norm, source."""
    context.require(figures_scope, may_read_figures)
    return context.respond(json_response(f.DefinitionList(items=definitions_out(context.language))))


@router.get("/v1/statistics/surveys", response_model=f.CellList, summary="Response and results of surveys")
def get_survey_statistics(context: ReadContext, query: Annotated[f.PeriodQuery, Query()]) -> Response:
    """By konfliktråd, occasion and quarter: how many were invited and answered, and the grades where five or more did.

    Whole quarters, once their last invitation has expired. Coordinators and leaders: their own and the country's.
    """

    def operation(tx: Connection) -> ApiResponse:
        quarters = results.quarters_in(query.since, query.until, context.today)
        cells = results.cells(surveys.counts(tx, *quarters), surveys.answers(tx, *quarters)) if quarters else []
        own = own_office(context)
        items = [cell_out(cell, context.language) for cell in cells if own is None or cell.konfliktrad in (own, None)]
        return json_response(f.CellList(since=query.since, until=query.until, read_at=context.now, items=items))

    return context.read_figures(operation, figures_scope, may_read_figures)


def _indicator_list(tx: Connection, context: RequestContext, query: f.FiguresQuery) -> ApiResponse:
    as_of = (query.valid_at, instant(query.known_at))
    period = (query.since, query.until)
    question = answering.indicator_query(period, context.now, own_office(context), query.sanction, as_of)
    result = answering.read_indicators(tx, question)
    body = f.IndicatorList(
        since=query.since,
        until=query.until,
        as_of=AsOfOut(on=question.day, known_at=question.known_at),
        sanction=query.sanction,
        read=result.cases,
        unread=result.unread,
        items=list(indicators_out(result.figures, context.language)),
    )
    return json_response(body)


@router.get("/v1/statistics/caseload", response_model=CaseloadOut, summary="Caseload and capacity")
def get_caseload(context: ReadContext, query: Annotated[i.AsOf, Query()]) -> Response:
    """Open cases by coordinator, phase, sanction and weight; what came in and went out; what is expected; warnings.

    Coordinators and leaders are told of their own konfliktråd, the secretariat and administrators of all.
    """

    def operation(tx: Connection) -> ApiResponse:
        as_of = (query.valid_at, instant(query.known_at))
        result = read_caseload(tx, context.now, own_office(context), as_of)
        as_of_out = AsOfOut(on=result.load.day, known_at=as_of[1])
        return json_response(
            CaseloadOut(as_of=as_of_out, unread=result.unread, items=list(offices_out(result.load, context.language)))
        )

    return context.read_figures(operation, figures_scope, may_read_figures)
