"""Complaints: which decisions can be complained about, to whom, until when, and what one that is upheld undoes. Pure.

krl § 22 e made the office's decisions of plan and execution single decisions from R1 on: three weeks, the secretariat
decides (fvl §§ 28, 29). The transfer to follow-up: three weeks, the superior prosecutor (strpl § 59 a). `RULES` is the
table. A complaint that comes late is taken in; it is dismissed, or taken up for a reason (fvl § 31).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length, after, next_working_day
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import CLOSED, IN_EXECUTION, Actor, EventType, Regime, State

E, A = EventType, d.ComplaintAbout
LATER = (Regime.R1, Regime.R2)
NOTHING = d.Details()


@dataclass(frozen=True, slots=True)
class ComplaintRule:
    """One row: a kind of decision, the events that are one, from which regime, who decides the complaint, the time."""

    about: d.ComplaintAbout
    decisions: tuple[EventType, ...]
    regimes: tuple[Regime, ...]
    to: Actor
    time: law.Dated[Length]
    law: str
    fits: Callable[[d.Details], bool] = lambda _details: True


@dataclass(frozen=True, slots=True)
class Complainable:
    """A decision that can be complained about, until and with `last_day` (moved off non-working days, dl § 149)."""

    rule: ComplaintRule
    event: Event
    notified_on: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint, the decision it is about (the newest of that kind; None: none is known), and how it was decided."""

    about: d.ComplaintAbout
    filed: Event
    decision: Complainable | None
    decided: Event | None = None

    @property
    def late(self) -> bool:
        """Filed after the last day."""
        return self.decision is not None and self.filed.occurred_on > self.decision.last_day


class Aftermath(StrEnum):
    """What becomes of a decision when a complaint about it is upheld."""

    UNDONE = "undone"
    NOTHING_LEFT = "nothing_left"  # its effect was over already
    BY_HAND = "by_hand"  # the secretariat's decision is carried out by a step of the office
    NOT_POSSIBLE = "not_possible"  # the event that would undo it is not open in the case as it stands


@dataclass(frozen=True, slots=True)
class ComplaintConsequence:
    """What an upheld complaint leads to; `event` and `details`: what is recorded after it."""

    aftermath: Aftermath
    event: EventType | None = None
    details: d.Details = NOTHING


def _sets_conditions(details: d.Details) -> bool:
    return isinstance(details, d.BreachTalkHeld) and bool(details.conditions)


def _by_the_office(details: d.Details) -> bool:
    return isinstance(details, d.Interrupted) and details.decided_by is d.InterruptedBy.COORDINATOR


ALL, SEC, PRO = tuple(Regime), Actor.SECRETARIAT, Actor.PROSECUTION
PLAN, TRANSFER = law.COMPLAINT_PLAN, law.COMPLAINT_FOLLOW_UP

# A table is read across: one row a kind of decision.
# fmt: off
RULES: tuple[ComplaintRule, ...] = (
    ComplaintRule(A.TRANSFER_TO_FOLLOW_UP, (E.TRANSFERRED_TO_FOLLOW_UP,), ALL, PRO, TRANSFER, TRANSFER.source),
    ComplaintRule(A.PLAN, (E.PLAN_APPROVED,), LATER, SEC, PLAN, "krl §§ 22 e, 25"),
    ComplaintRule(A.PLAN_CHANGE, (E.PLAN_CHANGED,), LATER, SEC, PLAN, "krl §§ 22 e, 25 last paragraph"),
    ComplaintRule(A.DRUG_BAN, (E.DRUG_BAN_IMPOSED,), LATER, SEC, PLAN, "krl §§ 22 e, 28"),
    ComplaintRule(A.BREACH_CONDITIONS, (E.BREACH_TALK_HELD,), LATER, SEC, PLAN, "krl §§ 22 e, 31, 33",
                  _sets_conditions),
    ComplaintRule(A.INTERRUPTION, (E.INTERRUPTED,), LATER, SEC, PLAN, "krl §§ 22 e, 30-34", _by_the_office),
    ComplaintRule(A.POSTPONEMENT, (E.POSTPONED,), LATER, SEC, PLAN, "krl § 22 e, strpl § 459"),
    ComplaintRule(A.STAY_ABROAD, (E.STAY_ABROAD_PERMITTED, E.STAY_ABROAD_REFUSED), LATER, SEC, PLAN,
                  "krl §§ 22 e, 27"),
)
# fmt: on
"""What the prosecution or a court decides in the execution, an interruption on a charge among it, is not here."""

