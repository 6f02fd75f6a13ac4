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


INTERIM, UNTIL = "S R2 interim", "interim_conditions_started"
TRIED_AGAIN = (
    "2025-04-28 early_execution_allowed {requested_on: 2025-04-25}", "2025-04-28 dispatched", "2025-04-29 received",
    "2025-04-30 assigned {coordinator: anna}", "2025-05-02 appealed",
    "2025-06-27 appeal_decided {outcome: sent_back}",
    "2025-09-01 judgment_given {length: {years: 1}, subsidiary_prison: {months: 6}, suitable_reaction: true, "
    "lives_in_norway: true, served_on: 2025-09-01}",
    "2025-09-16 became_final", "2025-09-17 dispatched",
)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "kind"),
    [(5, TaskKind.DECIDE_APPEAL), (6, TaskKind.GIVE_JUDGMENT), (7, TaskKind.ESTABLISH_FINALITY),
     (8, TaskKind.DISPATCH), (9, TaskKind.RECEIVE)],
)  # fmt: skip
def test_while_an_appeal_or_a_new_trial_takes_its_course_only_that_is_to_be_done(lines: int, kind: TaskKind) -> None:
    case = case_at("S R2", "judgment_given", *TRIED_AGAIN[:lines])

    assert kind in {one.kind for one in tasks(case)}
    office = {TaskKind.MAKE_CONTACT, TaskKind.MAKE_PLAN, TaskKind.HOLD_TEAM_MEETING}
    assert not office & {one.kind for one in tasks(case)}


def test_no_team_meeting_is_due_while_the_conditions_stand_still() -> None:
    lines = ("2025-05-05 appealed", "2025-05-20 appeal_decided {outcome: withdrawn}", "2025-05-20 became_final",
             "2025-05-21 dispatched", "2025-05-22 received", "2025-05-23 interim_conditions_started")  # fmt: skip

    due = [
        TaskKind.HOLD_TEAM_MEETING in {one.kind for one in tasks(case_at(INTERIM, UNTIL, *lines[:number]))}
        for number in range(len(lines) + 1)
    ]

    assert due == [True, False, False, False, False, False, True]
