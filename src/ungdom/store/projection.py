"""The projection of a case, its row of `case_current`: a pure function of the history, which reads no clock."""

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from ungdom.store.duties import duties_of, task_kinds_of
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.rules import deadlines, escalation, offices, waits
from ungdom.workflow.rules.permissions import CaseAccessFacts
from ungdom.workflow.views.tasks import CaseTasks, case_tasks
from ungdom.workflow.vocabulary import PHASE, EventType, Protection

TEAM_EVENTS = frozenset({EventType.TEAM_MEMBER_JOINED, EventType.TEAM_MEMBER_LEFT, EventType.CORRECTED})
"""The events that may change the team."""


_WORK = TypeAdapter(CaseTasks)
_NO_WORK = CaseTasks(None, ())


class CaseIdentity(NamedTuple):
    """Id, reference and person of a case, fixed when it is opened."""

    case_id: UUID
    reference: str
    person_id: UUID


def row_of(identity: CaseIdentity, case: Case, last: Event) -> dict[str, Any]:
    """The row of `case_current`. `last`: the last recorded event, from which version and time of change are taken."""
    return {
        **identity._asdict(),
        "version": last.seq,
        "updated_at": last.recorded_at,
        **_status_columns(case),
        **_date_columns(case),
        **_work_columns(case),
    }


@lru_cache(maxsize=1024)
def read_work(stored_json: str | None) -> CaseTasks:
    """The tasks in a value of the column `tasks`."""
    return _WORK.validate_json(stored_json) if stored_json else _NO_WORK


def _work_columns(case: Case) -> dict[str, Any]:
    open_work = case_tasks(case)
    dated = [task.act_on for task in open_work.tasks if task.due is not None]
    undated = [task.act_on for task in open_work.tasks if task.due is None]
    return {
        "act_on": open_work.tasks[0].act_on if open_work.tasks else None,
        "dated_on": min(dated, default=None),
        "undated_on": min(undated, default=None),
        "duties": duties_of(open_work.tasks),
        "task_kinds": task_kinds_of(open_work.tasks),
        "tasks": _WORK.dump_json(open_work).decode() if open_work.tasks or open_work.turns_on else None,
    }


def access_attributes(
    case: Case,
    protection: Protection,
    cleared: bool = False,
    joined: bool = False,
    substitute: str | None = None,
    substitute_cleared: bool = False,
) -> CaseAccessFacts:
    """The facts that decide who may see the case. `protection`: of the youth's address.

    `cleared`: the coordinator may have cases with protected addresses. `joined`: the youth was merged with a known
    person, so that whoever opened the case has no access for that reason. `substitute`, `substitute_cleared`: who
    stands in for the coordinator today, and whether they may have cases with protected addresses.
    """
    return CaseAccessFacts(
        konfliktrad=case.konfliktrad,
        state=case.state,
        team=case.team,
        coordinator=coordinator(case),
        transfer_to=offices.transfer_to(case),
        opened_by="" if joined else case.events[0].subject,
        protection=protection,
        cleared=cleared,
        substitute=substitute,
        substitute_cleared=substitute_cleared,
    )


def _status_columns(case: Case) -> dict[str, Any]:
    clocks = deadlines.running(case, case.entered_on)
    due = deadlines.first_due(clocks)
    return {
        "sanction": case.sanction,
        "konfliktrad": case.konfliktrad,
        "state": case.state,
        "phase": PHASE[case.state],
        "waiting_for": waits.waiting_for(case),
        "waiting_since": waits.waiting_since(case),
        "decision_regime": case.sanction_in_force.regime if case.sanction_in_force else None,
        "coordinator": coordinator(case),
        "transfer_to": offices.transfer_to(case),
        "next_due_on": due.due if due else None,
        "next_due_code": due.code if due else None,
        "look_on": escalation.first_notice_day(clocks),
    }


def _date_columns(case: Case) -> dict[str, Any]:
    received = case.first(EventType.RECEIVED)
    return {
        "registered_on": case.registered_on,
        "first_offence": case.first_offence,
        "last_offence": case.last_offence,
        "received_on": received.occurred_on if received else None,
        "started_on": case.start.on if case.start else None,
        "start_rule": case.start.rule if case.start else None,
        "planned_end": case.planned_end,
        "adjusted_end": case.adjusted_end(case.entered_on),
        "closed_on": case.closed_on,
        "turns_18_on": case.of_age_on,
    }


coordinator = offices.coordinator
"""The coordinator in the office that has the case; None if it is not assigned there."""
