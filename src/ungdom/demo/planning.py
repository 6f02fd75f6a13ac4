"""From receipt to the start of execution: assignment, preparation, postponement, interim conditions, transfers."""

from datetime import date, timedelta

from ungdom.demo import court, investigation, parameters, tracks
from ungdom.demo.people import coordinators
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.payloads import Attendee as At
from ungdom.workflow.vocabulary import CLOSED, EventType, Party, Regime, Sanction, State

E = EventType
IN_PLAN = frozenset({State.RECEIVED, State.PREPARING, State.INTERIM_CONDITIONS, State.POSTPONED})
CONFERENCE = frozenset({State.PREPARING})
ASSIGNED_ANEW = frozenset(State) - CLOSED - IN_PLAN | {State.PREPARING, State.POSTPONED}
ENDINGS = (
    ("withdrawn", parameters.WITHDRAWN_BEFORE),
    ("no_plan", parameters.NO_PLAN),
    ("offence", parameters.OFFENCE_BEFORE),
    ("postponed", parameters.POSTPONED),
    ("start", 1 - parameters.WITHDRAWN_BEFORE - parameters.NO_PLAN - parameters.OFFENCE_BEFORE - parameters.POSTPONED),
)


def received(simulator: CaseSimulator) -> None:
    """Assign a coordinator, or postpone the case."""
    open_file(simulator)
    if simulator.happens(parameters.POSTPONED_AT_RECEIPT):
        postpone(simulator, simulator.later(parameters.ASSIGNED))
    else:
        assign(simulator, simulator.later(parameters.ASSIGNED))


def assign(simulator: CaseSimulator, on: date) -> None:
    """Assign the case to a coordinator of the konfliktråd."""
    simulator.move(E.ASSIGNED, on, d.Assigned(coordinator=simulator.coordinator))


def open_file(simulator: CaseSimulator) -> None:
    """Plan first contact, the restorative track and a possible transfer, once per case."""
    if not simulator.once("file"):
        return
    if not simulator.happens(parameters.CONTACT_NEVER):
        simulator.plan_fact(DemoEvent(E.FIRST_CONTACT, simulator.later(parameters.CONTACT), states=IN_PLAN))
    tracks.restorative(simulator)
    if simulator.happens(parameters.TRANSFER):
        _transfer(simulator, simulator.later(parameters.TRANSFER_AFTER))


# --- transfer to another konfliktråd ----------------------------------------------------------------------------


def _transfer(simulator: CaseSimulator, on: date) -> None:
    def decide(simulator: CaseSimulator) -> None:
        others = [office.code for office in parameters.OFFICES if office.code != simulator.case.konfliktrad]
        to = simulator.draws.rng.choice(others)
        moved = d.TransferDecided(to=to, parties_heard=True, prosecution_told_on=on)
        if simulator.state not in CLOSED and simulator.fact(DemoEvent(E.TRANSFER_DECIDED, on, moved), prompt=True):
            answered = simulator.draws.later(on, parameters.TRANSFER_TAKES)
            declined = simulator.happens(parameters.TRANSFER_DECLINED)
            simulator.plan(answered, lambda sim: _answer_transfer(sim, answered, declined))

    simulator.plan(on, decide)


def _answer_transfer(simulator: CaseSimulator, on: date, declined: bool) -> None:
    answer = (
        DemoEvent(E.TRANSFER_DECLINED, on) if declined else DemoEvent(E.TRANSFER_ACCEPTED, on, d.TransferAccepted())
    )
    if simulator.state not in CLOSED and simulator.fact(answer, prompt=True) and not declined:
        simulator.coordinator = simulator.draws.rng.choice(coordinators(simulator.case.konfliktrad))
        anew = d.Assigned(coordinator=simulator.coordinator)
        on = working(on + timedelta(days=2))
        simulator.plan_fact(DemoEvent(E.ASSIGNED, on, anew, states=ASSIGNED_ANEW))
        tracks.replace_team(simulator, answer.on, on)


# --- preparation ------------------------------------------------------------------------------------------------


