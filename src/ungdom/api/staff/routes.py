"""Members of staff: service, absence, and cases that go from one of them to another."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.exceptions import RequestValidationError

from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import CaseWriteContext, ReadContext, RequestContext, WriteContext
from ungdom.api.http.inputs import DryRun
from ungdom.api.http.offices import check_known, check_office
from ungdom.api.http.pagination import PageQuery, list_response, read_cursor, write_cursor
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.tokens import ADMIN, READ, STATUS, WRITE
from ungdom.api.staff import present
from ungdom.api.staff.present import MemberDetails
from ungdom.api.staff.schemas import (
    AbsenceChangeOut,
    AbsenceIn,
    ReassignmentIn,
    ReassignmentOut,
    StaffChangeIn,
    StaffChangeList,
    StaffIn,
    StaffList,
    StaffOut,
    StaffQuery,
    may_be_without_office,
)
from ungdom.staff import administration, hand_over
from ungdom.staff.administration import Editor
from ungdom.staff.errors import NoSuchMember
from ungdom.staff.hand_over import Reassignment
from ungdom.store import case_queries, contacts, reference, staff, staff_changes
from ungdom.store.case_queries import Filters
from ungdom.store.contacts import NotificationContact
from ungdom.store.ids import uuid7
from ungdom.store.schema.staff import StaffAction
from ungdom.store.session import Connection
from ungdom.store.staff import Absence, Staff
from ungdom.workflow import patterns
from ungdom.workflow.rules.permissions import (
    may_edit_staff,
    may_read_cases,
    may_read_staff,
    may_read_staff_changes,
    may_reassign_cases,
)
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["staff"])
reassignments = APIRouter(tags=["staff"])
"""Before the router of cases, whose paths its path would fit as well."""

StaffSubject = Annotated[str, Path(pattern=patterns.SUBJECT)]


def _read_scope(role: Role) -> str:
    return {Role.ADMIN: ADMIN, Role.AUDITOR: STATUS}.get(role, READ)


def _write_scope(role: Role) -> str:
    return ADMIN if role is Role.ADMIN else WRITE


EDITS = requires(_write_scope, may_edit_staff)


@router.get("/v1/staff", response_model=StaffList, summary="List members of staff")
def list_staff(context: ReadContext, query: Annotated[StaffQuery, Query()]) -> Response:
    """The members of one's own office, for secretariat and administrators of all, with their absences."""
    return context.read(lambda tx: _page_of_staff(tx, context, query), _read_scope, may_read_staff)


