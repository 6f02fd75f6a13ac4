"""Schemas of the worklist and of the tasks of a case."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from ungdom.api.cases.list_schemas import CaseFilterQuery, refuse_order_of_the_past
from ungdom.api.http import inputs as i
from ungdom.api.http.inputs import Input
from ungdom.api.http.schemas import AsOfOut, Output, UnmetOut
from ungdom.message.text import CodeText, CursorText, ReferenceText
from ungdom.store.duties import NOBODY, OFFICE_ACTORS, TaskFilter
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Sanction, State

TaskParty = Literal["konfliktrad", "police", "prosecution", "court", "correctional_service", "secretariat", "system"]
"""Who may have a task to do; the konfliktråd for coordinator and leader."""

WorkSort = Literal[
    "pressing",
    "due",
    "-due",
    "registered_on",
    "-registered_on",
    "received_on",
    "-received_on",
    "next_due_on",
    "-next_due_on",
    "adjusted_end",
    "-adjusted_end",
    "turns_18_on",
    "-turns_18_on",
    "reference",
    "-reference",
]


class TaskQuery(Input):
    """Filters on one task of a case. `party`: who has to do it; `actor`: in whose name. `mine`: my cases.

    `overdue`: its due day has passed; `due_before`: it is due before that day.
    """

    kind: TaskKind | None = None
    party: TaskParty | None = None
    actor: Actor | None = None
    mine: bool = False

    @property
    def who(self) -> tuple[str, ...]:
        """The names under which somebody has the task to do; empty: anybody."""
        if self.party is None:
            return (self.actor,) if self.actor else ()
        if self.actor is None:
            return (self.party,)
        of_party = self.actor in OFFICE_ACTORS if self.party == "konfliktrad" else self.actor == self.party
        return (self.actor if of_party else NOBODY,)


class WorkQuery(CaseFilterQuery, TaskQuery):
    """Filters and order of the worklist. A case is listed if one of its tasks meets all conditions on tasks.

    `sort`: `pressing`, unless another is named; `due`: by the due day of the tasks that meet the conditions. `total`:
    also count the cases of all pages; a list of the past is not counted.
    """

    due_before: i.CivilDay | None = None
    sort: WorkSort | None = None
    total: bool = False
    limit: i.Limit = i.DEFAULT_LIMIT
    cursor: CursorText | None = None

    @model_validator(mode="after")
    def _past_in_order_of_opening(self) -> Self:
        refuse_order_of_the_past(self, self.sort)
        return self

    def task(self, day: date) -> TaskFilter:
        """The conditions on tasks; `overdue` counts on that day."""
        limits = [limit for limit in (self.due_before, day if self.overdue else None) if limit]
        return TaskFilter(
            kind=self.kind or "",
            who=self.who,
            due_before=min(limits, default=None),
            not_due_before=day if self.overdue is False else None,
        )


class LateForecastQuery(TaskQuery):
    """Which cases of the own office, or of any for national roles, and how many weeks; this week is the first."""

    konfliktrad: CodeText | None = None
    coordinator: ReferenceText | None = None
    sanction: Sanction | None = None
    weeks: Annotated[int, Field(ge=1, le=26)] = 8
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


class WorkTaskOut(TaskOut):
    """A task of a case in the worklist. `matches`: it meets the conditions of the query on tasks."""

    matches: bool


class NextDueOut(Output):
    """The clock that is due first."""

    code: str
    label: str
    due: date
    days_left: int


class WorkRow(Output):
    """A case with something to do, the most pressing first. `version` is what `If-Match` needs.

    Days are calendar days: `age_days` since registration, `days_since_offence` since the last offence, `waiting_days`
    since `waiting_since`: since when `waiting_for` has been waited for without a break. `turns_18_in_days`: null for
    those of age. Of a youth whose address is protected, `konfliktrad` and `coordinator` are null for most.
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
    waiting_since: date | None
    waiting_days: int | None
    age_days: int
    days_since_offence: int
    turns_18_on: date
    turns_18_in_days: int | None
    next_deadline: NextDueOut | None
    tasks: list[WorkTaskOut]


class EmergencyTaskOut(Output):
    """An emergency access to a case of the office that its leader has to review, by `due`. Office norm, not law."""

    id: UUID
    case: UUID
    reference: str
    label: str
    taken_at: datetime
    due: date
    days_left: int


class WorkList(Output):
    """A page of the worklist as it stands on that day.

    `to_review`: on the first page of a leader's present worklist, the emergency accesses to cases of the office that
    nobody has reviewed, the first due first.

    `next`, `prev`: the cursors of the neighbouring pages, null where there is none. `total`: the number of cases in the
    whole list; null unless the query asks for it.
    """

    on: date
    items: list[WorkRow]
    next: str | None
    prev: str | None
    total: int | None
    to_review: list[EmergencyTaskOut]


class LateWeekOut(Output):
    """One ISO week (`2026-W05`), and how many cases will be late in it if nothing more is done in them."""

    week: str
    since: date
    until: date
    cases: int


class LateCaseOut(Output):
    """A case that will be late, the week, and the task that will be late first."""

    id: UUID
    reference: str
    version: int
    sanction: Sanction
    state: State
    state_label: str
    konfliktrad: str | None
    coordinator: str | None
    week: str
    due: date
    task: TaskOut


class LateForecastOut(Output):
    """What will be late, by week, and a page of the cases, the first due first.

    Each case counts once, by the first due day of its tasks. `late`: late already; `later`: due after the last week;
    `undated`: no task has a due day.
    """

    on: date
    weeks: list[LateWeekOut]
    late: int
    later: int
    undated: int
    items: list[LateCaseOut]
    next: str | None
    prev: str | None


class TaskKindOut(Output):
    """One list: what is done in it, by which event, in whose name; how many cases have it to do, how many overdue.

    `actions`: the event that settles it; of several the case decides. `overdue`: such a task is past its due day.
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
