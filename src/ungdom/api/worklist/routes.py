"""The worklist: what needs doing, for whom, by when, ordered by what matters."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.api.cases.routes import filters
from ungdom.api.http import cursors
from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.offices import check_office
from ungdom.api.http.present import unmet_out
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut, Output, UnmetOut
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.message.text import CursorText
from ungdom.store.case_queries import Filters
from ungdom.store.projection import duty_pattern
from ungdom.store.session import Connection
from ungdom.workflow.calendar import days_between, oslo_date
from ungdom.workflow.rules import offices
from ungdom.workflow.rules.permissions import Viewer, acts_for, may_read_worklist
from ungdom.workflow.views import tasks
from ungdom.workflow.views.tasks import TASK_RULES, Task, TaskKind
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Sanction, State
from ungdom.worklist import worklist

router = APIRouter(tags=["worklist"])

ORDER = "act_on"


class WorkQuery(i.CaseFilterQuery):
    """Filters of the worklist. `actor`: in whose name it is done. `mine`: assigned to me, or opened by me."""

    kind: TaskKind | None = None
    actor: Actor | None = None
    mine: bool = False
    limit: i.Limit = i.DEFAULT_LIMIT
    cursor: CursorText | None = None


class TaskOut(Output):
    """One thing to do. `due` and `days_left` (below zero: overdue) are null where nothing says by when.

    `open`: it can be recorded that day; if not, `unmet` says why, and `opens_on` from when, where that is known.
    """

    kind: TaskKind
    label: str
    action: EventType
    action_label: str
    who: list[Actor]
    who_labels: list[str]
    since: date
    due: date | None
    days_left: int | None
    binding: bool
    law: str
    open: bool
    opens_on: date | None
    unmet: list[UnmetOut]


class NextDueOut(Output):
    """The clock that is due first."""

    code: str
    label: str
    due: date
    days_left: int


class WorkRow(Output):
    """A case with something to do, the most pressing first. `version` is what `If-Match` needs.

    Days are calendar days: `age_days` since registration, `days_since_offence` since the last offence, `days_in_state`.
    `turns_18_in_days`: null for those of age. Of a youth whose address is protected, `konfliktrad` and `coordinator`
    are null for most.
    """

    id: UUID
    reference: str
    version: int
    sanction: Sanction
    sanction_label: str
    state: State
    state_label: str
    phase: Phase
    konfliktrad: str | None
    coordinator: str | None
    waiting_for: Party | None
    age_days: int
    days_since_offence: int
    turns_18_on: date
    turns_18_in_days: int | None
    next_deadline: NextDueOut | None
    tasks: list[TaskOut]


class WorkList(Output):
    """A page of the worklist as it stands on that day; `next` is the cursor of the following one, null on the last."""

    on: date
    items: list[WorkRow]
    next: str | None


class TaskKindOut(Output):
    """One list: what is done in it, by which event, in whose name; how many cases have it to do, how many overdue.

    `actions`: the event that settles it; of several the case decides. `overdue`: the next clock of the case has passed.
    """

    kind: TaskKind
    label: str
    actions: list[EventType]
    who: list[Actor]
    cases: int
    overdue: int


class KindList(Output):
    """Every list, in the order a case meets them."""

    items: list[TaskKindOut]


class TaskList(Output):
    """What needs doing in one case."""

    as_of: AsOfOut
    items: list[TaskOut]


@router.get("/v1/worklist", response_model=WorkList, summary="What needs doing")
def get_worklist(context: ReadContext, query: Annotated[WorkQuery, Query()]) -> Response:
    """Cases with something to do and what it is, the most pressing first: as it stands now, or stood on another day."""
    return context.read(lambda tx: _page_of_worklist(tx, context, query), may=may_read_worklist)


@router.get("/v1/worklist/kinds", response_model=KindList, summary="Every list, and how long it is")
def list_task_kinds(context: ReadContext, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each kind of task, the event that settles it, and in how many of the cases that one sees it waits."""
    return context.read(lambda tx: json_response(_kind_list(tx, context)), may=may_read_worklist)