def preparing(simulator: CaseSimulator) -> None:
    """Hold the plan meeting, or draw another ending of the preparation."""
    ready = _ready(simulator)
    ending = simulator.draws.pick(ENDINGS)
    if ending == "start" or (ending == "withdrawn" and not may_withdraw(simulator)):
        _start(simulator, ready)
    else:
        early = simulator.draws.between(simulator.since, ready)
        _ENDS[ending](simulator, early if ending != "no_plan" else ready)


def may_withdraw(simulator: CaseSimulator) -> bool:
    """Whether consent can be withdrawn: for follow-up always, for a youth sanction only when decided in R0."""
    regime = simulator.case.decision_regime(simulator.since)
    return simulator.sanction is Sanction.YOUTH_FOLLOW_UP or regime is Regime.R0


def _ready(simulator: CaseSimulator) -> date:
    """The day of the plan meeting, after all delays."""
    pace = parameters.PLAN_PACE.get(simulator.since.year, 1.0)
    on = simulator.later(parameters.PREPARED, pace)
    from_r1 = simulator.since + timedelta(days=100) >= law.SEPTEMBER_2024
    for share, takes, party, reason in _DELAYS:
        # From R1 on the start does not wait for the victim.
        if simulator.happens(share) and not (from_r1 and party is Party.VICTIM):
            until = simulator.draws.later(on, takes)
            investigation.wait(simulator, party, reason, on, until)
            on = until
    return on


_DELAYS = (
    (parameters.NO_SHOW, parameters.NO_SHOW_TAKES, Party.YOUTH, d.WaitReason.NO_SHOW),
    (parameters.CAPACITY, parameters.CAPACITY_TAKES, Party.KONFLIKTRAD, d.WaitReason.CAPACITY),
    (parameters.NO_MEASURE, parameters.MEASURE_TAKES, Party.MEASURE_PROVIDER, d.WaitReason.MEASURE),
    (parameters.VICTIM_WAITED_FOR, parameters.VICTIM_TAKES, Party.VICTIM, d.WaitReason.YOUTH_CONFERENCE),
    (parameters.INTERPRETER_WAIT, parameters.CAPACITY_TAKES, Party.OTHER, d.WaitReason.INTERPRETER),
)


def _start(simulator: CaseSimulator, on: date) -> None:
    signed = (
        on + timedelta(days=simulator.draws.days(parameters.SIGNED_AFTER_CONFERENCE))
        if simulator.happens(parameters.SIGNED_LATER)
        else on
    )
    signed = working(signed)
    if simulator.case.execution_regime(signed) is not Regime.R0:
        meet(simulator, on if simulator.case.execution_regime(on) is not Regime.R0 else signed)
        return
    simulator.plan_fact(DemoEvent(E.YOUTH_CONFERENCE_HELD, on, states=CONFERENCE), prompt=True)
    guardian = (d.By.GUARDIAN,) if simulator.case.under_age(signed) and simulator.youth.guardians else ()
    simulator.move(E.PLAN_SIGNED, signed, d.PlanSigned(by=(d.By.YOUTH, *guardian)))


def meet(simulator: CaseSimulator, on: date) -> bool:
    """Hold the plan meeting with the required participants; returns whether it was held."""
    guardian = (At.GUARDIAN,) if simulator.case.under_age(on) and simulator.youth.guardians else ()
    police = simulator.sanction is Sanction.YOUTH_SANCTION or simulator.happens(parameters.POLICE_AT_FOLLOW_UP)
    both = (At.POLICE, At.CORRECTIONAL_SERVICE) if simulator.sanction is Sanction.YOUTH_SANCTION else ()
    there = both or ((At.POLICE,) if police else ())
    present = (
        At.YOUTH,
        *guardian,
        At.KONFLIKTRAD,
        *there,
        *((At.SCHOOL,) if simulator.happens(parameters.SCHOOL_AT_MEETING) else ()),
    )
    return simulator.move(E.PLAN_MEETING_HELD, on, d.PlanMeetingHeld(present=present))


def withdraw(simulator: CaseSimulator, on: date) -> None:
    """Withdraw consent: the youth or, under 18, sometimes a guardian."""
    guardian = (
        simulator.case.under_age(on)
        and simulator.youth.guardians
        and simulator.happens(parameters.WITHDRAWN_BY_GUARDIAN)
    )
    by = d.ConsentBy(by=d.By.GUARDIAN, guardian="g1") if guardian else d.ConsentBy(by=d.By.YOUTH)
    simulator.move(E.CONSENT_WITHDRAWN, on, by)


