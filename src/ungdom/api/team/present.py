"""The follow-up team as a schema, as far as the viewer may learn of it."""

from collections.abc import Iterable, Sequence

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.team.schemas import GroupContactOut, MatterAccessOut, MemberOut, SeatOut, TeamOut
from ungdom.cases import CaseView
from ungdom.store import projection
from ungdom.store.coordination_groups import StandingContact
from ungdom.workflow import redaction
from ungdom.workflow.derived import team
from ungdom.workflow.derived.team import Member, Seat
from ungdom.workflow.rules import sharing
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.sharing import Matter, SharingDecision


def team_out(
    read: CaseView, group: Sequence[StandingContact], viewer: Viewer, as_of: AsOfOut, language: texts.Language
) -> TeamOut:
    """The team as far as this viewer may learn of it. `group`: the contacts who are notified in its place."""
    case = read.case
    visible = [member for member in team.members(case) if redaction.may_learn_member(read, viewer, member.member)]
    seats = [_seat_out(seat, language) for seat in team.seats(case, read.on)]
    return TeamOut(
        as_of=as_of,
        due=team.is_due(case, read.on),
        coordinator=projection.coordinator(case),
        members=[_member_out(read, member, viewer, language) for member in visible],
        mandatory=seats,
        group=[_contact_out(standing, language) for standing in group],
        yours=_yours(read, language),
    )


def _member_out(read: CaseView, member: Member, viewer: Viewer, language: texts.Language) -> MemberOut:
    may_see = redaction.may_learn_sharing(read, viewer, member.member)
    return from_source(
        MemberOut,
        member,
        agency_label=texts.label(language, member.agency),
        role_label=texts.label(language, member.role),
        channel=member.channel if may_see else None,
        shares=[_share_out(access, language) for access in _decisions(read, member)]
        if may_see and member.left is None
        else None,
    )


def _contact_out(standing: StandingContact, language: texts.Language) -> GroupContactOut:
    return GroupContactOut(
        agency=standing.agency,
        agency_label=texts.label(language, standing.agency),
        name=standing.name,
        reachable=standing.reachable,
    )


def _decisions(read: CaseView, member: Member) -> Iterable[SharingDecision]:
    """What may be shared with this member: to the office as it was on the day, to the member as it is now."""
    by_agency = dict(read.decisions)
    if member.agency in by_agency:
        return by_agency[member.agency]
    return sharing.decisions_for(read.case, member.agency, read.on, read.stored.protection)


def _yours(read: CaseView, language: texts.Language) -> list[MatterAccessOut] | None:
    """What the reader may learn now, every matter once; None for the office."""
    if read.shared_matters is None:
        return None
    by_matter: dict[Matter, SharingDecision] = {}
    for _, decisions in read.decisions:
        by_matter |= {x.matter: x for x in decisions if x.allowed or x.matter not in by_matter}
    return [_share_out(decision, language) for decision in by_matter.values()]


def _share_out(access: SharingDecision, language: texts.Language) -> MatterAccessOut:
    """One matter. The office alone learns why not: a member does not learn whose consent is missing."""
    why = access.why_not
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