@router.post("/v1/staff", status_code=201, response_model=StaffOut, summary="Enter a member of staff")
@guarded(EDITS)
def add_staff(context: WriteContext, body: StaffIn, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """By a leader for their own office, by secretariat and administrators for all."""
    return _write(context, lambda tx: _add(tx, context, body))


@router.get("/v1/staff/{subject}/changes", response_model=StaffChangeList, summary="Who changed an entry")
def list_staff_changes(context: ReadContext, subject: StaffSubject, query: Annotated[PageQuery, Query()]) -> Response:
    """Every change of the entry, of its absences, and cases reassigned from this member; newest first."""

    def operation(tx: Connection) -> ApiResponse:
        if context.principal.viewer.role is not Role.AUDITOR:
            administration.read(tx, context.principal.viewer, subject)
        elif staff.find(tx, subject) is None:
            raise NoSuchMember
        read, place = partial(staff_changes.page, tx, subject), attrgetter("changed_at", "change_id")
        return list_response(
            context, f"staff changes {subject}", query, StaffChangeList, read, place, present.change_out
        )

    return context.read(operation, _read_scope, may_read_staff_changes)


@router.get("/v1/staff/{subject}", response_model=StaffOut, summary="Read a member of staff")
def get_staff(context: ReadContext, subject: StaffSubject, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One member; everybody reads their own entry, in service or not."""
    own = subject == context.principal.viewer.subject
    may = (lambda role: may_read_cases(role) or may_read_staff(role)) if own else may_read_staff
    return context.read(
        lambda tx: _response(tx, context, administration.read(tx, context.principal.viewer, subject)),
        _read_scope,
        may,
        in_service=not own,
    )


@router.patch("/v1/staff/{subject}", response_model=StaffOut, summary="Change a member of staff")
@guarded(EDITS)
def change_staff(
    context: CaseWriteContext, subject: StaffSubject, body: StaffChangeIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Change fields, or end the service with `active_to`. Needs `If-Match`."""
    return _write(context, lambda tx: _change(tx, context, subject, body))


@router.post(
    "/v1/staff/{subject}/absences", status_code=201, response_model=AbsenceChangeOut, summary="Enter an absence"
)
@guarded(EDITS)
def add_absence(
    context: WriteContext, subject: StaffSubject, body: AbsenceIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Work, notices and alerts go to the substitute in between. Cases are handed over at once if it has begun."""
    new = Absence(
        absence_id=uuid7(context.now),
        subject=subject,
        written_by=context.principal.viewer.subject,
        written_role=context.principal.viewer.role,
        created_at=context.now,
        **body.model_dump(),
    )

    def operation(tx: Connection) -> ApiResponse:
        change = administration.add_absence(tx, _editor(context), new)
        return json_response(present.absence_change_out(change, context.language), 201)

    return context.write(operation)


@router.post("/v1/staff/{subject}/absences/{absence_id}/end", response_model=AbsenceChangeOut, summary="End an absence")
@guarded(EDITS)
def end_absence(
    context: WriteContext, subject: StaffSubject, absence_id: UUID, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """The member is back today: an absence that has begun ends yesterday, a later one is removed. Cases come back."""

    def operation(tx: Connection) -> ApiResponse:
        change = administration.end_absence(tx, _editor(context), subject, absence_id)
        return json_response(present.absence_change_out(change, context.language))

    return context.write(operation)


@reassignments.post("/v1/cases/reassignments", response_model=ReassignmentOut, summary="Reassign many cases")
@guarded(requires(WRITE, may_reassign_cases))
def reassign_cases(context: WriteContext, body: ReassignmentIn, query: Annotated[DryRun, Query()]) -> Response:
    """Open cases go from one coordinator to another; each case gets its own event or is refused with the reasons."""
    return context.write(lambda tx: reassigned(tx, context, body, query.dry_run), commit=not query.dry_run)


# --- entries ----------------------------------------------------------------------------------------------------


def _write(context: RequestContext, operation: Callable[[Connection], ApiResponse]) -> Response:
    """The response to a change of entries, which counts from the next request on."""
    try:
        return context.write(operation)
    finally:
        context.service.forget()


def _editor(context: RequestContext) -> Editor:
    return Editor(context.principal.viewer, context.now)


def _page_of_staff(tx: Connection, context: RequestContext, query: StaffQuery) -> ApiResponse:
    check_office(tx, context, query.konfliktrad)
    list_key = "staff " + query.model_dump_json(exclude={"cursor", "limit"})
    office = query.konfliktrad or administration.office_of(context.principal.viewer)
    after = read_cursor(context, list_key, query)
    members = staff.page(tx, office, query.on, after, query.limit + 1, query.role)
    page = members[: query.limit]
    following = write_cursor(context, list_key, page[-1].subject if len(members) > query.limit else None)
    return json_response(StaffList(items=_members_out(tx, context, page), next=following))


def _members_out(tx: Connection, context: RequestContext, members: Sequence[Staff]) -> list[StaffOut]:
    subjects = [member.subject for member in members]
    absences = staff.absences_of(tx, subjects)
    counts = case_queries.count_open_cases_of(tx, subjects)
    known = contacts.find_many(tx, context.keys, subjects)

    def details_of(member: Staff) -> MemberDetails:
        unwritten = NotificationContact(subject=member.subject, role=member.main_role)
        contact = known.get(member.subject, unwritten)
        return MemberDetails(contact, absences.get(member.subject, []), counts.get(member.subject, 0))

    viewer, day = context.principal.viewer, context.today
    return [present.staff_out(member, details_of(member), viewer, day) for member in members]


def _response(tx: Connection, context: RequestContext, member: Staff, status: int = 200, **headers: str) -> ApiResponse:
    [body] = _members_out(tx, context, [member])
    return json_response(body, status, ETag=etag(member.version), **headers)


def _add(tx: Connection, context: RequestContext, body: StaffIn) -> ApiResponse:
    _check_konfliktrad(tx, body.konfliktrad)
    values = body.model_dump(exclude={"name", "contact", "roles"})
    new = Staff(display_name=body.name, roles=_in_order(body.roles), **values)
    member = administration.add(tx, _editor(context), new)
    if body.contact is not None:
        administration.write_contact(tx, context.keys, _editor(context), member.subject, **body.contact.model_dump())
    return _response(tx, context, member, 201, Location=f"/v1/staff/{member.subject}")


def _change(tx: Connection, context: RequestContext, subject: str, body: StaffChangeIn) -> ApiResponse:
    given: dict[str, Any] = {
        "display_name" if name == "name" else name: getattr(body, name)
        for name in body.model_fields_set - {"contact"}
        if name in CAN_BE_EMPTY or getattr(body, name) is not None
    }
    if "roles" in given:
        given["roles"] = _in_order(given["roles"])
    _check_konfliktrad(tx, body.konfliktrad)
    before = administration.read(tx, context.principal.viewer, subject)
    _check_whole(given, before)
    member = administration.change(tx, _editor(context), subject, context.expected, given)
    if body.contact is not None:
        administration.write_contact(tx, context.keys, _editor(context), member.subject, **body.contact.model_dump())
    return _response(tx, context, member)


CAN_BE_EMPTY = frozenset({"konfliktrad", "active_to", "telephone"})
"""The fields of an entry that null empties; for the others, null is the same as leaving them out."""


def _check_whole(given: dict[str, Any], before: Staff) -> None:
    """Raises `RequestValidationError` if the changed entry would not be a legal one."""
    roles, office = given.get("roles", before.roles), given.get("konfliktrad", before.konfliktrad)
    first, last = given.get("active_from", before.active_from), given.get("active_to", before.active_to)
    if last is not None and last < first:
        place = "active_to" if "active_to" in given else "active_from"
        names = {"first": "active_from", "last": "active_to"}
        raise RequestValidationError([{"type": "ends_before_it_begins", "loc": ("body", place), "ctx": names}])
    if not may_be_without_office(roles) and office is None:
        raise RequestValidationError([{"type": "office_for_role", "loc": ("body", "konfliktrad")}])


def _check_konfliktrad(tx: Connection, konfliktrad: str | None) -> None:
    check_known(konfliktrad, sorted(reference.konfliktrad_codes(tx)), "body", "konfliktrad")


def _in_order(roles: Sequence[Role]) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in roles)


# --- reassignment -----------------------------------------------------------------------------------------------


def reassigned(tx: Connection, context: RequestContext, body: ReassignmentIn, dry_run: bool) -> ApiResponse:
    """The outcome of the reassignment case by case; with `dry_run` nothing is written."""
    recorder = context.recorder
    selected = body.case_ids or case_queries.open_cases_of(tx, recorder.viewer, body.sender, _filters(context, body))
    change = Reassignment(body.sender, body.receiver, body.reason, body.on or context.today)
    outcomes = hand_over.reassign(tx, recorder, selected[: hand_over.MOST_CASES], change, context.now, dry_run)
    if not dry_run:
        done = [str(outcome.case_id) for outcome in outcomes if outcome.obstacle is None]
        details = {"to": body.receiver, "reason": body.reason, "cases": done}
        administration.log(tx, _editor(context), body.sender, StaffAction.CASES_REASSIGNED, details)
    return json_response(present.reassignment_out(outcomes, len(selected), dry_run, context.language))


def _filters(context: RequestContext, body: ReassignmentIn) -> Filters:
    if body.filter is None:
        return Filters()
    wanted = body.filter.model_dump(exclude={"overdue"})
    overdue = body.filter.overdue
    return Filters(
        **wanted,
        overdue_on=context.today if overdue else None,
        not_overdue_on=context.today if overdue is False else None,
    )
