"""What of a case a viewer may not learn: its fields, events, deadlines, members, meetings and tasks. Pure.

Two tables decide together. `permissions` gives disclosures to a role by its relation to the case; `sharing` gives
matters to a member of the follow-up team, by law or by consent. Everybody who may see a case learns its reference,
where it stands, who is waited for and what is due next: notices of delay contain as much (office norm).

The presenters of `api/` use these functions. What depends on one resource alone is decided there.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from ungdom.workflow.derived.meetings import MeetingKind
from ungdom.workflow.rules.permissions import Disclosure, Viewer, acts_for
from ungdom.workflow.rules.sharing import Matter, matter_of
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task
from ungdom.workflow.views.timeline import Mark
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role


class Knowledge(Protocol):
    """What a viewer may learn of one case: disclosures, and matters."""

    @property
    def disclosures(self) -> frozenset[Disclosure]:
        """What the role and its relation to the case let the viewer learn."""

    def may_learn(self, matter: Matter) -> bool:
        """Whether the viewer may learn this matter; always true of whoever learns by their office."""


CASE_FIELDS_BY_MATTER: dict[Matter, tuple[str, ...]] = {
    Matter.SANCTION: ("sanction", "regimes", "length"),
    Matter.OFFENCE: ("first_offence", "last_offence", "lead_time_days"),
    Matter.PROGRESS: ("breaches",),
    Matter.STAGE_DATES: (
        "registered_on",
        "received_on",
        "closed_on",
        "start",
        "start_dates",
        "planned_end",
        "adjusted_end",
        "interrupted_days",
        "served_days",
        "served_days_before_interruption",
        "finality",
        "set_aside_judgments",
        "ended_by_closing",
        "lead_time_days",
        "completion",
    ),
}
"""Fields of a case that are hidden from a viewer who may not learn the matter."""

CASE_FIELDS_BY_DISCLOSURE: dict[Disclosure, tuple[str, ...]] = {
    Disclosure.PERSON: ("person",),
    Disclosure.OFFICE: ("konfliktrad", "coordinator", "transfer_to", "team"),
}
"""Fields of a case that are hidden from a viewer without the disclosure: who the youth is, and where."""

TEAM_ROW_FIELDS = frozenset(
    {
        "sanction",
        "registered_on",
        "last_offence",
        "received_on",
        "started_on",
        "adjusted_end",
        "closed_on",
    }
)
"""Fields of a list of cases that are hidden from every member of a team: the case itself shows what each may learn."""

MEETING_CLOCKS = frozenset({"plan_meeting", "team_meeting"})
"""Deadlines of meetings, which everybody who is invited to them may learn."""

TEAM_MEETINGS = frozenset({MeetingKind.CONFERENCE, MeetingKind.PLAN, MeetingKind.REPLAN, MeetingKind.TEAM})
"""Meetings whose dates viewers outside the office may learn."""

MARKS_FOR_ALL = frozenset({Mark.STAGE, Mark.DEADLINE})
"""Timeline entries that a viewer may learn who may not know who the youth is."""

REACH_FIELDS = frozenset({"contact", "municipality", "national_id"})
"""Fields of a pushed message that say where the youth is found, by whom, or by which number."""


def hidden_case_fields(knowledge: Knowledge) -> frozenset[str]:
    """Names of the fields of a case that the viewer may not learn."""
    hidden = [names for matter, names in CASE_FIELDS_BY_MATTER.items() if not knowledge.may_learn(matter)]
    hidden += [names for key, names in CASE_FIELDS_BY_DISCLOSURE.items() if key not in knowledge.disclosures]
    return frozenset(name for names in hidden for name in names)


def hidden_row_fields(role: Role) -> frozenset[str]:
    """Names of the fields of a list of cases that the role may not learn. Places are hidden by `Disclosure.LISTED`."""
    return TEAM_ROW_FIELDS if role is Role.TEAM_MEMBER else frozenset()


def hidden_event_fields(knowledge: Knowledge) -> frozenset[str]:
    """Names of the fields of an event that the viewer may not learn: content, author, and where the case then stood."""
    content = () if Disclosure.PERSON in knowledge.disclosures else ("details",)
    author = () if Disclosure.OFFICE in knowledge.disclosures else ("subject", "source")
    stage = () if knowledge.may_learn(Matter.STAGE_DATES) else ("state_after", "official_status")
    return frozenset((*content, *author, *stage))


def may_learn_event(knowledge: Knowledge, kind: EventType) -> bool:
    """Whether the viewer may learn that an event of this type happened: its name alone can disclose a matter."""
    return knowledge.may_learn(matter_of(kind))


def may_learn_deadline(knowledge: Knowledge, code: str) -> bool:
    """Whether the viewer may learn of this deadline."""
    return code in MEETING_CLOCKS or knowledge.may_learn(Matter.STAGE_DATES)


def may_learn_entry(knowledge: Knowledge, mark: Mark) -> bool:
    """Whether the viewer may learn of timeline entries with this mark."""
    return mark in MARKS_FOR_ALL or Disclosure.PERSON in knowledge.disclosures


def may_learn_member(knowledge: Knowledge, viewer: Viewer, member: str) -> bool:
    """Whether the viewer may learn that this person is on the team. Each member knows of themselves."""
    return member == viewer.subject or Disclosure.OFFICE in knowledge.disclosures


def may_learn_sharing(knowledge: Knowledge, viewer: Viewer, member: str) -> bool:
    """Whether the viewer may learn what is shared with this member, and how. Each member knows of themselves."""
    return member == viewer.subject or Disclosure.PERSON in knowledge.disclosures


def may_learn_meeting(kind: MeetingKind, matters: frozenset[Matter], of_office: bool) -> bool:
    """Whether a viewer who may learn these matters may learn of a meeting of this kind. `of_office`: all meetings."""
    return of_office or (Matter.MEETING_DATES in matters and kind in TEAM_MEETINGS)


def may_name_providers(knowledge: Knowledge, protection: Protection) -> bool:
    """Whether a provider with an address may be named: the provider discloses where the youth is. frl § 10-4."""
    return protection is Protection.NONE or Disclosure.REACH in knowledge.disclosures


def visible_tasks(case_tasks: Iterable[Task], viewer: Viewer, transfer_to: str | None) -> list[Task]:
    """The tasks of a case that the viewer learns of.

    Office and secretariat learn of all, authorities of their own. `transfer_to`: the konfliktråd that is to receive the
    case. Its viewers learn of the task to accept the transfer, and of no other; viewers of another office never do.
    """
    actors = actors_of_visible_tasks(viewer.role)
    tasks = [task for task in case_tasks if actors is None or actors & set(task.who)]
    if transfer_to is None or viewer.konfliktrad is None:
        return tasks
    receives = viewer.konfliktrad == transfer_to
    return [task for task in tasks if (task.kind is TaskKind.ACCEPT_TRANSFER) is receives]


def actors_of_visible_tasks(role: Role) -> frozenset[Actor] | None:
    """The actors whose tasks the role learns of; None: of every actor."""
    acts = acts_for(role)
    return None if Actor.COORDINATOR in acts or Actor.SECRETARIAT in acts else acts


def redact_message(message: dict[str, Any], disclosures: frozenset[Disclosure]) -> dict[str, Any] | None:
    """The content of a pushed message without what may not be learnt; None where the youth may not be known."""
    if Disclosure.PERSON not in disclosures:
        return None
    return message if Disclosure.REACH in disclosures else {key: _without_reach(part) for key, part in message.items()}


def _without_reach(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_reach(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_reach(inner) for name, inner in value.items() if name not in REACH_FIELDS}
    return value
