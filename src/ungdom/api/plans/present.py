"""The plan, the meetings and the restorative track as schemas, as far as the viewer may learn of them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.plans import schemas as shapes
from ungdom.api.plans.access import CaseAccess
from ungdom.api.plans.provider_names import ProviderNames
from ungdom.api.plans.schemas import AttendeeOut, RequiredOut, TrackEventOut, TrackOut, TrackWaitOut
from ungdom.workflow import redaction
from ungdom.workflow.derived import meetings, plan
from ungdom.workflow.derived.meetings import Meeting, RequiredAttendee
from ungdom.workflow.derived.plan import MeasureState, PlanVersion
from ungdom.workflow.measure_list import KIND
from ungdom.workflow.payloads import Attended, Attendee, PlannedMeasure
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.views.plan import complaint_deadlines, days_to_first_measure, is_overdue, measures_of_agencies
from ungdom.workflow.views.restorative import Track


def measure_values(language: texts.Language, code: str | None) -> dict[str, Any]:
    """A measure by its code: what it is called and how much it takes; null where the code is beside the lists."""
    known = code in KIND
    return {
        "code": code,
        "label": texts.text(language, "measure", code) if code is not None and known else code,
        "kind": KIND.get(code or ""),
    }


def attendee_out(who: Attendee, language: texts.Language) -> AttendeeOut:
    """An agency or a person by their part."""
    return AttendeeOut(who=who, label=texts.label(language, who))


def required_out(row: RequiredAttendee, missing: bool, language: texts.Language) -> RequiredOut:
    """One that by law had to be there."""
    return RequiredOut(who=row.who, label=texts.label(language, row.who), law=row.law, missing=missing)


def track_out(track: Track, language: texts.Language) -> TrackOut:
    """The track, in words."""
    return from_source(
        TrackOut,
        track,
        label=texts.label(language, track.state),
        events=[
            TrackEventOut(type=event.type, label=texts.label(language, event.type), on=event.occurred_on)
            for event in track.events
        ],
        waits=[TrackWaitOut.model_validate(wait) for wait in track.waits],
    )


def plan_out(access: CaseAccess, names: "ProviderNames") -> shapes.PlanOut:
    """The plan and its measures, as far as the viewer may learn of it."""
    whole = Matter.PLAN in access.categories
    states = (
        plan.measures(access.read.case, access.read.on) if whole or Matter.OWN_MEASURES in access.categories else []
    )
    versions = plan.versions(access.read.case, access.read.on) if whole else []
    until = complaint_deadlines(access.read.case, access.read.on) if whole else {}
    if not whole:
        states = measures_of_agencies(states, access.read.agencies, names.agencies)
    return shapes.PlanOut(
        as_of=access.as_of,
        shown="whole" if whole else "own_measures" if Matter.OWN_MEASURES in access.categories else "nothing",
        versions=[_version_out(access, item, until, names) for item in versions] if whole else None,
        measures=[_measure_out(access, item, names) for item in states],
        days_to_first_measure=days_to_first_measure(access.read.case, access.read.on) if whole else None,
    )


def _version_out(
    access: CaseAccess, version: PlanVersion, complaint_until: dict[date, date], names: ProviderNames
) -> shapes.VersionOut:
    return from_source(
        shapes.VersionOut,
        version,
        by_label=texts.label(names.language, version.by),
        measures=[_planned_out(access, measure, names) for measure in version.measures],
        complaint_until=complaint_until.get(version.approved_on) if version.approved_on else None,
    )


def _planned_out(access: CaseAccess, planned: PlannedMeasure, names: ProviderNames) -> shapes.PlannedOut:
    return from_source(
        shapes.PlannedOut,
        planned,
        **measure_values(names.language, planned.code),
        **_provider_values(access, planned.provider, names),
        intended_for_label=texts.label(names.language, planned.intended_for) if planned.intended_for else None,
    )


def _measure_out(access: CaseAccess, measure: MeasureState, names: ProviderNames) -> shapes.MeasureOut:
    day, language = access.read.on, names.language
    return from_source(
        shapes.MeasureOut,
        measure,
        **measure_values(language, measure.code),
        **_provider_values(access, measure.provider, names),
        status_label=texts.label(language, measure.status),
        outcome_label=texts.label(language, measure.outcome) if measure.outcome else None,
        planned_until=measure.planned.until if measure.planned else None,
        overdue=is_overdue(measure, access.read.case, day),
        days_waited=measure.days_waited(day),
        attendance=shapes.AttendedOut(**{str(how): measure.attendance.get(how, 0) for how in Attended}),
    )


def _provider_values(access: CaseAccess, provider: str | None, names: ProviderNames) -> dict[str, Any]:
    """A provider and what it is called. One of the catalogue has a place: not named where that may not be learnt."""
    if provider in names.agencies and not access.may_name_providers:
        return {"provider": None, "provider_name": None}
    return {"provider": provider, "provider_name": names.names.get(provider or "")}


def meetings_out(access: CaseAccess, language: texts.Language) -> shapes.MeetingsOut:
    """The meetings, as far as the viewer may learn of it."""
    visible = [
        meeting
        for meeting in meetings.meetings(access.read.case, access.read.on)
        if redaction.may_learn_meeting(access.read, meeting.kind)
    ]
    return shapes.MeetingsOut(
        as_of=access.as_of,
        meetings=[_meeting_out(item, language) for item in visible],
        attendance=[_agency_out(item, language) for item in meetings.attendance(visible)],
    )


def _meeting_out(meeting: Meeting, language: texts.Language) -> shapes.MeetingOut:
    missing = {row.who for row in meeting.missing}
    return shapes.MeetingOut(
        kind=meeting.kind,
        label=texts.label(language, meeting.kind),
        on=meeting.on,
        held=meeting.held,
        invited=_attendees_out(meeting.invited, language),
        present=_attendees_out(meeting.present, language),
        absent=_attendees_out(meeting.absent, language),
        required=[required_out(row, row.who in missing, language) for row in meeting.required],
    )


def _attendees_out(attendees: Iterable[Attendee] | None, language: texts.Language) -> list[shapes.AttendeeOut] | None:
    return None if attendees is None else [attendee_out(attendee, language) for attendee in attendees]


def _agency_out(attendance: meetings.Attendance, language: texts.Language) -> shapes.AgencyOut:
    return shapes.AgencyOut(
        agency=attendance.agency,
        label=texts.label(language, attendance.agency),
        expected=attendance.expected,
        came=attendance.came,
    )
