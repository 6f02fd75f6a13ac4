"""Complaints: the decisions they can concern, who decides them, the time limits, and what an upheld one reverses. Pure.

From R1 on, krl § 22 e makes the office's decisions about plan and execution single decisions: three weeks, decided by
the secretariat (fvl §§ 28, 29). The transfer to follow-up: three weeks, decided by the superior prosecutor (strpl § 59
a). `RULES` is the table. A late complaint is recorded; it is dismissed, or considered for a stated reason (fvl § 31).
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after, next_working_day
from ungdom.workflow.case import Case, derived_once
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import CLOSED, IN_EXECUTION, Actor, EventType, Regime, State

E, A = EventType, d.ComplaintAbout
LATER = (Regime.R1, Regime.R2)
NOTHING = d.Details()


@dataclass(frozen=True, slots=True)
class ComplaintRule:
    """One row: a kind of decision, its events, the regimes, who decides the complaint, and the time limit."""

    about: d.ComplaintAbout
    decisions: tuple[EventType, ...]
    regimes: tuple[Regime, ...]
    to: Actor
    time: law.Dated[Length]
    law: str
    fits: Callable[[d.Details], bool] = lambda _details: True


@dataclass(frozen=True, slots=True)
class Complainable:
    """A decision that can be complained about, until `last_day` inclusive (moved off non-working days, dl § 149)."""

    rule: ComplaintRule
    event: Event
    notified_on: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint, the decision it concerns, and the event that decided it.

    `decision`: the newest of that kind; None if none is known. `decided`: None while the complaint is open.
    """

    about: d.ComplaintAbout
    filed: Event
    decision: Complainable | None
    decided: Event | None = None

    @property
    def late(self) -> bool:
        """Whether it was filed after the last day."""
        return self.decision is not None and self.filed.occurred_on > self.decision.last_day


class Aftermath(StrEnum):
    """What becomes of a decision when a complaint about it is upheld."""

    UNDONE = "undone"
    NOTHING_LEFT = "nothing_left"  # the decision no longer had any effect
    BY_HAND = "by_hand"  # the secretariat's decision is carried out by a step of the office
    NOT_POSSIBLE = "not_possible"  # the reversing event is not allowed in the current state of the case


@dataclass(frozen=True, slots=True)
class ComplaintConsequence:
    """The consequence of an upheld complaint. `event` and `details`: what is recorded after the decision on it."""

    aftermath: Aftermath
    event: EventType | None = None
    details: d.Details = NOTHING


def _sets_conditions(details: d.Details) -> bool:
    return isinstance(details, d.BreachTalkHeld) and bool(details.conditions)


def _by_the_office(details: d.Details) -> bool:
    return isinstance(details, d.Interrupted) and details.decided_by is d.InterruptedBy.COORDINATOR


ALL, SEC, PRO = tuple(Regime), Actor.SECRETARIAT, Actor.PROSECUTION
PLAN, TRANSFER = law.COMPLAINT_PLAN, law.COMPLAINT_FOLLOW_UP

# Read by lawyers: one row per kind of decision.
# fmt: off
RULES: tuple[ComplaintRule, ...] = (
    ComplaintRule(A.TRANSFER_TO_FOLLOW_UP, (E.TRANSFERRED_TO_FOLLOW_UP,),
         regimes=ALL, to=PRO, time=TRANSFER, law=TRANSFER.source),
    ComplaintRule(A.PLAN, (E.PLAN_APPROVED,),
         regimes=LATER, to=SEC, time=PLAN, law="krl §§ 22 e, 25"),
    ComplaintRule(A.PLAN_CHANGE, (E.PLAN_CHANGED,),
         regimes=LATER, to=SEC, time=PLAN, law="krl §§ 22 e, 25 last paragraph"),
    ComplaintRule(A.DRUG_BAN, (E.DRUG_BAN_IMPOSED,),
         regimes=LATER, to=SEC, time=PLAN, law="krl §§ 22 e, 28"),
    ComplaintRule(A.BREACH_CONDITIONS, (E.BREACH_TALK_HELD,),
         regimes=LATER, to=SEC, time=PLAN, law="krl §§ 22 e, 31, 33", fits=_sets_conditions),
    ComplaintRule(A.INTERRUPTION, (E.INTERRUPTED,),
         regimes=LATER, to=SEC, time=PLAN, law="krl §§ 22 e, 30-34", fits=_by_the_office),
    ComplaintRule(A.POSTPONEMENT, (E.POSTPONED,),
         regimes=LATER, to=SEC, time=PLAN, law="krl § 22 e, strpl § 459"),
    ComplaintRule(A.STAY_ABROAD, (E.STAY_ABROAD_PERMITTED, E.STAY_ABROAD_REFUSED),
         regimes=LATER, to=SEC, time=PLAN, law="krl §§ 22 e, 27"),
)
# fmt: on
"""Decisions of the prosecution or a court during execution, such as an interruption on a charge, have no row."""

