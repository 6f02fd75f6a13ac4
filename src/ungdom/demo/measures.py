"""The measures of a plan: their selection, provider, request, waiting time, start, attendance and end."""

from dataclasses import replace
from datetime import date, timedelta

from ungdom.demo import catalogue
from ungdom.demo import measure_parameters as shape
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator, DemoEvent
from ungdom.workflow import payloads as d
from ungdom.workflow.derived import plan
from ungdom.workflow.derived.team import running_measures
from ungdom.workflow.payloads import MeasureAnswer, MeasureEnd, PlannedMeasure
from ungdom.workflow.vocabulary import IN_EXECUTION, PHASE, EventType, Phase, Regime, State

E = EventType
EXECUTION = frozenset(IN_EXECUTION)
ASKING = EXECUTION | {State.RECEIVED, State.PREPARING, State.INTERIM_CONDITIONS, State.POSTPONED}
RUNNING = EXECUTION | {State.INTERIM_CONDITIONS}
END_REASON = {State.CONSENT_WITHDRAWN: MeasureEnd.STOPPED_BY_YOUTH, State.COMPLETED: MeasureEnd.END_OF_TERM}
"""The reason for ending a running measure when the case is closed in this state; by default the provider stops it."""
ENDING = RUNNING | frozenset(state for state, phase in PHASE.items() if phase is Phase.BREACH)


def begin(simulator: CaseSimulator, start: date, approved: date) -> None:
    """Draw and approve the measures of the plan, and plan the course of each."""
    codes = shape.R0_CODES if simulator.case.execution_regime(approved) is Regime.R0 else shape.LATER_CODES
    drawn = dict.fromkeys(simulator.draws.pick(codes) for _ in range(simulator.draws.pick(shape.COUNT)))
    measures = tuple(_planned(simulator, f"m{number}", code, start) for number, code in enumerate(drawn, 1))
    details = d.PlanApproved(measures=measures, notified_on=approved)
    simulator.plan_fact(DemoEvent(E.PLAN_APPROVED, approved, details, states=EXECUTION), prompt=True)
    for measure in measures:
        _start_measure(simulator, start, measure)
    if simulator.happens(shape.CHANGED):
        on = simulator.draws.between(start + timedelta(days=20), _end(simulator))
        simulator.plan(on, lambda sim: _change(sim, on))


def replan(simulator: CaseSimulator, held: date) -> None:
    """Add one measure after a new plan meeting."""
    on = working(held + timedelta(days=simulator.draws.days(shape.NOTIFIED)))

    def approve(simulator: CaseSimulator) -> None:
        before = plan.planned_measures(simulator.case, on)
        code = "meet_police_corrections" if simulator.case.execution_regime(on) is Regime.R0 else "reporting"
        new = _planned(simulator, f"m{len(before) + 5}", code, on)
        measures = (*before, new)
        if before and simulator.fact(
            DemoEvent(E.PLAN_APPROVED, on, d.PlanApproved(measures=measures), states=EXECUTION), True
        ):
            _start_measure(simulator, on, new)

    simulator.plan(on, approve)


def close(simulator: CaseSimulator) -> None:
    """End every measure that still runs when the case is closed, except a few that are forgotten."""
    on = simulator.case.closed_on
    if on is None:
        return
    why = END_REASON.get(simulator.state, MeasureEnd.STOPPED_BY_PROVIDER)
    for measure, _ in running_measures(simulator.case):
        if not simulator.happens(shape.END_FORGOTTEN):
            simulator.fact(DemoEvent(E.MEASURE_ENDED, on, _ended(simulator, measure, why)), prompt=True)


def _end(simulator: CaseSimulator) -> date:
    return simulator.case.planned_end or simulator.since


# --- the list ---------------------------------------------------------------------------------------------------


def _planned(simulator: CaseSimulator, number: str, code: str, since: date) -> PlannedMeasure:
    low, high = shape.HOURS.get(code, (0, 0))
    hours = simulator.draws.rng.randint(low, high) if high else None
    until = simulator.draws.between(since + timedelta(days=30), max(since, _end(simulator) - timedelta(days=5)))
    return PlannedMeasure(
        measure=number,
        code=code,
        provider=_provider(simulator, code),
        hours_a_week=hours,
        since=since,
        until=max(since, until) if hours else None,
        intended_for=shape.NEED[code] if simulator.happens(shape.NEED_SAID) else None,
    )


def _provider(simulator: CaseSimulator, code: str) -> str | None:
    """The id of the provider of the drawn agency in the catalogue of the office, otherwise the agency."""
    if code not in shape.PROVIDED_BY:
        return None
    agency = simulator.draws.pick(shape.PROVIDED_BY[code])
    listed = catalogue.of_office(simulator.case.konfliktrad).get(agency)
    return str(listed.provider_id) if listed else agency


