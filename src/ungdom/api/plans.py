"""The plan of a case, its meetings and the restorative track: to each viewer what they may learn of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api import inputs as i
from ungdom.api import plan_shapes as shapes
from ungdom.api import schemas as s
from ungdom.api import views
from ungdom.api.cases import AsOf, answer, instant, read_case
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.casework import Read
from ungdom.store import catalogue
from ungdom.store.session import Connection
from ungdom.workflow import meetings, plan, restorative, vantage
from ungdom.workflow.details import Attended, Attendee, PlannedMeasure
from ungdom.workflow.meetings import Meeting, MeetingKind
from ungdom.workflow.permissions import Fact
from ungdom.workflow.plan import MeasureState, PlanVersion
from ungdom.workflow.sharing import Matter
from ungdom.workflow.vocabulary import Protection

router = APIRouter(tags=["cases"])

M, K = Matter, MeetingKind
OF_THE_TEAM = frozenset({K.CONFERENCE, K.PLAN, K.REPLAN, K.TEAM})
"""The meetings whose dates others than the office may learn."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A case as asked for, who the viewer is in it, and what they may learn of it today."""

    read: Read
    agency: Attendee | None
    learns: frozenset[Matter]
    as_of: s.AsOfOut

    @property
    def of_the_office(self) -> bool:
        """The viewer works with the case: konfliktråd or secretariat."""
        return self.agency is Attendee.KONFLIKTRAD

    @property
    def shows_places(self) -> bool:
        """Whether a provider may be named that says where the youth is: not while their address is kept from them."""
        return self.read.stored.protection is Protection.NONE or Fact.REACH in self.read.learns


