"""Schemas of the plan, meetings and the restorative track."""

from datetime import date
from typing import Literal

from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.derived.meetings import MeetingKind
from ungdom.workflow.derived.plan import MeasureStatus
from ungdom.workflow.payloads import (
    Attendee,
    MeasureAnswer,
    MeasureEnd,
    MeasureOutcome,
    Need,
    PlanLoad,
    WaitReason,
)
from ungdom.workflow.views.restorative import TrackState
from ungdom.workflow.vocabulary import EventType, MeasureKind


class PlannedOut(Output):
    """A measure as a version of the plan has it. `provider`: null also where it may not be learnt."""

    measure: str
    code: str | None
    label: str | None
    kind: MeasureKind | None
    provider: str | None
    provider_name: str | None
    hours_a_week: int | None
    since: date | None
    until: date | None
    intended_for: Need | None
    intended_for_label: str | None


class VersionOut(Output):
    """A version of the plan. `load`: points (office norm), null where the measures are not said.

    `complaint_until`: the last day for a complaint, null where that clock does not run.
    """

    number: int
    made_on: date
    by: EventType
    by_label: str
    measures: list[PlannedOut]
    load: int | None
    declared: PlanLoad | None
    approved_on: date | None
    notified_on: date | None
    complaint_until: date | None
    superseded_on: date | None


class AttendedOut(Output):
    """How often the youth met for a measure, and did not."""

    attended: int
    absent_with_reason: int
    absent: int


class MeasureOut(Output):
    """How a measure has fared. Days are calendar days. `overdue`: it should have ended.

    `days_waited`: from the first request until it began, or until the day asked. `attendance`: null where it may not
    be learnt.
    """

    measure: str
    code: str | None
    label: str | None
    kind: MeasureKind | None
    provider: str | None
    provider_name: str | None
    status: MeasureStatus
    status_label: str
    asked_on: date | None
    requested_on: date | None
    answered_on: date | None
    answer: MeasureAnswer | None
    available_from: date | None
    started_on: date | None
    ended_on: date | None
    reason: MeasureEnd | None
    outcome: MeasureOutcome | None
    outcome_label: str | None
    planned_until: date | None
    overdue: bool
    days_to_answer: int | None
    days_from_answer: int | None
    days_waited: int | None
    attendance: AttendedOut | None


class PlanOut(Output):
    """The plan on a day. `shown`: how much of it the viewer may learn. `versions`: null where that is not the whole.

    `days_to_first_measure`: from the start of execution, null while none has begun.
    """

    as_of: AsOfOut
    shown: Literal["whole", "own_measures", "nothing"]
    versions: list[VersionOut] | None
    measures: list[MeasureOut]
    days_to_first_measure: int | None


class AttendeeOut(Output):
    """An agency, or a person by their part."""

    who: Attendee
    label: str


class RequiredOut(Output):
    """One that by law had to be there. `missing`: they were not; false also where it is not known who came."""

    who: Attendee
    label: str
    law: str
    missing: bool


class MeetingOut(Output):
    """A meeting. What the event does not say is null, and so is what the viewer may not learn."""

    kind: MeetingKind
    label: str
    on: date
    held: bool
    invited: list[AttendeeOut] | None
    present: list[AttendeeOut] | None
    absent: list[AttendeeOut] | None
    required: list[RequiredOut] | None


class AgencyOut(Output):
    """To how many meetings one should have come, of those where it is known who came, and to how many they came."""

    agency: Attendee
    label: str
    expected: int
    came: int


class MeetingsOut(Output):
    """The meetings of a case until a day. `attendance`: null where it may not be learnt."""

    as_of: AsOfOut
    meetings: list[MeetingOut]
    attendance: list[AgencyOut] | None


class TrackEventOut(Output):
    """Something that happened on the track."""

    type: EventType
    label: str
    on: date


class TrackWaitOut(Output):
    """A span in which the victim was waited for."""

    since: date
    until: date
    days: int
    reason: WaitReason | None


class TrackOut(Output):
    """The track on a day. `days_before_start`: the days that the start waited; from 1 September 2024 none may."""

    state: TrackState
    label: str
    since: date | None
    events: list[TrackEventOut]
    settled_on: date | None
    days_open: int | None
    waits: list[TrackWaitOut]
    days_before_start: int


class RestorativeOut(Output):
    """The restorative track. `track`: null for whoever does not work with the case."""

    as_of: AsOfOut
    track: TrackOut | None
