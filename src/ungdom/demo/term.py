"""The term of the sanction: when it ends, and completion."""

from datetime import date, timedelta

from ungdom.demo import parameters
from ungdom.demo.random_draws import working
from ungdom.demo.simulator import CaseSimulator
from ungdom.workflow.vocabulary import EventType

E = EventType


def end_of(simulator: CaseSimulator) -> date:
    """The end of the term, adjusted for interruptions."""
    return simulator.case.adjusted_end(simulator.since) or simulator.since


def complete(simulator: CaseSimulator) -> None:
    """Complete the case on a working day soon after the end of the term."""
    on = max(simulator.since, end_of(simulator))
    simulator.move(E.COMPLETED, working(on + timedelta(days=simulator.draws.days(parameters.COMPLETED_AFTER))))
