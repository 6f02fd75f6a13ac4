"""The follow-up team of a case: who is on it and was, who must be, and what each may be told."""

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext
from ungdom.api.http.responses import ApiResponse, etag, json_response
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.cases import CaseView
from ungdom.store import projection
from ungdom.store.session import Connection
from ungdom.workflow.derived import team
from ungdom.workflow.derived.team import Member, Seat
from ungdom.workflow.payloads import Attendee, Channel, TeamRole
from ungdom.workflow.rules import sharing
from ungdom.workflow.rules.permissions import Disclosure, Viewer

router = APIRouter(tags=["cases"])


class MatterAccessOut(Output):
    """What may be learnt or not: by which law and on which ground. `reason`: what stands in the way, for the office."""

    matter: sharing.Matter
    label: str
    allowed: bool
    ground: sharing.Ground | None
    law: str
    reason: sharing.NotShared | None
    message: str | None


class MemberOut(Output):
    """Somebody on the team, or who was. `shares`: null once they have left, and of others for those not in the office.

    `channel`: how they are told, in kind; null where it was not said or may not be learnt.
    """

    member: str
    agency: Attendee
    agency_label: str
    role: TeamRole
    role_label: str
    joined: date
    left: date | None
    channel: Channel | None
    shares: list[MatterAccessOut] | None


class SeatOut(Output):
    """One that must be on the team by law. `advice`: what to do where they are not."""

    who: team.Mandatory
    label: str
    law: str
    taken: bool
    advice: str | None


class TeamOut(Output):
    """The team on a day. `mandatory`: empty while no team is due, null for those not in the office.

    Members of the team are told who is on it, of others not what may be shared with them; the team of a youth whose
    address is protected only of themselves.
    """

    as_of: AsOfOut
    due: bool
    coordinator: str | None
    members: list[MemberOut]
    mandatory: list[SeatOut] | None


@router.get("/v1/cases/{case_id}/team", response_model=TeamOut, summary="The team, and what each may be told")
def get_team(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Members now and before, what may be shared with each and why not, and who must be there by law."""
    viewer, known_at = context.recorder.viewer, instant(as_of.known_at)

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        return json_response(team_out(read, viewer, context.language, known_at), ETag=etag(read.stored.version))

    return context.read(operation)


def team_out(read: CaseView, viewer: Viewer, language: texts.Language, known_at: datetime | None) -> TeamOut:
    """The team as far as this viewer may learn of it."""
    case, of_the_office = read.case, Disclosure.PERSON in read.disclosures
    visible = [
        member
        for member in team.members(case)
        if Disclosure.OFFICE in read.disclosures or member.member == viewer.subject
    ]
    seats = [_seat_out(seat, language) for seat in team.seats(case, read.on)]
    return TeamOut(
        as_of=AsOfOut(on=read.on, known_at=known_at),
        due=team.is_due(case, read.on),
        coordinator=projection.coordinator(case) if Disclosure.OFFICE in read.disclosures else None,
        members=[_member_out(read, member, viewer, language) for member in visible],
        mandatory=seats if of_the_office else None,
    )


def _member_out(read: CaseView, member: Member, viewer: Viewer, language: texts.Language) -> MemberOut:
    of_the_office = Disclosure.PERSON in read.disclosures
    may_see = of_the_office or member.member == viewer.subject
    return MemberOut(
        member=member.member,
        agency=member.agency,
        agency_label=texts.label(language, member.agency),
        role=member.role,
        role_label=texts.label(language, member.role),
        joined=member.joined,
        left=member.left,
        channel=member.channel if may_see else None,
        shares=_shares_out(read, member, language, of_the_office) if may_see and member.left is None else None,
    )


def _shares_out(read: CaseView, member: Member, language: texts.Language, reasons: bool) -> list[MatterAccessOut]:
    return [
        _share_out(access, language, reasons) for access in sharing.decisions_for(read.case, member.agency, read.on)
    ]


def _share_out(access: sharing.SharingDecision, language: texts.Language, reasons: bool) -> MatterAccessOut:
    """Whose consent is lacking is the family's own affair: the member is told only that it may not be shared."""
    why = access.why_not if reasons else None
    return MatterAccessOut(
        matter=access.matter,
        label=texts.label(language, access.matter),
        allowed=access.allowed,
        ground=access.ground,
        law=access.law,
        reason=why,
        message=texts.text(language, "not_shared", why) if why else None,
    )


def _seat_out(seat: Seat, language: texts.Language) -> SeatOut:
    return SeatOut(
        who=seat.who,
        label=texts.label(language, seat.who),
        law=seat.law,
        taken=seat.taken,
        advice=None if seat.taken else texts.text(language, "missing_member", seat.who),
    )
