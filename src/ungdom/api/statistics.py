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
from ungdom.api import inputs as i
from ungdom.api import statistic_shapes as f
from ungdom.api.cases import answer, instant
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.api.figures import own_office, scope_of
from ungdom.api.formats import TableFormat, wanted
from ungdom.api.offices import check_known, check_office
from ungdom.api.openapi import PROBLEM_CONTENT
from ungdom.api.releases import ReleasedList, published
from ungdom.api.releases import scope_of as published_scope
from ungdom.api.statistic_labels import places, told
from ungdom.statistics import exact
from ungdom.statistics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE, RECIDIVISM_BY_CODE, Definition
from ungdom.statistics.exact import Found, Question, known_values
from ungdom.statistics.jsonstat import csv_text, dataset
from ungdom.statistics.recidivism.answering import recidivism
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.workflow.permissions import may_read_figures, may_read_published, may_read_recidivism
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["statistics"])
Accept = Annotated[str | None, Header(alias="Accept", max_length=500)]
Asking = f.LeadTimeQuery | f.CompletionQuery | f.RecidivismQuery
Find = Callable[[Connection, Keys, Question, datetime], Found]
KNOWN: Mapping[str, Definition] = {**LEAD_TIME_BY_CODE, **COMPLETION_BY_CODE, **RECIDIVISM_BY_CODE}
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
    call: ReadCall, query: Annotated[f.LeadTimeQuery, Query()], accept: Accept = None
) -> Response:
    """P1 to P3, each stage and each party waited for: Kaplan–Meier with limits, and shares by Aalen–Johansen.

    Exact, and not to be published. Coordinators and leaders: of their own konfliktråd; the secretariat and
    administrators: of all.
    """
    return _answered(call, query, _question(call, query), wanted(accept, query.format), exact.lead_time)


@router.get(
    "/v1/statistics/completion",
    response_model=f.StatisticList | ReleasedList | f.DatasetOut,
    responses=FORMS,
    summary="How cases come out, of those received, started and closed",
)
def get_completion_statistics(
    call: ReadCall, query: Annotated[f.CompletionQuery, Query()], accept: Accept = None
) -> Response:
    """The share completed by three denominators, and every way of ending; death and lapse told apart.

    Exact, and not to be published. Coordinators and leaders: of their own konfliktråd; the secretariat and
    administrators: of all.
    """
    return _answered(call, query, _question(call, query), wanted(accept, query.format), exact.completion)


@router.get(
    "/v1/statistics/recidivism",
    response_model=f.StatisticList | ReleasedList | f.DatasetOut,
    responses=FORMS,
    summary="How many relapse, by three definitions side by side",
)
def get_recidivism_statistics(
    call: ReadCall, query: Annotated[f.RecidivismQuery, Query()], accept: Accept = None
) -> Response:
    """Persons by origin in the period: how they came out by the day of observation, and shares by Kaplan–Meier.

    `valid_at` is the day of observation. Exact, and not to be published: for the secretariat and administrators.
    """
    if not _released(call, query):
        call.needs(scope_of, may_read_recidivism)
    return _answered(call, query, _question(call, query), wanted(accept, query.format), recidivism)


@router.get("/v1/statistics/definitions", response_model=f.FigureDefinitionList, summary="What every figure counts")
def list_statistic_definitions(call: ReadCall, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each figure of each family: version, question, unit, numerator, denominator, which day counts, norm, source."""
    call.needs(published_scope, may_read_published)
    return call.respond(answer(f.FigureDefinitionList(items=f.definitions_out(call.language))))


def _released(call: Call, query: Asking) -> bool:
    """Whether the answer comes from what has been released: always for analysts, for others when they ask for it."""
    return query.published or call.principal.viewer.role is Role.ANALYST


def _answered(call: Call, query: Asking, asked: Question, form: TableFormat, find: Find) -> Response:
    if form is not TableFormat.JSON and len(asked.codes) > 1:
        raise _wrong("statistic", "too_long")
    if _released(call, query):
        return published(call, query, form)

    def use(tx: Connection) -> Answer:
        check_office(tx, call, query.konfliktrad)
        _exist(tx, asked)
        found = find(tx, call.keys, asked, call.now)
        return (
            answer(f.list_out(found, asked, call.now, call.language))
            if form is TableFormat.JSON
            else _table(tx, call, asked, found, form)
        )

    return call.read(use, scope_of, may_read_figures)


def _question(call: Call, query: Asking) -> Question:
    """The question asked, of somebody in an office about that office alone."""
    own = None if query.published else own_office(call)
    return query.question(query.valid_at, instant(query.known_at), own)


def _exist(tx: Connection, asked: Question) -> None:
    """Nothing when the konfliktråd and the police district that are named exist. Raises `RequestValidationError`."""
    for code, values in known_values(tx).items():
        check_known(asked.where.get(code), list(values), "query", code)


def _wrong(field: str, kind: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", field), "type": kind}])


def _table(tx: Connection, call: Call, asked: Question, found: Found, form: TableFormat) -> Answer:
    """The one figure asked for, as JSON-stat or CSV."""
    (cube,) = found.cubes
    words = told(cube, KNOWN[cube.figure], call.language, places(tx, call.language), asked.known_at or call.now)
    words = replace(words, notes=(texts.text(call.language, "statistic", "note"),), more=_more(asked, found))
    body = csv_text(cube, words) if form is TableFormat.CSV else json.dumps(dataset(cube, words), ensure_ascii=False)
    return Answer(200, body.encode(), {"Content-Type": form.media_type})


def _more(asked: Question, found: Found) -> dict[str, object]:
    period = {"from": str(asked.since), "to": str(asked.until), "valid_at": str(found.day)}
    return {**period, "where": dict(asked.where), "published": False, "unread": found.unread}
