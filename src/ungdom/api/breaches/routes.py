"""Breaches and new offences of a case: what followed each, hearings, control periods, the petition window."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.breaches.present import breaches_out
from ungdom.api.breaches.schemas import BreachesOut
from ungdom.api.http.case_reading import rights_response
from ungdom.api.http.context import ReadContext
from ungdom.api.http.time_travel import AsOfParams
from ungdom.workflow.rules.sharing import Matter

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/breaches", response_model=BreachesOut, summary="Breaches, and what followed each")
def get_breaches(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Each breach and new offence with its steps and days, hearings, electronic control, and the petition window."""
    return rights_response(
        context, case_id, as_of, lambda read, then: breaches_out(read, then, context.language), Matter.PROGRESS
    )
