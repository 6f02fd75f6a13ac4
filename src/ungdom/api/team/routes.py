"""The follow-up team of a case: members, mandatory seats, and what may be shared with each."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.http.case_reading import case_response
from ungdom.api.http.context import ReadContext
from ungdom.api.http.time_travel import AsOfParams
from ungdom.api.team.present import team_out
from ungdom.api.team.schemas import TeamOut

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/team", response_model=TeamOut, summary="The team, and what each may be told")
def get_team(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Members now and before, what may be shared with each and why not, and who must be there by law."""
    viewer = context.recorder.viewer
    return case_response(context, case_id, as_of, lambda read, then: team_out(read, viewer, then, context.language))
