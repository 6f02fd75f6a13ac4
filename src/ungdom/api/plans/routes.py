"""The plan of a case, its meetings and the restorative track: to each viewer what they may learn of it."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.http.context import ReadContext
from ungdom.api.http.redact import case_answer
from ungdom.api.http.responses import ApiResponse
from ungdom.api.http.time_travel import AsOfParams
from ungdom.api.plans import schemas as shapes
from ungdom.api.plans.access import case_access
from ungdom.api.plans.present import meetings_out, plan_out, track_out
from ungdom.api.plans.provider_names import names_for
from ungdom.store.session import Connection
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.views import restorative

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/plan", response_model=shapes.PlanOut, summary="The plan and its measures")
def get_plan(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Versions of the plan with measures, load and approval, and how each measure has fared.

    Others than the office see what they may learn: the whole plan, the measures that they carry out, or nothing.
    """

    def operation(tx: Connection) -> ApiResponse:
        access = case_access(tx, context, case_id, as_of)
        names = names_for(
            tx, context.language, [access.read] if access.categories & {Matter.PLAN, Matter.OWN_MEASURES} else []
        )
        return case_answer(plan_out(access, names), access.read)

    return context.read(operation)


@router.get("/v1/cases/{case_id}/meetings", response_model=shapes.MeetingsOut, summary="The meetings of a case")
def get_meetings(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Every meeting: who was invited, who was there, and who by law had to be."""

    def operation(tx: Connection) -> ApiResponse:
        access = case_access(tx, context, case_id, as_of)
        return case_answer(meetings_out(access, context.language), access.read)

    return context.read(operation)


@router.get("/v1/cases/{case_id}/restorative", response_model=shapes.RestorativeOut, summary="The restorative track")
def get_restorative(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Where the victim stands, and what was waited for them. For the office alone."""

    def operation(tx: Connection) -> ApiResponse:
        access = case_access(tx, context, case_id, as_of)
        track = track_out(restorative.track(access.read.case, access.read.on), context.language)
        return case_answer(shapes.RestorativeOut(as_of=access.as_of, track=track), access.read)

    return context.read(operation)
