"""While the plan runs: until the term has run, or something turns the case another way."""

from collections.abc import Callable
from datetime import date, timedelta

from ungdom.demo import breach, investigation, planning, shape, term, tracks
from ungdom.demo.chance import working
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.vocabulary import Actor, EventType, Regime, State

E = EventType


def executing(teller: Teller) -> None:
    """Until the next turn, or the end."""
    if teller.once("plan made"):
        tracks.begin(teller)
        _pin(teller)
    end = term.end_of(teller)
    turn = teller.chance.pick(shape.TURNS[teller.sanction])
    low, high = shape.TURN_AT
    share = low + (high - low) * teller.chance.rng.random()
    on = working(teller.since + timedelta(days=int(share * max(1, (end - teller.since).days))))
    if turn == "none" or on >= end:
        term.complete(teller)
    else:
        _TURNS[turn](teller, on)


def _pin(teller: Teller) -> None:
    """Some of the cases that run across the change of law keep the rules they began under."""
    across = teller.since < law.SEPTEMBER_2024 < term.end_of(teller)
    if across and teller.happens(shape.PINNED):
        on = working(law.SEPTEMBER_2024 + timedelta(days=teller.chance.rng.randrange(3, 40)))
        pinned = d.ExecutionRegimePinned(regime=Regime.R0, reason=d.PinReason.MORE_LENIENT_LAW)
        told = Entry(E.EXECUTION_REGIME_PINNED, on, pinned, states=tracks.WITH_THE_OFFICE)
        teller.plan_fact(told, prompt=True)


def _minor(teller: Teller, on: date) -> None:
    """A breach that is noted and no more; the plan goes on."""
    teller.plan_fact(breach.recorded(teller, on))
    teller.catch_up(on)
    if teller.state is State.EXECUTING and on <= teller.today:
        term.complete(teller)
    else:
        teller.move(E.COMPLETED, term.end_of(teller))


def _withdraw(teller: Teller, on: date) -> None:
    if planning.may_withdraw(teller):
        planning.withdraw(teller, on)
    else:
        term.complete(teller)


def _pause(teller: Teller, on: date) -> None:
    why = d.InterruptionReason.HEALTH if teller.happens(shape.FOR_HEALTH) else d.InterruptionReason.WEIGHTY_GROUNDS
    teller.move(E.INTERRUPTED, on, d.Interrupted(reason=why))


def _complaint(teller: Teller, on: date) -> None:
    """Interrupted while a complaint about the plan is decided."""
    if teller.case.execution_regime(on) is Regime.R0:
        term.complete(teller)
        return
    about = d.ComplaintAbout.PLAN_CHANGE
    changed = Entry(E.PLAN_CHANGED, on, d.PlanChanged(load=d.PlanLoad.EQUAL), states=tracks.EXECUTION)
    teller.plan_fact(changed, prompt=True)
    filed = Entry(E.COMPLAINT_FILED, on, d.ComplaintFiled(about=about), states=tracks.EXECUTION)
    teller.plan_fact(filed, prompt=True)
    teller.move(E.INTERRUPTED, on, d.Interrupted(reason=d.InterruptionReason.COMPLAINT))


def _set_aside(teller: Teller, on: date) -> None:
    investigation.set_aside(teller, on)


_TURNS: dict[str, Callable[[Teller, date], None]] = {
    "breach": breach.breached,
    "minor_breach": _minor,
    "new_offence": breach.new_offence,
    "withdrawn": _withdraw,
    "pause": _pause,
    "set_aside": _set_aside,
    "complaint": _complaint,
}


def electronic_control(teller: Teller) -> None:
    """Until the period is over, the court lifts it, or it is asked to extend it."""
    ordered = teller.case.last(E.ELECTRONIC_CONTROL_ORDERED)
    said = ordered.details if ordered else None
    over = said.until if isinstance(said, d.ElectronicControlOrdered) else teller.since
    drawn = teller.chance.rng.random()
    if drawn < shape.CONTROL_LIFTED:
        on = teller.chance.between(teller.since, over)
        teller.move(E.ELECTRONIC_CONTROL_ENDED, on, d.ElectronicControlEnded(reason=d.EndOfControl.LIFTED))
    elif drawn < shape.CONTROL_LIFTED + shape.CONTROL_EXTENDED and over < term.end_of(teller):
        on = max(teller.since, over - timedelta(days=10))
        teller.move(E.PETITION_SENT, on, d.PetitionSent(for_=d.Recommendation.ELECTRONIC_CONTROL))
    elif over >= term.end_of(teller):
        term.complete(teller)
    else:
        teller.move(E.ELECTRONIC_CONTROL_ENDED, over, d.ElectronicControlEnded(reason=d.EndOfControl.PERIOD_OVER))


def reopened(teller: Teller) -> bool:
    """Closed in error: the secretariat approves, the leader opens again. Rare."""
    if not teller.happens(shape.REOPENED) or not teller.once("reopened"):
        return False
    on = working(teller.since + timedelta(days=teller.chance.rng.randrange(2, 20)))
    approved = Entry(E.REOPENING_APPROVED, on, actor=Actor.SECRETARIAT)
    if not teller.fact(approved, prompt=True):
        return False
    return teller.move(E.REOPENED, on, d.Reopened())
