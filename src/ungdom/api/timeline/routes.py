"""The timeline of a case: what happened, where it stood, who was waited for and what is due, in one order."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.api.timeline.present import entry_out
from ungdom.api.timeline.schemas import Timeline
from ungdom.store.session import Connection
from ungdom.workflow import redaction
from ungdom.workflow.views.timeline import timeline

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/timeline", response_model=Timeline, summary="Everything on one line of time")
def get_timeline(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Stages, waits, events and clocks of a case by day, what is to come at the end."""

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        visible = [x for x in timeline(read.case, read.on) if redaction.may_learn_entry(read, x.mark)]
        items = [entry_out(entry, context.language) for entry in visible]
        body = Timeline(as_of=AsOfOut(on=read.on, known_at=instant(as_of.known_at)), items=items)
        return json_response(body, ETag=etag(read.stored.version))

    return context.read(operation)
