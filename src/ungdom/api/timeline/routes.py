"""The timeline of a case: what happened, where it stood, who was waited for and what is due, in one order."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.http.case_reading import case_response
from ungdom.api.http.context import ReadContext
from ungdom.api.http.time_travel import AsOfParams
from ungdom.api.timeline.present import timeline_out
from ungdom.api.timeline.schemas import Timeline

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/timeline", response_model=Timeline, summary="Everything on one line of time")
def get_timeline(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Stages, waits, events and clocks of a case by day, what is to come at the end."""
    return case_response(context, case_id, as_of, lambda read, then: timeline_out(read, then, context.language))