DECIDES: dict[d.ComplaintAbout, Actor] = {rule.about: rule.to for rule in RULES}
"""Who decides a complaint about each kind of decision."""


def rule_of(event: Event) -> ComplaintRule | None:
    """The row by which this event can be complained about, its regime left aside; None: it cannot."""
    return next((rule for rule in RULES if event.type in rule.decisions and rule.fits(event.details)), None)


def decisions(case: Case, *about: d.ComplaintAbout) -> Iterator[Complainable]:
    """Every decision of the case that can be complained about, of these kinds or of all, in the order recorded."""
    for event in case.events:
        rule = rule_of(event)
        if rule and case.execution_regime(event.occurred_on) in rule.regimes and (not about or rule.about in about):
            yield complainable(rule, event)


def complainable(rule: ComplaintRule, event: Event) -> Complainable:
    """The decision with the day the parties were notified and the last day to complain. dl §§ 148, 149.

    Notified on 13 February 2025, a Thursday: until and with Thursday 6 March.
    """
    notified_on = event.details.notified_on if isinstance(event.details, d.TransferredToFollowUp) else None
    on = notified_on or event.occurred_on
    return Complainable(rule, event, on, next_working_day(after(on, rule.time.on(on))))


def complaints_in(case: Case) -> list[Complaint]:
    """Every complaint in the order recorded. A decision on one answers the first of its kind that is open."""
    complaints: list[Complaint] = []
    for event in case.all(E.COMPLAINT_FILED, E.COMPLAINT_DECIDED):
        details = event.details
        if isinstance(details, d.ComplaintFiled):
            complaints.append(Complaint(details.about, event, _newest_decision(case, details.about, event)))
        elif isinstance(details, d.ComplaintDecided):
            waiting = (
                n
                for n, complaint in enumerate(complaints)
                if complaint.about is details.about and complaint.decided is None
            )
            place = next(waiting, None)
            if place is not None:
                complaint = complaints[place]
                complaints[place] = Complaint(complaint.about, complaint.filed, complaint.decision, event)
    return complaints


def open_complaint(case: Case, about: d.ComplaintAbout | None = None) -> Complaint | None:
    """The first complaint, about that or anything, that has been filed and not decided."""
    waiting = (
        complaint for complaint in complaints_in(case) if complaint.decided is None and about in (None, complaint.about)
    )
    return next(waiting, None)


def complaint_filed_on(case: Case, decision: Complainable) -> date | None:
    """The day somebody complained about this very decision."""
    same = (
        complaint
        for complaint in complaints_in(case)
        if complaint.decision and complaint.decision.event.seq == decision.event.seq
    )
    return next((complaint.filed.occurred_on for complaint in same), None)


def last_upheld(case: Case, about: d.ComplaintAbout) -> Complaint | None:
    """The complaint about that which was upheld last."""
    return next(
        (
            complaint
            for complaint in reversed(complaints_in(case))
            if complaint.about is about and _is_upheld(complaint)
        ),
        None,
    )


def _is_upheld(complaint: Complaint) -> bool:
    details = complaint.decided.details if complaint.decided else None
    return isinstance(details, d.ComplaintDecided) and details.outcome is d.ComplaintOutcome.UPHELD


def _newest_decision(case: Case, about: d.ComplaintAbout, filed: Event) -> Complainable | None:
    """The decision of that kind recorded last before the complaint, of those made by the day it was filed."""
    candidates = [decision for decision in decisions(case, about) if decision.event.occurred_on <= filed.occurred_on]
    before = [decision for decision in candidates if decision.event.seq < filed.seq]
    return before[-1] if before else None


# --- what is undone -------------------------------------------------------------------------------------------------

UndoRule = Callable[[Case, Event], ComplaintConsequence]
NOTHING_LEFT = ComplaintConsequence(Aftermath.NOTHING_LEFT)
BY_HAND = ComplaintConsequence(Aftermath.BY_HAND)


