"""What needs doing in the cases of random walks, and what can be done is what recording answers."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from uuid import UUID

from tests.model.engine import Engine
from tests.model.strategies import walk
from ungdom.store.projection import CaseIdentity, read_work, row_of
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import last_day, tasks

SEEDS = range(60)
LATER = (0, 1, 3, 10, 30, 60, 120, 365, 800)
WHO = CaseIdentity(UUID(int=1), "U-1", UUID(int=2))


@cache
def told() -> tuple[Case, ...]:
    """Random cases after each of their events."""
    return tuple(_told())


def _told() -> Iterator[Case]:
    for seed in SEEDS:
        known: Engine | None = None
        for model, entry in walk(random.Random(seed)):  # noqa: S311 - a walk that can be walked again
            known = known or Engine(Youth(model.born, model.guardians))
            new, refused = known.would(entry)
            if refused is None:
                known.take(new)
                assert known.case is not None
                yield known.case


def test_every_open_case_has_something_to_do_and_closed_ones_only_a_complaint(figure: Callable[[str], None]) -> None:
    seen: set[TaskKind] = set()
    cases = 0
    for case in told():
        found = tasks(case)
        kinds = {task.kind for task in found}
        assert (kinds <= {TaskKind.DECIDE_COMPLAINT}) if case.is_closed else kinds, case.state
        assert [task.act_on for task in found] == sorted(task.act_on for task in found)
        seen |= kinds
        cases += 1
    figure(f"worklist: {cases} cases on random walks, {len(seen)} of {len(TaskKind)} kinds of task, none left without")
    assert set(TaskKind) - seen <= {TaskKind.ORDER_INVESTIGATION_ANEW, TaskKind.END_MEASURE}  # seldom: below


def test_what_a_list_says_can_be_done_is_what_recording_answers_on_any_day(figure: Callable[[str], None]) -> None:
    asked = 0
    for place, case in enumerate(told()):
        if place % 3:
            continue
        day = last_day(case)
        for task in tasks(case):
            for later in LATER:
                on = day + timedelta(days=later)
                unmet = engine.decide(case, ProposedEvent(task.action, on, on)).unmet
                stands = task.on(on)
                assert [no.code for no in stands.unmet] == [no.code for no in unmet], (case.state, task.kind, on)
                opens = task.opens_on(on)
                assert (opens == on) is not bool(unmet)
                if opens and opens > on:
                    assert engine.decide(case, ProposedEvent(task.action, opens, opens)).allowed
                asked += 1
    figure(f"worklist against decide: {asked} answers, all equal")
    assert asked > 4_000


def test_what_is_kept_beside_a_case_is_what_is_found_anew_until_it_turns() -> None:
    compared = 0
    for place, case in enumerate(told()):
        if place % 3:
            continue
        work = read_work(row_of(WHO, case, case.events[-1])["tasks"])
        day = last_day(case)
        for later in LATER:
            on = day + timedelta(days=later)
            if work.turns_on is None or on < work.turns_on:
                anew = tasks(case, on)
                assert [(x.kind, x.due, x.act_on) for x in anew] == [(x.kind, x.due, x.act_on) for x in work.tasks], (
                    case.state
                )
                compared += 1
    assert compared > 1_000