_DECIDING = tuple(kind for rule in RULES for kind in rule.decisions)

DECIDES: dict[d.ComplaintAbout, Actor] = {rule.about: rule.to for rule in RULES}
"""The actor that decides a complaint, by kind of decision."""


def rule_of(event: Event) -> ComplaintRule | None:
    """The row under which this event can be complained about, regardless of regime; None if there is none."""
    return next((rule for rule in RULES if event.type in rule.decisions and rule.fits(event.details)), None)


def decisions(case: Case, *about: d.ComplaintAbout) -> Iterator[Complainable]:
    """The decisions of the case that can be complained about, in the order recorded. No `about`: all kinds."""
    return (decision for decision in _every_decision(case) if not about or decision.rule.about in about)


@derived_once
def _every_decision(case: Case) -> tuple[Complainable, ...]:
    rules = ((event, rule_of(event)) for event in case.all(*_DECIDING))
    return tuple(
        complainable(rule, event)
        for event, rule in rules
        if rule and case.execution_regime(event.occurred_on) in rule.regimes
    )


@derived_once
def decision_by_seq(case: Case) -> dict[int, Complainable]:
    """The decisions that can be complained about, by the number of their event."""
    return {decision.event.seq: decision for decision in _every_decision(case)}


def complainable(rule: ComplaintRule, event: Event) -> Complainable:
    """The decision with the day of notification of the parties and the last day to complain. dl §§ 148, 149.

    Notified on Thursday 13 February 2025: until Thursday 6 March, inclusive.
    """
    notified_on = event.details.notified_on if isinstance(event.details, d.TransferredToFollowUp) else None
    on = notified_on or event.occurred_on
    return Complainable(rule, event, on, next_working_day(after(on, rule.time.on(on))))


@derived_once
def complaints_in(case: Case) -> tuple[Complaint, ...]:
    """Every complaint in the order recorded. A decision on a complaint applies to the first open one of its kind."""
    complaints: list[Complaint] = []
    for event in case.all(E.COMPLAINT_FILED, E.COMPLAINT_DECIDED):
        details = event.details
        if isinstance(details, d.ComplaintFiled):
            known = [x for x in decisions(case, details.about) if x.event.order < event.order]
            newest = next((x for x in reversed(known) if x.event.occurred_on <= event.occurred_on), None)
            complaints.append(Complaint(details.about, event, newest))
        elif isinstance(details, d.ComplaintDecided):
            undecided = (x for x in complaints if x.about is details.about and x.decided is None)
            if answered := next(undecided, None):
                complaints[complaints.index(answered)] = replace(answered, decided=event)
    return tuple(complaints)


def open_complaint(case: Case, about: d.ComplaintAbout | None = None) -> Complaint | None:
    """The first complaint that is filed and not decided; None without one. `about`: only of this kind."""
    waiting = (
        complaint for complaint in complaints_in(case) if complaint.decided is None and about in (None, complaint.about)
    )
    return next(waiting, None)


def complaint_filed_on(case: Case, decision: Complainable) -> date | None:
    """The day on which a complaint about exactly this decision was filed; None without one."""
    same = (
        complaint
        for complaint in complaints_in(case)
        if complaint.decision and complaint.decision.event.seq == decision.event.seq
    )
    return next((complaint.filed.occurred_on for complaint in same), None)


def last_upheld(case: Case, about: d.ComplaintAbout) -> Complaint | None:
    """The complaint of this kind that was upheld last; None without one."""
    upheld = (complaint for complaint in reversed(complaints_in(case)) if _is_upheld(complaint))
    return next((complaint for complaint in upheld if complaint.about is about), None)


def _is_upheld(complaint: Complaint) -> bool:
    details = complaint.decided.details if complaint.decided else None
    return isinstance(details, d.ComplaintDecided) and details.outcome is d.ComplaintOutcome.UPHELD


# --- reversal -------------------------------------------------------------------------------------------------------

UndoRule = Callable[[Case, Event], ComplaintConsequence]
NOTHING_LEFT = ComplaintConsequence(Aftermath.NOTHING_LEFT)
BY_HAND = ComplaintConsequence(Aftermath.BY_HAND)


