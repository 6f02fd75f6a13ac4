"""The access log: all of it for auditors, that of a case for its leader, in plain words for the young person."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom.api.access_log.present import access_out, plain_out, withholding_out
from ungdom.api.access_log.schemas import (
    AccessList,
    AccessQuery,
    CaseAccessQuery,
    PlainAccessList,
    PlainQuery,
    WithholdIn,
    WithholdingList,
    WithholdingOut,
    WithholdingQuery,
)
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import page_and_cursor, start_after
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ, STATUS, WRITE
from ungdom.cases import CaseView, NotVisible
from ungdom.store import access_queries, access_withholdings, records
from ungdom.store.access_queries import AccessFilters
from ungdom.store.access_subjects import subjects_of
from ungdom.store.access_withholdings import Withholding
from ungdom.store.ids import uuid7
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow.calendar import OSLO
from ungdom.workflow.rules.access import (
    MOST_WITHHELD_DAYS,
    NotTheYouth,
    WithholdingCode,
    family_members,
    is_the_youth,
    may_read_access_log,
    may_read_case_access,
    may_show_access,
    may_withhold_access,
)
from ungdom.workflow.rules.permissions import RoleNotAllowed, may_work_on
from ungdom.workflow.vocabulary import Protection, Role

router = APIRouter(tags=["access"])

ONE_DAY = timedelta(days=1)
PLAIN_DAYS = timedelta(days=365)
"""How far back the list of the young person goes where no day is given."""


@router.get("/v1/access-log", response_model=AccessList, summary="Who has been given persons' data")
def list_accesses(context: ReadContext, query: Annotated[AccessQuery, Query()]) -> Response:
    """Every answer that contained a person's data, the newest first. For auditors; that it was read is logged too."""
    return context.read(lambda tx: _page_of_accesses(tx, context, query), STATUS, may_read_access_log)


@router.get("/v1/access-log/withheld", response_model=WithholdingList, summary="List withheld accesses")
def list_withheld_accesses(context: ReadContext, query: Annotated[WithholdingQuery, Query()]) -> Response:
    """Accesses that are held back from the young person in the cases of the office. For its leader."""
    return context.read(lambda tx: _withheld(tx, context, query), READ, may_withhold_access)


@router.get("/v1/cases/{case_id}/access-log", response_model=AccessList, summary="Who has been given data of a case")
def list_case_accesses(context: ReadContext, case_id: UUID, query: Annotated[CaseAccessQuery, Query()]) -> Response:
    """Every answer that contained data of the case, the newest first. For the leader of its office and the auditor."""
    return context.read(lambda tx: _page_of_case(tx, context, case_id, query), STATUS, may_read_case_access)


@router.get(
    "/v1/cases/{case_id}/access-log/plain", response_model=PlainAccessList, summary="Who has seen it, in plain language"
)
def list_plain_accesses(context: ReadContext, case_id: UUID, query: Annotated[PlainQuery, Query()]) -> Response:
    """For the young person: role, office and purpose by day, no name of staff, nothing of guardians or of an address.

    The youth reads it as a member of the team, and the office hands it over. Guardians do not read it.
    """
    return context.read(lambda tx: _plain(tx, context, case_id, query))


@router.post(
    "/v1/cases/{case_id}/access-log/{access_id}/withhold",
    response_model=WithholdingOut,
    summary="Hold an access back from the youth",
)
@guarded(requires(WRITE, may_withhold_access))
def withhold_access(
    context: WriteContext, case_id: UUID, access_id: UUID, body: WithholdIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """For an investigation or for reasons of child welfare, until somebody decides again on the day of review."""
    if not context.today < body.review_on <= context.today + timedelta(days=MOST_WITHHELD_DAYS):
        raise RequestValidationError([{"loc": ("body", "review_on"), "type": "review_day"}])
    return context.write(lambda tx: _decide(tx, context, case_id, access_id, body.code, body.review_on))


@router.post(
    "/v1/cases/{case_id}/access-log/{access_id}/disclose", status_code=204, summary="Disclose an access to the youth"
)
@guarded(requires(WRITE, may_withhold_access))
def disclose_access(
    context: WriteContext, case_id: UUID, access_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """What was held back stands in the list of the young person from now on."""
    return context.write(lambda tx: _decide(tx, context, case_id, access_id, None, None))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), OSLO)


def _filters(query: CaseAccessQuery, **more: UUID | str | None) -> AccessFilters:
    since = _start_of(query.since) if query.since else None
    until = _start_of(query.until + ONE_DAY) if query.until else None
    return AccessFilters(since=since, until=until, **more)  # type: ignore[arg-type]  # each of the type of its field