def consequence_of(case: Case, complaint: Complaint) -> ComplaintConsequence | None:
    """What the decision on this complaint leads to in the case as it stands right after it; None: nothing changes."""
    details = complaint.decided.details if complaint.decided else None
    if not isinstance(details, d.ComplaintDecided) or complaint.decision is None:
        return None
    if details.outcome is d.ComplaintOutcome.PARTLY_UPHELD:
        return BY_HAND
    if details.outcome is not d.ComplaintOutcome.UPHELD:
        return None
    return UNDO_RULES[complaint.about](case, complaint.decision.event)


def undone_by(case: Case, complaint: Complaint) -> Event | None:
    """The event recorded with the decision on the complaint that undid what it was about."""
    decided = complaint.decided
    if decided is None:
        return None
    with_it = (e for e in case.events if e.seq == decided.seq + 1 and e.recorded_at == decided.recorded_at)
    return next(with_it, None)


def remaining_action(case: Case, complaint: Complaint) -> Aftermath | None:
    """What the office still has to do by hand after an upheld complaint; None: nothing, as far as the case tells."""
    if complaint.decided is None or case.state in CLOSED or undone_by(case, complaint):
        return None
    met = case.last(E.REPLAN_MEETING_HELD)
    by_hand = complaint.about is A.PLAN and not (met and met.seq > complaint.decided.seq)
    details = complaint.decided.details
    partly = isinstance(details, d.ComplaintDecided) and details.outcome is d.ComplaintOutcome.PARTLY_UPHELD
    return Aftermath.BY_HAND if partly or (by_hand and _is_upheld(complaint)) else None


def _undo_while_in_state(state: State, event: EventType, details: d.Details = NOTHING) -> UndoRule:
    """While the case is in that state by the decision itself, also where it was closed and reopened meanwhile."""

    def undo(case: Case, decision: Event) -> ComplaintConsequence:
        in_effect = case.state is state and case.last(decision.type) == decision
        return ComplaintConsequence(Aftermath.UNDONE, event, details) if in_effect else NOTHING_LEFT

    return undo


def _undo_drug_ban(case: Case, decision: Event) -> ComplaintConsequence:
    last = case.last(E.DRUG_BAN_IMPOSED, E.DRUG_BAN_LIFTED)
    in_force = last is not None and last.seq == decision.seq
    return ComplaintConsequence(Aftermath.UNDONE, E.DRUG_BAN_LIFTED) if in_force else NOTHING_LEFT


def _undo_plan_change(case: Case, decision: Event) -> ComplaintConsequence:
    """The plan is as it was before the change: of equal load to what had been decided."""
    last = case.last(E.PLAN_CHANGED, E.PLAN_APPROVED, E.REPLAN_MEETING_HELD)
    in_force = last is not None and last.seq == decision.seq and case.state in IN_EXECUTION
    return (
        ComplaintConsequence(Aftermath.UNDONE, E.PLAN_CHANGED, d.PlanChanged(load=d.PlanLoad.EQUAL))
        if in_force
        else NOTHING_LEFT
    )


def _undo_plan(case: Case, _decision: Event) -> ComplaintConsequence:
    return NOTHING_LEFT if case.state in CLOSED else BY_HAND


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


UNDO_RULES: dict[d.ComplaintAbout, UndoRule] = {
    A.TRANSFER_TO_FOLLOW_UP: _undo_transfer,
    A.PLAN: _undo_plan,
    A.PLAN_CHANGE: _undo_plan_change,
    A.DRUG_BAN: _undo_drug_ban,
    A.BREACH_CONDITIONS: _undo_while_in_state(State.TIGHTENED, E.BREACH_CONDITIONS_LIFTED),
    A.INTERRUPTION: _undo_while_in_state(
        State.INTERRUPTED, E.RESUMED, d.Resumed(reason=d.ResumptionReason.COMPLAINT_UPHELD)
    ),
    A.POSTPONEMENT: _undo_while_in_state(State.POSTPONED, E.POSTPONEMENT_ENDED),
    A.STAY_ABROAD: _undo_stay_refusal,
}
"""By kind of decision, what undoes it. A plan falls by hand: a new plan meeting (`replan_meeting_held`) follows."""
