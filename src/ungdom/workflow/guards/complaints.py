"""Conditions of complaints, and of the steps that follow an upheld complaint."""

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import complaints
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail, details_of
from ungdom.workflow.vocabulary import Actor, EventType, Role

E = EventType


@condition("krl § 22 e; strpl § 59 a", Actor.PARTY, Actor.COORDINATOR)
def that_decision_was_made(case: Case, step: ProposedEvent) -> Violation | None:
    """The decision complained about has been made, under rules that give the right to complain."""
    filed = details_of(step, d.ComplaintFiled)
    about = (filed.about,) if filed else ()
    decisions = (decision for decision in complaints.decisions(case, *about) if decision.event.occurred_on <= step.on)
    return None if next(decisions, None) else Violation(None, filed.about if filed else None)


@condition("krl § 22 e; strpl § 59 a", Actor.SECRETARIAT, Actor.PROSECUTION)
def decided_by_the_right_authority(case: Case, step: ProposedEvent) -> Violation | None:
    """The secretariat decides over decisions of the office, the superior prosecutor over the transfer."""
    if step.role is Role.SYSTEM:
        return None
    authority = Actor.SECRETARIAT if step.role is Role.SECRETARIAT else Actor.PROSECUTION
    decided = details_of(step, d.ComplaintDecided)
    waiting = (
        [decided.about]
        if decided
        else [complaint.about for complaint in complaints.complaints_in(case) if complaint.decided is None]
    )
    deciding = [complaints.DECIDES[about] for about in waiting]
    return None if not waiting or authority in deciding else Violation(authority, deciding[0])


@condition("fvl § 31", Actor.SECRETARIAT, Actor.PROSECUTION)
def late_complaint_is_dismissed_or_reinstated(case: Case, step: ProposedEvent) -> Violation | None:
    """A complaint that was filed late is dismissed, or considered for a stated reason."""
    decided = details_of(step, d.ComplaintDecided)
    open_ = complaints.open_complaint(case, decided.about) if decided else None
    if decided is None or open_ is None or open_.decision is None or not open_.late:
        return None
    allowed = decided.outcome is d.ComplaintOutcome.DISMISSED or decided.reinstated is not None
    return None if allowed else Violation(open_.filed.occurred_on, open_.decision.last_day)


@detail(d.Resumed, "krl § 22 e", Actor.SECRETARIAT)
def interruption_fell_by_complaint(case: Case, _step: ProposedEvent, resumed: d.Resumed) -> Violation | None:
    """An execution resumed because of an upheld complaint had been interrupted by the decision that was overturned."""
    if resumed.reason is not d.ResumptionReason.COMPLAINT_UPHELD:
        return None
    upheld = complaints.last_upheld(case, d.ComplaintAbout.INTERRUPTION)
    fell = upheld.decision.event if upheld and upheld.decision else None
    return None if fell is not None and fell == case.last(E.INTERRUPTED) else Violation(False, True)


@condition("krl §§ 22 e, 25", Actor.SECRETARIAT)
def plan_fell_by_complaint(case: Case, _step: ProposedEvent) -> Violation | None:
    """A complaint about the plan was upheld, and no new plan meeting has been held since."""
    fell = complaints.last_upheld(case, d.ComplaintAbout.PLAN)
    met = case.last(E.PLAN_MEETING_HELD, E.REPLAN_MEETING_HELD)
    after = fell is not None and fell.decided is not None and (met is None or met.order < fell.decided.order)
    return None if after else Violation(False, True)
