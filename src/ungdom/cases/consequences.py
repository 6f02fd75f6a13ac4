"""The events that another one causes, recorded in its transaction by whoever recorded it.

* An upheld complaint undoes the decision that it was about. The table `complaints.UNDO_RULES` gives the event that
  undoes each decision. It is recorded in the same name, under the same conditions as any other event. If these are not
  met nothing is recorded, and the response states that it must be done by hand.
* An accepted transfer ends the membership of everybody on the team whom the receiving office does not keep.
* A closing ends the measures, waits, electronic control and memberships that still run (`endings.endings`). What a late
  fact or a correction leaves open in a closed case is ended likewise; an end that no longer ends anything is annulled.
* A reopening annuls the ends of what goes on.
"""

from dataclasses import replace
from datetime import date

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints, endings, team
from ungdom.workflow.derived.complaints import ComplaintConsequence
from ungdom.workflow.events import Corrected, Event, Replacement, plain_details
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.table import MOVES
from ungdom.workflow.vocabulary import CLOSED, Actor, EventType

CLOSINGS = frozenset(row.event for row in MOVES if row.target in CLOSED)
"""The event types that can close a case."""
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


def with_ends_of_closing(case: Case, correction: Event, after: Case | None) -> list[Event]:
    """The correction, numbered, with those of what the corrected closing ended: they follow its day, or are annulled.

    Another correction annuls the ends that no longer end anything. `after`: the case with the correction alone; None if
    its history cannot be read then. Ordered so that the history can be read after each of them.
    """
    details = correction.details
    corrects_closing = isinstance(details, Corrected) and details.corrects == case.intervals[-1].seq
    if not corrects_closing:
        ended = endings.ends_of_nothing(after) if after is not None else []
    else:
        ended = endings.ended_by_closing(case)
    new = details.replacement if isinstance(details, Corrected) else None
    closes = corrects_closing and new is not None and new.type in CLOSINGS
    day = new.occurred_on if new is not None and closes else None
    ends = [_end_corrected(correction, end, day) for end in ended if end.occurred_on != day]
    main_first = day is not None and day < case.entered_on
    events = [correction, *ends] if main_first else [*ends, correction]
    return [replace(event, seq=correction.seq + n) for n, event in enumerate(events)]


def _end_corrected(correction: Event, end: Event, day: date | None) -> Event:
    plain = plain_details(end.type, end.details)
    new = Replacement(type=end.type, occurred_on=day, details=plain) if day else None
    reason = correction.details.reason if isinstance(correction.details, Corrected) else d.CorrectionReason.WRONG_DATE
    return replace(correction, details=Corrected(corrects=end.seq, reason=reason, replacement=new))


def reopening_events(reopened: Event) -> list[Event]:
    """The corrections that annul the ends of what goes on after this reopening; none for any other event."""
    goes_on = reopened.details.goes_on if isinstance(reopened.details, d.Reopened) else ()
    reason = d.CorrectionReason.NEVER_HAPPENED
    return [
        replace(
            reopened, seq=reopened.seq + n, type=EventType.CORRECTED, details=Corrected(corrects=seq, reason=reason)
        )
        for n, seq in enumerate(goes_on, start=1)
    ]