def fail(simulator: CaseSimulator, on: date) -> None:
    """Record that the plan failed."""
    court_case = simulator.sanction is Sanction.YOUTH_SANCTION
    why = simulator.draws.pick(_FAILURES)
    recommended = d.Recommendation.SERVE_PRISON if court_case else None
    how = d.HeardHow.DID_NOT_USE if why is d.PlanFailure.DID_NOT_MEET else d.HeardHow.SPOKEN
    tracks.hear(simulator, on, d.HeardAbout.PLAN_FAILURE, how=how)
    simulator.move(E.PLAN_FAILED, on, d.PlanFailed(reason=why, recommendation=recommended))


_FAILURES: tuple[tuple[d.PlanFailure, float], ...] = (
    (d.PlanFailure.NO_AGREEMENT, 45),
    (d.PlanFailure.DID_NOT_MEET, 42),
    (d.PlanFailure.NO_SUITABLE_MEASURES, 8),
    (d.PlanFailure.OTHER, 5),
)


def _offence_first(simulator: CaseSimulator, on: date) -> None:
    act = on - timedelta(days=simulator.draws.rng.randrange(20, 60))
    new = d.NewOffenceRecorded(offence_on=act, charged_on=act + timedelta(days=5))
    known = max(simulator.case.registered_on, on - timedelta(days=3))
    simulator.plan_fact(DemoEvent(E.NEW_OFFENCE_RECORDED, known, new), prompt=True)
    closed = d.ClosedAfterNewOffence(decision=d.NewDecision.JOINT_SENTENCE, decided_on=on)
    simulator.move(E.CLOSED_AFTER_NEW_OFFENCE, on, closed)


def postpone(simulator: CaseSimulator, on: date) -> None:
    """Postpone for health or other weighty grounds."""
    ill = simulator.happens(parameters.FOR_HEALTH)
    why = d.PostponementReason.HEALTH if ill else d.PostponementReason.WEIGHTY_GROUNDS
    simulator.move(E.POSTPONED, on, d.Postponed(reason=why))


_ENDS = {"withdrawn": withdraw, "no_plan": fail, "offence": _offence_first, "postponed": postpone}


def postponed(simulator: CaseSimulator) -> None:
    """End the postponement, or withdraw consent."""
    on = simulator.later(parameters.POSTPONED_TAKES)
    if may_withdraw(simulator) and simulator.happens(parameters.WITHDRAWN_POSTPONED):
        withdraw(simulator, on)
    else:
        simulator.move(E.POSTPONEMENT_ENDED, on)


# --- interim conditions -----------------------------------------------------------------------------------------


def interim_conditions(simulator: CaseSimulator) -> None:
    """Record the steps to assignment while the conditions run, then the plan meeting or, sometimes, a breach."""
    case = simulator.case
    if not case.has(E.BECAME_FINAL):
        court.become_final(simulator, case.served_on or simulator.since)
    elif not case.has(E.DISPATCHED) and not case.has(E.RECEIVED):
        simulator.move(E.DISPATCHED, simulator.later(parameters.DISPATCH_NEW_LAW))
    elif not case.has(E.RECEIVED):
        court.receive(simulator, simulator.later(parameters.RECEIPT))
    elif not case.has(E.ASSIGNED):
        open_file(simulator)
        assign(simulator, simulator.later(parameters.ASSIGNED))
    else:
        _meet_under_conditions(simulator)


def _meet_under_conditions(simulator: CaseSimulator) -> None:
    on = simulator.later(parameters.PREPARED)
    if simulator.once("interim breach") and simulator.happens(parameters.INTERIM_BREACH):
        breached = simulator.draws.between(simulator.since, on)
        planned = DemoEvent(E.BREACH_RECORDED, breached, d.BreachRecorded(kind=d.BreachKind.INTERIM_CONDITIONS))
        simulator.plan_fact(planned, prompt=True)
        simulator.move(E.BREACH_TALK_ORDERED, working(breached + timedelta(days=3)))
    elif simulator.happens(parameters.INTERIM_NO_PLAN):
        fail(simulator, on)
    else:
        meet(simulator, on)