@router.get("/v1/cases/{case_id}/tasks", response_model=TaskList, summary="What needs doing in a case")
def get_tasks(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """What needs doing in this case, the most pressing first, and why what cannot be done yet cannot."""

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        case_tasks = tasks.tasks(read.case, read.on if as_of.valid_at or as_of.known_at else oslo_date(context.now))
        to = offices.transfer_to(read.case)
        items = [
            _task_out(task, read.on, context.language) for task in _tasks_for(case_tasks, context.recorder.viewer, to)
        ]
        body = TaskList(as_of=AsOfOut(on=read.on, known_at=instant(as_of.known_at)), items=items)
        return json_response(body, ETag=etag(read.stored.version))

    return context.read(operation, may=may_read_worklist)


def _page_of_worklist(tx: Connection, context: RequestContext, query: WorkQuery) -> ApiResponse:
    check_office(tx, context, query.konfliktrad)
    list_key = "work " + query.model_dump_json(exclude={"cursor", "limit"}, by_alias=True)
    page_query = worklist.WorklistQuery(
        filters=_filters(query, context),
        sort=ORDER,
        after=cursors.read(context.cursor_key, list_key, query.cursor) if query.cursor else None,
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
    )
    day = query.valid_at or oslo_date(page_query.known_at or context.now)
    work, last = worklist.work_page(tx, context.recorder.viewer, page_query, day)
    rows = [_work_row(row, case_tasks, context.recorder.viewer, day, context.language) for row, case_tasks in work]
    following = cursors.write(context.cursor_key, list_key, last) if last else None
    return json_response(WorkList(on=day, items=rows, next=following))


def _filters(query: WorkQuery, context: RequestContext) -> Filters:
    held_by = context.recorder.viewer if query.mine else None
    return replace(filters(query, context), held_by=held_by, duty=duty_pattern(query.kind or "", query.actor or ""))


def _work_row(row: Any, case_tasks: list[Task], viewer: Viewer, day: date, language: texts.Language) -> WorkRow:
    left = days_between(day, row.turns_18_on)
    return WorkRow(
        id=row.case_id,
        reference=row.reference,
        version=row.version,
        sanction=row.sanction,
        sanction_label=texts.label(language, row.sanction),
        state=row.state,
        state_label=texts.label(language, row.state),
        phase=row.phase,
        konfliktrad=row.konfliktrad,
        coordinator=row.coordinator,
        waiting_for=row.waiting_for,
        age_days=max(0, days_between(row.registered_on, day)),
        days_since_offence=max(0, days_between(row.last_offence, day)),
        turns_18_on=row.turns_18_on,
        turns_18_in_days=left if left > 0 else None,
        next_deadline=_next_due(row, day, language),
        tasks=[_task_out(task, day, language) for task in _tasks_for(case_tasks, viewer, row.transfer_to)],
    )


def _next_due(row: Any, day: date, language: texts.Language) -> NextDueOut | None:
    if row.next_due_on is None or row.next_due_code is None:
        return None
    label = texts.text(language, "deadline", row.next_due_code)
    return NextDueOut(
        code=row.next_due_code, label=label, due=row.next_due_on, days_left=days_between(day, row.next_due_on)
    )


def _tasks_for(case_tasks: list[Task], viewer: Viewer, transfer_to: str | None) -> list[Task]:
    """Office and secretariat see what everybody has to do, authorities what is theirs; a transfer its receiver answers.

    Of an office that is to have a case nothing else is asked yet.
    """
    acts = acts_for(viewer.role)
    everything = Actor.COORDINATOR in acts or Actor.SECRETARIAT in acts
    own_tasks = case_tasks if everything else [task for task in case_tasks if acts & set(task.who)]
    if transfer_to is None or viewer.konfliktrad is None:
        return own_tasks
    receives = viewer.konfliktrad == transfer_to
    return [task for task in own_tasks if (task.kind is TaskKind.ACCEPT_TRANSFER) is receives]


def _task_out(task: Task, day: date, language: texts.Language) -> TaskOut:
    availability = task.on(day)
    return TaskOut(
        kind=task.kind,
        label=texts.label(language, task.kind),
        action=task.action,
        action_label=texts.label(language, task.action),
        who=list(task.who),
        who_labels=[texts.label(language, actor) for actor in task.who],
        since=task.since,
        due=task.due,
        days_left=days_between(day, task.due) if task.due else None,
        binding=task.binding,
        law=task.law,
        open=not availability.unmet,
        opens_on=task.opens_on(day),
        unmet=[unmet_out(language, condition) for condition in tasks.unmet_on(availability, day)],
    )


def _kind_list(tx: Connection, context: RequestContext) -> KindList:
    counts = worklist.task_counts(tx, context.recorder.viewer, oslo_date(context.now))
    return KindList(items=[_kind_out(kind, counts.get(kind, (0, 0)), context.language) for kind in TaskKind])


def _kind_out(kind: TaskKind, count: tuple[int, int], language: texts.Language) -> TaskKindOut:
    rows = [row for row in TASK_RULES if row.kind is kind]
    return TaskKindOut(
        kind=kind,
        label=texts.label(language, kind),
        actions=list(dict.fromkeys(event for row in rows for event in row.events)),
        who=list(dict.fromkeys(actor for row in rows for actor in row.who)),
        cases=count[0],
        overdue=count[1],
    )
