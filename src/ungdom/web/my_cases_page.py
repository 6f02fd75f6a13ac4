"""The cases of a member of follow-up teams: where each stands, measures, deadlines, and what the member is asked."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from ungdom import cases
from ungdom.api.alerts.routes import page_of_alerts
from ungdom.api.alerts.schemas import AlertList, AlertQuery
from ungdom.api.cases.list_schemas import CaseRow, ListQuery
from ungdom.api.cases.present import deadlines_out
from ungdom.api.cases.routes import page_of_cases
from ungdom.api.cases.schemas import DeadlineList
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.redact import redacted
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.plans.access import access_of
from ungdom.api.plans.present import plan_out
from ungdom.api.plans.provider_names import ProviderNames, names_for
from ungdom.api.plans.schemas import PlanOut
from ungdom.cases import CaseView, NotVisible
from ungdom.message.text import CursorText
from ungdom.store.session import Connection
from ungdom.store.viewer_knowledge import learnt_cases
from ungdom.web.delays_page import answering
from ungdom.web.page import answer, data_of
from ungdom.web.places import MY_CASES
from ungdom.web.queries import PageForm, address_of

router = APIRouter(include_in_schema=False)

ROWS, ALERTS = 20, 25


class MyCasesQuery(PageForm):
    """Which page of the list. `asked`: the page of what the member is asked."""

    cursor: CursorText | None = None
    asked: CursorText | None = None


class MyCase(BaseModel):
    """One case as far as the member may learn of it. `plan`: their own measures, or the whole; None: nothing of it."""

    row: CaseRow
    deadlines: DeadlineList | None
    plan: PlanOut | None


class MyCasesAtAGlance(BaseModel):
    """The cases of a page, and what the member is asked about cases of theirs, on this page or not."""

    cases: list[MyCase]
    to_answer: AlertList
    next: str | None
    prev: str | None
    total: int | None


@router.get(MY_CASES.path, response_model=MyCasesAtAGlance)
def my_cases_page(request: Request, context: ReadContext, query: Annotated[MyCasesQuery, Query()]) -> Response:
    """The cases, the first due first."""
    page = data_of(context.read(lambda tx: _page(tx, context, query), may=MY_CASES.may))
    values = {
        **page,
        **answering(context),
        "address": lambda **changes: address_of(MY_CASES.path, {}, changes),
    }
    return answer(request, "my_cases.html", values)


def _page(tx: Connection, context: RequestContext, query: MyCasesQuery) -> ApiResponse:
    listed = page_of_cases(tx, context, ListQuery(sort="next_due_on", total=True, limit=ROWS, cursor=query.cursor))
    viewer = context.recorder.viewer
    learnt = learnt_cases(tx, viewer, [row.case_id for row in listed.items], context.today)
    views = {stored.case_id: cases.view_for(viewer, stored, case, context.today) for stored, case, _ in learnt}
    names = names_for(tx, context.language, list(views.values()))
    page = MyCasesAtAGlance(
        cases=[_my_case(context, row, views.get(row.case_id), names) for row in listed.items],
        to_answer=page_of_alerts(tx, context, AlertQuery(limit=ALERTS, cursor=query.asked)),
        next=listed.next,
        prev=listed.prev,
        total=listed.total,
    )
    return json_response(page)


def _my_case(context: RequestContext, row: CaseRow, read: CaseView | None, names: ProviderNames) -> MyCase:
    if read is None:
        return MyCase(row=row, deadlines=None, plan=None)
    then = AsOfOut(on=read.on, known_at=None)
    deadlines = redacted(deadlines_out(read, context.language, None), read)
    try:
        plan = redacted(plan_out(access_of(read, then), names), read)
    except NotVisible:
        plan = None
    return MyCase(row=row, deadlines=deadlines, plan=plan)
