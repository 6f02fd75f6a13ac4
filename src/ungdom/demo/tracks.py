"""Parallel tracks: restorative process, team, drug tests, complaints, surveys."""

from datetime import date, timedelta

from ungdom.demo import court, measures, parameters
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.derived.team import ROLES, present
from ungdom.workflow.events import NOTHING
from ungdom.workflow.payloads import Attendee as At
from ungdom.workflow.vocabulary import IN_EXECUTION, PHASE, Actor, EventType, Phase, Regime, Sanction, State

E = EventType
EXECUTION = frozenset(IN_EXECUTION)
IN_PLAN = frozenset({State.RECEIVED, State.PREPARING, State.INTERIM_CONDITIONS, State.POSTPONED})
RESTORATIVE = EXECUTION | IN_PLAN
BREACH = frozenset(state for state, phase in PHASE.items() if phase is Phase.BREACH)
WITH_THE_OFFICE = EXECUTION | IN_PLAN | BREACH
TEAM = EXECUTION | BREACH | {State.INTERIM_CONDITIONS}
MEASURES = EXECUTION | {State.INTERIM_CONDITIONS}
CONDUCTED = {At.YOUTH, At.KONFLIKTRAD}


def restorative(simulator: CaseSimulator) -> None:
    """Invite the victim and record the answer, sometimes followed by a withdrawal."""
    if not simulator.happens(parameters.VICTIM_INVITED):
        return
    invited = simulator.later(parameters.VICTIM_ASKED)
    answered = simulator.draws.later(invited, parameters.VICTIM_ANSWERS)
    accepts = simulator.happens(parameters.VICTIM_ACCEPTS)
    _victim(simulator, E.VICTIM_INVITED, invited)
    _victim(simulator, E.VICTIM_ACCEPTED if accepts else E.VICTIM_DECLINED, answered)
    if accepts:
        kind = E.VICTIM_WITHDREW if simulator.happens(parameters.VICTIM_WITHDRAWS) else E.RESTORATIVE_MEETING_HELD
        _victim(simulator, kind, simulator.draws.later(answered, parameters.VICTIM_MEETS))
    elif simulator.happens(parameters.OTHER_PROCESS):
        _victim(simulator, E.OTHER_RESTORATIVE_PROCESS_HELD, simulator.draws.later(answered, parameters.VICTIM_MEETS))


def _victim(simulator: CaseSimulator, kind: EventType, on: date) -> None:
    details = _VICTIM_DETAILS.get(kind, NOTHING)
    simulator.plan_fact(DemoEvent(kind, on, details, states=RESTORATIVE), prompt=True)


_VICTIM_DETAILS: dict[EventType, d.Details] = {
    **dict.fromkeys((E.VICTIM_INVITED, E.VICTIM_ACCEPTED, E.VICTIM_DECLINED, E.VICTIM_WITHDREW), d.VictimStep()),
    E.RESTORATIVE_MEETING_HELD: d.RestorativeMeetingHeld(),
}


def hear(simulator: CaseSimulator, on: date, *about: d.HeardAbout, how: d.HeardHow = d.HeardHow.SPOKEN) -> None:
    """Record that the youth was heard before a decision, where the rules of that day require it."""
    if simulator.case.execution_regime(on) is not Regime.R0:
        heard = d.YouthHeard(about=about, how=how)
        simulator.plan_fact(DemoEvent(E.YOUTH_HEARD, on, heard, states=WITH_THE_OFFICE), prompt=True)


def begin(simulator: CaseSimulator) -> None:
    """Start the parallel tracks when a plan has been made, once per case."""
    start = simulator.since
    _approved(simulator, start)
    _team(simulator, start)
    _tests(simulator, start)
    if simulator.happens(parameters.ABROAD):
        _abroad(simulator, start)
    if simulator.happens(parameters.SURVEY):
        simulator.plan_fact(DemoEvent(E.SURVEY_ANSWERED, _end(simulator) - timedelta(days=9), states=WITH_THE_OFFICE))


def _end(simulator: CaseSimulator) -> date:
    return simulator.case.planned_end or simulator.since


def _approved(simulator: CaseSimulator, start: date) -> None:
    approved = simulator.later(parameters.APPROVED)
    measures.begin(simulator, start, approved)
    if simulator.case.execution_regime(start) is Regime.R0:
        return
    signed = simulator.later(parameters.SIGNED)
    guardian = (d.By.GUARDIAN,) if simulator.case.under_age(signed) and simulator.youth.guardians else ()
    simulator.plan_fact(DemoEvent(E.PLAN_SIGNED, signed, d.PlanSigned(by=(d.By.YOUTH, *guardian)), states=EXECUTION))
    if simulator.happens(parameters.PLAN_COMPLAINT):
        filed = approved + timedelta(days=simulator.draws.rng.randrange(1, 20))
        days = (filed, filed + timedelta(days=simulator.draws.rng.randrange(20, 70)))
        outcome = (
            d.ComplaintOutcome.PARTLY_UPHELD
            if simulator.happens(parameters.COMPLAINT_PARTLY_UPHELD)
            else d.ComplaintOutcome.REJECTED
        )
        court.complain(simulator, d.ComplaintAbout.PLAN, days, outcome, Actor.SECRETARIAT)


