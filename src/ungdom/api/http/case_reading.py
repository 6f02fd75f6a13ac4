"""Read one case for a request, and answer with a view of it."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from ungdom import cases
from ungdom.api.http import inputs as i
from ungdom.api.http.context import RequestContext
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import instant
from ungdom.cases import CaseView, NotVisible
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_rights
from ungdom.workflow.rules.sharing import Matter


def read_case(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> CaseView:
    """The case as the request asks for it."""
    return cases.read(tx, context.recorder.viewer, case_id, context.now, as_of.valid_at, instant(as_of.known_at))


def case_view(
    context: RequestContext, case_id: UUID, as_of: i.AsOf, view: Callable[[CaseView, AsOfOut], BaseModel]
) -> Response:
    """The view of the case as the request asks for it, for the roles that learn of the youth."""
    known_at = instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        return json_response(view(read, AsOfOut(on=read.on, known_at=known_at)), ETag=etag(read.stored.version))

    return context.read(operation, may=may_read_rights)


def require_stage_dates(read: CaseView) -> CaseView:
    """The case, for a view that is about where it stood and since when. Raises `NotVisible`."""
    if not read.may_learn(Matter.STAGE_DATES):
        raise NotVisible
    return read
