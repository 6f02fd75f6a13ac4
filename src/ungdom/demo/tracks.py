"""What goes on beside the main line: the restorative track, the team, tests, complaints, surveys."""

from datetime import date, timedelta

from ungdom.demo import court, measures, shape
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow import law
from ungdom.workflow.details import Attendee as At
from ungdom.workflow.team import ROLES
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


def restorative(teller: Teller) -> None:
    """The victim is invited, answers, and now and then takes it back."""
    if not teller.happens(shape.VICTIM_INVITED):
        return
    invited = teller.later(shape.VICTIM_ASKED)
    answered = teller.chance.later(invited, shape.VICTIM_ANSWERS)
    accepts = teller.happens(shape.VICTIM_ACCEPTS)
    _victim(teller, E.VICTIM_INVITED, invited)
    _victim(teller, E.VICTIM_ACCEPTED if accepts else E.VICTIM_DECLINED, answered)
    if accepts:
        kind = E.VICTIM_WITHDREW if teller.happens(shape.VICTIM_WITHDRAWS) else E.RESTORATIVE_MEETING_HELD
        _victim(teller, kind, teller.chance.later(answered, shape.VICTIM_MEETS))
    elif teller.happens(shape.OTHER_PROCESS):
        _victim(teller, E.OTHER_RESTORATIVE_PROCESS_HELD, teller.chance.later(answered, shape.VICTIM_MEETS))


def _victim(teller: Teller, kind: EventType, on: date) -> None:
    teller.plan_fact(Entry(kind, on, states=RESTORATIVE), prompt=True)


def hear(teller: Teller, on: date, *about: d.HeardAbout, how: d.HeardHow = d.HeardHow.SPOKEN) -> None:
    """The youth is heard before a step of the office, where the rules of that day ask for it."""
    if teller.case.execution_regime(on) is not Regime.R0:
        heard = d.YouthHeard(about=about, how=how)
        teller.plan_fact(Entry(E.YOUTH_HEARD, on, heard, states=WITH_THE_OFFICE), prompt=True)


def begin(teller: Teller) -> None:
    """What is set going when a plan has been made, once."""
    start = teller.since
    _approved(teller, start)
    _team(teller, start)
    _tests(teller, start)
    if teller.happens(shape.ABROAD):
        _abroad(teller, start)
    if teller.happens(shape.SURVEY):
        teller.plan_fact(Entry(E.SURVEY_ANSWERED, _end(teller) - timedelta(days=9), states=WITH_THE_OFFICE))


def _end(teller: Teller) -> date:
    return teller.case.planned_end or teller.since


def _approved(teller: Teller, start: date) -> None:
    approved = teller.later(shape.APPROVED)
    measures.begin(teller, start, approved)
    if teller.case.execution_regime(start) is Regime.R0:
        return
    signed = teller.later(shape.SIGNED)
    guardian = (d.By.GUARDIAN,) if teller.case.under_age(signed) and teller.youth.guardians else ()
    teller.plan_fact(Entry(E.PLAN_SIGNED, signed, d.PlanSigned(by=(d.By.YOUTH, *guardian)), states=EXECUTION))
    if teller.happens(shape.PLAN_COMPLAINT):
        filed = approved + timedelta(days=teller.chance.rng.randrange(1, 20))
        days = (filed, filed + timedelta(days=teller.chance.rng.randrange(20, 70)))
        outcome = (
            d.ComplaintOutcome.PARTLY_UPHELD
            if teller.happens(shape.COMPLAINT_PARTLY_UPHELD)
            else d.ComplaintOutcome.REJECTED
        )
        court.complain(teller, d.ComplaintAbout.PLAN, days, outcome, Actor.SECRETARIAT)


# --- the team ---------------------------------------------------------------------------------------------------


