"""The measures of a plan: which, by whom, and how each is asked for, waits, begins, is met for and ends."""

from dataclasses import replace
from datetime import date, timedelta

from ungdom.demo import catalogue
from ungdom.demo import measure_shape as shape
from ungdom.demo.chance import working
from ungdom.demo.teller import Entry, Teller
from ungdom.workflow import details as d
from ungdom.workflow import plan
from ungdom.workflow.details import MeasureAnswer, MeasureEnd, PlannedMeasure
from ungdom.workflow.team import running_measures
from ungdom.workflow.vocabulary import IN_EXECUTION, PHASE, EventType, Phase, Regime, State

E = EventType
EXECUTION = frozenset(IN_EXECUTION)
ASKING = EXECUTION | {State.RECEIVED, State.PREPARING, State.INTERIM_CONDITIONS, State.POSTPONED}
RUNNING = EXECUTION | {State.INTERIM_CONDITIONS}
ENDING = RUNNING | frozenset(state for state, phase in PHASE.items() if phase is Phase.BREACH)


def begin(teller: Teller, start: date, approved: date) -> None:
    """The list of the plan is approved, and each measure goes its way."""
    measures = _list(teller, start, approved)
    notified = approved + timedelta(days=teller.chance.days(shape.NOTIFIED))
    said = d.PlanApproved(measures=measures, notified_on=min(notified, teller.today))
    teller.plan_fact(Entry(E.PLAN_APPROVED, approved, said, states=EXECUTION), prompt=True)
    for one in measures:
        _go(teller, start, one)
    if teller.happens(shape.CHANGED):
        on = teller.chance.between(start + timedelta(days=20), _end(teller))
        teller.plan(on, lambda at: _change(at, on))


def replan(teller: Teller, held: date) -> None:
    """A new plan meeting has made the plan heavier: one measure more."""
    on = working(held + timedelta(days=teller.chance.days(shape.NOTIFIED)))

    def approve(at: Teller) -> None:
        before = plan.listed(at.case, on)
        code = "meet_police_corrections" if at.case.execution_regime(on) is Regime.R0 else "reporting"
        new = _planned(at, f"m{len(before) + 5}", code, on)
        measures = (*before, new)
        if before and at.fact(Entry(E.PLAN_APPROVED, on, d.PlanApproved(measures=measures), states=EXECUTION), True):
            _go(at, on, new)

    teller.plan(on, approve)


def close(teller: Teller) -> None:
    """A case that has been closed has no measure running: each ends with it."""
    on = teller.case.closed_on
    if on is None:
        return
    for measure, _ in running_measures(teller.case):
        if not teller.happens(shape.END_FORGOTTEN):
            teller.fact(Entry(E.MEASURE_ENDED, on, _ended(teller, measure, _with_the_case(teller))), prompt=True)


def _end(teller: Teller) -> date:
    return teller.case.planned_end or teller.since


# --- the list ---------------------------------------------------------------------------------------------------


def _list(teller: Teller, start: date, approved: date) -> tuple[PlannedMeasure, ...]:
    codes = shape.R0_CODES if teller.case.execution_regime(approved) is Regime.R0 else shape.LATER_CODES
    drawn = dict.fromkeys(teller.chance.pick(codes) for _ in range(teller.chance.pick(shape.COUNT)))
    return tuple(_planned(teller, f"m{number}", code, start) for number, code in enumerate(drawn, 1))


def _planned(teller: Teller, number: str, code: str, since: date) -> PlannedMeasure:
    low, high = shape.HOURS.get(code, (0, 0))
    hours = teller.chance.rng.randint(low, high) if high else None
    until = teller.chance.between(since + timedelta(days=30), max(since, _end(teller) - timedelta(days=5)))
    return PlannedMeasure(
        measure=number,
        code=code,
        provider=_provider(teller, code),
        hours_a_week=hours,
        since=since,
        until=max(since, until) if hours else None,
        intended_for=shape.NEED[code] if teller.happens(shape.NEED_SAID) else None,
    )


def _provider(teller: Teller, code: str) -> str | None:
    """One of the catalogue where the office has one of that agency, otherwise the agency."""
    if code not in shape.PROVIDED_BY:
        return None
    agency = teller.chance.pick(shape.PROVIDED_BY[code])
    listed = catalogue.of_office(teller.case.konfliktrad).get(agency)
    return str(listed.provider_id) if listed else agency


