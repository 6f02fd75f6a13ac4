"""The tasks of a case: what, by whom, by when, and whether it can be recorded; the worklist (gjøremål) of one case.

The table is `task_rules.TASK_RULES`. Every open case has at least one
task. `engine.decide` determines whether that event can be recorded, as it does for recording itself. The days on which
its result changes are computed as well, so that stored tasks remain valid until the next event of the case. The current
time is not used: equal histories give equal tasks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ungdom.workflow import law
from ungdom.workflow.case import Case, derived_once
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.breaches import petition_deadline
from ungdom.workflow.engine import decide
from ungdom.workflow.guards.core import ProposedEvent, UnmetCondition
from ungdom.workflow.rules.deadlines import Deadline, running
from ungdom.workflow.views.task_conditions import TaskNeed
from ungdom.workflow.views.task_rules import NORM, TASK_RULES, UNDATED, TaskKind, TaskRule
from ungdom.workflow.vocabulary import Actor, EventType

_ORDER = {kind: place for place, kind in enumerate(TaskKind)}


@dataclass(frozen=True, slots=True)
class TaskAvailability:
    """Whether a task can be recorded from that day until the next entry. `unmet`: the obstacles; empty: it can."""

    since: date
    unmet: tuple[UnmetCondition, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One task. `action`: the event that settles it. `due`: None if no rule sets a due day.

    `act_on`: the day that determines the order: the due day, earlier for urgent tasks (`TaskRule.days_ahead`).
    """

    kind: TaskKind
    action: EventType
    who: tuple[Actor, ...]
    since: date
    due: date | None
    act_on: date
    binding: bool
    law: str
    openings: tuple[TaskAvailability, ...]

    def on(self, day: date) -> TaskAvailability:
        """The availability on that day."""
        return next((opening for opening in reversed(self.openings) if opening.since <= day), self.openings[0])

    def opens_on(self, day: date) -> date | None:
        """The first day, from the given one on, on which the task can be recorded; None if no such day is known."""
        if not self.on(day).unmet:
            return day
        return next((opening.since for opening in self.openings if opening.since > day and not opening.unmet), None)


@dataclass(frozen=True, slots=True)
class CaseTasks:
    """The tasks of a case as stored.

    `turns_on`: the day from which they must be recomputed, because the youth comes of age, a consent expires or the
    law changes. All other changes without an event are in the openings.
    """

    turns_on: date | None
    tasks: tuple[Task, ...]


def tasks(case: Case, day: date | None = None) -> list[Task]:
    """The tasks, most urgent first. `day`: by default the last day of the history.

    A task is valid until the next event; its openings give the availability on later days.
    """
    if case.is_closed:
        return _tasks_by_rules(
            case, day or case.entered_on, [row for row in TASK_RULES if row.kind is TaskKind.DECIDE_COMPLAINT]
        )
    return _tasks_by_rules(case, day or last_day(case), TASK_RULES)


def by_urgency(case_tasks: Iterable[Task], day: date) -> list[Task]:
    """The tasks in the order of the worklist on that day.

    First those that are due or, if urgent, soon; then those without a due day; then those that are due later.
    `store.case_lists.most_pressing_first` is the same order for cases.
    """

    def key(task: Task) -> tuple[int, date, int]:
        group = 1 if task.due is None else 0 if task.act_on <= day else 2
        return group, task.act_on, _ORDER[task.kind]

    return sorted(case_tasks, key=key)


def unmet_on(opening: TaskAvailability, day: date) -> tuple[UnmetCondition, ...]:
    """The unmet conditions as of that day. Where the day of the opening itself is the obstacle, `day` replaces it."""
    opening_day = (opening.since, opening.since.isoformat())
    return tuple(
        replace(condition, current=day) if condition.current in opening_day else condition
        for condition in opening.unmet
    )


