"""The kinds of tasks of many cases are counted in one reading as they are case by case."""

from collections import Counter
from datetime import date

from ungdom.store.duties import NO_DAY, duties_of, kinds_of, kinds_of_all, task_kinds_of
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task
from ungdom.workflow.vocabulary import Actor, EventType


def task(kind: TaskKind, due: date | None, *who: Actor) -> Task:
    since = date(2026, 1, 1)
    return Task(
        kind=kind,
        action=EventType.NOTE_ADDED,
        who=who,
        since=since,
        due=due,
        act_on=due or since,
        binding=False,
        law="",
        openings=(),
    )


def test_the_kinds_of_many_cases_are_those_of_each() -> None:
    kinds = list(TaskKind)
    cases = [
        [
            task(
                kinds[place % len(kinds)], None if place % 5 == 0 else date(2026, 1, 1 + place % 28), Actor.COORDINATOR
            ),
            task(kinds[place * 7 % len(kinds)], date(2026, 2, 1 + place % 20), Actor.LEADER, Actor.POLICE),
        ]
        for place in range(100)
    ]
    values = [duties_of(tasks) or "" for tasks in cases]
    counted = kinds_of_all("".join(task_kinds_of(tasks) or "" for tasks in cases))
    assert counted == Counter(pair for value in values for pair in kinds_of(value))
    assert {kind for kind, _ in counted} == set(kinds)
    assert sum(count for (_, due), count in counted.items() if due == NO_DAY) > 0
    assert kinds_of_all("") == Counter()


def test_a_case_with_every_kind_of_task_fits_into_the_index() -> None:
    """An entry of an index of PostgreSQL has at most 2,704 bytes."""
    value = task_kinds_of([task(kind, date(2026, 1, 1), Actor.COORDINATOR) for kind in TaskKind])
    assert value is not None
    assert len(value) < 2_000
    assert task_kinds_of([]) is None
