"""Schemas of the worklist and of the tasks of a case."""

from datetime import date
from uuid import UUID

from ungdom.api.cases.schemas import CaseFilterQuery
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output, UnmetOut
from ungdom.message.text import CursorText
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Sanction, State


class WorkQuery(CaseFilterQuery):
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
