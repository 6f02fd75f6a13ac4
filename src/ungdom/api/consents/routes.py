"""The consents of a case: to the sanction and to sharing, how each stands, and what to do where one is lacking."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.consents.present import consents_out
from ungdom.api.consents.schemas import ConsentsOut
from ungdom.api.http.case_reading import rights_response
from ungdom.api.http.context import ReadContext
from ungdom.api.http.time_travel import AsOfParams
from ungdom.workflow.rules.sharing import Matter

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/consents", response_model=ConsentsOut, summary="The consents, and who is missing")
def get_consents(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Who consents to the sanction and to sharing, how they were informed, how each stands, and what is to be done."""
    return rights_response(
        context, case_id, as_of, lambda read, then: consents_out(read, then, context.language), Matter.RIGHTS
    )
