"""What needs doing in a case: something in every open one, and what can be done is what recording answers."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from uuid import UUID

import pytest

from tests.model.strategies import walk
from tests.workflow.roads import case_at
from tests.workflow.test_model import Engine
from ungdom.store.projection import CaseIdentity, read_work, row_of
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.rules.deadlines import RULES
from ungdom.workflow.views.tasks import CLOCKS_WITHOUT_TASK, TASK_RULES, TaskKind, last_day, tasks
from ungdom.workflow.vocabulary import Actor, EventType

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


def test_every_delay_has_a_task_or_a_reason_to_have_none() -> None:
    followed = {row.condition for row in TASK_RULES if isinstance(row.condition, str)}

    assert followed | CLOCKS_WITHOUT_TASK == {rule.code for rule in RULES}
    assert not followed & CLOCKS_WITHOUT_TASK


def test_every_kind_has_a_row_and_settles_with_an_event_recorded_in_its_name() -> None:
    assert {row.kind for row in TASK_RULES} == set(TaskKind)
    for row in TASK_RULES:
        for sanction in row.sanctions:
            actors = {actor for event in row.events for actor in engine.actors_of(sanction, event)}
            assert not actors or actors & set(row.who), row


@pytest.mark.parametrize(
    ("road", "until", "more", "expected"),
    [
        ("F R2", "received", (), [("assign", "assigned", "leader")]),
        ("F R2", "assigned", (), [("make_contact", "first_contact", "coordinator")]),
        ("F R2", "plan_meeting_held", (), [("approve_plan", "plan_approved", "coordinator"),
                                           ("hold_team_meeting", "team_meeting_held", "coordinator"),
                                           ("complete", "completed", "coordinator")]),
        ("F R2", "plan_meeting_held",
         ("2025-03-05 plan_approved {measures: [{measure: m1, code: conversation, until: 2025-06-01}]}",
          "2025-03-10 measure_started {measure: m1}"),
         [("end_measure", "measure_ended", "coordinator")]),
        ("S R2", "suspect_set", ("2025-01-24 pum_ordered", "2025-02-21 pum_returned {carried_out: true}"),
         [("order_investigation_anew", "pum_ordered", "prosecution")]),
        ("S R2", "became_final", (), [("dispatch", "dispatched", "prosecution")]),
    ],
)  # fmt: skip
def test_what_comes_next_is_named_with_who_and_how(
    road: str, until: str, more: tuple[str, ...], expected: list[tuple[str, str, str]]
) -> None:
    found = {(str(task.kind), str(task.action), str(task.who[0])) for task in tasks(case_at(road, until, *more))}

    assert set(expected) <= found


def test_completing_opens_on_the_day_the_term_has_run() -> None:
    case = case_at("F R2", "plan_meeting_held")
    end = case.adjusted_end(last_day(case))
    assert end is not None

    task = next(one for one in tasks(case) if one.kind is TaskKind.COMPLETE)

    assert task.due == end
    assert task.opens_on(last_day(case)) == end
    assert [no.code for no in task.on(end - timedelta(days=1)).unmet] == ["term_has_run"]
    assert task.on(end).unmet == ()


def test_a_complaint_over_the_transfer_is_the_prosecutions_to_decide() -> None:
    case = case_at("F R2", "assigned")
    day = last_day(case).isoformat()
    transfer = case_at("F R2", "assigned", f"{day} complaint_filed {{about: transfer_to_follow_up}}")
    postponed = (f"{day} postponed {{reason: health}}", f"{day} complaint_filed {{about: postponement}}")
    other = case_at("F R2", "assigned", *postponed)

    def who(case: Case) -> tuple[Actor, ...]:
        return next(one.who for one in tasks(case) if one.action is EventType.COMPLAINT_DECIDED)

    assert who(transfer) == (Actor.PROSECUTION,)
    assert who(other) == (Actor.SECRETARIAT,)