def consequence_of(case: Case, complaint: Complaint) -> ComplaintConsequence | None:
    """The consequence of the decision on this complaint, for the case right after it; None if nothing changes."""
    details = complaint.decided.details if complaint.decided else None
    if not isinstance(details, d.ComplaintDecided) or complaint.decision is None:
        return None
    if details.outcome is d.ComplaintOutcome.PARTLY_UPHELD:
        return BY_HAND
    if details.outcome is not d.ComplaintOutcome.UPHELD:
        return None
    return UNDO_RULES[complaint.about](case, complaint.decision.event)


def undone_by(case: Case, complaint: Complaint) -> Event | None:
    """The event, recorded together with the decision on the complaint, that reversed the disputed decision.

    None without such an event.
    """
    decided = complaint.decided
    if decided is None:
        return None
    with_it = (e for e in case.events if e.seq == decided.seq + 1 and e.recorded_at == decided.recorded_at)
    return next(with_it, None)


def remaining_action(case: Case, complaint: Complaint) -> Aftermath | None:
    """What the office must still do by hand after an upheld complaint; None if nothing, as far as is recorded."""
    if complaint.decided is None or case.state in CLOSED or undone_by(case, complaint):
        return None
    met = case.last(E.REPLAN_MEETING_HELD)
    by_hand = complaint.about is A.PLAN and not (met and met.order > complaint.decided.order)
    details = complaint.decided.details
    partly = isinstance(details, d.ComplaintDecided) and details.outcome is d.ComplaintOutcome.PARTLY_UPHELD
    return Aftermath.BY_HAND if partly or (by_hand and _is_upheld(complaint)) else None


def _while_newest(
    *kinds: EventType, states: Collection[State], undone_by: EventType, details: d.Details = NOTHING
) -> UndoRule:
    """A rule: reversed if the case is in one of the states and the decision is its newest event of these types."""

    def undo(case: Case, decision: Event) -> ComplaintConsequence:
        in_effect = case.state in states and case.last(*kinds) == decision
        return ComplaintConsequence(Aftermath.UNDONE, undone_by, details) if in_effect else NOTHING_LEFT

    return undo


def _undo_transfer(case: Case, _decision: Event) -> ComplaintConsequence:
    aside = d.DecisionSetAside(reason=d.SetAside.COMPLAINT_UPHELD)
    return NOTHING_LEFT if case.state in CLOSED else ComplaintConsequence(Aftermath.UNDONE, E.DECISION_SET_ASIDE, aside)


def _undo_stay_refusal(case: Case, decision: Event) -> ComplaintConsequence:
    details, last = decision.details, case.last(E.STAY_ABROAD_PERMITTED, E.STAY_ABROAD_REFUSED)
    if not isinstance(details, d.StayAbroadRefused):
        return BY_HAND
    if case.state in CLOSED or last is None or last.seq != decision.seq:
        return NOTHING_LEFT
    return ComplaintConsequence(
        Aftermath.UNDONE, E.STAY_ABROAD_PERMITTED, d.StayAbroadPermitted(since=details.since, until=details.until)
    )


# Read by lawyers: one row per kind of decision.
# fmt: off
UNDO_RULES: dict[d.ComplaintAbout, UndoRule] = {
    A.TRANSFER_TO_FOLLOW_UP: _undo_transfer,
    A.PLAN: lambda case, _decision: NOTHING_LEFT if case.state in CLOSED else BY_HAND,
    A.PLAN_CHANGE: _while_newest(E.PLAN_CHANGED, E.PLAN_APPROVED, E.REPLAN_MEETING_HELD, states=IN_EXECUTION,
         undone_by=E.PLAN_CHANGED, details=d.PlanChanged(load=d.PlanLoad.EQUAL)),  # the load decided before
    A.DRUG_BAN: _while_newest(E.DRUG_BAN_IMPOSED, E.DRUG_BAN_LIFTED, states=tuple(State),
         undone_by=E.DRUG_BAN_LIFTED),
    A.BREACH_CONDITIONS: _while_newest(E.BREACH_TALK_HELD, states=(State.TIGHTENED,),
         undone_by=E.BREACH_CONDITIONS_LIFTED),
    A.INTERRUPTION: _while_newest(E.INTERRUPTED, states=(State.INTERRUPTED,),
         undone_by=E.RESUMED, details=d.Resumed(reason=d.ResumptionReason.COMPLAINT_UPHELD)),
    A.POSTPONEMENT: _while_newest(E.POSTPONED, states=(State.POSTPONED,),
         undone_by=E.POSTPONEMENT_ENDED),
    A.STAY_ABROAD: _undo_stay_refusal,
}
# fmt: on
"""How an upheld complaint reverses a decision, by kind of decision.

A plan is replaced by hand: a new plan meeting (`replan_meeting_held`) follows.
"""
