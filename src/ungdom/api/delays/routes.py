"""Explanation of delay: of one case, and of the cases of a period that the viewer may see."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.delays import present as views
from ungdom.api.delays.schemas import DelayOut, DelaysQuery, GroupOut
from ungdom.api.http.case_reading import read_case, require_stage_dates
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.store.case_queries import Filters
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.worklist import worklist

router = APIRouter(tags=["delays"])


@router.get("/v1/cases/{case_id}/delay", response_model=DelayOut, summary="Whose waits made the difference")
def get_delay(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """The time from last offence to start, and each other clock that was passed, without the days of each wait.

    Arithmetic on the wait ledger, not a finding of fault: days are taken away, and nothing else changes.
    """
    known_at = instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = require_stage_dates(read_case(tx, context, case_id, as_of))
        return json_response(redacted(views.delay_out(read, context.language, known_at), read))

    return context.read(operation)


@router.get("/v1/delays", response_model=GroupOut, summary="Whose waits made the difference in many cases")
def get_delays(context: ReadContext, query: Annotated[DelaysQuery, Query()]) -> Response:
    """The cases that started or were received in a period, as far as this viewer may see them.

    A working view inside the office, for those who see each of the cases anyway: small numbers are not hidden, and it
    is not to be published.
    """
    return context.read(lambda tx: json_response(delays_of_group(tx, context, query)))


def delays_of_group(tx: Connection, context: RequestContext, query: DelaysQuery) -> GroupOut:
    """The delay of the cases that the query asks for. Raises `OtherOffice` or `BadCursor`."""
    check_office(tx, context, query.konfliktrad)
    list_key = "delays " + query.model_dump_json(exclude={"cursor"})
    page_query = worklist.WorklistQuery(
        filters=Filters(konfliktrad=query.konfliktrad, sanction=query.sanction),
        sort="",
        after=read_cursor(context, list_key, query),
        limit=worklist.EXPLAINED_AT_MOST,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
    )
    day = query.valid_at or oslo_date(page_query.known_at or context.now)
    period = (query.since or date.min, query.until or date.max)
    group, last = worklist.delays(tx, context.recorder.viewer, page_query, period, day, context.today)
    following = write_cursor(context, list_key, last)
    as_of = AsOfOut(on=day, known_at=page_query.known_at)
    return views.group_out(group, as_of, (query.since, query.until), context.language, following)
