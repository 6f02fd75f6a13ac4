"""Cases: open, list, read."""

from dataclasses import replace
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import cases, intake
from ungdom.api.alerts import present as alert_views
from ungdom.api.cases import present as views
from ungdom.api.cases import schemas as s
from ungdom.api.cases.schemas import LeadTimeOut, ListQuery, NewCaseIn
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
from ungdom.cases import NewCase
from ungdom.intake import identity
from ungdom.intake.wait_keys import lock_keys_for_case
from ungdom.store import alerts as alert_store
from ungdom.store import identity as questions
from ungdom.store import named_locks, people, records
from ungdom.store.case_queries import disclosable_to
from ungdom.store.ids import uuid7
from ungdom.store.people import StoredPerson
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow.case import Youth
from ungdom.workflow.rules.permissions import Disclosure, acts_for
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import EventType, Protection, Role, Sanction
from ungdom.worklist import team_list, worklist

router = APIRouter(tags=["cases"])

OPENED_BY = engine.actors_of(Sanction.YOUTH_SANCTION, EventType.CASE_REGISTERED)
"""In whose name a case is opened: the same for both sanctions, krl § 13."""


@router.post("/v1/cases", status_code=201, response_model=s.CaseOut, summary="Open a case")
@guarded(requires(WRITE, lambda role: not acts_for(role).isdisjoint(OPENED_BY)))
def open_case(context: WriteContext, body: NewCaseIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Open a youth sanction or youth follow-up case. The municipality of residence decides the konfliktråd."""
    return context.write(lambda tx: _open_case(tx, context, body))


@router.get("/v1/cases", response_model=s.CaseList, summary="List cases")
def list_cases(context: ReadContext, query: Annotated[ListQuery, Query()]) -> Response:
    """The cases this viewer may see, a page at a time; as they stand now, or as they stood on another day."""
    return context.read(lambda tx: _page_of_cases(tx, context, query))


@router.get("/v1/cases/{case_id}", response_model=s.CaseOut, summary="Read a case")
def get_case(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """One case: where it stands, its dates, start and the rule that gave it, ends, lead time, next deadline."""
    return context.read(lambda tx: _case_detail(tx, context, case_id, as_of))


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


def _case_detail(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> ApiResponse:
    read = read_case(tx, context, case_id, as_of)
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
    alerts = alert_views.briefs(live, context.language, read) if as_of.valid_at is None else None
    body = views.case_out(read, person, context.language, known_at, alerts)
    return case_answer(body, read)


def _open_case(tx: Connection, context: RequestContext, body: NewCaseIn) -> ApiResponse:
    named_locks.lock(tx, lock_keys_for_case(body.police_case_numbers, body.person.national_id))
    may_see = disclosable_to(context.recorder.viewer, Disclosure.PERSON)
    match = identity.match_person(tx, context.keys, body.person.as_person, body.police_case_numbers, may_see)
    person = _find_or_create_person(tx, context, body, match.known)
    case_id = uuid7(context.now)
    result = cases.open_case(
        tx, context.recorder, case_id, _new_case(body, person.person_id, person.youth), context.now
    )
    subject = context.recorder.viewer.subject
    questions.raise_questions(tx, person.person_id, match.doubts, case_id, subject, context.now)
    intake.retry_parked_for_case(tx, context.intake, case_id, body.police_case_numbers, body.person.national_id)
    stored = replace(result.stored, version=result.version, protection=person.protection)
    read = cases.view_for(context.recorder.viewer, stored, result.after, context.today)
    case_out = views.case_out(read, person, context.language, None, [])
    return json_response(redacted(case_out, read), 201, ETag=etag(result.version), Location=f"/v1/cases/{case_id}")


def _find_or_create_person(
    tx: Connection, context: RequestContext, body: NewCaseIn, known_id: UUID | None
) -> StoredPerson:
    """The person of the new case; a known person with the stricter of the old and new address protection.

    `known_id`: a known person whom the viewer may see; for other viewers a new person is stored.
    """
    given, level = body.person, Protection(body.person.protection)
    known_id = records.lock_canonical(tx, known_id) if known_id else None
    if known_id:
        people.protect(tx, known_id, level, context.now)
    youth = Youth(given.born, len(given.guardians))
    personalia = people.personalia_of(given.as_person, body.municipality)
    person_id = known_id or people.create_person(tx, context.keys, personalia, youth, context.now, level)
    return cast(StoredPerson, people.read_person(tx, context.keys, person_id))  # found or made in this transaction


def _new_case(body: NewCaseIn, person: UUID, youth: Youth) -> NewCase:
    day, moment = i.day_of(body.occurred_on)
    numbers = [(NumberKind.POLICE, number) for number in body.police_case_numbers]
    court = [(NumberKind.COURT, body.court_case_number)] if body.court_case_number else []
    return NewCase(
        sanction=body.sanction,
        occurred_on=day,
        occurred_at=moment,
        person=person,
        youth=youth,
        offences=tuple(offence.as_offence for offence in body.offences),
        municipality=body.municipality,
        konfliktrad=body.konfliktrad,
        repeated_or_serious=body.repeated_or_serious,
        numbers=tuple(dict.fromkeys(numbers + court)),
        on_behalf_of=body.on_behalf_of,
    )


def _page_of_cases(tx: Connection, context: RequestContext, query: ListQuery) -> ApiResponse:
    check_office(tx, context, query.konfliktrad)
    list_key = query.model_dump_json(exclude={"cursor", "limit"})
    viewer = context.recorder.viewer
    page_query = worklist.WorklistQuery(
        filters=replace(query.filters(context.today), q=query.q),
        sort=query.sort or "-registered_on",
        after=read_cursor(context, list_key, query),
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
    )
    if viewer.role is Role.TEAM_MEMBER:
        rows, last = team_list.page_for_member(tx, viewer, page_query, context.today)
    else:
        rows, last = worklist.page(tx, viewer, page_query)
    following = write_cursor(context, list_key, last)
    return json_response(s.CaseList(items=[s.CaseRow.model_validate(row) for row in rows], next=following))
