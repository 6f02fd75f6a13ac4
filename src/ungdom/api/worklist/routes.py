"""The worklist: what needs doing, for whom, by when, ordered by what matters."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import case_response
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.pagination import read_cursor, write_cursor
from ungdom.api.http.present import from_source
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.api.worklist.present import emergency_task_out, kind_out, late_case_out, task_out, work_row
from ungdom.api.worklist.schemas import (
    KindList,
    LateForecastOut,
    LateForecastQuery,
    LateWeekOut,
    TaskList,
    WorkList,
    WorkQuery,
)
from ungdom.cases import CaseView
from ungdom.store import emergency_access
from ungdom.store.case_queries import Filters
from ungdom.store.duties import TaskFilter
from ungdom.store.session import Connection
from ungdom.workflow import redaction
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules import offices
from ungdom.workflow.rules.permissions import may_read_worklist
from ungdom.workflow.views import tasks
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.vocabulary import Role
from ungdom.worklist import forecast, worklist

router = APIRouter(tags=["worklist"])


@router.get("/v1/worklist", response_model=WorkList, summary="What needs doing")
def get_worklist(context: ReadContext, query: Annotated[WorkQuery, Query()]) -> Response:
    """Cases with something to do and what it is, the most pressing first: as it stands now, or stood on another day."""
    return context.read(lambda tx: json_response(page_of_worklist(tx, context, query)), may=may_read_worklist)


@router.get("/v1/worklist/kinds", response_model=KindList, summary="Every list, and how long it is")
def list_task_kinds(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each kind of task, the event that settles it, and in how many of the cases that one sees it waits."""

    def operation(tx: Connection) -> ApiResponse:
        return json_response(list_of_kinds(tx, context, Filters()))

    return context.read(operation, may=may_read_worklist)


@router.get("/v1/worklist/forecast", response_model=LateForecastOut, summary="What will be late, by week")
def get_late_forecast(context: ReadContext, query: Annotated[LateForecastQuery, Query()]) -> Response:
    """How many cases will be late in this week and the next ones if nothing more is done in them, and which."""
    return context.read(lambda tx: _late_forecast(tx, context, query), may=may_read_worklist)


@router.get("/v1/cases/{case_id}/tasks", response_model=TaskList, summary="What needs doing in a case")
def get_tasks(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """What needs doing in this case, the most pressing first, and why what cannot be done yet cannot."""

    def view(read: CaseView, then: AsOfOut) -> TaskList:
        case_tasks = tasks.tasks(read.case, read.on if as_of.valid_at or as_of.known_at else context.today)
        visible = redaction.visible_tasks(case_tasks, context.recorder.viewer, offices.transfer_to(read.case))
        ordered = tasks.by_urgency(visible, read.on)
        return TaskList(as_of=then, items=[task_out(task, read.on, context.language) for task in ordered])

    return case_response(context, case_id, as_of, view, may_read_worklist)


def list_of_kinds(tx: Connection, context: RequestContext, filters: Filters) -> KindList:
    """Every kind of task with its number of cases, of those that meet the filters."""
    return _kinds_out(worklist.task_counts(tx, context.recorder.viewer, context.today, filters), context)


def worklist_and_kinds(tx: Connection, context: RequestContext, query: WorkQuery) -> tuple[WorkList, KindList]:
    """A page of the present worklist with its total, and every kind as `list_of_kinds`, of the same cases.

    The kinds are those of the whole list, whichever kind of task the page has and whether late or not. Their counts
    also say how long the list is, so that the cases are counted once. Raises what `page_of_worklist` raises.
    """
    cases = replace(
        query.filters(context.today),
        overdue_on=None,
        not_overdue_on=None,
        held_by=context.recorder.viewer if query.mine else None,
    )
    counts = worklist.task_counts(tx, context.recorder.viewer, context.today, cases)
    total = None if query.who or query.due_before else counts.total(query.kind or "", query.overdue)
    work = page_of_worklist(tx, context, query.model_copy(update={"total": total is None}))
    return (work if total is None else work.model_copy(update={"total": total})), _kinds_out(counts, context)


def _kinds_out(counts: worklist.TaskCounts, context: RequestContext) -> KindList:
    return KindList(items=[kind_out(kind, counts.kinds.get(kind, (0, 0)), context.language) for kind in TaskKind])


def page_of_worklist(tx: Connection, context: RequestContext, query: WorkQuery) -> WorkList:
    """One page of the worklist. Raises `RequestValidationError`, `OtherOffice` or `BadCursor`."""
    check_office(tx, context, query.konfliktrad)
    list_key = "work " + query.model_dump_json(exclude={"cursor", "limit", "total"}, by_alias=True)
    viewer, known_at = context.recorder.viewer, instant(query.known_at)
    day = query.valid_at or oslo_date(known_at or context.now)
    page_query = worklist.WorklistQuery(
        filters=replace(
            query.filters(context.today),
            overdue_on=None,  # of the task, not of the case
            not_overdue_on=None,
            held_by=viewer if query.mine else None,
            task=worklist.task_filter(viewer, query.task(day)),
        ),
        sort=query.sort or worklist.PRESSING,
        after=read_cursor(context, list_key, query),
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=known_at,
        count=query.total,
    )
    work, page = worklist.work_page(tx, viewer, page_query, day)
    following, previous = (write_cursor(context, list_key, end) for end in (page.following, page.previous))
    items = [work_row(case_work, day, context.language) for case_work in work]
    present = viewer.role is Role.LEADER and page_query.after is None and not page_query.is_historical
    unreviewed = emergency_access.unreviewed(tx, viewer.konfliktrad) if present else []
    return WorkList(
        on=day,
        items=items,
        next=following,
        prev=previous,
        total=page.total,
        to_review=[emergency_task_out(task, context.today, context.language) for task in unreviewed],
    )


def _late_forecast(tx: Connection, context: RequestContext, query: LateForecastQuery) -> ApiResponse:
    check_office(tx, context, query.konfliktrad)
    list_key = "late " + query.model_dump_json(exclude={"cursor", "limit"})
    viewer, day = context.recorder.viewer, context.today
    filters = Filters(
        konfliktrad=query.konfliktrad,
        coordinator=query.coordinator,
        sanction=query.sanction,
        held_by=viewer if query.mine else None,
        of_office=viewer,
        task=TaskFilter(kind=query.kind or "", who=query.who),
    )
    page_query = worklist.WorklistQuery(
        filters, worklist.DUE, read_cursor(context, list_key, query), query.limit, valid_at=None, known_at=None
    )
    counts = forecast.late_by_week(tx, viewer, filters, day, query.weeks)
    work, page = forecast.cases_to_be_late(tx, viewer, page_query, day, query.weeks)
    following, previous = (write_cursor(context, list_key, end) for end in (page.following, page.previous))
    return json_response(
        from_source(
            LateForecastOut,
            counts,
            on=day,
            weeks=[from_source(LateWeekOut, week, week=week.name) for week in counts.weeks],
            items=[late_case_out(case_work, day, context.language) for case_work in work],
            next=following,
            prev=previous,
        )
    )
