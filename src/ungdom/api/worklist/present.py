"""The worklist and the tasks of a case as schemas."""

from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.http.present import from_source, unmet_out
from ungdom.api.worklist.schemas import NextDueOut, TaskKindOut, TaskOut, WorkRow
from ungdom.workflow import redaction
from ungdom.workflow.calendar import days_between
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.views import tasks
from ungdom.workflow.views.task_rules import TASK_RULES, TaskKind
from ungdom.workflow.views.tasks import Task


def work_row(row: Any, case_tasks: list[Task], viewer: Viewer, day: date, language: texts.Language) -> WorkRow:
    left = days_between(day, row.turns_18_on)
    return from_source(
        WorkRow,
        row,
        id=row.case_id,
        sanction_label=texts.label(language, row.sanction),
        state_label=texts.label(language, row.state),
        age_days=max(0, days_between(row.registered_on, day)),
        days_since_offence=max(0, days_between(row.last_offence, day)),
        turns_18_in_days=left if left > 0 else None,
        next_deadline=_next_due(row, day, language),
        tasks=[task_out(task, day, language) for task in redaction.visible_tasks(case_tasks, viewer, row.transfer_to)],
    )


def _next_due(row: Any, day: date, language: texts.Language) -> NextDueOut | None:
    if row.next_due_on is None or row.next_due_code is None:
        return None
    label = texts.text(language, "deadline", row.next_due_code)
    return NextDueOut(
        code=row.next_due_code, label=label, due=row.next_due_on, days_left=days_between(day, row.next_due_on)
    )


def task_out(task: Task, day: date, language: texts.Language) -> TaskOut:
    availability = task.on(day)
    return from_source(
        TaskOut,
        task,
        label=texts.label(language, task.kind),
        action_label=texts.label(language, task.action),
        who_labels=[texts.label(language, actor) for actor in task.who],
        days_left=days_between(day, task.due) if task.due else None,
        open=not availability.unmet,
        opens_on=task.opens_on(day),
        unmet=[unmet_out(language, condition) for condition in tasks.unmet_on(availability, day)],
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
