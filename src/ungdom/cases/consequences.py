"""The events that another event causes, recorded in its transaction by whoever recorded it.

An upheld complaint undoes the decision that it was about. The table `complaints.UNDO_RULES` gives the event that undoes
each decision. It is recorded in the same name, under the same conditions as any other event. If these are not met
nothing is recorded, and the response states that it must be done by hand.

An accepted transfer ends the membership of everybody on the team whom the receiving office does not keep.
"""

from dataclasses import replace

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints, team
from ungdom.workflow.derived.complaints import ComplaintConsequence
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.vocabulary import Actor, EventType

FAMILY = frozenset({Attendee.YOUTH, Attendee.GUARDIAN})
"""Members of the team who stay at a transfer: they belong to the youth, not to an office. krl § 26."""


def undoing_event(case: Case, decided: Event) -> tuple[ComplaintConsequence | None, Event | None]:
    """What the decision on a complaint leads to, and the event to record for it, if any. `case`: with the decision."""
    decisions = (
        complaint
        for complaint in complaints.complaints_in(case)
        if complaint.decided and complaint.decided.seq == decided.seq
    )
    complaint = next(decisions, None)
    undoing = complaints.consequence_of(case, complaint) if complaint else None
    if undoing is None or undoing.event is None:
        return undoing, None
    return undoing, replace(decided, seq=decided.seq + 1, type=undoing.event, details=undoing.details)


def leaving_members(case: Case, accepted: Event) -> list[str]:
    """The members of the team who leave with the transfer: all but family and those whom the new office keeps."""
    keeps = accepted.details.keeps if isinstance(accepted.details, d.TransferAccepted) else ()
    members = (member for member in team.present(case) if member.agency not in FAMILY)
    return [member.member for member in members if member.member not in keeps]


def departure(accepted: Event, seq: int, member: str) -> Event:
    """The event with this number by which a member leaves the team on the day of the transfer."""
    return replace(
        accepted,
        seq=seq,
        type=EventType.TEAM_MEMBER_LEFT,
        actor=Actor.COORDINATOR,
        details=d.MemberLeft(member=member),
    )
