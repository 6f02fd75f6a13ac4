"""From receipt to the start of execution: assigned, prepared, postponed, under interim conditions; and transfers."""

from datetime import date, timedelta

from ungdom.demo import court, investigation, shape, tracks
from ungdom.demo.chance import working
from ungdom.demo.people import coordinators
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.details import Attendee as At
from ungdom.workflow.vocabulary import CLOSED, EventType, Party, Regime, Sanction, State

E = EventType
IN_PLAN = frozenset({State.RECEIVED, State.PREPARING, State.INTERIM_CONDITIONS, State.POSTPONED})
CONFERENCE = frozenset({State.PREPARING})
ASSIGNED_ANEW = frozenset(State) - CLOSED - IN_PLAN | {State.PREPARING, State.POSTPONED}
ENDINGS = (
    ("withdrawn", shape.WITHDRAWN_BEFORE),
    ("no_plan", shape.NO_PLAN),
    ("offence", shape.OFFENCE_BEFORE),
    ("postponed", shape.POSTPONED),
    ("start", 1 - shape.WITHDRAWN_BEFORE - shape.NO_PLAN - shape.OFFENCE_BEFORE - shape.POSTPONED),
)


def received(teller: Teller) -> None:
    """Until a coordinator has the case."""
    open_file(teller)
    if teller.happens(shape.POSTPONED_AT_RECEIPT):
        postpone(teller, teller.later(shape.ASSIGNED))
    else:
        assign(teller, teller.later(shape.ASSIGNED))


def assign(teller: Teller, on: date) -> None:
    """Given to a coordinator of the konfliktråd."""
    teller.move(E.ASSIGNED, on, d.Assigned(coordinator=teller.coordinator))


def open_file(teller: Teller) -> None:
    """What is set going when the konfliktråd has received a case, once."""
    if not teller.once("file"):
        return
    if not teller.happens(shape.CONTACT_NEVER):
        teller.plan_fact(Entry(E.FIRST_CONTACT, teller.later(shape.CONTACT), states=IN_PLAN))
    tracks.restorative(teller)
    if teller.happens(shape.TRANSFER):
        _transfer(teller, teller.later(shape.TRANSFER_AFTER))


# --- to another konfliktråd -------------------------------------------------------------------------------------


def _transfer(teller: Teller, on: date) -> None:
    def decide(at: Teller) -> None:
        others = [office.code for office in shape.OFFICES if office.code != at.case.konfliktrad]
        to = at.chance.rng.choice(others)
        moved = d.TransferDecided(to=to, parties_heard=True, prosecution_told_on=on)
        if at.state not in CLOSED and at.fact(Entry(E.TRANSFER_DECIDED, on, moved), prompt=True):
            answered = at.chance.later(on, shape.TRANSFER_TAKES)
            answer = _decline if at.happens(shape.TRANSFER_DECLINED) else _accept
            at.plan(answered, lambda then: answer(then, answered))

    teller.plan(on, decide)


def _decline(teller: Teller, on: date) -> None:
    if teller.state not in CLOSED:
        teller.fact(Entry(E.TRANSFER_DECLINED, on), prompt=True)


def _accept(teller: Teller, on: date) -> None:
    if teller.state not in CLOSED and teller.fact(Entry(E.TRANSFER_ACCEPTED, on), prompt=True):
        teller.coordinator = teller.chance.rng.choice(coordinators(teller.case.konfliktrad))
        anew = d.Assigned(coordinator=teller.coordinator)
        on = working(on + timedelta(days=2))
        teller.plan_fact(Entry(E.ASSIGNED, on, anew, states=ASSIGNED_ANEW))


# --- preparing --------------------------------------------------------------------------------------------------


def preparing(teller: Teller) -> None:
    """Until the plan meeting, or whatever comes instead."""
    ready = _ready(teller)
    ending = teller.chance.pick(ENDINGS)
    if ending == "start" or (ending == "withdrawn" and not may_withdraw(teller)):
        _start(teller, ready)
    else:
        early = teller.chance.between(teller.since, ready)
        _ENDS[ending](teller, early if ending != "no_plan" else ready)