@router.get("/v1/cases/{case_id}/plan", response_model=shapes.PlanOut, summary="The plan and its measures")
def get_plan(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Versions of the plan with measures, load and approval, and how each measure has fared.

    Others than the office see what they may learn: the whole plan, the measures that they carry out, or nothing.
    """
    return call.read(lambda tx: _plan(tx, call, case_id, as_of))


@router.get("/v1/cases/{case_id}/meetings", response_model=shapes.MeetingsOut, summary="The meetings of a case")
def get_meetings(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Every meeting: who was invited, who was there, and who by law had to be."""
    return call.read(lambda tx: _meetings(tx, call, case_id, as_of))


@router.get("/v1/cases/{case_id}/restorative", response_model=shapes.RestorativeOut, summary="The restorative track")
def get_restorative(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Where the victim stands, and what was waited for them. For the office alone."""
    return call.read(lambda tx: _restorative(tx, call, case_id, as_of))


def _sight(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Sight:
    """Consent counts as it stands today, whatever day is asked about: what has been withdrawn is not told any more."""
    read = read_case(tx, call, case_id, as_of)
    viewer = call.who.viewer
    asked_now = as_of.valid_at is None and as_of.known_at is None
    now = read if asked_now else read_case(tx, call, case_id, i.AsOf())
    learns = frozenset(matter for matter in M if vantage.learns(viewer, now.case, matter, now.on))
    told = s.AsOfOut(on=read.on, known_at=instant(as_of.known_at))
    return Sight(read, vantage.stands_as(viewer, now.case), learns, told)


# --- the plan ---------------------------------------------------------------------------------------------------


def office_sight(read: Read, then: s.AsOfOut) -> Sight:
    """A case as those see it who work with it: all there is to learn."""
    return Sight(read, Attendee.KONFLIKTRAD, frozenset(M), then)


def _plan(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Answer:
    sight = _sight(tx, call, case_id, as_of)
    names = names_for(tx, call.language, [sight.read] if sight.learns & {M.PLAN, M.OWN_MEASURES} else [])
    return answer(plan_out(sight, names), ETag=views.etag(sight.read.stored.version))


def plan_out(sight: Sight, names: "Names") -> shapes.PlanOut:
    """The plan and its measures, as far as this sight goes."""
    whole = M.PLAN in sight.learns
    states = plan.measures(sight.read.case, sight.read.on) if whole or M.OWN_MEASURES in sight.learns else []
    versions = plan.versions(sight.read.case, sight.read.on) if whole else []
    if not whole and sight.agency is not None:
        states = plan.own(states, sight.agency, names.agencies)
    return shapes.PlanOut(
        as_of=sight.as_of,
        shown=_shown(sight),
        versions=[_version_out(sight, one, names) for one in versions] if whole else None,
        measures=[_measure_out(sight, one, names) for one in states],
        days_to_first_measure=plan.days_to_first_measure(sight.read.case, sight.read.on) if whole else None,
    )


def _shown(sight: Sight) -> Literal["whole", "own_measures", "nothing"]:
    if M.PLAN in sight.learns:
        return "whole"
    return "own_measures" if M.OWN_MEASURES in sight.learns else "nothing"


@dataclass(frozen=True, slots=True)
class Names:
    """What providers are called: agencies by their code, and those of the catalogue by their id, with their agency."""

    language: texts.Language
    called: dict[str, str]
    agencies: dict[str, str]


def names_for(tx: Connection, language: texts.Language, reads: Iterable[Read]) -> Names:
    """What the providers in the plans of these cases are called."""
    wanted = sorted({name for read in reads for name in _providers(read) if name is not None})
    listed = catalogue.known(tx, wanted) if wanted else {}
    called = catalogue.agency_names(tx, language) if wanted else {}
    called |= {id: one.name for id, one in listed.items()}
    return Names(language, called, {id: one.agency for id, one in listed.items()})


def _providers(read: Read) -> Iterator[str | None]:
    yield from (one.provider for one in plan.measures(read.case, read.on))
    yield from (one.provider for made in plan.versions(read.case, read.on) for one in made.measures)


def _version_out(sight: Sight, one: PlanVersion, names: Names) -> shapes.VersionOut:
    return shapes.VersionOut(
        number=one.number,
        made_on=one.made_on,
        by=one.by,
        by_label=texts.label(names.language, one.by),
        measures=[_planned_out(sight, each, names) for each in one.measures],
        load=one.load,
        declared=one.declared,
        approved_on=one.approved_on,
        notified_on=one.notified_on,
        complaint_until=one.complaint_until,
        superseded_on=one.superseded_on,
    )


def _planned_out(sight: Sight, one: PlannedMeasure, names: Names) -> shapes.PlannedOut:
    return shapes.PlannedOut(
        measure=one.measure,
        **shapes.called(names.language, one.code),
        **_provider(sight, one.provider, names),
        hours_a_week=one.hours_a_week,
        since=one.since,
        until=one.until,
        intended_for=one.intended_for,
        intended_for_label=texts.label(names.language, one.intended_for) if one.intended_for else None,
    )


def _measure_out(sight: Sight, one: MeasureState, names: Names) -> shapes.MeasureOut:
    day, language = sight.read.on, names.language
    return shapes.MeasureOut(
        measure=one.measure,
        **shapes.called(language, one.code),
        **_provider(sight, one.provider, names),
        status=one.status,
        status_label=texts.label(language, one.status),
        asked_on=one.asked_on,
        requested_on=one.requested_on,
        answered_on=one.answered_on,
        answer=one.answer,
        available_from=one.available_from,
        started_on=one.started_on,
        ended_on=one.ended_on,
        reason=one.reason,
        outcome=one.outcome,
        outcome_label=texts.label(language, one.outcome) if one.outcome else None,
        planned_until=one.planned.until if one.planned else None,
        overdue=plan.is_overdue(one, sight.read.case, day),
        days_to_answer=one.days_to_answer,
        days_from_answer=one.days_from_answer,
        days_waited=one.days_waited(day),
        attendance=_attendance_out(one) if M.ATTENDANCE in sight.learns else None,
    )


def _provider(sight: Sight, provider: str | None, names: Names) -> dict[str, Any]:
    """A provider and what it is called. One of the catalogue has a place: not named where that may not be learnt."""
    if provider in names.agencies and not sight.shows_places:
        return {"provider": None, "provider_name": None}
    return {"provider": provider, "provider_name": names.called.get(provider or "")}


def _attendance_out(one: MeasureState) -> shapes.AttendedOut:
    return shapes.AttendedOut(**{str(how): one.attendance.get(how, 0) for how in Attended})


# --- meetings ---------------------------------------------------------------------------------------------------


def _meetings(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Answer:
    sight = _sight(tx, call, case_id, as_of)
    return answer(meetings_out(sight, call.language), ETag=views.etag(sight.read.stored.version))


def meetings_out(sight: Sight, language: texts.Language) -> shapes.MeetingsOut:
    """The meetings, as far as this sight goes."""
    found = [one for one in meetings.meetings(sight.read.case, sight.read.on) if _may_learn_of(sight, one)]
    people = sight.of_the_office or M.ATTENDANCE in sight.learns
    return shapes.MeetingsOut(
        as_of=sight.as_of,
        meetings=[_meeting_out(one, language, people) for one in found],
        attendance=[_agency_out(one, language) for one in meetings.attendance(found)] if people else None,
    )


def _may_learn_of(sight: Sight, one: Meeting) -> bool:
    return sight.of_the_office or (M.MEETING_DATES in sight.learns and one.kind in OF_THE_TEAM)


def _meeting_out(one: Meeting, language: texts.Language, people: bool) -> shapes.MeetingOut:
    missing = {row.who for row in one.missing}
    return shapes.MeetingOut(
        kind=one.kind,
        label=texts.label(language, one.kind),
        on=one.on,
        held=one.held,
        invited=_labelled(one.invited, language) if people else None,
        present=_labelled(one.present, language) if people else None,
        absent=_labelled(one.absent, language) if people else None,
        required=[shapes.required_out(row, row.who in missing, language) for row in one.required] if people else None,
    )


def _labelled(who: Iterable[Attendee] | None, language: texts.Language) -> list[shapes.AttendeeOut] | None:
    return None if who is None else [shapes.attendee_out(one, language) for one in who]


def _agency_out(one: meetings.Attendance, language: texts.Language) -> shapes.AgencyOut:
    return shapes.AgencyOut(
        agency=one.agency, label=texts.label(language, one.agency), expected=one.expected, came=one.came
    )


# --- the restorative track --------------------------------------------------------------------------------------


def _restorative(tx: Connection, call: Call, case_id: UUID, as_of: i.AsOf) -> Answer:
    sight = _sight(tx, call, case_id, as_of)
    shown = shapes.track_out(restorative.track(sight.read.case, sight.read.on), call.language)
    body = shapes.RestorativeOut(as_of=sight.as_of, track=shown if sight.of_the_office else None)
    return answer(body, ETag=views.etag(sight.read.stored.version))
