"""Schemas of the follow-up team."""

from datetime import date

from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.derived import team
from ungdom.workflow.payloads import Attendee, Channel, TeamRole
from ungdom.workflow.rules import sharing


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


class GroupContactOut(Output):
    """A standing contact of the coordination group. `reachable`: a notice reaches them."""

    agency: Attendee
    agency_label: str
    name: str
    reachable: bool


class TeamOut(Output):
    """The team on a day. `mandatory`: empty while no team is due, null for those not in the office.

    `yours`: what the reader may learn now, and so what every other answer gives them; null for the office. Members of
    the team are told who is on it, of others not what may be shared with them; the team of a youth whose address is
    protected only of themselves. `group`: before a team is due the standing contacts of the coordination group, who are
    notified of delay; empty afterwards and while the address of the youth is protected, null for those not in the
    office.
    """

    as_of: AsOfOut
    due: bool
    coordinator: str | None
    members: list[MemberOut]
    mandatory: list[SeatOut] | None
    group: list[GroupContactOut] | None
    yours: list[MatterAccessOut] | None
