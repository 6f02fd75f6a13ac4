"""Conditions of an appeal while interim conditions run, of execution before finality, and of finality after it."""

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail
from ungdom.workflow.vocabulary import Actor, EventType, State

E = EventType


def executes_before_finality(case: Case) -> bool:
    """Early execution was allowed, and the judgment has not become final since."""
    last = case.last(E.EARLY_EXECUTION_ALLOWED, E.BECAME_FINAL, E.APPEALED)
    return last is not None and last.type is E.EARLY_EXECUTION_ALLOWED


def finality_of(case: Case) -> Event | None:
    """The event by which the judgment became final; None where it is not final, or an appeal was decided since."""
    last = case.last(E.BECAME_FINAL, E.JUDGMENT_GIVEN, E.APPEAL_DECIDED)
    return last if last is not None and last.type is E.BECAME_FINAL else None


@condition("strpl § 50", Actor.COURT, Actor.PROSECUTION)
def judgment_is_not_final_yet(case: Case, _step: ProposedEvent) -> Violation | None:
    """The judgment has not become final: a final one cannot be appealed."""
    final = finality_of(case)
    return Violation(final.occurred_on, None) if final else None


@detail(d.Appealed, "strpl § 310", Actor.COURT)
def interim_conditions_run(case: Case, _step: ProposedEvent, appeal: d.Appealed) -> Violation | None:
    """Only interim conditions that run can go on during the appeal."""
    runs = case.state is State.INTERIM_CONDITIONS or not appeal.conditions_continue
    return None if runs else Violation(case.state, State.INTERIM_CONDITIONS)


@detail(d.EarlyExecutionAllowed, "strpl § 453", Actor.PROSECUTION)
def convicted_asked_after_the_judgment(
    case: Case, step: ProposedEvent, allowed: d.EarlyExecutionAllowed
) -> Violation | None:
    """The convicted asked for it on a day from the judgment to the day on which it was allowed."""
    requested, judged = allowed.requested_on, case.sanction_in_force
    if judged and requested < judged.on:
        return Violation(requested, judged.on)
    return Violation(requested, step.on) if requested > step.on else None