def may_withdraw(teller: Teller) -> bool:
    """Consent carries the sanction: follow-up always, a youth sanction only when decided in R0."""
    regime = teller.case.decision_regime(teller.since)
    return teller.sanction is Sanction.YOUTH_FOLLOW_UP or regime is Regime.R0


def _ready(teller: Teller) -> date:
    """The day of the plan meeting, with what holds it up."""
    pace = shape.PLAN_PACE.get(teller.since.year, 1.0)
    on = teller.later(shape.PREPARED, pace)
    for share, takes, party, reason in _HELD_UP:
        if teller.happens(share) and not _past(party, teller.since):
            held = teller.chance.later(on, takes)
            investigation.wait(teller, party, reason, on, held)
            on = held
    return on


def _past(party: Party, day: date) -> bool:
    """From R1 on nobody waits for the victim before the start."""
    return party is Party.VICTIM and day + timedelta(days=100) >= law.SEPTEMBER_2024


_HELD_UP = (
    (shape.NO_SHOW, shape.NO_SHOW_TAKES, Party.YOUTH, d.WaitReason.NO_SHOW),
    (shape.CAPACITY, shape.CAPACITY_TAKES, Party.KONFLIKTRAD, d.WaitReason.CAPACITY),
    (shape.NO_MEASURE, shape.MEASURE_TAKES, Party.MEASURE_PROVIDER, d.WaitReason.MEASURE),
    (shape.VICTIM_WAITED_FOR, shape.VICTIM_TAKES, Party.VICTIM, d.WaitReason.YOUTH_CONFERENCE),
    (shape.INTERPRETER_WAIT, shape.CAPACITY_TAKES, Party.OTHER, d.WaitReason.INTERPRETER),
)


def _start(teller: Teller, on: date) -> None:
    signed = (
        on + timedelta(days=teller.chance.days(shape.SIGNED_AFTER_CONFERENCE))
        if teller.happens(shape.SIGNED_LATER)
        else on
    )
    signed = working(signed)
    if teller.case.execution_regime(signed) is not Regime.R0:
        meet(teller, on if teller.case.execution_regime(on) is not Regime.R0 else signed)
        return
    teller.plan_fact(Entry(E.YOUTH_CONFERENCE_HELD, on, states=CONFERENCE), prompt=True)
    guardian = (d.By.GUARDIAN,) if teller.case.under_age(signed) and teller.youth.guardians else ()
    teller.move(E.PLAN_SIGNED, signed, d.PlanSigned(by=(d.By.YOUTH, *guardian)))


def meet(teller: Teller, on: date) -> bool:
    """The plan meeting, with those there who have to be."""
    guardian = (At.GUARDIAN,) if teller.case.under_age(on) and teller.youth.guardians else ()
    police = teller.sanction is Sanction.YOUTH_SANCTION or teller.happens(shape.POLICE_AT_FOLLOW_UP)
    both = (At.POLICE, At.CORRECTIONAL_SERVICE) if teller.sanction is Sanction.YOUTH_SANCTION else ()
    there = both or ((At.POLICE,) if police else ())
    present = (
        At.YOUTH,
        *guardian,
        At.KONFLIKTRAD,
        *there,
        *((At.SCHOOL,) if teller.happens(shape.SCHOOL_AT_MEETING) else ()),
    )
    return teller.move(E.PLAN_MEETING_HELD, on, d.PlanMeetingHeld(present=present))


def withdraw(teller: Teller, on: date) -> None:
    """Consent withdrawn, by the youth or, under 18, now and then by a guardian."""
    guardian = teller.case.under_age(on) and teller.youth.guardians and teller.happens(shape.WITHDRAWN_BY_GUARDIAN)
    by = d.ConsentBy(by=d.By.GUARDIAN, guardian="guardian-1") if guardian else d.ConsentBy(by=d.By.YOUTH)
    teller.move(E.CONSENT_WITHDRAWN, on, by)