# --- the team ---------------------------------------------------------------------------------------------------


def _team(simulator: CaseSimulator, start: date) -> None:
    both = simulator.sanction is Sanction.YOUTH_SANCTION
    always = (
        ("police", "correctional_service")
        if both
        else ("police",)
        if simulator.happens(parameters.POLICE_AT_FOLLOW_UP)
        else ()
    )
    some = tuple(agency for agency, share in parameters.TEAM if simulator.happens(share))
    for agency in (*always, *some):
        _member(simulator, agency, start)
    invited = (At.YOUTH, At.GUARDIAN, At.KONFLIKTRAD, *(At(agency) for agency in (*always, *some)))
    _meeting(simulator, start, invited)


def _member(simulator: CaseSimulator, agency: str, start: date) -> None:
    who = f"team-{agency.replace('_', '-')}-{simulator.case.konfliktrad}"
    joined = d.MemberJoined(
        member=who, agency=At(agency), role=ROLES[At(agency)][0], channel=parameters.CHANNEL[At(agency)]
    )

    def join(simulator: CaseSimulator) -> None:
        done = simulator.fact(DemoEvent(E.TEAM_MEMBER_JOINED, start, joined, states=TEAM), prompt=True)
        if done and simulator.happens(parameters.MEMBER_LEAVES):
            on = simulator.draws.between(start, _end(simulator))
            simulator.plan_fact(DemoEvent(E.TEAM_MEMBER_LEFT, on, d.MemberLeft(member=who), states=TEAM))

    simulator.plan(start, join)


def replace_team(simulator: CaseSimulator, transferred: date, joined: date) -> None:
    """The members of the team leave with the transfer; their agencies are represented anew at the other office."""
    for member in present(simulator.case):
        left = d.MemberLeft(member=member.member)
        simulator.fact(DemoEvent(E.TEAM_MEMBER_LEFT, transferred, left, states=TEAM), prompt=True)
        _member(simulator, member.agency, joined)


def _meeting(simulator: CaseSimulator, since: date, invited: tuple[At, ...]) -> None:
    """Plan the next meeting of the team; each one plans the next."""
    on = simulator.draws.later(since, parameters.TEAM_MEETING)

    def hold(simulator: CaseSimulator) -> None:
        if simulator.case.is_closed:
            return
        present = tuple(who for who in invited if who in CONDUCTED or simulator.happens(parameters.PRESENT))
        simulator.fact(
            DemoEvent(E.TEAM_MEETING_HELD, on, d.TeamMeetingHeld(invited=invited, present=present), states=TEAM)
        )
        _meeting(simulator, on, invited)

    simulator.plan(on, hold)


# --- tests ------------------------------------------------------------------------------------------------------------


def _tests(simulator: CaseSimulator, start: date) -> None:
    if simulator.happens(parameters.DRUG_TESTED):
        _test(simulator, start)
    if simulator.happens(parameters.DRUG_BAN) and law.REGIME.on(start) is not Regime.R0:
        on = simulator.draws.between(start, start + timedelta(days=40))
        off = simulator.draws.between(on + timedelta(days=40), max(on, _end(simulator)))
        hear(simulator, on, d.HeardAbout.DRUG_BAN)
        simulator.plan_fact(DemoEvent(E.DRUG_BAN_IMPOSED, on, states=MEASURES), prompt=True)
        simulator.plan_fact(DemoEvent(E.DRUG_BAN_LIFTED, off, states=TEAM))


def _test(simulator: CaseSimulator, since: date) -> None:
    on = simulator.draws.later(since, parameters.DRUG_TEST)

    def take(simulator: CaseSimulator) -> None:
        if not simulator.case.is_closed:
            simulator.fact(DemoEvent(E.DRUG_TEST_HELD, on, d.DrugTestHeld(result=_result(simulator)), states=MEASURES))
            _test(simulator, on)

    simulator.plan(on, take)


def _result(simulator: CaseSimulator) -> d.DrugTestResult:
    drawn = simulator.draws.rng.random()
    if drawn < parameters.DRUG_REFUSED:
        return d.DrugTestResult.REFUSED
    positive = drawn < parameters.DRUG_REFUSED + parameters.DRUG_POSITIVE
    return d.DrugTestResult.POSITIVE if positive else d.DrugTestResult.NEGATIVE


def _abroad(simulator: CaseSimulator, start: date) -> None:
    on = simulator.draws.between(start + timedelta(days=14), _end(simulator))
    stay = d.StayAbroadPermitted(since=on + timedelta(days=10), until=on + timedelta(days=24))
    if simulator.happens(parameters.ABROAD_REFUSED):
        refused = d.StayAbroadRefused(since=stay.since, until=stay.until)
        simulator.plan_fact(DemoEvent(E.STAY_ABROAD_REFUSED, on, refused, states=MEASURES))
    else:
        simulator.plan_fact(DemoEvent(E.STAY_ABROAD_PERMITTED, on, stay, states=MEASURES))
