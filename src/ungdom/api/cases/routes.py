"""Cases: open, list, read."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import cases, intake
from ungdom.api.alerts import present as alert_views
from ungdom.api.cases import present as views
from ungdom.api.cases import schemas as s
from ungdom.api.cases.list_schemas import CaseList, CaseRow, ListQuery
from ungdom.api.cases.schemas import LeadTimeOut, NewCaseIn
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.case_reading import read_case, require_stage_dates
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.redact import case_answer, redacted
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.api.http.tokens import WRITE
from ungdom.cases import CaseView
from ungdom.intake.opening import open_by_hand
from ungdom.store import alert_answers, people
from ungdom.store import alerts as alert_store
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow.rules.permissions import acts_for
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import EventType, Role, Sanction
from ungdom.worklist import team_list, worklist

router = APIRouter(tags=["cases"])

OPENED_BY = engine.actors_of(Sanction.YOUTH_SANCTION, EventType.CASE_REGISTERED)
"""In whose name a case is opened: the same for both sanctions, krl § 13."""


@router.post("/v1/cases", status_code=201, response_model=s.CaseOut, summary="Open a case")
@guarded(requires(WRITE, lambda role: not acts_for(role).isdisjoint(OPENED_BY)))
def open_case(context: WriteContext, body: NewCaseIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Open a youth sanction or youth follow-up case. The municipality of residence decides the konfliktråd."""
    return context.write(lambda tx: _open_case(tx, context, body))


@router.get("/v1/cases", response_model=CaseList, summary="List cases")
def list_cases(context: ReadContext, query: Annotated[ListQuery, Query()]) -> Response:
    """The cases this viewer may see, a page at a time; as they stand now, or as they stood on another day."""
    return context.read(lambda tx: json_response(page_of_cases(tx, context, query)))


@router.get("/v1/cases/{case_id}", response_model=s.CaseOut, summary="Read a case")
def get_case(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """One case: where it stands, its dates, start and the rule that gave it, ends, lead time, next deadline."""

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        return case_answer(case_detail(tx, context, read, as_of), read)

    return context.read(operation)


@router.get("/v1/cases/{case_id}/lead-time", response_model=LeadTimeOut, summary="Where the days went")
def get_lead_time(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Stage intervals, wait ledger, P1 to P3; both ledgers add up to the total exactly."""
    known_at = instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = require_stage_dates(read_case(tx, context, case_id, as_of))
        return json_response(redacted(views.lead_time_out(read, known_at), read))

    return context.read(operation)


@router.get("/v1/cases/{case_id}/deadlines", response_model=s.DeadlineList, summary="Every clock of a case")
def get_deadlines(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Each clock: from, due (moved and unmoved), stopped, days late, law or norm."""
    known_at = instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        return json_response(redacted(views.deadlines_out(read, context.language, known_at), read))

    return context.read(operation)


def case_detail(tx: Connection, context: RequestContext, read: CaseView, as_of: i.AsOf) -> s.CaseOut:
    """The case as read, with the youth and the alerts; not redacted."""
    case_id = read.stored.case_id
    named = read.may_learn(Matter.NAME_AND_BIRTH_YEAR)
    person = people.read_person(tx, context.keys, read.stored.person_id) if named else None
    known_at = instant(as_of.known_at)
    live = (
        alert_store.live_as_of(tx, case_id, known_at)
        if known_at
        else alert_store.live(tx, [case_id])
        if read.stored.alerted
        else []
    )
    parts = alert_answers.part_answers(tx, [alert.alert_id for alert in live], known_at) if live else {}
    alerts = alert_views.briefs(live, parts, context.language, read) if as_of.valid_at is None else None
    return views.case_out(read, person, context.language, known_at, alerts)


def _open_case(tx: Connection, context: RequestContext, body: NewCaseIn) -> ApiResponse:
    opening = body.as_opening
    opened = open_by_hand(tx, context.intake, context.recorder, opening, context.recorder.viewer)
    result, person = opened.result, opened.person
    case_id = result.stored.case_id
    intake.retry_parked_for_case(tx, context.intake, case_id, opening.police_case_numbers, opening.person.national_id)
    stored = replace(result.stored, version=result.version, protection=person.protection)
    read = cases.view_for(context.recorder.viewer, stored, result.after, context.today)
    case_out = views.case_out(read, person, context.language, None, [])
    return json_response(redacted(case_out, read), 201, ETag=etag(result.version), Location=f"/v1/cases/{case_id}")


def page_of_cases(tx: Connection, context: RequestContext, query: ListQuery) -> CaseList:
    """One page of the cases that the viewer may see. Raises `OtherOffice` or `BadCursor`."""
    check_office(tx, context, query.konfliktrad)
    list_key = query.model_dump_json(exclude={"cursor", "limit", "total"})
    viewer, filters = context.recorder.viewer, query.filters(context.today)
    limits = [limit for limit in (filters.overdue_on, query.due_before) if limit]
    page_query = worklist.WorklistQuery(
        filters=replace(
            filters,
            overdue_on=min(limits, default=None),
            held_by=context.recorder.viewer if query.mine else None,
            q=query.q,
        ),
        sort=query.sort or "-registered_on",
        after=read_cursor(context, list_key, query),
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
        count=query.total,
    )
    read_page = team_list.page_for_member if viewer.role is Role.TEAM_MEMBER else worklist.page
    page = read_page(tx, viewer, page_query, context.today)
    items = [CaseRow.model_validate(row) for row in page.rows]
    following, previous = (write_cursor(context, list_key, end) for end in (page.following, page.previous))
    return CaseList(items=items, next=following, prev=previous, total=page.total)
