"""Execution of the plan: completion of the term, or an event that changes the course of the case."""

from collections.abc import Callable
from datetime import date, timedelta

from ungdom.demo import breach, investigation, parameters, planning, term, tracks
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.vocabulary import Actor, EventType, Regime, State

E = EventType


def executing(simulator: CaseSimulator) -> None:
    """Draw the next event of the execution, or complete the term."""
    if simulator.once("plan made"):
        tracks.begin(simulator)
        _pin(simulator)
    end = term.end_of(simulator)
    turn = simulator.draws.pick(parameters.TURNS[simulator.sanction])
    low, high = parameters.TURN_AT
    share = low + (high - low) * simulator.draws.rng.random()
    on = working(simulator.since + timedelta(days=int(share * max(1, (end - simulator.since).days))))
    if turn == "none" or on >= end:
        term.complete(simulator)
    else:
        _TURNS[turn](simulator, on)


def _pin(simulator: CaseSimulator) -> None:
    """Pin the original rules in some of the cases that run across the change of law."""
    across = simulator.since < law.SEPTEMBER_2024 < term.end_of(simulator)
    if across and simulator.happens(parameters.PINNED):
        on = working(law.SEPTEMBER_2024 + timedelta(days=simulator.draws.rng.randrange(3, 40)))
        pinned = d.ExecutionRegimePinned(regime=Regime.R0, reason=d.PinReason.MORE_LENIENT_LAW)
        planned = DemoEvent(E.EXECUTION_REGIME_PINNED, on, pinned, states=tracks.WITH_THE_OFFICE)
        simulator.plan_fact(planned, prompt=True)


def _minor(simulator: CaseSimulator, on: date) -> None:
    """Record a breach without consequences; the plan continues."""
    simulator.plan_fact(breach.recorded(simulator, on))
    simulator.catch_up(on)
    if simulator.state is State.EXECUTING and on <= simulator.today:
        term.complete(simulator)
    else:
        simulator.move(E.COMPLETED, term.end_of(simulator))


def _withdraw(simulator: CaseSimulator, on: date) -> None:
    if planning.may_withdraw(simulator):
        planning.withdraw(simulator, on)
    else:
        term.complete(simulator)


def _pause(simulator: CaseSimulator, on: date) -> None:
    ill = simulator.happens(parameters.FOR_HEALTH)
    why = d.InterruptionReason.HEALTH if ill else d.InterruptionReason.WEIGHTY_GROUNDS
    tracks.hear(simulator, on, d.HeardAbout.INTERRUPTION)
    simulator.move(E.INTERRUPTED, on, d.Interrupted(reason=why))


def _complaint(simulator: CaseSimulator, on: date) -> None:
    """Interrupt the execution while a complaint about the plan is decided."""
    if simulator.case.execution_regime(on) is Regime.R0:
        term.complete(simulator)
        return
    about = d.ComplaintAbout.PLAN_CHANGE
    changed = DemoEvent(E.PLAN_CHANGED, on, d.PlanChanged(load=d.PlanLoad.EQUAL), states=tracks.EXECUTION)
    simulator.plan_fact(changed, prompt=True)
    filed = DemoEvent(E.COMPLAINT_FILED, on, d.ComplaintFiled(about=about), states=tracks.EXECUTION)
    simulator.plan_fact(filed, prompt=True)
    simulator.move(E.INTERRUPTED, on, d.Interrupted(reason=d.InterruptionReason.COMPLAINT))


_TURNS: dict[str, Callable[[CaseSimulator, date], object]] = {
    "breach": breach.breached,
    "minor_breach": _minor,
    "new_offence": breach.new_offence,
    "withdrawn": _withdraw,
    "pause": _pause,
    "set_aside": investigation.set_aside,
    "complaint": _complaint,
}


def electronic_control(simulator: CaseSimulator) -> None:
    """End the period, record a decision of the court to lift it, or petition to extend it."""
    ordered = simulator.case.last(E.ELECTRONIC_CONTROL_ORDERED)
    details = ordered.details if ordered else None
    over = details.until if isinstance(details, d.ElectronicControlOrdered) else simulator.since
    drawn = simulator.draws.rng.random()
    if drawn < parameters.CONTROL_LIFTED:
        on = simulator.draws.between(simulator.since, over)
        simulator.move(E.ELECTRONIC_CONTROL_ENDED, on, d.ElectronicControlEnded(reason=d.EndOfControl.LIFTED))
    elif drawn < parameters.CONTROL_LIFTED + parameters.CONTROL_EXTENDED and over < term.end_of(simulator):
        on = max(simulator.since, over - timedelta(days=10))
        simulator.move(E.PETITION_SENT, on, d.PetitionSent(for_=d.Recommendation.ELECTRONIC_CONTROL))
    elif over >= term.end_of(simulator):
        term.complete(simulator)
    else:
        simulator.move(E.ELECTRONIC_CONTROL_ENDED, over, d.ElectronicControlEnded(reason=d.EndOfControl.PERIOD_OVER))


def reopened(simulator: CaseSimulator) -> bool:
    """Reopen a case that was closed in error (rare): the secretariat approves, the leader reopens. Whether it did."""
    if not simulator.happens(parameters.REOPENED) or not simulator.once("reopened"):
        return False
    on = working(simulator.since + timedelta(days=simulator.draws.rng.randrange(2, 20)))
    approved = DemoEvent(E.REOPENING_APPROVED, on, d.ReopeningApproved(), Actor.SECRETARIAT)
    if not simulator.fact(approved, prompt=True):
        return False
    return simulator.move(E.REOPENED, on, d.Reopened())
