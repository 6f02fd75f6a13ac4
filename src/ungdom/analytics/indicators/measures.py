"""Available measures and adapted plans: how soon they begin, what providers answer, and how plans are changed."""

from collections.abc import Iterator

from ungdom.analytics.contributions import (
    CountContribution,
    DurationContribution,
    duration_until,
)
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import EventType

E = EventType


def first_measure(case: Case) -> Iterator[DurationContribution]:
    """A case whose execution began in the period, until its first measure. A measure already running gives no wait."""
    if case.start:
        begun = min((event.occurred_on for event in case.all(E.MEASURE_STARTED)), default=None)
        yield duration_until(case, case.start.on, case.start.on, begun and max(begun, case.start.on))


def answers(case: Case) -> Iterator[CountContribution]:
    """An answer of a provider in the period, under each possible answer: in the numerator of its own."""
    for event in case.all(E.MEASURE_ANSWERED):
        details = event.details
        if isinstance(details, d.MeasureAnswered):
            yield from (
                CountContribution(event.occurred_on, details.answer is answer, answer) for answer in d.MeasureAnswer
            )


def changes(case: Case) -> Iterator[CountContribution]:
    """A change of a plan in the period, under each possible load: in the numerator of its own."""
    for event in case.all(E.PLAN_CHANGED):
        details = event.details
        if isinstance(details, d.PlanChanged):
            yield from (CountContribution(event.occurred_on, details.load is load, load) for load in d.PlanLoad)


def adapted(case: Case) -> Iterator[CountContribution]:
    """A case whose execution began in the period; in the numerator when its plan has been changed since."""
    if case.start:
        yield CountContribution(case.start.on, case.has(E.PLAN_CHANGED))
