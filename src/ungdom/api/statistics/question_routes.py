"""Completion by mature cohort, days waited by party, and relapse by outcome. Exact, and not to be published."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.analytics.cubes import TOTAL, CubeCell
from ungdom.analytics.definition_types import Definition
from ungdom.analytics.definitions import BY_OUTCOME, COMPLETION_BY_CODE
from ungdom.analytics.mature_cohorts import MatureCohort, PartyWait
from ungdom.analytics.outcomes import OUTCOMES
from ungdom.analytics.queries import questions
from ungdom.analytics.queries.questions import QuestionScope
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import own_office
from ungdom.api.http.present import from_source
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.scopes import figures_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.indicators.present import rounded
from ungdom.api.statistics.present import question_of
from ungdom.api.statistics.question_schemas import (
    CohortQuery,
    MatureCohortList,
    MatureCohortOut,
    OfficeWaitsOut,
    OutcomeRelapseList,
    OutcomeRelapseOut,
    PartyWaitList,
    PartyWaitOut,
    QuestionPeriodQuery,
)
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_figures, may_read_recidivism
from ungdom.workflow.vocabulary import Party

router = APIRouter(tags=["statistics"])


@router.get(
    "/v1/statistics/completion/cohorts",
    response_model=MatureCohortList,
    summary="Completion of cohorts followed long enough",
)
def get_completion_cohorts(context: ReadContext, query: Annotated[CohortQuery, Query()]) -> Response:
    """Each year since the first case: how many completed, ended otherwise and still run, and the share once mature.

    Exact, and not to be published. Coordinators and leaders: of their own konfliktråd.
    """
    scope, definition = _scope(context, query), COMPLETION_BY_CODE[query.statistic]

    def operation(tx: Connection) -> ApiResponse:
        cohorts = questions.mature_cohorts(tx, scope, query.statistic, query.months, query.by)
        body = MatureCohortList(
            **_figure(definition, context.language),
            months=query.months,
            by=query.by,
            konfliktrad=scope.konfliktrad,
            **_as_known(scope, context.language, "mature"),
            items=[_cohort_out(cohort) for cohort in cohorts],
        )
        return json_response(body)

    return context.read_figures(operation, figures_scope, may_read_figures)


@router.get("/v1/statistics/waits-by-party", response_model=PartyWaitList, summary="Who is waited for longest")
def get_waits_by_party(context: ReadContext, query: Annotated[QuestionPeriodQuery, Query()]) -> Response:
    """Days before the start inside a period, and cases, by konfliktråd and party waited for.

    Exact, and not to be published. Coordinators and leaders: of their own konfliktråd.
    """
    scope = _scope(context, query)

    def operation(tx: Connection) -> ApiResponse:
        waits = questions.waits_by_party(tx, scope, query.since, query.until)
        places = [place for place in sorted(waits) if place != TOTAL] + ([] if scope.konfliktrad else [TOTAL])
        body = PartyWaitList(
            since=query.since,
            until=query.until,
            **_as_known(scope, context.language, "party"),
            items=[_office_out(place, waits[place], context.language) for place in places if place in waits],
        )
        return json_response(body)

    return context.read_figures(operation, figures_scope, may_read_figures)


@router.get(
    "/v1/statistics/recidivism/by-outcome",
    response_model=OutcomeRelapseList,
    summary="Relapse after closing, by outcome",
)
def get_relapse_by_outcome(context: ReadContext, query: Annotated[QuestionPeriodQuery, Query()]) -> Response:
    """Persons by how their case was closed, from the day of closing (landmark), without immortal-time bias.

    Exact, and not to be published: for the secretariat and administrators.
    """
    scope = _scope(context, query)

    def operation(tx: Connection) -> ApiResponse:
        cells = questions.outcomes_and_relapse(tx, scope, query.since, query.until)
        groups = [group for group in (TOTAL, *OUTCOMES) if group in cells and cells[group].total]
        body = OutcomeRelapseList(
            **_figure(BY_OUTCOME, context.language),
            since=query.since,
            until=query.until,
            **_as_known(scope, context.language, "landmark"),
            items=[_outcome_out(group, cells[group], context.language) for group in groups],
        )
        return json_response(body)

    return context.read_figures(operation, figures_scope, may_read_recidivism)


def _scope(context: RequestContext, query: i.AsOf) -> QuestionScope:
    return QuestionScope(context.now, own_office(context), query.valid_at, instant(query.known_at))


def _figure(definition: Definition, language: texts.Language) -> dict[str, Any]:
    """Which figure an answer gives: its code and version, and the question that it answers."""
    return {"code": definition.code, "definition": definition.version, "label": question_of(definition, language)}


def _as_known(scope: QuestionScope, language: texts.Language, limit: str) -> dict[str, Any]:
    """What every answer says of itself: as known when, not published, what it does not say, cases left out."""
    return {
        "as_of": AsOfOut(on=scope.day, known_at=scope.known_at),
        "published": False,
        "notes": [texts.text(language, "question_limit", limit), texts.text(language, "statistic", "note")],
        "unread": scope.unread,
    }


def _cohort_out(cohort: MatureCohort) -> MatureCohortOut:
    share, low, high = (rounded(value) for value in cohort.share_within)
    return from_source(MatureCohortOut, cohort, share_within=share, low=low, high=high)


def _office_out(place: str, waits: dict[str, PartyWait], language: texts.Language) -> OfficeWaitsOut:
    in_order = sorted(waits.items(), key=lambda pair: (-pair[1].days, pair[0]))
    total = sum(wait.days for wait in waits.values())
    parties = [
        PartyWaitOut(
            party=party,
            label=texts.label(language, Party(party)),
            days=wait.days,
            cases=wait.cases,
            days_per_case=rounded(wait.days_per_case),
            share=rounded(wait.days / total) if total else None,
        )
        for party, wait in in_order
    ]
    longest = parties[0].party if parties else None
    return OfficeWaitsOut(konfliktrad=None if place == TOTAL else place, longest=longest, waited_for=parties)


def _outcome_out(group: str, cell: CubeCell, language: texts.Language) -> OutcomeRelapseOut:
    label = texts.text(language, "statistic_number", "all") if group == TOTAL else texts.label(language, group)
    return OutcomeRelapseOut(
        outcome=group,
        label=label,
        persons=cell.total,
        running=cell.counts[Relapse.WINDOW_OPEN],
        counts=dict(cell.counts),
        estimates={name: rounded(value) for name, value in cell.estimates.items()},
    )