def _page_of_accesses(tx: Connection, context: RequestContext, query: AccessQuery) -> ApiResponse:
    person_id = records.canonical_id(tx, query.person) if query.person else None
    filters = _filters(
        query,
        case_id=query.case,
        person_id=person_id,
        subject=query.subject,
        konfliktrad=query.konfliktrad,
        route=query.route,
    )
    return _access_page(tx, context, query, "accesses", filters, tells_office=False)


def _page_of_case(tx: Connection, context: RequestContext, case_id: UUID, query: CaseAccessQuery) -> ApiResponse:
    is_leader = context.recorder.viewer.role is not Role.AUDITOR
    if is_leader:
        _own_case(tx, context, case_id)
    elif not subjects_of(tx, [case_id.hex]):
        raise NotVisible
    filters = _filters(query, case_id=case_id)
    return _access_page(tx, context, query, f"accesses to case {case_id}", filters, is_leader)


def _access_page(
    tx: Connection,
    context: RequestContext,
    query: CaseAccessQuery,
    name: str,
    filters: AccessFilters,
    tells_office: bool,
) -> ApiResponse:
    list_key = f"{name} {query.model_dump_json(exclude={'cursor', 'limit'}, by_alias=True)}"
    after = start_after(context, list_key, query)
    rows = access_queries.page(tx, filters, after[1] if after else None, query.limit + 1)
    page, following = page_and_cursor(context, list_key, query, rows, lambda access: (access.at, access.access_id))
    return json_response(AccessList(items=[access_out(access, tells_office) for access in page], next=following))


def _own_case(tx: Connection, context: RequestContext, case_id: UUID) -> CaseView:
    """The case, of the viewer's office. Raises `NotVisible`."""
    read = read_case(tx, context, case_id, i.AsOf())
    if not may_work_on(context.recorder.viewer, read.case.konfliktrad):
        raise NotVisible
    return read


def _plain(tx: Connection, context: RequestContext, case_id: UUID, query: PlainQuery) -> ApiResponse:
    read = _plainly_readable(tx, context, case_id)
    until = query.until or context.today
    since = query.since or until - PLAIN_DAYS
    family = family_members(engine.fold(read.stored.youth, read.stored.events))
    rows = access_queries.of_case(tx, case_id, _start_of(since), _start_of(until + ONE_DAY))
    accesses = [access for access in rows if access.subject not in family]
    withheld = access_withholdings.of_case(tx, case_id)
    tells_office = read.stored.protection is Protection.NONE
    items = plain_out(accesses, withheld, context.language, tells_office)
    return json_response(PlainAccessList(since=since, until=until, items=items))


def _plainly_readable(tx: Connection, context: RequestContext, case_id: UUID) -> CaseView:
    """The case, for the youth of it, and for who hands the list over. Raises `NotVisible` or `NotTheYouth`."""
    try:
        read = read_case(tx, context, case_id, i.AsOf())
    except NotVisible:
        _require_office(context)
        raise
    if not is_the_youth(read.agencies):
        _require_office(context)
    return read


def _require_office(context: RequestContext) -> None:
    """Returns for who hands the list over. Raises `NotTheYouth`."""
    try:
        context.require_role(may_show_access)
    except RoleNotAllowed as error:
        raise NotTheYouth(error.roles) from None


def _withheld(tx: Connection, context: RequestContext, query: WithholdingQuery) -> ApiResponse:
    due = context.today if query.due else None
    rows = access_withholdings.of_office(tx, context.recorder.viewer, due)
    items = [withholding_out(case, withheld, context.language, context.today) for case, withheld in rows]
    return json_response(WithholdingList(items=[item for item in items if item is not None]))


def _decide(
    tx: Connection,
    context: RequestContext,
    case_id: UUID,
    access_id: UUID,
    code: WithholdingCode | None,
    review_on: date | None,
) -> ApiResponse:
    read = _own_case(tx, context, case_id)
    if not access_queries.is_of_case(tx, case_id, access_id):
        raise NotVisible
    viewer = context.recorder.viewer
    withholding = Withholding(
        withholding_id=uuid7(context.now),
        case_id=case_id,
        access_id=access_id,
        code=code,
        review_on=review_on,
        decided_at=context.now,
        decided_by=viewer.subject,
        role=viewer.role,
    )
    access_withholdings.add(tx, withholding)
    body = withholding_out(read.stored.reference, withholding, context.language, context.today)
    return ApiResponse(204, b"", {}) if body is None else json_response(body)
