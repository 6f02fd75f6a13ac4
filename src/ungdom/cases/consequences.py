"""What an event brings with it, recorded in the same transaction: an upheld complaint undoes what it was about.

Which event undoes which decision is the table `complaints.UNDOES`. It goes through the same conditions as any other;
where they are not met nothing is forced, the complaint stands as decided, and the answer says that it is to be done by
hand. It is recorded in the name of whoever decided the complaint, by whoever recorded that.
"""

from dataclasses import replace

from ungdom.cases.commands import RecordResult
from ungdom.cases.outgoing_messages import messages_for
from ungdom.store import journal
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.derived import complaints
from ungdom.workflow.derived.complaints import Aftermath, ComplaintConsequence
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.vocabulary import EventType


def apply_consequences(tx: Connection, done: RecordResult, dry_run: bool) -> RecordResult:
    """What was recorded, and what followed from it; written unless it is a dry run."""
    undoing = _undoing(done)
    if undoing is None or undoing.event is None:
        return replace(done, undoing=undoing)
    event = _event(done.event, undoing, undoing.event)
    if not engine.decide(done.after, _proposed_event(event)).allowed:
        return replace(done, undoing=ComplaintConsequence(Aftermath.NOT_POSSIBLE))
    stored, after = done.stored_after, engine.apply(done.after, event)
    if not dry_run:
        journal.append(tx, stored, event, after, messages_for(stored, after, event))
    return replace(done, after=after, followed_by=(event,), undoing=undoing)


def _undoing(done: RecordResult) -> ComplaintConsequence | None:
    if done.event.type is not EventType.COMPLAINT_DECIDED:
        return None
    decided = (
        candidate
        for candidate in complaints.complaints_in(done.after)
        if candidate.decided and candidate.decided.seq == done.event.seq
    )
    complaint = next(decided, None)
    return complaints.consequence_of(done.after, complaint) if complaint else None


def _event(decided: Event, undoing: ComplaintConsequence, kind: EventType) -> Event:
    return replace(decided, seq=decided.seq + 1, type=kind, details=undoing.details)


def _proposed_event(event: Event) -> ProposedEvent:
    today = oslo_date(event.recorded_at)
    return ProposedEvent(
        event.type, event.occurred_on, today, event.details, event.role, event.subject, actor=event.actor
    )
