"""The follow-up team of a case: who is on it and was, who must be, and what each may be told."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.api.team.present import team_out
from ungdom.api.team.schemas import TeamOut
from ungdom.store.session import Connection

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/team", response_model=TeamOut, summary="The team, and what each may be told")
def get_team(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Members now and before, what may be shared with each and why not, and who must be there by law."""
    viewer, known_at = context.recorder.viewer, instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        return json_response(team_out(read, viewer, context.language, known_at), ETag=etag(read.stored.version))

    return context.read(operation)