def case_tasks(case: Case) -> CaseTasks:
    """The tasks as of the last day of the history, with the day on which they must be recomputed; to be stored."""
    day = last_day(case)
    until_days = [getattr(event.details, "until", None) for event in case.all(EventType.CONSENT_GIVEN)]
    expired = [until + timedelta(days=1) for until in until_days if until is not None]
    turns = [case.of_age_on, *expired, *(since for since, _ in law.REGIME.values)]
    return CaseTasks(min((turn for turn in turns if turn > day), default=None), tuple(tasks(case, day)))


@derived_once
def last_day(case: Case) -> date:
    """The latest day on which an event of the history occurred."""
    return max([event.occurred_on for event in case.events])


def _tasks_by_rules(case: Case, day: date, rows: Iterable[TaskRule]) -> list[Task]:
    applicable = [row for row in rows if case.sanction in row.sanctions]
    clocks = {
        clock.code: clock for clock in sorted(running(case, day), key=lambda deadline: deadline.due, reverse=True)
    }
    tasks = [_task(case, row, need, day) for row in applicable for need in _needs_of_rule(case, row, clocks, day)]
    return sorted(tasks, key=lambda task: (task.act_on, _ORDER[task.kind]))


def _needs_of_rule(case: Case, row: TaskRule, clocks: dict[str, Deadline], day: date) -> Iterator[TaskNeed]:
    if not isinstance(row.condition, str):
        yield from (replace(need, law=need.law or row.law) for need in row.condition(case, day))
    elif clock := clocks.get(row.condition):
        yield TaskNeed(clock.begun_on, clock.due, clock.binding, clock.law)
    elif case.state in row.also_in:
        yield TaskNeed(case.entered_on, law=row.law)


def _task(case: Case, row: TaskRule, need: TaskNeed, day: date) -> Task:
    action = row.action if isinstance(row.action, EventType) else row.action(case, day)
    due = need.due or need.since + timedelta(days=UNDATED)
    return Task(
        kind=row.kind,
        action=action,
        who=_responsible(case, row),
        since=need.since,
        due=need.due,
        act_on=due - timedelta(days=row.days_ahead),
        binding=need.binding or row.days_ahead > NORM,
        law=need.law,
        openings=_openings(case, action, day),
    )


def _responsible(case: Case, row: TaskRule) -> tuple[Actor, ...]:
    """The actors responsible. A complaint about the transfer is for the prosecution, others for the secretariat."""
    filed = complaints.open_complaint(case) if row.kind is TaskKind.DECIDE_COMPLAINT else None
    return (filed.decision.rule.to,) if filed and filed.decision else row.who


def _openings(case: Case, action: EventType, day: date) -> tuple[TaskAvailability, ...]:
    """The results of `decide` from that day on, evaluated on each day on which they may change."""
    openings: list[TaskAvailability] = []
    waiting = sorted({day, *_change_days(case, day)})
    while waiting:
        on = waiting.pop(0)
        unmet = decide(case, ProposedEvent(action, on, on)).unmet
        later = {condition.earliest for condition in unmet if condition.earliest and condition.earliest > on}
        waiting = sorted({*waiting, *later})
        if not openings or _codes(openings[-1].unmet) != _codes(unmet):
            openings.append(TaskAvailability(on, unmet))
    return tuple(openings)


def _codes(unmet: tuple[UnmetCondition, ...]) -> list[str]:
    return [condition.code for condition in unmet]


def _change_days(case: Case, day: date) -> Iterator[date]:
    """The days after the given one on which a result may change without an event.

    These are the 18th birthday, a change of law, and the day after a date until which something applies. Also the
    day after the last move: a fact dated on the day of a move may still belong to the state before it.
    """
    ends = [getattr(event.details, "until", None) for event in case.events]
    last = [petition_deadline(case, day, control) for control in (True, False)]
    after = [turn + timedelta(days=1) for turn in [*ends, *last] if isinstance(turn, date)]
    moved = case.entered_on + timedelta(days=1)
    laws = [since for since, _ in law.REGIME.values]
    yield from (turn for turn in [case.of_age_on, moved, *laws, *after] if turn > day)
