"""Figures over many cases: the indicators of the strategy, what each is, survey answers, and the caseload."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom.api import caseload_shapes as c
from ungdom.api import figure_shapes as f
from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api.cases import answer, instant
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.api.tokens import ADMIN, READ
from ungdom.statistics.caseload.answering import found as load_of
from ungdom.statistics.indicators import answering
from ungdom.statistics.surveys import results
from ungdom.store import surveys
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import OF_THE_OFFICE, may_read_cases, may_read_figures
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["statistics"])


def scope_of(role: Role) -> str:
    """The scope that figures need of this role: administrators read no case."""
    return READ if may_read_cases(role) else ADMIN


def own_office(call: Call) -> str | None:
    """The konfliktråd whose figures alone, beside the country's, are for this viewer; None: all of them."""
    viewer = call.who.viewer
    return viewer.konfliktrad if viewer.role in OF_THE_OFFICE else None


@router.get("/v1/statistics/indicators", response_model=f.IndicatorList, summary="The indicators of the strategy")
def get_indicators(call: ReadCall, query: Annotated[f.FiguresQuery, Query()]) -> Response:
    """Every indicator of a period: numerator, denominator, value; days as medians with those that still wait.

    Coordinators and leaders are told of their own konfliktråd and of the country, where an indicator is hidden if a few
    cases of others could be told from it; the secretariat and administrators of all. Within the office, and not to be
    published: figures of one konfliktråd are exact.
    """
    return call.read(lambda tx: _indicators(tx, call, query), scope_of, may_read_figures)


@router.get(
    "/v1/statistics/indicators/definitions", response_model=f.DefinitionList, summary="What the indicators count"
)
def list_indicator_definitions(call: ReadCall, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each indicator: version, question, unit, numerator, denominator, which day counts, norm, source."""
    call.needs(scope_of, may_read_figures)
    return call.respond(answer(f.DefinitionList(items=f.definitions_out(call.language))))


@router.get("/v1/statistics/surveys", response_model=f.CellList, summary="Response and results of surveys")
def get_survey_statistics(call: ReadCall, query: Annotated[f.PeriodQuery, Query()]) -> Response:
    """By konfliktråd, occasion and quarter: how many were invited and answered, and the grades where five or more did.

    Whole quarters, once their last invitation has expired. Coordinators and leaders: their own and the country's.
    """
    return call.read(lambda tx: _cells(tx, call, query), scope_of, may_read_figures)


def _indicators(tx: Connection, call: Call, query: f.FiguresQuery) -> Answer:
    as_of = (query.valid_at, instant(query.known_at))
    period = (query.since, query.until)
    asked = answering.question(period, call.now, own_office(call), query.sanction, as_of)
    found = answering.found(tx, asked)
    body = f.IndicatorList(
        since=query.since,
        until=query.until,
        as_of=s.AsOfOut(on=asked.day, known_at=asked.known_at),
        sanction=query.sanction,
        read=found.cases,
        unread=found.unread,
        items=list(f.indicators_out(found.figures, call.language)),
    )
    return answer(body)


def _cells(tx: Connection, call: Call, query: f.PeriodQuery) -> Answer:
    quarters = results.quarters_in(query.since, query.until, oslo_date(call.now))
    found = results.cells(surveys.counts(tx, *quarters), surveys.answers(tx, *quarters)) if quarters else []
    own = own_office(call)
    told = [f.cell_out(cell, call.language) for cell in found if own is None or cell.konfliktrad in (own, None)]
    return answer(f.CellList(since=query.since, until=query.until, read_at=call.now, items=told))


@router.get("/v1/statistics/caseload", response_model=c.CaseloadOut, summary="Caseload and capacity")
def get_caseload(call: ReadCall, query: Annotated[i.AsOf, Query()]) -> Response:
    """Open cases by coordinator, phase, sanction and weight; what came in and went out; what is expected; warnings.

    Coordinators and leaders are told of their own konfliktråd, the secretariat and administrators of all.
    """
    return call.read(lambda tx: _load(tx, call, query), scope_of, may_read_figures)


def _load(tx: Connection, call: Call, query: i.AsOf) -> Answer:
    as_of = (query.valid_at, instant(query.known_at))
    found = load_of(tx, call.now, own_office(call), as_of)
    told = s.AsOfOut(on=found.load.day, known_at=as_of[1])
    return answer(c.CaseloadOut(as_of=told, unread=found.unread, items=list(c.offices_out(found.load, call.language))))