def _change(teller: Teller, on: date) -> None:
    """The coordinator takes a measure away, or puts one in the place of another that takes as much."""
    before = plan.listed(teller.case, on)
    lower = len(before) > 1 and teller.happens(shape.LOWER_LOAD)
    measures = before[:-1] if lower else before
    load = d.PlanLoad.LOWER if lower else d.PlanLoad.EQUAL
    agreed = teller.case.execution_regime(on) is Regime.R0
    said = d.PlanChanged(load=load, measures=measures, agreed=agreed)
    if teller.fact(Entry(E.PLAN_CHANGED, on, said, states=EXECUTION), prompt=True) and lower:
        _stop(teller, on, before[-1].measure, MeasureEnd.REPLACED)


# --- how each fares ---------------------------------------------------------------------------------------------


def _go(teller: Teller, since: date, one: PlannedMeasure) -> None:
    """Asked for where others carry it out, otherwise begun by the office itself."""
    own = one.provider in (None, "konfliktrad", "politi", "kriminalomsorg")
    if not own and teller.happens(shape.ASKED_FOR):
        _ask(teller, since, one)
    else:
        _carry_out(teller, teller.chance.later(since, shape.STARTED), one)


def _ask(teller: Teller, since: date, one: PlannedMeasure) -> None:
    answer = teller.chance.pick(shape.ANSWERS)
    on = teller.chance.later(since, shape.ANSWERED)
    free = teller.chance.later(on, shape.WAITS) if answer is MeasureAnswer.WAITING_LIST else None
    asked = d.Measure(measure=one.measure, code=one.code, provider=one.provider)
    said = d.MeasureAnswered(measure=one.measure, answer=answer, available_from=free)

    def ask(at: Teller) -> None:
        if at.fact(Entry(E.MEASURE_REQUESTED, since, asked, states=ASKING), prompt=True):
            at.plan_fact(Entry(E.MEASURE_ANSWERED, on, said, states=ASKING), prompt=True)

    teller.plan(since, ask)
    if answer is not MeasureAnswer.REFUSED:
        _carry_out(teller, teller.chance.later(free or on, shape.STARTED), one)
    elif teller.happens(shape.ELSEWHERE):
        _ask(teller, teller.chance.later(on, shape.ASKED_AGAIN), replace(one, provider=_provider(teller, one.code)))


def _carry_out(teller: Teller, on: date, one: PlannedMeasure) -> None:
    why = teller.chance.pick(shape.ENDS)
    last = max(on, _end(teller) - timedelta(days=5))
    half = on + (last - on) // 2 if why in shape.LASTS_TO_THE_END else on
    over = min(teller.chance.between(half, last), working(last))
    begun = d.Measure(measure=one.measure, code=one.code, provider=one.provider)
    kept = one.hours_a_week is not None and teller.happens(shape.ATTENDANCE_KEPT)
    forgotten = teller.happens(shape.END_FORGOTTEN)

    def start(at: Teller) -> None:
        if not at.fact(Entry(E.MEASURE_STARTED, on, begun, states=RUNNING), prompt=True):
            return
        if kept:
            _attend(at, on, over, one.measure)
        if not forgotten:
            at.plan(over, lambda then: _stop(then, over, one.measure, why))

    teller.plan(on, start)


def _attend(teller: Teller, since: date, until: date, measure: str) -> None:
    """The next time the youth is to meet for it, and after that the next."""
    on = teller.chance.later(since, shape.ATTENDANCE)
    if on >= until:
        return

    def meet(at: Teller) -> None:
        said = d.MeasureAttended(measure=measure, attended=at.chance.pick(shape.ATTENDED))
        if at.fact(Entry(E.MEASURE_ATTENDED, on, said, states=ENDING), prompt=True):
            _attend(at, on, until, measure)

    teller.plan(on, meet)


def _stop(teller: Teller, on: date, measure: str, why: MeasureEnd) -> None:
    if any(measure == running for running, _ in running_measures(teller.case)):
        teller.fact(Entry(E.MEASURE_ENDED, on, _ended(teller, measure, why), states=ENDING), prompt=True)


def _ended(teller: Teller, measure: str, why: MeasureEnd) -> d.MeasureEnded:
    return d.MeasureEnded(measure=measure, reason=why, outcome=teller.chance.pick(shape.OUTCOMES[why]))


def _with_the_case(teller: Teller) -> MeasureEnd:
    """Why a measure ends that runs when the case is closed."""
    if teller.state is State.CONSENT_WITHDRAWN:
        return MeasureEnd.STOPPED_BY_YOUTH
    return MeasureEnd.END_OF_TERM if teller.state is State.COMPLETED else MeasureEnd.STOPPED_BY_PROVIDER
