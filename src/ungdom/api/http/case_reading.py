"""Read one case for a request, and answer with a view of it."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.authorisation import RolePredicate
from ungdom.api.http.context import RequestContext
from ungdom.api.http.redact import case_answer
from ungdom.api.http.responses import ApiResponse
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import instant
from ungdom.cases import CaseView, NotVisible
from ungdom.store import emergency_access
from ungdom.store.session import Connection
from ungdom.workflow.rules.access import EMERGENCY_PURPOSES
from ungdom.workflow.rules.permissions import Viewer, may_read_cases, may_read_rights
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Protection, Role


def read_case(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> CaseView:
    """The case on the day and as known at the instant that the request names. Raises `NotVisible`.

    Whoever may not see it, and has an open emergency access to it, reads it as its coordinator does.
    """
    try:
        return _read_as(tx, context, context.recorder.viewer, case_id, as_of)
    except NotVisible:
        return _read_by_emergency_access(tx, context, case_id, as_of)


def _read_as(tx: Connection, context: RequestContext, viewer: Viewer, case_id: UUID, as_of: i.AsOf) -> CaseView:
    return cases.read(tx, viewer, case_id, context.now, as_of.valid_at, instant(as_of.known_at))


def _read_by_emergency_access(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> CaseView:
    """Only for requests that write nothing, and never where the address of the youth is protected. frl § 10-4."""
    viewer = context.recorder.viewer
    taken = emergency_access.running(tx, context.keys, viewer, case_id, context.now) if context.only_reads else None
    if taken is None:
        raise NotVisible
    coordinator = Viewer(Role.COORDINATOR, viewer.subject, taken.office)
    read = _read_as(tx, context, coordinator, case_id, as_of)
    if read.stored.protection is not Protection.NONE:  # raised since the access was read
        raise NotVisible
    context.purpose = EMERGENCY_PURPOSES[taken.reason]
    return read


def case_response(
    context: RequestContext,
    case_id: UUID,
    as_of: i.AsOf,
    view: Callable[[CaseView, AsOfOut], BaseModel],
    may: RolePredicate = may_read_cases,
) -> Response:
    """The view of the case as the request asks for it, with the entity tag of the case. `may`: roles that may read it.

    Raises `NotVisible` where the viewer may not see the case, `RoleNotAllowed`, or `LacksScope`.
    """

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        as_of_out = AsOfOut(on=read.on, known_at=instant(as_of.known_at))
        return case_answer(view(read, as_of_out), read)

    return context.read(operation, may=may)


def require_stage_dates(read: CaseView) -> CaseView:
    """The case, for a view of its stages and their dates. Raises `NotVisible` for a reader who may not learn them."""
    if not read.may_learn(Matter.STAGE_DATES):
        raise NotVisible
    return read


def rights_response(
    context: RequestContext,
    case_id: UUID,
    as_of: i.AsOf,
    view: Callable[[CaseView, AsOfOut], BaseModel],
    matter: Matter,
) -> Response:
    """A view of the rights or breaches of a youth: for roles that learn the identity, and for whom `matter` is shared.

    A member of the team who may not learn the matter gets the same answer for every case. Raises what `case_response`
    raises.
    """

    def operation(tx: Connection) -> ApiResponse:
        try:
            read = read_case(tx, context, case_id, as_of)
        except NotVisible:
            context.require_role(may_read_rights)
            raise
        if not read.may_learn(matter):
            context.require_role(may_read_rights)
        return case_answer(view(read, AsOfOut(on=read.on, known_at=instant(as_of.known_at))), read)

    return context.read(operation)
