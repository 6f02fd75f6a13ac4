"""What the views of consents, breaches and complaints have in common: who reads them, and how they answer."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from ungdom.api.cases import present as views
from ungdom.api.cases import schemas as s
from ungdom.api.cases.routes import instant, json_response, read_case
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ApiResponse, RequestContext
from ungdom.cases import CaseView
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_rights


def case_view(
    context: RequestContext, case_id: UUID, as_of: i.AsOf, view: Callable[[CaseView, s.AsOfOut], BaseModel]
) -> Response:
    """The view of the case as the request asks for it, for the roles that learn of the youth."""
    known_at = instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        return json_response(view(read, s.AsOfOut(on=read.on, known_at=known_at)), ETag=views.etag(read.stored.version))

    return context.read(operation, may=may_read_rights)
