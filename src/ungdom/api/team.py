"""The follow-up team of a case: who is on it and was, who must be, and what each may be told."""

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter, Response

from ungdom import texts
from ungdom.api import schemas as s
from ungdom.api import views
from ungdom.api.cases import AsOf, answer, instant, read_case
from ungdom.api.deps import Answer, ReadCall
from ungdom.casework import Read
from ungdom.store import current
from ungdom.store.session import Connection
from ungdom.workflow import sharing, team
from ungdom.workflow.details import Attendee, Channel, TeamRole
from ungdom.workflow.permissions import Fact, Viewer
from ungdom.workflow.team import Member, Seat

router = APIRouter(tags=["cases"])


class MatterAccessOut(s.Output):
    """What may be learnt or not: by which law and on which ground. `reason`: what stands in the way, for the office."""

    matter: sharing.Matter
    label: str
    allowed: bool
    ground: sharing.Ground | None
    law: str
    reason: sharing.NotShared | None
    message: str | None


class MemberOut(s.Output):
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


class SeatOut(s.Output):
    """One that must be on the team by law. `advice`: what to do where they are not."""

    who: team.Mandatory
    label: str
    law: str
    taken: bool
    advice: str | None


class TeamOut(s.Output):
    """The team on a day. `mandatory`: empty while no team is due, null for those not in the office.

    Members of the team are told who is on it, of others not what may be shared with them; the team of a youth whose
    address is protected only of themselves.
    """

    as_of: s.AsOfOut
    due: bool
    coordinator: str | None
    members: list[MemberOut]
    mandatory: list[SeatOut] | None


@router.get("/v1/cases/{case_id}/team", response_model=TeamOut, summary="The team, and what each may be told")
def get_team(call: ReadCall, case_id: UUID, as_of: AsOf) -> Response:
    """Members now and before, what may be shared with each and why not, and who must be there by law."""
    viewer, known = call.who.viewer, instant(as_of.known_at)

    def asked(tx: Connection) -> Answer:
        read = read_case(tx, call, case_id, as_of)
        return answer(team_out(read, viewer, call.language, known), ETag=views.etag(read.stored.version))

    return call.read(asked)


def team_out(read: Read, viewer: Viewer, language: texts.Language, known_at: datetime | None) -> TeamOut:
    """The team as far as this viewer may learn of it."""
    case, of_the_office = read.case, Fact.PERSON in read.learns
    shown = [one for one in team.members(case) if Fact.OFFICE in read.learns or one.member == viewer.subject]
    seats = [_seat_out(seat, language) for seat in team.seats(case, read.on)]
    return TeamOut(
        as_of=s.AsOfOut(on=read.on, known_at=known_at),
        due=team.is_due(case, read.on),
        coordinator=current.coordinator(case) if Fact.OFFICE in read.learns else None,
        members=[_member_out(read, one, viewer, language) for one in shown],
        mandatory=seats if of_the_office else None,
    )


def _member_out(read: Read, one: Member, viewer: Viewer, language: texts.Language) -> MemberOut:
    of_the_office = Fact.PERSON in read.learns
    told = of_the_office or one.member == viewer.subject
    return MemberOut(
        member=one.member,
        agency=one.agency,
        agency_label=texts.label(language, one.agency),
        role=one.role,
        role_label=texts.label(language, one.role),
        joined=one.joined,
        left=one.left,
        channel=one.channel if told else None,
        shares=_shares(read, one, language, of_the_office) if told and one.left is None else None,
    )


def _shares(read: Read, one: Member, language: texts.Language, reasons: bool) -> list[MatterAccessOut]:
    return [_share_out(found, language, reasons) for found in sharing.all_of(read.case, one.agency, read.on)]


def _share_out(found: sharing.Answer, language: texts.Language, reasons: bool) -> MatterAccessOut:
    """Whose consent is lacking is the family's own affair: the member is told only that it may not be shared."""
    why = found.why_not if reasons else None
    return MatterAccessOut(
        matter=found.matter,
        label=texts.label(language, found.matter),
        allowed=found.allowed,
        ground=found.ground,
        law=found.law,
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