def _team(teller: Teller, start: date) -> None:
    both = teller.sanction is Sanction.YOUTH_SANCTION
    always = (
        ("police", "correctional_service") if both else ("police",) if teller.happens(shape.POLICE_AT_FOLLOW_UP) else ()
    )
    some = tuple(agency for agency, share in shape.TEAM if teller.happens(share))
    for agency in (*always, *some):
        _member(teller, agency, start)
    invited = (At.YOUTH, At.GUARDIAN, At.KONFLIKTRAD, *(At(agency) for agency in (*always, *some)))
    _meeting(teller, start, invited)


def _member(teller: Teller, agency: str, start: date) -> None:
    who = f"team-{agency.replace('_', '-')}-{teller.case.konfliktrad}"
    joined = d.MemberJoined(member=who, agency=At(agency), role=ROLES[At(agency)][0], channel=shape.CHANNEL[At(agency)])

    def join(at: Teller) -> None:
        done = at.fact(Entry(E.TEAM_MEMBER_JOINED, start, joined, states=TEAM), prompt=True)
        if done and at.happens(shape.MEMBER_LEAVES):
            on = at.chance.between(start, _end(at))
            at.plan_fact(Entry(E.TEAM_MEMBER_LEFT, on, d.MemberLeft(member=who), states=TEAM))

    teller.plan(start, join)


def _meeting(teller: Teller, since: date, invited: tuple[At, ...]) -> None:
    """The next meeting of the team, and after it the next."""
    on = teller.chance.later(since, shape.TEAM_MEETING)

    def hold(at: Teller) -> None:
        if at.case.is_closed:
            return
        present = tuple(who for who in invited if who in CONDUCTED or at.happens(shape.PRESENT))
        at.fact(Entry(E.TEAM_MEETING_HELD, on, d.TeamMeetingHeld(invited=invited, present=present), states=TEAM))
        _meeting(at, on, invited)

    teller.plan(on, hold)


# --- tests ------------------------------------------------------------------------------------------------------------


def _tests(teller: Teller, start: date) -> None:
    if teller.happens(shape.DRUG_TESTED):
        _test(teller, start)
    if teller.happens(shape.DRUG_BAN) and law.REGIME.on(start) is not Regime.R0:
        on = teller.chance.between(start, start + timedelta(days=40))
        off = teller.chance.between(on + timedelta(days=40), max(on, _end(teller)))
        hear(teller, on, d.HeardAbout.DRUG_BAN)
        teller.plan_fact(Entry(E.DRUG_BAN_IMPOSED, on, states=MEASURES), prompt=True)
        teller.plan_fact(Entry(E.DRUG_BAN_LIFTED, off, states=TEAM))


def _test(teller: Teller, since: date) -> None:
    on = teller.chance.later(since, shape.DRUG_TEST)

    def take(at: Teller) -> None:
        if not at.case.is_closed:
            at.fact(Entry(E.DRUG_TEST_HELD, on, d.DrugTestHeld(result=_result(at)), states=MEASURES))
            _test(at, on)

    teller.plan(on, take)


def _result(teller: Teller) -> d.DrugTestResult:
    drawn = teller.chance.rng.random()
    if drawn < shape.DRUG_REFUSED:
        return d.DrugTestResult.REFUSED
    positive = drawn < shape.DRUG_REFUSED + shape.DRUG_POSITIVE
    return d.DrugTestResult.POSITIVE if positive else d.DrugTestResult.NEGATIVE


def _abroad(teller: Teller, start: date) -> None:
    on = teller.chance.between(start + timedelta(days=14), _end(teller))
    stay = d.StayAbroadPermitted(since=on + timedelta(days=10), until=on + timedelta(days=24))
    if teller.happens(shape.ABROAD_REFUSED):
        refused = d.StayAbroadRefused(since=stay.since, until=stay.until)
        teller.plan_fact(Entry(E.STAY_ABROAD_REFUSED, on, refused, states=MEASURES))
    else:
        teller.plan_fact(Entry(E.STAY_ABROAD_PERMITTED, on, stay, states=MEASURES))