def _change(simulator: CaseSimulator, on: date) -> None:
    """The coordinator removes the last measure, or records a change without a change of load."""
    before = plan.planned_measures(simulator.case, on)
    lower = len(before) > 1 and simulator.happens(shape.LOWER_LOAD)
    measures = before[:-1] if lower else before
    load = d.PlanLoad.LOWER if lower else d.PlanLoad.EQUAL
    agreed = simulator.case.execution_regime(on) is Regime.R0
    details = d.PlanChanged(load=load, measures=measures, agreed=agreed)
    if simulator.fact(DemoEvent(E.PLAN_CHANGED, on, details, states=EXECUTION), prompt=True) and lower:
        _stop(simulator, on, before[-1].measure, MeasureEnd.REPLACED)


# --- the course of a measure ---------------------------------------------------------------------------------------


def _start_measure(simulator: CaseSimulator, since: date, measure: PlannedMeasure) -> None:
    """Request a measure of another agency; start one that the office, police or correctional service carries out."""
    own = measure.provider in (None, "konfliktrad", "politi", "kriminalomsorg")
    if not own and simulator.happens(shape.ASKED_FOR):
        _request_measure(simulator, since, measure)
    else:
        _carry_out(simulator, simulator.draws.later(since, shape.STARTED), measure)


def _request_measure(simulator: CaseSimulator, since: date, measure: PlannedMeasure) -> None:
    answer = simulator.draws.pick(shape.ANSWERS)
    on = simulator.draws.later(since, shape.ANSWERED)
    free = simulator.draws.later(on, shape.WAITS) if answer is MeasureAnswer.WAITING_LIST else None
    request = d.Measure(measure=measure.measure, code=measure.code, provider=measure.provider)
    response = d.MeasureAnswered(measure=measure.measure, answer=answer, available_from=free)

    def ask(simulator: CaseSimulator) -> None:
        if simulator.fact(DemoEvent(E.MEASURE_REQUESTED, since, request, states=ASKING), prompt=True):
            simulator.plan_fact(DemoEvent(E.MEASURE_ANSWERED, on, response, states=ASKING), prompt=True)

    simulator.plan(since, ask)
    if answer is not MeasureAnswer.REFUSED:
        _carry_out(simulator, simulator.draws.later(free or on, shape.STARTED), measure)
    elif simulator.happens(shape.ELSEWHERE):
        _request_measure(
            simulator,
            simulator.draws.later(on, shape.ASKED_AGAIN),
            replace(measure, provider=_provider(simulator, measure.code)),
        )


def _carry_out(simulator: CaseSimulator, on: date, measure: PlannedMeasure) -> None:
    why = simulator.draws.pick(shape.ENDS)
    last = max(on, _end(simulator) - timedelta(days=5))
    half = on + (last - on) // 2 if why in shape.LASTS_TO_THE_END else on
    over = min(simulator.draws.between(half, last), working(last))
    begun = d.Measure(measure=measure.measure, code=measure.code, provider=measure.provider)
    records_attendance = measure.hours_a_week is not None and simulator.happens(shape.ATTENDANCE_KEPT)
    forgotten = simulator.happens(shape.END_FORGOTTEN)

    def start(simulator: CaseSimulator) -> None:
        if not simulator.fact(DemoEvent(E.MEASURE_STARTED, on, begun, states=RUNNING), prompt=True):
            return
        if records_attendance:
            _plan_attendance(simulator, on, over, measure.measure)
        if not forgotten:
            simulator.plan(over, lambda sim: _stop(sim, over, measure.measure, why))

    simulator.plan(on, start)


def _plan_attendance(simulator: CaseSimulator, since: date, until: date, measure: str) -> None:
    """Plan the next attendance; each one plans the next."""
    on = simulator.draws.later(since, shape.ATTENDANCE)
    if on >= until:
        return

    def meet(simulator: CaseSimulator) -> None:
        details = d.MeasureAttended(measure=measure, attended=simulator.draws.pick(shape.ATTENDED))
        if simulator.fact(DemoEvent(E.MEASURE_ATTENDED, on, details, states=ENDING), prompt=True):
            _plan_attendance(simulator, on, until, measure)

    simulator.plan(on, meet)


def _stop(simulator: CaseSimulator, on: date, measure: str, why: MeasureEnd) -> None:
    if any(measure == running for running, _ in running_measures(simulator.case)):
        simulator.fact(DemoEvent(E.MEASURE_ENDED, on, _ended(simulator, measure, why), states=ENDING), prompt=True)


def _ended(simulator: CaseSimulator, measure: str, why: MeasureEnd) -> d.MeasureEnded:
    return d.MeasureEnded(measure=measure, reason=why, outcome=simulator.draws.pick(shape.OUTCOMES[why]))
