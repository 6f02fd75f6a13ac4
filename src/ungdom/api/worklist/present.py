"""The worklist and the tasks of a case as schemas."""

from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.http.present import from_source, unmet_out
from ungdom.api.worklist.schemas import (
    EmergencyTaskOut,
    LateCaseOut,
    NextDueOut,
    TaskKindOut,
    TaskOut,
    WorkRow,
    WorkTaskOut,
)
from ungdom.store.emergency_access import UnreviewedEmergency
from ungdom.workflow.calendar import days_between
from ungdom.workflow.views import tasks
from ungdom.workflow.views.task_rules import TASK_RULES, TaskKind
from ungdom.workflow.views.tasks import Task
from ungdom.worklist import forecast
from ungdom.worklist.worklist import Work


def work_row(work: Work, day: date, language: texts.Language) -> WorkRow:
    row = work.row
    left = days_between(day, row.turns_18_on)
    return from_source(
        WorkRow,
        row,
        id=row.case_id,
        sanction_label=texts.label(language, row.sanction),
        state_label=texts.label(language, row.state),
        waiting_days=max(0, days_between(row.waiting_since, day)) if row.waiting_since else None,
        age_days=max(0, days_between(row.registered_on, day)),
        days_since_offence=max(0, days_between(row.last_offence, day)),
        turns_18_in_days=left if left > 0 else None,
        next_deadline=_next_due(row, day, language),
        tasks=[
            from_source(WorkTaskOut, task, **_derived(task, day, language), matches=task in work.selected)
            for task in work.tasks
        ],
    )


def late_case_out(work: Work, day: date, language: texts.Language) -> LateCaseOut:
    """A case of the forecast. One of its selected tasks has a due day."""
    due, task = min(((task.due, task) for task in work.selected if task.due), key=lambda pair: pair[0])
    return from_source(
        LateCaseOut,
        work.row,
        id=work.row.case_id,
        state_label=texts.label(language, work.row.state),
        week=forecast.week_name(due),
        due=due,
        task=task_out(task, day, language),
    )


def _next_due(row: Any, day: date, language: texts.Language) -> NextDueOut | None:
    if row.next_due_on is None or row.next_due_code is None:
        return None
    label = texts.text(language, "deadline", row.next_due_code)
    return NextDueOut(
        code=row.next_due_code, label=label, due=row.next_due_on, days_left=days_between(day, row.next_due_on)
    )


def task_out(task: Task, day: date, language: texts.Language) -> TaskOut:
    return from_source(TaskOut, task, **_derived(task, day, language))


def _derived(task: Task, day: date, language: texts.Language) -> dict[str, Any]:
    """The fields of a task that depend on the day or the language."""
    availability = task.on(day)
    return {
        "label": texts.label(language, task.kind),
        "action_label": texts.label(language, task.action),
        "who_labels": [texts.label(language, actor) for actor in task.who],
        "days_left": days_between(day, task.due) if task.due else None,
        "open": not availability.unmet,
        "opens_on": task.opens_on(day),
        "unmet": [unmet_out(language, condition) for condition in tasks.unmet_on(availability, day)],
    }


def emergency_task_out(unreviewed: UnreviewedEmergency, day: date, language: texts.Language) -> EmergencyTaskOut:
    return EmergencyTaskOut(
        id=unreviewed.emergency_id,
        case=unreviewed.case_id,
        reference=unreviewed.reference,
        label=texts.text(language, "notice", "emergency_access"),
        taken_at=unreviewed.taken_at,
        due=unreviewed.review_by,
        days_left=days_between(day, unreviewed.review_by),
    )


def kind_out(kind: TaskKind, count: tuple[int, int], language: texts.Language) -> TaskKindOut:
    rows = [row for row in TASK_RULES if row.kind is kind]
    return TaskKindOut(
        kind=kind,
        label=texts.label(language, kind),
        actions=list(dict.fromkeys(event for row in rows for event in row.events)),
        who=list(dict.fromkeys(actor for row in rows for actor in row.who)),
        cases=count[0],
        overdue=count[1],
    )
