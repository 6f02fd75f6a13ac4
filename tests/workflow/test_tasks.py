"""What needs doing in a case: who does it, how it is settled, and when it can be."""

from datetime import timedelta

import pytest

from tests.workflow.roads import case_at
from ungdom.workflow import engine
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import RULES
from ungdom.workflow.views.task_rules import CLOCKS_WITHOUT_TASK, TASK_RULES, TaskKind
from ungdom.workflow.views.tasks import last_day, tasks
from ungdom.workflow.vocabulary import Actor, EventType


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
