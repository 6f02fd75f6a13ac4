"""What an event gives a case: the decision in force, and the start of execution."""

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.case import ExecutionStart, SanctionInForce
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType

E = EventType
_DECIDES = (E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT, E.TRANSFERRED_TO_FOLLOW_UP)
_STARTS = {
    E.PLAN_MEETING_HELD: "plan_meeting",
    E.PLAN_SIGNED: "plan_signed",
    E.INTERIM_CONDITIONS_STARTED: "interim_conditions",
}


def decision_in(event: Event) -> SanctionInForce | None:
    """The decision that this event contains; None if it contains none."""
    details = event.details
    if (
        isinstance(details, d.AppealDecided)
        and details.terms is not None
        and details.outcome is d.AppealOutcome.CHANGED
    ):
        return SanctionInForce(event.occurred_on, law.REGIME.on(event.occurred_on), details.terms.length, details.terms)
    if event.type not in _DECIDES or not isinstance(
        details, d.JudgmentGiven | d.FollowUpByJudgment | d.TransferredToFollowUp
    ):
        return None
    terms = details if isinstance(details, d.Terms) else None
    return SanctionInForce(event.occurred_on, law.REGIME.on(event.occurred_on), details.length, terms)


def start_given_by(event: Event) -> ExecutionStart | None:
    """The start of execution that results if this event moves the case; None if none. krl § 23 third paragraph."""
    rule = _STARTS.get(event.type)
    return ExecutionStart(event.occurred_on, rule, event.seq) if rule else None
