"""Plans, meetings, consents, breaches and complaints across cases: the views of one case, a page of cases at a time."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from ungdom import cases, texts
from ungdom.api.breaches.present import breaches_out
from ungdom.api.complaints.present import complaints_out
from ungdom.api.consents.present import consents_out
from ungdom.api.cross_case_views.schemas import (
    AcrossQuery,
    BreachesList,
    ComplaintsList,
    ConsentsList,
    MeetingsList,
    PlanList,
)
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import instant
from ungdom.api.plans.access import access_of
from ungdom.api.plans.present import meetings_out, plan_out
from ungdom.api.plans.provider_names import names_for
from ungdom.cases import CaseView, NotVisible
from ungdom.store.case_queries import Filters
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Disclosure, disclosures_for, may_list_views
from ungdom.workflow.vocabulary import PHASE, EventType
from ungdom.worklist import worklist

router = APIRouter(tags=["across-cases"])

E = EventType
View = Callable[[CaseView, AsOfOut], BaseModel]
ViewFactory = Callable[[Connection, list[CaseView]], View]
"""The view of a case, made for a page: what it has to look up it looks up once."""

PLANS = (E.PLAN_MEETING_HELD, E.PLAN_SIGNED, E.PLAN_APPROVED, E.MEASURE_REQUESTED, E.MEASURE_STARTED)
MEETINGS = (
    E.COORDINATION_MEETING_HELD,
    E.YOUTH_CONFERENCE_HELD,
    E.PLAN_MEETING_HELD,
    E.REPLAN_MEETING_HELD,
    E.TEAM_MEETING_HELD,
    E.BREACH_TALK_HELD,
    E.RESTORATIVE_MEETING_HELD,
)
CONSENTS = (E.CONSENT_GIVEN, E.CONSENT_REFUSED, E.SHARING_CONSENT_GIVEN)
BREACHES = (E.BREACH_RECORDED, E.NEW_OFFENCE_RECORDED, E.BREACH_TALK_MISSED)
COMPLAINTS = (E.COMPLAINT_FILED,)

AcrossParams = Annotated[AcrossQuery, Query()]


@router.get("/v1/plans", response_model=PlanList, summary="Plans and measures across cases")
def list_plans(context: ReadContext, query: AcrossParams) -> Response:
    """The plan of each case that has one, or has asked for measures, as `/v1/cases/{id}/plan` shows it."""

    def make_view(tx: Connection, reads: list[CaseView]) -> View:
        names = names_for(tx, context.language, reads)
        return lambda read, then: plan_out(access_of(read, then), names)

    return _list_with_factory(context, query, PLANS, PlanList, make_view)


@router.get("/v1/meetings", response_model=MeetingsList, summary="Meetings across cases")
def list_meetings(context: ReadContext, query: AcrossParams) -> Response:
    """The meetings of each case that has had one, as `/v1/cases/{id}/meetings` shows them."""
    language = context.language
    return _list_with_view(
        context,
        query,
        MEETINGS,
        MeetingsList,
        lambda read, then: meetings_out(access_of(read, then), language),
    )


@router.get("/v1/consents", response_model=ConsentsList, summary="Consents across cases")
def list_consents(context: ReadContext, query: AcrossParams) -> Response:
    """The consents of each case in which somebody gave or refused one, and who is missing."""
    return _list_with_view(
        context, query, CONSENTS, ConsentsList, lambda read, then: consents_out(read, then, context.language)
    )


@router.get("/v1/breaches", response_model=BreachesList, summary="Breaches across cases")
def list_breaches(context: ReadContext, query: AcrossParams) -> Response:
    """The chains of breaches and new offences of each case that has one."""
    return _list_with_view(
        context, query, BREACHES, BreachesList, lambda read, then: breaches_out(read, then, context.language)
    )


@router.get("/v1/complaints", response_model=ComplaintsList, summary="Complaints across cases")
def list_complaints(context: ReadContext, query: AcrossParams) -> Response:
    """The complaints of each case in which one was filed, and the decisions that can be complained about."""
    return _list_with_view(
        context, query, COMPLAINTS, ComplaintsList, lambda read, then: complaints_out(read, then, context.language)
    )


def _list_with_view(
    context: RequestContext, query: AcrossQuery, kinds: tuple[EventType, ...], shape: type[Output], view: View
) -> Response:
    return _list_with_factory(context, query, kinds, shape, lambda _tx, _reads: view)


def _list_with_factory(
    context: RequestContext,
    query: AcrossQuery,
    kinds: tuple[EventType, ...],
    shape: type[Output],
    view_factory: ViewFactory,
) -> Response:
    def operation(tx: Connection) -> ApiResponse:
        lines, following, previous = _page(tx, context, query, kinds, view_factory)
        return json_response(shape.model_validate({"items": lines, "next": following, "prev": previous}))

    return context.read(operation, may=may_list_views)


def _page(
    tx: Connection, context: RequestContext, query: AcrossQuery, kinds: tuple[EventType, ...], view_factory: ViewFactory
) -> tuple[list[dict[str, Any]], str | None, str | None]:
    """The lines of a page, and the cursors of the following and the previous one."""
    check_office(tx, context, query.konfliktrad)
    list_key = f"{kinds[0]} {query.model_dump_json(exclude={'cursor', 'limit'})}"
    case_query = worklist.WorklistQuery(
        filters=Filters(konfliktrad=query.konfliktrad, sanction=query.sanction, phase=query.phase, state=query.state),
        sort="",
        after=read_cursor(context, list_key, query),
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
    )
    page = worklist.cases_with_events(tx, context.recorder.viewer, case_query, kinds)
    candidates = (_read_on_day(context, stored, query) for stored in page.rows)
    reads = [read for read in candidates if read and _matches(read, query, kinds)]
    view = view_factory(tx, reads)
    lines = [_case_line(context, read, query, view) for read in reads]
    return lines, write_cursor(context, list_key, page.following), write_cursor(context, list_key, page.previous)


def _read_on_day(context: RequestContext, stored: StoredCase, query: AcrossQuery) -> CaseView | None:
    """The case cut to the day; None where it had not begun."""
    day = query.valid_at or oslo_date(instant(query.known_at) or context.now)
    try:
        read = cases.case_as_of(stored, day, query.valid_at)
    except NotVisible:
        return None
    disclosures = disclosures_for(context.recorder.viewer, stored.access_facts(read.case))
    return CaseView(stored, read.case, day, disclosures)


def _matches(read: CaseView, query: AcrossQuery, kinds: tuple[EventType, ...]) -> bool:
    """Whether the case had one of these events by that day, may be shown as it then was, and matches the query."""
    case = read.case
    criteria = ((query.sanction, case.sanction), (query.state, case.state), (query.phase, PHASE[case.state]))
    here = query.konfliktrad is None or (
        Disclosure.LISTED in read.disclosures and query.konfliktrad == case.konfliktrad
    )
    return (
        case.has(*kinds) and Disclosure.PERSON in read.disclosures and here and all(x in (None, y) for x, y in criteria)
    )


def _case_line(context: RequestContext, read: CaseView, query: AcrossQuery, view: View) -> dict[str, Any]:
    case, then = read.case, AsOfOut(on=read.on, known_at=instant(query.known_at))
    return {
        "id": read.stored.case_id,
        "reference": read.stored.reference,
        "sanction": case.sanction,
        "state": case.state,
        "state_label": texts.label(context.language, case.state),
        "konfliktrad": case.konfliktrad if Disclosure.LISTED in read.disclosures else None,
        "view": view(read, then),
    }
