"""The follow-up team as a schema, as far as the viewer may learn of it."""

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.team.schemas import MatterAccessOut, MemberOut, SeatOut, TeamOut
from ungdom.cases import CaseView
from ungdom.store import projection
from ungdom.workflow import redaction
from ungdom.workflow.derived import team
from ungdom.workflow.derived.team import Member, Seat
from ungdom.workflow.rules import sharing
from ungdom.workflow.rules.permissions import Disclosure, Viewer


def team_out(read: CaseView, viewer: Viewer, as_of: AsOfOut, language: texts.Language) -> TeamOut:
    """The team as far as this viewer may learn of it."""
    case, of_the_office = read.case, Disclosure.PERSON in read.disclosures
    visible = [member for member in team.members(case) if redaction.may_learn_member(read, viewer, member.member)]
    seats = [_seat_out(seat, language) for seat in team.seats(case, read.on)]
    return TeamOut(
        as_of=as_of,
        due=team.is_due(case, read.on),
        coordinator=projection.coordinator(case) if Disclosure.OFFICE in read.disclosures else None,
        members=[_member_out(read, member, viewer, language) for member in visible],
        mandatory=seats if of_the_office else None,
    )


def _member_out(read: CaseView, member: Member, viewer: Viewer, language: texts.Language) -> MemberOut:
    of_the_office = Disclosure.PERSON in read.disclosures
    may_see = redaction.may_learn_sharing(read, viewer, member.member)
    return from_source(
        MemberOut,
        member,
        agency_label=texts.label(language, member.agency),
        role_label=texts.label(language, member.role),
        channel=member.channel if may_see else None,
        shares=[
            _share_out(access, language, of_the_office)
            for access in sharing.decisions_for(read.case, member.agency, read.on)
        ]
        if may_see and member.left is None
        else None,
    )


def _share_out(access: sharing.SharingDecision, language: texts.Language, reasons: bool) -> MatterAccessOut:
    """One matter. `reasons`: for the office; a member does not learn whose consent is missing."""
    why = access.why_not if reasons else None
    return MatterAccessOut(
        matter=access.matter,
        allowed=access.allowed,
        ground=access.ground,
        law=access.law,
        label=texts.label(language, access.matter),
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
