"""What of a case a viewer may learn: the one place that decides it, for every answer, notice and message. Pure.

`permissions` gives disclosures to a role by its relation to the case. `sharing` gives matters to a member of the
follow-up team and to the prosecution, by law or by consent. The office and the Secretariat learn by their disclosures;
everybody else learns the matters that the team view (`/v1/cases/{id}/team`) lists as allowed, and nothing else.

`fields` maps each field of an answer to a matter, `details` each field of an event. The functions here decide on rows:
events, deadlines, entries of the timeline, meetings, members, alerts, tasks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import team
from ungdom.workflow.derived.meetings import MeetingKind
from ungdom.workflow.events import Corrected, Event
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.payloads import Attendee, WaitReason
from ungdom.workflow.redaction.details import gates_of_detail
from ungdom.workflow.redaction.fields import Gate, Given
from ungdom.workflow.rules.deadlines import HEADLINE, Deadline, first_due, running
from ungdom.workflow.rules.escalation import DelayReason
from ungdom.workflow.rules.permissions import (
    NATIONAL,
    OF_THE_OFFICE,
    CaseAccessFacts,
    Disclosure,
    Viewer,
    acts_for,
    disclosures_for,
)
from ungdom.workflow.rules.sharing import Matter, matter_of, shared_matters
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task
from ungdom.workflow.views.timeline import Mark
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role

M = Matter


class Knowledge(Protocol):
    """What a viewer may learn of one case: disclosures, and matters."""

    @property
    def disclosures(self) -> frozenset[Disclosure]:
        """What the role and its relation to the case let the viewer learn."""

    @property
    def shared_matters(self) -> frozenset[Matter] | None:
        """What law or consent lets the viewer learn; None for the office, which learns by its disclosures."""


@dataclass(frozen=True, slots=True)
class ViewerKnowledge:
    """What a viewer may learn of one case on one day."""

    disclosures: frozenset[Disclosure]
    shared_matters: frozenset[Matter] | None = None


OFFICE_LEARNS_BY: dict[Matter, Disclosure] = {
    M.IDENTITY: Disclosure.PERSON,
    M.NAME_AND_BIRTH_YEAR: Disclosure.PERSON,
    M.ADDRESS: Disclosure.REACH,
}
"""The disclosure by which the office learns a matter. Every other matter goes to all of the office who see the case."""

CLOCK_MATTERS: dict[str, frozenset[Matter]] = {
    **dict.fromkeys(("plan_meeting", "team_meeting"), frozenset({M.MEETING_DATES})),
    **dict.fromkeys(("pum_wished", "pum_renewal"), frozenset({M.PERSON_INVESTIGATION})),
    "complaint_follow_up": frozenset({M.RIGHTS}),
    "complaint_plan": frozenset({M.RIGHTS, M.PLAN}),  # it begins on the day of the plan
    "complaint_decision": frozenset({M.RIGHTS, M.PROGRESS}),
    **dict.fromkeys(
        ("breach_talk", "breach_talk_held", "petition", "ec_petition", "ec_review", "ec_end"), frozenset({M.PROGRESS})
    ),
    "turns_18": frozenset({M.IDENTITY}),  # the due day is a birthday
    HEADLINE: frozenset({M.STAGE_DATES, M.OFFENCE}),  # it begins on the day of the offence
    **dict.fromkeys(
        (
            *("charge_decision", "hearing_scheduled", "hearing_started", "appeal", "appeal_hearing_started"),
            *("dispatch", "first_contact", "term_end", "transfer_accept"),
        ),
        frozenset({M.STAGE_DATES}),
    ),
}
"""The matters that a deadline discloses by its name and its days: all of them are needed."""

OF_THE_STATUS = frozenset({M.STAGE_DATES, M.MEETING_DATES, M.OFFENCE})
"""Deadlines of these matters alone are part of the present status: a notice names the clock and the days over, never
an offence (office norm)."""

MEETING_MATTERS: dict[MeetingKind, frozenset[Matter]] = {
    **dict.fromkeys(
        (MeetingKind.CONFERENCE, MeetingKind.PLAN, MeetingKind.REPLAN, MeetingKind.TEAM), frozenset({M.MEETING_DATES})
    ),
    **dict.fromkeys((MeetingKind.COORDINATION, MeetingKind.BREACH_TALK), frozenset({M.MEETING_DATES, M.STAGE_DATES})),
    MeetingKind.RESTORATIVE: frozenset({M.RESTORATIVE}),
}
"""The matters that a meeting discloses by its kind and its day: all of them are needed."""

MARK_MATTERS: dict[Mark, Matter] = {
    Mark.STAGE: M.STAGE_DATES,
    Mark.WAIT: M.STAGE_DATES,
    Mark.TERM_ENDS: M.STAGE_DATES,
    Mark.COMES_OF_AGE: M.IDENTITY,
}
"""The matter of entries of the timeline other than events and deadlines, which have their own."""

MARKS_FOR_ALL = frozenset({Mark.STAGE, Mark.DEADLINE})
"""Timeline entries that a viewer of the office may learn who may not know who the youth is."""

WAIT_MATTERS: dict[WaitReason, Matter] = {
    WaitReason.PERSON_INVESTIGATION: M.PERSON_INVESTIGATION,
    WaitReason.YOUTH_CONFERENCE: M.MEETING_DATES,
    WaitReason.RESTORATIVE_MEETING: M.RESTORATIVE,
    WaitReason.CONSENT: M.RIGHTS,
    WaitReason.NO_SHOW: M.ATTENDANCE,
    WaitReason.ILLNESS: M.PROGRESS,
    WaitReason.CAPACITY: M.STAGE_DATES,
    WaitReason.DOCUMENTS: M.STAGE_DATES,
    WaitReason.MEASURE: M.PLAN,
    WaitReason.INTERPRETER: M.STAGE_DATES,
    WaitReason.NEW_CASE: M.OFFENCE,
    WaitReason.OTHER: M.STAGE_DATES,
}
"""The matter that the reason of a recorded wait discloses. Who may not learn it sees `other` in its place."""

UNMET_MATTERS: dict[str, Matter] = {
    "youth_was_heard": M.PROGRESS,  # the day of the breach, the missed talk or the note that the step rests on
}
"""The matter that the present value of an unmet condition discloses, of the conditions of steps of the prosecution.
Every other value is part of the stages, the offence or the rights, which the prosecution learns by law."""

DELAY_REASON_MATTERS: dict[DelayReason, Matter] = {
    DelayReason.WAITING_FOR_VICTIM: M.RESTORATIVE,
    DelayReason.WAITING_FOR_PERSON_INVESTIGATION: M.PERSON_INVESTIGATION,
    DelayReason.WAITING_FOR_MEASURE: M.PLAN,
    DelayReason.ILLNESS: M.PROGRESS,
}
"""The matter that the answer to an alert discloses; any other answer is part of the present status."""

REACH_FIELDS = frozenset({"contact", "municipality", "national_id"})
"""Fields of a pushed message that say where the youth is found, by whom, or by which number."""


# --- who learns what ----------------------------------------------------------------------------------------------


def agencies_of(viewer: Viewer, case: Case) -> tuple[Attendee, ...] | None:
    """The agencies as which a viewer learns of a case by `sharing`; None for the office, which learns by disclosures.

    A member of the team: those of their membership. The Secretariat and the konfliktråd are one agency: krl § 3.
    """
    if viewer.role in OF_THE_OFFICE | NATIONAL:
        return None
    if viewer.role is Role.PROSECUTION:
        return (Attendee.PROSECUTION,)
    return tuple(member.agency for member in team.present(case) if member.member == viewer.subject)


def viewer_knowledge(viewer: Viewer, case: Case, facts: CaseAccessFacts, day: date) -> ViewerKnowledge:
    """What the viewer, who may see the case, may learn of it on that day. `case`: as it stands now."""
    agencies = agencies_of(viewer, case)
    matters = None if agencies is None else shared_matters(case, agencies, day, facts.protection)
    return ViewerKnowledge(disclosures_for(viewer, facts), matters)


def may_learn_nothing(knowledge: Knowledge) -> bool:
    """Whether no matter at all is shared with the viewer. To them the case does not exist."""
    return knowledge.shared_matters is not None and not knowledge.shared_matters


def may_learn(knowledge: Knowledge, *gates: Gate) -> bool:
    """Whether the viewer may learn what needs all of these matters and disclosures."""
    return all(_passes(knowledge, gate) for gate in gates)


def _passes(knowledge: Knowledge, gate: Gate) -> bool:
    shared = knowledge.shared_matters
    if isinstance(gate, Disclosure):
        return gate in knowledge.disclosures
    if isinstance(gate, Given):
        return gate is not Given.OFFICE or (shared is None and Disclosure.PERSON in knowledge.disclosures)
    if shared is not None:
        return gate in shared
    return gate not in OFFICE_LEARNS_BY or OFFICE_LEARNS_BY[gate] in knowledge.disclosures


def learns_everything(knowledge: Knowledge) -> bool:
    """Whether nothing of the case is hidden from the viewer."""
    return knowledge.shared_matters is None and knowledge.disclosures == frozenset(Disclosure)


# --- rows ---------------------------------------------------------------------------------------------------------


def may_learn_event(knowledge: Knowledge, kind: EventType) -> bool:
    """Whether the viewer may learn that an event of this type happened: its name alone can disclose a matter."""
    return may_learn(knowledge, matter_of(kind))


def learnt_events(knowledge: Knowledge, events: Sequence[Event]) -> list[Event]:
    """The events that the viewer may learn of. A correction is learnt with the event before and after it."""
    kinds = {event.seq: event.type for event in events}
    return [event for event in events if may_learn(knowledge, *(matter_of(kind) for kind in _kinds(event, kinds)))]


def _kinds(event: Event, kinds: Mapping[int, EventType]) -> set[EventType]:
    if not isinstance(event.details, Corrected):
        return {event.type}
    given = (event.details.replacement, event.details.insert)
    new = (inner.type for inner in given if inner is not None)
    return {event.type, kinds.get(event.details.corrects, event.type), *new}


def learnt_details(
    knowledge: Knowledge, kind: EventType, details: dict[str, Any], protection: Protection
) -> dict[str, Any]:
    """The details of an event that the viewer may learn of, as plain values without what they may not learn.

    Empty for a viewer of the office who may not know who the youth is.
    """
    if knowledge.shared_matters is None:
        return details if Disclosure.PERSON in knowledge.disclosures else {}
    learnt: dict[str, Any] = _learnt_values(knowledge, kind, details, may_name_providers(knowledge, protection))
    return learnt


def _learnt_values(knowledge: Knowledge, kind: EventType, value: Any, names_providers: bool) -> Any:
    if isinstance(value, list):
        return [_learnt_values(knowledge, kind, item, names_providers) for item in value]
    if not isinstance(value, dict):
        return value
    if kind is EventType.CORRECTED and "type" in value:  # the new event, whose details are judged by its own type
        kind = EventType(value["type"])
    learnt = {
        name: _learnt_values(knowledge, kind, inner, names_providers)
        for name, inner in value.items()
        if may_learn(knowledge, *gates_of_detail(kind, name)) and (name != "provider" or names_providers)
    }
    reason = learnt.get("reason")
    if kind is EventType.WAIT_STARTED and reason and not may_learn(knowledge, WAIT_MATTERS[WaitReason(reason)]):
        learnt["reason"] = WaitReason.OTHER.value
    return learnt


def as_learnt(knowledge: Knowledge, case: Case) -> Case:
    """The case for views computed from it, without reasons of waits and person investigations that may not be learnt.

    The reason of a wait is then `other`; the party and the days stay, for whoever may learn the stages.
    """
    if knowledge.shared_matters is None:
        return case
    others = (event for event in case.events if matter_of(event.type) is not M.PERSON_INVESTIGATION)
    events = case.events if may_learn(knowledge, M.PERSON_INVESTIGATION) else others
    return replace(case, events=tuple(_with_learnt_reason(knowledge, event) for event in events))


def _with_learnt_reason(knowledge: Knowledge, event: Event) -> Event:
    details = event.details
    if not isinstance(details, d.WaitStarted) or may_learn(knowledge, WAIT_MATTERS[details.reason]):
        return event
    return replace(event, details=replace(details, reason=WaitReason.OTHER))


def may_learn_deadline(knowledge: Knowledge, code: str) -> bool:
    """Whether the viewer may learn of this deadline with all its days."""
    return may_learn(knowledge, *CLOCK_MATTERS[code])


def may_learn_alert(knowledge: Knowledge, code: str) -> bool:
    """Whether the viewer may learn that this deadline is near or passed, as part of where the case stands now."""
    matters = CLOCK_MATTERS[code]
    return may_learn(knowledge, M.CURRENT_STATUS) and (matters <= OF_THE_STATUS or may_learn(knowledge, *matters))


def may_learn_delay_reason(knowledge: Knowledge, reason: DelayReason | str | None) -> bool:
    """Whether the viewer may learn this answer to an alert."""
    matter = DELAY_REASON_MATTERS.get(DelayReason(reason)) if reason else None
    return matter is None or may_learn(knowledge, matter)


def learnt_unmet(knowledge: Knowledge, unmet: Iterable[UnmetCondition]) -> tuple[UnmetCondition, ...]:
    """The unmet conditions of a step, without the present values that the viewer may not learn."""
    return tuple(
        condition
        if condition.code not in UNMET_MATTERS or may_learn(knowledge, UNMET_MATTERS[condition.code])
        else replace(condition, current=None, earliest=None)
        for condition in unmet
    )


def next_due(knowledge: Knowledge, case: Case) -> Deadline | None:
    """The running clock due first of those that the viewer may learn of, among those whose passing is a delay."""
    return first_due(clock for clock in running(case, case.entered_on) if may_learn_alert(knowledge, clock.code))


def may_learn_entry(knowledge: Knowledge, mark: Mark, code: str) -> bool:
    """Whether the viewer may learn of this entry of the timeline. `code`: its event type or clock, or its state."""
    if knowledge.shared_matters is None:
        return mark in MARKS_FOR_ALL or Disclosure.PERSON in knowledge.disclosures
    if mark is Mark.EVENT:
        return may_learn_event(knowledge, EventType(code))
    return may_learn_deadline(knowledge, code) if mark is Mark.DEADLINE else may_learn(knowledge, MARK_MATTERS[mark])


def may_learn_member(knowledge: Knowledge, viewer: Viewer, member: str) -> bool:
    """Whether the viewer may learn that this person is on the team. Each member knows of themselves."""
    return member == viewer.subject or may_learn(knowledge, Disclosure.OFFICE)


def may_learn_sharing(knowledge: Knowledge, viewer: Viewer, member: str) -> bool:
    """Whether the viewer may learn what is shared with this member, and how. Each member knows of themselves."""
    return member == viewer.subject or may_learn(knowledge, Given.OFFICE)


def may_learn_meeting(knowledge: Knowledge, kind: MeetingKind) -> bool:
    """Whether the viewer may learn of a meeting of this kind."""
    return may_learn(knowledge, *MEETING_MATTERS[kind])


def may_name_providers(knowledge: Knowledge, protection: Protection) -> bool:
    """Whether a provider with an address may be named: the provider discloses where the youth is. frl § 10-4."""
    return protection is Protection.NONE or may_learn(knowledge, M.ADDRESS)


def may_read_notes(knowledge: Knowledge, protection: Protection) -> bool:
    """Whether notes may be read: by the office, and free text may say where the youth is. frl § 10-4."""
    return may_learn(knowledge, Given.OFFICE) and (protection is Protection.NONE or may_learn(knowledge, M.ADDRESS))


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


def redact_message(message: dict[str, Any], disclosures: Collection[Disclosure]) -> dict[str, Any] | None:
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
