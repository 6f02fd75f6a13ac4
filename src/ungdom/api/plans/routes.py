"""The plan of a case, its meetings and the restorative track: to each viewer what they may learn of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api.cases import present as views
from ungdom.api.cases import schemas as s
from ungdom.api.cases.routes import AsOf, instant, json_response, read_case
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ApiResponse, ReadContext, RequestContext
from ungdom.api.plans import schemas as shapes
from ungdom.cases import CaseView
from ungdom.store import catalogue
from ungdom.store.session import Connection
from ungdom.workflow.derived import meetings, plan
from ungdom.workflow.derived.meetings import Meeting, MeetingKind
from ungdom.workflow.derived.plan import MeasureState, PlanVersion
from ungdom.workflow.payloads import Attended, Attendee, PlannedMeasure
from ungdom.workflow.rules.permissions import Disclosure
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.views import restorative, viewer_access
from ungdom.workflow.views.plan import complaint_deadlines, days_to_first_measure, is_overdue, measures_of_agency
from ungdom.workflow.vocabulary import Protection

router = APIRouter(tags=["cases"])

M, K = Matter, MeetingKind
TEAM_MEETINGS = frozenset({K.CONFERENCE, K.PLAN, K.REPLAN, K.TEAM})
"""The meetings whose dates others than the office may learn."""


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """A case as asked for, who the viewer is in it, and what they may learn of it today."""

    read: CaseView
    agency: Attendee | None
    categories: frozenset[Matter]
    as_of: s.AsOfOut

    @property
    def is_office(self) -> bool:
        """The viewer works with the case: konfliktråd or secretariat."""
        return self.agency is Attendee.KONFLIKTRAD

    @property
    def may_name_providers(self) -> bool:
        """Whether a provider may be named that says where the youth is: not while their address is kept from them."""
        return self.read.stored.protection is Protection.NONE or Disclosure.REACH in self.read.disclosures


@router.get("/v1/cases/{case_id}/plan", response_model=shapes.PlanOut, summary="The plan and its measures")
def get_plan(context: ReadContext, case_id: UUID, as_of: AsOf) -> Response:
    """Versions of the plan with measures, load and approval, and how each measure has fared.

    Others than the office see what they may learn: the whole plan, the measures that they carry out, or nothing.
    """
    return context.read(lambda tx: _plan_response(tx, context, case_id, as_of))


@router.get("/v1/cases/{case_id}/meetings", response_model=shapes.MeetingsOut, summary="The meetings of a case")
def get_meetings(context: ReadContext, case_id: UUID, as_of: AsOf) -> Response:
    """Every meeting: who was invited, who was there, and who by law had to be."""
    return context.read(lambda tx: _meetings_response(tx, context, case_id, as_of))


@router.get("/v1/cases/{case_id}/restorative", response_model=shapes.RestorativeOut, summary="The restorative track")
def get_restorative(context: ReadContext, case_id: UUID, as_of: AsOf) -> Response:
    """Where the victim stands, and what was waited for them. For the office alone."""
    return context.read(lambda tx: _restorative_response(tx, context, case_id, as_of))


def _case_access(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> CaseAccess:
    """Consent counts as it stands today, whatever day is asked about: what has been withdrawn is not told any more."""
    read = read_case(tx, context, case_id, as_of)
    viewer = context.recorder.viewer
    asked_now = as_of.valid_at is None and as_of.known_at is None
    now = read if asked_now else read_case(tx, context, case_id, i.AsOf())
    categories = frozenset(matter for matter in M if viewer_access.viewer_may_learn(viewer, now.case, matter, now.on))
    as_of_out = s.AsOfOut(on=read.on, known_at=instant(as_of.known_at))
    return CaseAccess(read, viewer_access.agency_of(viewer, now.case), categories, as_of_out)


# --- the plan ---------------------------------------------------------------------------------------------------


def office_access(read: CaseView, then: s.AsOfOut) -> CaseAccess:
    """A case as those see it who work with it: all there is to learn."""
    return CaseAccess(read, Attendee.KONFLIKTRAD, frozenset(M), then)


def _plan_response(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> ApiResponse:
    access = _case_access(tx, context, case_id, as_of)
    names = names_for(tx, context.language, [access.read] if access.categories & {M.PLAN, M.OWN_MEASURES} else [])
    return json_response(plan_out(access, names), ETag=views.etag(access.read.stored.version))


def plan_out(access: CaseAccess, names: "ProviderNames") -> shapes.PlanOut:
    """The plan and its measures, as far as this sight goes."""
    whole = M.PLAN in access.categories
    states = plan.measures(access.read.case, access.read.on) if whole or M.OWN_MEASURES in access.categories else []
    versions = plan.versions(access.read.case, access.read.on) if whole else []
    until = complaint_deadlines(access.read.case, access.read.on) if whole else {}
    if not whole and access.agency is not None:
        states = measures_of_agency(states, access.agency, names.agencies)
    return shapes.PlanOut(
        as_of=access.as_of,
        shown=_plan_visibility(access),
        versions=[_version_out(access, item, until, names) for item in versions] if whole else None,
        measures=[_measure_out(access, item, names) for item in states],
        days_to_first_measure=days_to_first_measure(access.read.case, access.read.on) if whole else None,
    )


def _plan_visibility(access: CaseAccess) -> Literal["whole", "own_measures", "nothing"]:
    if M.PLAN in access.categories:
        return "whole"
    return "own_measures" if M.OWN_MEASURES in access.categories else "nothing"


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """What providers are called: agencies by their code, and those of the catalogue by their id, with their agency."""

    language: texts.Language
    names: dict[str, str]
    agencies: dict[str, str]


def names_for(tx: Connection, language: texts.Language, reads: Iterable[CaseView]) -> ProviderNames:
    """What the providers in the plans of these cases are called."""
    provider_ids = sorted({name for read in reads for name in _providers(read) if name is not None})
    listed = catalogue.providers_by_id(tx, provider_ids) if provider_ids else {}
    names = catalogue.agency_names(tx, language) if provider_ids else {}
    names |= {id: provider.name for id, provider in listed.items()}
    return ProviderNames(language, names, {id: provider.agency for id, provider in listed.items()})


def _providers(read: CaseView) -> Iterator[str | None]:
    yield from (measure.provider for measure in plan.measures(read.case, read.on))
    yield from (measure.provider for version in plan.versions(read.case, read.on) for measure in version.measures)


def _version_out(
    access: CaseAccess, version: PlanVersion, complaint_until: dict[date, date], names: ProviderNames
) -> shapes.VersionOut:
    return shapes.VersionOut(
        number=version.number,
        made_on=version.made_on,
        by=version.by,
        by_label=texts.label(names.language, version.by),
        measures=[_planned_out(access, measure, names) for measure in version.measures],
        load=version.load,
        declared=version.declared,
        approved_on=version.approved_on,
        notified_on=version.notified_on,
        complaint_until=complaint_until.get(version.approved_on) if version.approved_on else None,
        superseded_on=version.superseded_on,
    )


def _planned_out(access: CaseAccess, planned: PlannedMeasure, names: ProviderNames) -> shapes.PlannedOut:
    return shapes.PlannedOut(
        measure=planned.measure,
        **shapes.measure_values(names.language, planned.code),
        **_provider_values(access, planned.provider, names),
        hours_a_week=planned.hours_a_week,
        since=planned.since,
        until=planned.until,
        intended_for=planned.intended_for,
        intended_for_label=texts.label(names.language, planned.intended_for) if planned.intended_for else None,
    )


def _measure_out(access: CaseAccess, measure: MeasureState, names: ProviderNames) -> shapes.MeasureOut:
    day, language = access.read.on, names.language
    return shapes.MeasureOut(
        measure=measure.measure,
        **shapes.measure_values(language, measure.code),
        **_provider_values(access, measure.provider, names),
        status=measure.status,
        status_label=texts.label(language, measure.status),
        asked_on=measure.asked_on,
        requested_on=measure.requested_on,
        answered_on=measure.answered_on,
        answer=measure.answer,
        available_from=measure.available_from,
        started_on=measure.started_on,
        ended_on=measure.ended_on,
        reason=measure.reason,
        outcome=measure.outcome,
        outcome_label=texts.label(language, measure.outcome) if measure.outcome else None,
        planned_until=measure.planned.until if measure.planned else None,
        overdue=is_overdue(measure, access.read.case, day),
        days_to_answer=measure.days_to_answer,
        days_from_answer=measure.days_from_answer,
        days_waited=measure.days_waited(day),
        attendance=_attendance_out(measure) if M.ATTENDANCE in access.categories else None,
    )


def _provider_values(access: CaseAccess, provider: str | None, names: ProviderNames) -> dict[str, Any]:
    """A provider and what it is called. One of the catalogue has a place: not named where that may not be learnt."""
    if provider in names.agencies and not access.may_name_providers:
        return {"provider": None, "provider_name": None}
    return {"provider": provider, "provider_name": names.names.get(provider or "")}


def _attendance_out(measure: MeasureState) -> shapes.AttendedOut:
    return shapes.AttendedOut(**{str(how): measure.attendance.get(how, 0) for how in Attended})


# --- meetings ---------------------------------------------------------------------------------------------------


def _meetings_response(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> ApiResponse:
    access = _case_access(tx, context, case_id, as_of)
    return json_response(meetings_out(access, context.language), ETag=views.etag(access.read.stored.version))


def meetings_out(access: CaseAccess, language: texts.Language) -> shapes.MeetingsOut:
    """The meetings, as far as this sight goes."""
    visible = [item for item in meetings.meetings(access.read.case, access.read.on) if _may_see(access, item)]
    people = access.is_office or M.ATTENDANCE in access.categories
    return shapes.MeetingsOut(
        as_of=access.as_of,
        meetings=[_meeting_out(item, language, people) for item in visible],
        attendance=[_agency_out(item, language) for item in meetings.attendance(visible)] if people else None,
    )


def _may_see(access: CaseAccess, meeting: Meeting) -> bool:
    return access.is_office or (M.MEETING_DATES in access.categories and meeting.kind in TEAM_MEETINGS)


def _meeting_out(meeting: Meeting, language: texts.Language, people: bool) -> shapes.MeetingOut:
    missing = {row.who for row in meeting.missing}
    return shapes.MeetingOut(
        kind=meeting.kind,
        label=texts.label(language, meeting.kind),
        on=meeting.on,
        held=meeting.held,
        invited=_attendees_out(meeting.invited, language) if people else None,
        present=_attendees_out(meeting.present, language) if people else None,
        absent=_attendees_out(meeting.absent, language) if people else None,
        required=[shapes.required_out(row, row.who in missing, language) for row in meeting.required]
        if people
        else None,
    )


def _attendees_out(attendees: Iterable[Attendee] | None, language: texts.Language) -> list[shapes.AttendeeOut] | None:
    return None if attendees is None else [shapes.attendee_out(attendee, language) for attendee in attendees]


def _agency_out(attendance: meetings.Attendance, language: texts.Language) -> shapes.AgencyOut:
    return shapes.AgencyOut(
        agency=attendance.agency,
        label=texts.label(language, attendance.agency),
        expected=attendance.expected,
        came=attendance.came,
    )


# --- the restorative track --------------------------------------------------------------------------------------


def _restorative_response(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> ApiResponse:
    access = _case_access(tx, context, case_id, as_of)
    track_out = shapes.track_out(restorative.track(access.read.case, access.read.on), context.language)
    body = shapes.RestorativeOut(as_of=access.as_of, track=track_out if access.is_office else None)
    return json_response(body, ETag=views.etag(access.read.stored.version))
