"""The worklist: what needs doing, for whom, by when, ordered by what matters."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom import texts, worklist
from ungdom.api import cursors, views
from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api.cases import AsOf, answer, filters, instant, read_case
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.api.offices import check_office
from ungdom.message.text import CursorText
from ungdom.store.current import mark
from ungdom.store.reading import Filters
from ungdom.store.session import Connection
from ungdom.workflow import offices, tasks
from ungdom.workflow.daycount import days_between, oslo_date
from ungdom.workflow.permissions import Viewer, acts_for, may_see_work
from ungdom.workflow.tasks import DUTIES, Task, TaskKind
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Sanction, State

router = APIRouter(tags=["worklist"])

ORDER = "act_on"


class WorkQuery(i.Narrowed):
    """Filters of the worklist. `actor`: in whose name it is done. `mine`: assigned to me, or opened by me."""

    kind: TaskKind | None = None
    actor: Actor | None = None
    mine: bool = False
    limit: i.Limit = i.DEFAULT_LIMIT
    cursor: CursorText | None = None


class TaskOut(s.Output):
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
    unmet: list[s.UnmetOut]


class NextDueOut(s.Output):
    """The clock that is due first."""

    code: str
    label: str
    due: date
    days_left: int


class WorkRow(s.Output):
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


class WorkList(s.Output):
    """A page of the worklist as it stands on that day; `next` is the cursor of the following one, null on the last."""

    on: date
    items: list[WorkRow]
    next: str | None


class TaskKindOut(s.Output):
    """One list: what is done in it, by which event, in whose name; how many cases have it to do, how many overdue.

    `actions`: the event that settles it; of several the case decides. `overdue`: the next clock of the case has passed.
    """

    kind: TaskKind
    label: str
    actions: list[EventType]
    who: list[Actor]
    cases: int
    overdue: int


class KindList(s.Output):
    """Every list, in the order a case meets them."""

    items: list[TaskKindOut]


class TaskList(s.Output):
    """What needs doing in one case."""

    as_of: s.AsOfOut
    items: list[TaskOut]


@router.get("/v1/worklist", response_model=WorkList, summary="What needs doing")
def get_worklist(call: ReadCall, query: Annotated[WorkQuery, Query()]) -> Response:
    """Cases with something to do and what it is, the most pressing first: as it stands now, or stood on another day."""
    return call.read(lambda tx: _page(tx, call, query), may=may_see_work)


@router.get("/v1/worklist/kinds", response_model=KindList, summary="Every list, and how long it is")
def list_task_kinds(call: ReadCall, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Each kind of task, the event that settles it, and in how many of the cases that one sees it waits."""
    return call.read(lambda tx: answer(_kinds(tx, call)), may=may_see_work)


@router.get("/v1/cases/{case_id}/tasks", response_model=TaskList, summary="What needs doing in a case")
def get_tasks(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """What needs doing in this case, the most pressing first, and why what cannot be done yet cannot."""

    def asked(tx: Connection) -> Answer:
        read = read_case(tx, call, case_id, as_of)
        found = tasks.tasks(read.case, read.on if as_of.valid_at or as_of.known_at else oslo_date(call.now))
        to = offices.transfer_to(read.case)
        shown = [_task_out(one, read.on, call.language) for one in _for_them(found, call.who.viewer, to)]
        body = TaskList(as_of=s.AsOfOut(on=read.on, known_at=instant(as_of.known_at)), items=shown)
        return answer(body, ETag=views.etag(read.stored.version))

    return call.read(asked, may=may_see_work)


def _page(tx: Connection, call: Call, query: WorkQuery) -> Answer:
    check_office(tx, call, query.konfliktrad)
    of = "work " + query.model_dump_json(exclude={"cursor", "limit"}, by_alias=True)
    asked = worklist.Asked(
        filters=_filters(query, call),
        sort=ORDER,
        after=cursors.read(call.cursor_key, of, query.cursor) if query.cursor else None,
        limit=query.limit,
        valid_at=query.valid_at,
        known_at=instant(query.known_at),
    )
    day = query.valid_at or oslo_date(asked.known_at or call.now)
    found, last = worklist.work(tx, call.who.viewer, asked, day)
    rows = [_row_out(row, kept, call.who.viewer, day, call.language) for row, kept in found]
    following = cursors.write(call.cursor_key, of, last) if last else None
    return answer(WorkList(on=day, items=rows, next=following))


def _filters(query: WorkQuery, call: Call) -> Filters:
    held_by = call.who.viewer if query.mine else None
    return replace(filters(query, call), held_by=held_by, duty=mark(query.kind or "", query.actor or ""))


def _row_out(row: Any, kept: list[Task], viewer: Viewer, day: date, language: texts.Language) -> WorkRow:
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
        tasks=[_task_out(one, day, language) for one in _for_them(kept, viewer, row.transfer_to)],
    )


def _next_due(row: Any, day: date, language: texts.Language) -> NextDueOut | None:
    if row.next_due_on is None or row.next_due_code is None:
        return None
    label = texts.text(language, "deadline", row.next_due_code)
    return NextDueOut(
        code=row.next_due_code, label=label, due=row.next_due_on, days_left=days_between(day, row.next_due_on)
    )


def _for_them(found: list[Task], viewer: Viewer, transfer_to: str | None) -> list[Task]:
    """Office and secretariat see what everybody has to do, authorities what is theirs; a transfer its receiver answers.

    Of an office that is to have a case nothing else is asked yet.
    """
    acts = acts_for(viewer.role)
    everything = Actor.COORDINATOR in acts or Actor.SECRETARIAT in acts
    mine = found if everything else [one for one in found if acts & set(one.who)]
    if transfer_to is None or viewer.konfliktrad is None:
        return mine
    receives = viewer.konfliktrad == transfer_to
    return [one for one in mine if (one.kind is TaskKind.ACCEPT_TRANSFER) is receives]


def _task_out(task: Task, day: date, language: texts.Language) -> TaskOut:
    stands = task.on(day)
    return TaskOut(
        kind=task.kind,
        label=texts.label(language, task.kind),
        action=task.action,
        action_label=texts.label(language, task.action),
        who=list(task.who),
        who_labels=[texts.label(language, one) for one in task.who],
        since=task.since,
        due=task.due,
        days_left=days_between(day, task.due) if task.due else None,
        binding=task.binding,
        law=task.law,
        open=not stands.unmet,
        opens_on=task.opens_on(day),
        unmet=[views.unmet(language, no) for no in tasks.asked_on(stands, day)],
    )


def _kinds(tx: Connection, call: Call) -> KindList:
    counts = worklist.counts(tx, call.who.viewer, oslo_date(call.now))
    return KindList(items=[_kind_out(kind, counts.get(kind, (0, 0)), call.language) for kind in TaskKind])


def _kind_out(kind: TaskKind, count: tuple[int, int], language: texts.Language) -> TaskKindOut:
    rows = [row for row in DUTIES if row.kind is kind]
    return TaskKindOut(
        kind=kind,
        label=texts.label(language, kind),
        actions=list(dict.fromkeys(event for row in rows for event in row.events)),
        who=list(dict.fromkeys(actor for row in rows for actor in row.who)),
        cases=count[0],
        overdue=count[1],
    )
