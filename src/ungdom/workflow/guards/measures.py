"""Conditions on the contents of a plan, its changes, its measures, and the restorative track. krl §§ 24 a, 25."""

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.derived import plan
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail, details_of
from ungdom.workflow.measure_list import allowed_codes, load, may_be_planned
from ungdom.workflow.payloads import PlannedMeasure
from ungdom.workflow.vocabulary import PHASE, Actor, Party, Phase, Regime


@detail(d.PlannedMeasureList, "krl § 25 first paragraph", Actor.COORDINATOR)
def planned_measures_are_listed(case: Case, step: ProposedEvent, new: d.PlannedMeasureList) -> Violation | None:
    """Each measure is on the list in force on that day, or was on the plan before the list changed."""
    return _unlisted_measures(case, step, {(measure.measure, measure.code) for measure in new.measures})


@detail(d.Measure, "krl § 25 first paragraph", Actor.COORDINATOR)
def measure_is_listed(case: Case, step: ProposedEvent, measure: d.Measure) -> Violation | None:
    """The measure is on the list in force on that day, or was on the plan before the list changed."""
    return _unlisted_measures(case, step, {(measure.measure, measure.code)} if measure.code else set())


@detail(d.PlanChanged, "krl § 25 last paragraph", Actor.COORDINATOR)
def change_says_its_measures(case: Case, step: ProposedEvent, changed: d.PlanChanged) -> Violation | None:
    """If the plan lists its measures, the changed plan lists all of its measures as well."""
    before = plan.planned_measures(case, step.on)
    return Violation(0, len(before)) if before and not changed.measures else None


@detail(d.PlannedMeasureList, "krl § 25 last paragraph", Actor.COORDINATOR)
def plan_is_not_heavier(case: Case, step: ProposedEvent, new: d.PlannedMeasureList) -> Violation | None:
    """The load of the new measures is not higher than that of the plan: a higher one requires a new plan meeting."""
    before = _previous_measures(case, step, new)
    sums = load(new.measures, step.on), load(before, step.on)
    return Violation(*sums) if before and sums[0] > sums[1] else None


@detail(d.PlanChanged, "krl § 25 last paragraph", Actor.COORDINATOR)
def lower_load_weighs_less(case: Case, step: ProposedEvent, changed: d.PlanChanged) -> Violation | None:
    """A load declared lower is lower by the lists of measures as well."""
    before = _previous_measures(case, step, changed)
    if changed.load is not d.PlanLoad.LOWER or not before:
        return None
    sums = load(changed.measures, step.on), load(before, step.on)
    return None if sums[0] < sums[1] else Violation(sums[0], sums[1] - 1)


@detail(d.PlanChanged, "krl § 25 as first in force", Actor.PARTY)
def youth_agreed_to_the_change(_case: Case, _step: ProposedEvent, changed: d.PlanChanged) -> Violation | None:
    """The youth agreed to the change."""
    return None if changed.agreed else Violation(False, True)


@condition("krl § 25", Actor.COORDINATOR)
def measure_was_running(case: Case, step: ProposedEvent) -> Violation | None:
    """The measure had started by that day and had not ended before it."""
    met = details_of(step, d.MeasureAttended)
    started = (state for state in plan.measures(case, step.on) if state.started_on is not None)
    running = sorted(state.measure for state in started if state.ended_on in (None, step.on))
    fits = bool(running) if met is None else met.measure in running
    return None if fits else Violation(met.measure if met else None, running)


@detail(d.WaitStarted, "krl § 24 a", Actor.COORDINATOR)
def victim_is_asked_after_receipt(case: Case, step: ProposedEvent, wait: d.WaitStarted) -> Violation | None:
    """From R1 on there is no wait for the victim before receipt either: it would last into the start."""
    early = any(PHASE[state] in _BEFORE_RECEIPT for state in case.states_on(step.on))
    if wait.party is not Party.VICTIM or not early or case.execution_regime(step.on) is Regime.R0:
        return None
    return Violation(Party.VICTIM, Regime.R0)


_BEFORE_RECEIPT = frozenset({Phase.INVESTIGATION, Phase.CONSENT, Phase.DECISION})


def _unlisted_measures(case: Case, step: ProposedEvent, named: set[tuple[str, str | None]]) -> Violation | None:
    regime = case.execution_regime(step.on)
    new = named - plan.known_codes(case)
    beside = sorted({code for _, code in new if code and not may_be_planned(code, regime, case.sanction)})
    return Violation(beside, allowed_codes(regime, case.sanction)) if beside else None


def _previous_measures(case: Case, step: ProposedEvent, new: d.PlannedMeasureList) -> tuple[PlannedMeasure, ...]:
    """The measures that the new ones are compared with: none if a meeting has just created a new plan."""
    afresh = isinstance(new, d.PlanApproved) and plan.awaits_approval(case, step.on)
    return () if afresh or not new.measures else plan.planned_measures(case, step.on)
