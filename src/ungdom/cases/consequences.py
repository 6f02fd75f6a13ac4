"""The event that an upheld complaint causes: it undoes the decision that the complaint was about.

The table `complaints.UNDO_RULES` gives the event that undoes each decision. The event is recorded in the same
transaction, by whoever recorded the decision on the complaint and in the same name, under the same conditions as any
other event. If these are not met nothing is recorded, and the response states that it must be done by hand.
"""

from dataclasses import replace

from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import ComplaintConsequence
from ungdom.workflow.events import Event


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
