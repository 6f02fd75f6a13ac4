"""Complaints: which decisions of a case can be complained about and until when, and what became of each complaint."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.complaints.present import complaints_out
from ungdom.api.complaints.schemas import ComplaintsOut
from ungdom.api.http.case_reading import rights_response
from ungdom.api.http.context import ReadContext
from ungdom.api.http.time_travel import AsOfParams
from ungdom.workflow.rules.sharing import Matter

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/complaints", response_model=ComplaintsOut, summary="Decisions and complaints")
def get_complaints(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Every decision that can be complained about with its last day, and every complaint with what became of it."""
    return rights_response(
        context, case_id, as_of, lambda read, then: complaints_out(read, then, context.language), Matter.RIGHTS
    )
