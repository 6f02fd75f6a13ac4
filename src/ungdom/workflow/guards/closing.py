"""Conditions of a reopening, and of the events by which a closing ends what still runs."""

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived.endings import ended_by_closing
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail
from ungdom.workflow.vocabulary import CLOSED, Actor, EventType, Role, State

E = EventType
_OTHER_OFFICE = {Role.LEADER: Role.SECRETARIAT, Role.SECRETARIAT: Role.LEADER}
_AS_CLOSED = (d.MeasureEnd.CASE_CLOSED, d.EndOfControl.CASE_CLOSED)


@condition("office norm", Actor.LEADER, Actor.SECRETARIAT)
def another_person_approved(case: Case, step: ProposedEvent) -> Violation | None:
    """Two people of two offices agree: the leader requests and the secretariat approves, or the reverse."""
    if _approval_of_another(case, step):
        return None
    return Violation(False, _OTHER_OFFICE.get(step.role) or Role.SECRETARIAT)


@condition("office norm", Actor.LEADER, Actor.SECRETARIAT)
def leader_or_secretariat_approves(_case: Case, step: ProposedEvent) -> Violation | None:
    """The approval comes from one of the two offices that must agree."""
    return None if step.role in _OTHER_OFFICE else Violation(step.role, [str(role) for role in _OTHER_OFFICE])


@detail(d.ReopeningChoice, "office norm", Actor.LEADER, Actor.SECRETARIAT)
def reopening_says_what_goes_on(case: Case, _step: ProposedEvent, choice: d.ReopeningChoice) -> Violation | None:
    """For everything that the closing ended, by the numbers of its events, it is said whether it goes on."""
    named, ended = sorted((*choice.goes_on, *choice.stays_ended)), sorted(e.seq for e in ended_by_closing(case))
    return None if named == ended else Violation([str(seq) for seq in named], [str(seq) for seq in ended])


@detail(d.Reopened, "office norm", Actor.LEADER, Actor.SECRETARIAT)
def reopeners_agree_on_what_goes_on(case: Case, step: ProposedEvent, reopened: d.Reopened) -> Violation | None:
    """The two people who reopen the case say the same of what goes on.

    The request is compared with the last approval by another person of the other office since the closing.
    """
    approval = _approval_of_another(case, step)
    approved = approval.details if approval else None
    if not isinstance(approved, d.ReopeningApproved) or {*approved.goes_on} == {*reopened.goes_on}:
        return None
    return Violation([str(seq) for seq in sorted(reopened.goes_on)], [str(seq) for seq in sorted(approved.goes_on)])


@condition("office norm", Actor.COORDINATOR)
def only_a_closing_ends_it_as_closed(case: Case, step: ProposedEvent) -> Violation | None:
    """That the case was closed is the reason only of what the closing itself ends."""
    reason = getattr(step.details, "reason", None)
    return Violation(reason, None) if reason in _AS_CLOSED and not case.is_closed else None


@condition("office norm", Actor.LEADER, Actor.SECRETARIAT)
def case_is_closed(case: Case, step: ProposedEvent) -> Violation | None:
    """In a closed case only the closing itself ends what still ran."""
    own = step.actor is Actor.SYSTEM if step.actor else step.role is Role.SYSTEM
    return None if own else Violation(case.state, [str(state) for state in State if state not in CLOSED])


def _approval_of_another(case: Case, step: ProposedEvent) -> Event | None:
    """The last approval since the closing by another person, of the other of the two offices; None without one."""
    closing = case.order_of(case.intervals[-1].seq)
    other = _OTHER_OFFICE.get(step.role)
    approvals = (e for e in case.all(E.REOPENING_APPROVED) if e.order > closing)
    others = (e for e in approvals if e.subject != step.subject and e.role is other)
    return max(others, key=lambda approval: approval.order, default=None)
