"""The archive of a closed case, for the leader of the office that has it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.archives.content import archive_of
from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import PRIVATE_HEADERS, ApiResponse
from ungdom.cases import NotVisible
from ungdom.store.session import Connection
from ungdom.workflow.rules.access import may_archive_cases
from ungdom.workflow.rules.permissions import may_work_on

MEDIA_TYPE = "application/zip"

router = APIRouter(tags=["cases"])


@router.get(
    "/v1/cases/{case_id}/archive",
    summary="The archive of a closed case",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_case_archive(context: ReadContext, case_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """One ZIP that can be verified without this service: events, parties, notes, where documents are, and a manifest.

    For the leader of the office that has the case. That it was made is logged.
    """
    schema = context.db.current()

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, i.AsOf())
        if not may_work_on(context.recorder.viewer, read.case.konfliktrad):
            raise NotVisible
        content = archive_of(tx, context.keys, read, schema)
        headers = {"Content-Disposition": f'attachment; filename="{read.stored.reference}.zip"', **PRIVATE_HEADERS}
        return ApiResponse(200, content, headers, media_type=MEDIA_TYPE)

    return context.read(operation, may=may_archive_cases)
