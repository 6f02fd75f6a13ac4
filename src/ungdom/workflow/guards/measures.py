"""Conditions on what a plan holds, on changes of it, on its measures, and on the track beside it. krl §§ 24 a, 25."""

from ungdom.workflow import details as d
from ungdom.workflow import plan
from ungdom.workflow.case import Case
from ungdom.workflow.details import PlannedMeasure
from ungdom.workflow.guards.core import No, Step, condition, detail, said
from ungdom.workflow.measure_list import allowed, load, may_stand
from ungdom.workflow.vocabulary import PHASE, Actor, Party, Phase, Regime


@detail(d.PlanList, "krl § 25 first paragraph", Actor.COORDINATOR)
def planned_measures_are_listed(case: Case, step: Step, new: d.PlanList) -> No | None:
    """Each measure is on the list of the day; what was on the plan before the list changed may stay."""
    return _listed(case, step, {(one.measure, one.code) for one in new.measures})


@detail(d.Measure, "krl § 25 first paragraph", Actor.COORDINATOR)
def measure_is_listed(case: Case, step: Step, one: d.Measure) -> No | None:
    """The measure is on the list of the day, or was on the plan before the list changed."""
    return _listed(case, step, {(one.measure, one.code)} if one.code else set())


@detail(d.PlanChanged, "krl § 25 last paragraph", Actor.COORDINATOR)
def change_says_its_measures(case: Case, step: Step, changed: d.PlanChanged) -> No | None:
    """Where the plan says its measures the changed plan says them as well: the whole new list."""
    before = plan.listed(case, step.on)
    return No(0, len(before)) if before and not changed.measures else None


@detail(d.PlanList, "krl § 25 last paragraph", Actor.COORDINATOR)
def plan_is_not_heavier(case: Case, step: Step, new: d.PlanList) -> No | None:
    """The new measures weigh no more than those of the plan: more takes a new plan meeting."""
    before = _compared(case, step, new)
    sums = load(new.measures, step.on), load(before, step.on)
    return No(*sums) if before and sums[0] > sums[1] else None


@detail(d.PlanChanged, "krl § 25 last paragraph", Actor.COORDINATOR)
def lower_load_weighs_less(case: Case, step: Step, changed: d.PlanChanged) -> No | None:
    """A load declared lower is lower by the lists as well."""
    before = _compared(case, step, changed)
    if changed.load is not d.PlanLoad.LOWER or not before:
        return None
    sums = load(changed.measures, step.on), load(before, step.on)
    return None if sums[0] < sums[1] else No(sums[0], sums[1] - 1)


@detail(d.PlanChanged, "krl § 25 as first in force", Actor.PARTY)
def youth_agreed_to_the_change(_case: Case, _step: Step, changed: d.PlanChanged) -> No | None:
    """The youth agreed to the change."""
    return None if changed.agreed else No(False, True)


@condition("krl § 25", Actor.COORDINATOR)
def measure_was_running(case: Case, step: Step) -> No | None:
    """The measure had begun by that day and had not ended before it."""
    met = said(step, d.MeasureAttended)
    running = sorted(one.measure for one in plan.measures(case, step.on) if _ran(one, step))
    fits = bool(running) if met is None else met.measure in running
    return None if fits else No(met.measure if met else None, running)


@detail(d.WaitStarted, "krl § 24 a", Actor.COORDINATOR)
def victim_is_asked_after_receipt(case: Case, step: Step, wait: d.WaitStarted) -> No | None:
    """From R1 on nobody waits for the victim before the case is received either: the wait would last into the start."""
    early = any(PHASE[state] in _BEFORE_RECEIPT for state in case.states_on(step.on))
    if wait.party is not Party.VICTIM or not early or case.execution_regime(step.on) is Regime.R0:
        return None
    return No(Party.VICTIM, Regime.R0)


_BEFORE_RECEIPT = frozenset({Phase.INVESTIGATION, Phase.CONSENT, Phase.DECISION})


def _ran(one: plan.MeasureState, step: Step) -> bool:
    return one.started_on is not None and one.ended_on in (None, step.on)


def _listed(case: Case, step: Step, named: set[tuple[str, str | None]]) -> No | None:
    regime = case.execution_regime(step.on)
    new = named - plan.known_codes(case)
    beside = sorted({code for _, code in new if code and not may_stand(code, regime, case.sanction)})
    return No(beside, allowed(regime, case.sanction)) if beside else None


def _compared(case: Case, step: Step, new: d.PlanList) -> tuple[PlannedMeasure, ...]:
    """The measures that the new ones are held against: none where a meeting has just made the plan anew."""
    afresh = isinstance(new, d.PlanApproved) and plan.awaits_approval(case, step.on)
    return () if afresh or not new.measures else plan.listed(case, step.on)
