"""Conditions of a transfer to another konfliktråd: who decides, who answers, and in which order. krl § 13."""

from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.guards.core import ProposedEvent, Violation, condition, detail
from ungdom.workflow.rules import offices
from ungdom.workflow.vocabulary import Actor, EventType

E = EventType


@detail(d.TransferDecided, "krl § 13", Actor.LEADER)
def parties_were_heard(_case: Case, _step: ProposedEvent, moved: d.TransferDecided) -> Violation | None:
    """The prosecution, the youth and the guardians were heard first."""
    return None if moved.parties_heard else Violation(False, True)


@detail(d.TransferDecided, "krl § 13", Actor.LEADER)
def prosecution_was_told_at_once(_case: Case, step: ProposedEvent, moved: d.TransferDecided) -> Violation | None:
    """The prosecution was notified on the same day (straks)."""
    told_on = moved.prosecution_told_on
    return None if told_on == step.on else Violation(told_on, step.on)


@detail(d.TransferDecided, "krl § 13", Actor.LEADER)
def goes_to_another_office(case: Case, _step: ProposedEvent, moved: d.TransferDecided) -> Violation | None:
    """A case is transferred to another konfliktråd than the one that has it."""
    return Violation(moved.to, None) if moved.to == case.konfliktrad else None


@condition("krl § 13", Actor.LEADER)
def transfer_is_pending(case: Case, _step: ProposedEvent) -> Violation | None:
    """A transfer was decided and has not been answered."""
    return None if offices.pending_transfer(case) else Violation(False, True)


@condition("krl § 13", Actor.LEADER)
def transfer_goes_in_order(case: Case, step: ProposedEvent) -> Violation | None:
    """No step of a transfer is dated before the step of a transfer that came before it."""
    before = case.last(*offices.TRANSFER)
    early = before is not None and step.on < before.occurred_on
    return Violation(step.on, before.occurred_on, before.occurred_on) if before and early else None


@condition("krl § 13", Actor.LEADER, Actor.SECRETARIAT)
def receiving_office_answers(case: Case, step: ProposedEvent) -> Violation | None:
    """The answer comes from the receiving office, or from the secretariat, which settles disputes between offices."""
    to, office = offices.transfer_to(case), step.facts.office
    return None if to is None or office in (None, to) else Violation(office, to)


def has_a_coordinator(case: Case) -> bool:
    """The office that has the case has assigned it."""
    return offices.coordinator(case) is not None


def awaits_a_coordinator(case: Case) -> bool:
    """The office that has the case has not assigned it."""
    return not has_a_coordinator(case)


@condition("krl §§ 3, 22", Actor.COORDINATOR)
def office_has_not_assigned(case: Case, _step: ProposedEvent) -> Violation | None:
    """The current office has not assigned the case: once per office while interim conditions run."""
    last = case.last(E.ASSIGNED, E.TRANSFER_ACCEPTED)
    return Violation(last.occurred_on, None) if last and last.type is E.ASSIGNED else None
