"""Conditions of complaints, and of what follows one that was upheld."""

from ungdom.workflow import complaints
from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.complaints import Complaint
from ungdom.workflow.guards.core import No, Step, condition, detail, said
from ungdom.workflow.vocabulary import Actor, EventType, Role

E = EventType
_IN_TIME_OR = (d.ComplaintOutcome.DISMISSED, *d.ReinstatementReason)


@condition("krl § 22 e; strpl § 59 a", Actor.PARTY, Actor.COORDINATOR)
def that_decision_was_made(case: Case, step: Step) -> No | None:
    """The decision complained about has been made, under rules that give the right to complain."""
    filed = said(step, d.ComplaintFiled)
    about = (filed.about,) if filed else ()
    made = (one for one in complaints.decisions(case, *about) if one.event.occurred_on <= step.on)
    return None if next(made, None) else No(None, filed.about if filed else None)


@condition("krl § 22 e; strpl § 59 a", Actor.SECRETARIAT, Actor.PROSECUTION)
def decided_by_the_right_authority(case: Case, step: Step) -> No | None:
    """The secretariat decides over decisions of the office, the superior prosecutor over the transfer."""
    if step.role is Role.SYSTEM:
        return None
    mine = Actor.SECRETARIAT if step.role is Role.SECRETARIAT else Actor.PROSECUTION
    decided = said(step, d.ComplaintDecided)
    waiting = [decided.about] if decided else [one.about for one in complaints.of(case) if one.decided is None]
    deciding = [complaints.DECIDES[about] for about in waiting]
    return None if not waiting or mine in deciding else No(mine, deciding[0])


@condition("fvl § 31", Actor.SECRETARIAT, Actor.PROSECUTION)
def late_complaint_is_dismissed_or_reinstated(case: Case, step: Step) -> No | None:
    """A complaint that came late is dismissed, or taken up all the same for a reason."""
    decided = said(step, d.ComplaintDecided)
    open_ = complaints.open_complaint(case, decided.about) if decided else None
    if decided is None or open_ is None or open_.decision is None or not open_.late:
        return None
    allowed = decided.outcome is d.ComplaintOutcome.DISMISSED or decided.reinstated is not None
    return None if allowed else No(open_.filed.occurred_on, open_.decision.last_day)


@detail(d.Resumed, "krl § 22 e", Actor.SECRETARIAT)
def interruption_fell_by_complaint(case: Case, _step: Step, resumed: d.Resumed) -> No | None:
    """What goes on because a complaint was upheld had been interrupted by the decision that fell."""
    if resumed.reason is not d.ResumptionReason.COMPLAINT_UPHELD:
        return None
    fell = _decision_that_fell(complaints.upheld(case, d.ComplaintAbout.INTERRUPTION))
    stop = case.last(E.INTERRUPTED)
    return None if stop is not None and fell == stop.seq else No(False, True)


@condition("krl §§ 22 e, 25", Actor.SECRETARIAT)
def plan_fell_by_complaint(case: Case, _step: Step) -> No | None:
    """A complaint about the plan was upheld, and no new plan meeting has been held since."""
    fell = complaints.upheld(case, d.ComplaintAbout.PLAN)
    met = case.last(E.PLAN_MEETING_HELD, E.REPLAN_MEETING_HELD)
    after = fell is not None and fell.decided is not None and (met is None or met.seq < fell.decided.seq)
    return None if after else No(False, True)


def _decision_that_fell(complaint: Complaint | None) -> int | None:
    return complaint.decision.event.seq if complaint and complaint.decision else None
