"""Emergency access: taken for a reason and a time, ended early, listed, and reviewed."""

from datetime import timedelta
from functools import partial
from operator import attrgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from ungdom.api.emergency_access.present import emergency_out
from ungdom.api.emergency_access.schemas import (
    EmergencyIn,
    EmergencyList,
    EmergencyOut,
    EmergencyQuery,
    EmergencyReviewIn,
)
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import guarded, requires
from ungdom.api.http.context import ReadContext, RequestContext, WriteContext
from ungdom.api.http.pagination import list_response
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.tokens import READ, STATUS
from ungdom.staff import emergency_access as emergencies
from ungdom.staff.emergency_access import EmergencyRequest
from ungdom.store import emergency_access
from ungdom.store.emergency_access import EmergencyAccess, EmergencyReview
from ungdom.store.session import Connection
from ungdom.workflow.rules.access import (
    EMERGENCY_PURPOSES,
    may_review_emergency_access,
    may_take_emergency_access,
)
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["access"])


@router.post(
    "/v1/cases/{case_id}/emergency-access",
    status_code=201,
    response_model=EmergencyOut,
    summary="Take an emergency access",
)
@guarded(requires(READ, may_take_emergency_access))
def take_emergency_access(
    context: WriteContext, request: Request, case_id: UUID, body: EmergencyIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Read a case of another office for some hours, as its coordinator does, and record nothing in it.

    The leader of its office and the auditor are notified at once, and review it afterwards. A case of a youth whose
    address is protected is not opened: it answers as one that does not exist.
    """
    longest: int = request.app.state.emergency_hours
    if body.hours > longest:
        raise RequestValidationError([{"loc": ("body", "hours"), "type": "less_than_equal", "ctx": {"le": longest}}])
    given = EmergencyRequest(body.code, body.reason, timedelta(hours=body.hours))
    viewer, context.purpose = context.recorder.viewer, EMERGENCY_PURPOSES[body.code]
    return context.write(
        lambda tx: _answer(context, emergencies.take(tx, context.keys, viewer, case_id, given, context.now), 201)
    )


@router.get("/v1/emergency-access", response_model=EmergencyList, summary="Emergency accesses, and what is to review")
def list_emergency_accesses(context: ReadContext, query: Annotated[EmergencyQuery, Query()]) -> Response:
    """The newest first: to the cases of the own office for its leader, all of them for the auditor."""
    return context.read(lambda tx: _page(tx, context, query), STATUS, may_review_emergency_access)


@router.post(
    "/v1/emergency-access/{emergency_id}/end", response_model=EmergencyOut, summary="End an emergency access early"
)
@guarded(requires(READ, may_take_emergency_access))
def end_emergency_access(context: WriteContext, emergency_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """By whoever took it, or the leader of the office that has the case. One that has ended stays as it is."""
    viewer = context.recorder.viewer
    return context.write(
        lambda tx: _answer(context, emergencies.end(tx, context.keys, viewer, emergency_id, context.now))
    )


@router.post(
    "/v1/emergency-access/{emergency_id}/review", response_model=EmergencyOut, summary="Review an emergency access"
)
@guarded(requires(STATUS, may_review_emergency_access))
def review_emergency_access(
    context: WriteContext, emergency_id: UUID, body: EmergencyReviewIn, _query: Annotated[i.NoQuery, Query()]
) -> Response:
    """Whether it was justified: by the leader of the office that has the case, or the auditor. It ends an open one."""
    viewer = context.recorder.viewer
    given = EmergencyReview(
        justified=body.justified,
        note=body.note,
        reviewed_at=context.now,
        reviewed_by=viewer.subject,
        role=viewer.role,
    )
    return context.write(lambda tx: _answer(context, emergencies.review(tx, context.keys, viewer, emergency_id, given)))


def _answer(context: RequestContext, taken: EmergencyAccess, status: int = 200) -> ApiResponse:
    viewer = context.recorder.viewer
    if taken.viewer == viewer:
        context.purpose = EMERGENCY_PURPOSES[taken.reason]
    body = emergency_out(taken, viewer, context.language, context.now)
    return json_response(body, status)


def _page(tx: Connection, context: RequestContext, query: EmergencyQuery) -> ApiResponse:
    viewer = context.recorder.viewer
    office = None if viewer.role is Role.AUDITOR else viewer.konfliktrad
    return list_response(
        context,
        f"emergency accesses {query.state}",
        query,
        EmergencyList,
        partial(emergency_access.listed, tx, context.keys, office, query.state, context.now),
        attrgetter("taken_at", "emergency_id"),
        lambda taken: emergency_out(taken, viewer, context.language, context.now),
    )