def fail(teller: Teller, on: date) -> None:
    """No plan came about."""
    court_case = teller.sanction is Sanction.YOUTH_SANCTION
    why = teller.chance.pick(_FAILURES)
    recommended = d.Recommendation.SERVE_PRISON if court_case else None
    how = d.HeardHow.DID_NOT_USE if why is d.PlanFailure.DID_NOT_MEET else d.HeardHow.SPOKEN
    tracks.hear(teller, on, d.HeardAbout.PLAN_FAILURE, how=how)
    teller.move(E.PLAN_FAILED, on, d.PlanFailed(reason=why, recommendation=recommended))


_FAILURES: tuple[tuple[d.PlanFailure, float], ...] = (
    (d.PlanFailure.NO_AGREEMENT, 45),
    (d.PlanFailure.DID_NOT_MEET, 42),
    (d.PlanFailure.NO_SUITABLE_MEASURES, 8),
    (d.PlanFailure.OTHER, 5),
)


def _offence_first(teller: Teller, on: date) -> None:
    act = on - timedelta(days=teller.chance.rng.randrange(20, 60))
    new = d.NewOffenceRecorded(offence_on=act, charged_on=act + timedelta(days=5))
    known = max(teller.case.registered_on, on - timedelta(days=3))
    teller.plan_fact(Entry(E.NEW_OFFENCE_RECORDED, known, new), prompt=True)
    closed = d.ClosedAfterNewOffence(decision=d.NewDecision.JOINT_SENTENCE, decided_on=on)
    teller.move(E.CLOSED_AFTER_NEW_OFFENCE, on, closed)


def postpone(teller: Teller, on: date) -> None:
    """Postponed, for health or other weighty grounds."""
    why = d.PostponementReason.HEALTH if teller.happens(shape.FOR_HEALTH) else d.PostponementReason.WEIGHTY_GROUNDS
    teller.move(E.POSTPONED, on, d.Postponed(reason=why))


_ENDS = {"withdrawn": withdraw, "no_plan": fail, "offence": _offence_first, "postponed": postpone}


def postponed(teller: Teller) -> None:
    """Until it can go on."""
    on = teller.later(shape.POSTPONED_TAKES)
    if may_withdraw(teller) and teller.happens(shape.WITHDRAWN_POSTPONED):
        withdraw(teller, on)
    else:
        teller.move(E.POSTPONEMENT_ENDED, on)


# --- interim conditions -----------------------------------------------------------------------------------------


def interim_conditions(teller: Teller) -> None:
    """The paper trail while the conditions run, and then the plan meeting. Now and then a breach comes first."""
    case = teller.case
    if not case.has(E.BECAME_FINAL):
        court.become_final(teller, case.served_on or teller.since)
    elif not case.has(E.DISPATCHED) and not case.has(E.RECEIVED):
        teller.move(E.DISPATCHED, teller.later(shape.DISPATCH_NEW_LAW))
    elif not case.has(E.RECEIVED):
        court.receive(teller, teller.later(shape.RECEIPT))
    elif not case.has(E.ASSIGNED):
        open_file(teller)
        assign(teller, teller.later(shape.ASSIGNED))
    else:
        _meet_under_conditions(teller)


def _meet_under_conditions(teller: Teller) -> None:
    on = teller.later(shape.PREPARED)
    if teller.once("interim breach") and teller.happens(shape.INTERIM_BREACH):
        breached = teller.chance.between(teller.since, on)
        told = Entry(E.BREACH_RECORDED, breached, d.BreachRecorded(kind=d.BreachKind.INTERIM_CONDITIONS))
        teller.plan_fact(told, prompt=True)
        teller.move(E.BREACH_TALK_ORDERED, working(breached + timedelta(days=3)))
    elif teller.happens(shape.INTERIM_NO_PLAN):
        fail(teller, on)
    else:
        meet(teller, on)
