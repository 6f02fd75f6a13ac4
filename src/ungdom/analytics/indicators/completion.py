"""Completion: the outcomes of cases, with three denominators, because each has been published as the share.

Which cases they include and what counts as completed is defined in `analytics.outcomes`, shared with the statistics.
"""

from collections.abc import Iterator
from datetime import date

from ungdom.analytics import outcomes
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.contributions import CountContribution


def of_received(facts: CaseFacts) -> Iterator[CountContribution]:
    """A case received in the period; in the numerator when it has been completed."""
    return _completed_count(facts, outcomes.received(facts))


def of_started(facts: CaseFacts) -> Iterator[CountContribution]:
    """A case whose execution began in the period; in the numerator when it has been completed."""
    return _completed_count(facts, outcomes.started(facts))


def of_closed(facts: CaseFacts) -> Iterator[CountContribution]:
    """A case of the konfliktråd that was closed in the period; in the numerator when that was by completion."""
    return _completed_count(facts, outcomes.closed(facts))


def closed_as(facts: CaseFacts) -> Iterator[CountContribution]:
    """A case of the konfliktråd that was closed in the period, under each way of closing: in the numerator of its own.

    Death, limitation and pardon are one of these ways.
    """
    on = outcomes.closed(facts)
    if on:
        yield from (CountContribution(on, facts.state is state, state) for state in outcomes.CLOSINGS)


def _completed_count(facts: CaseFacts, cohort_day: date | None) -> Iterator[CountContribution]:
    if cohort_day:
        yield CountContribution(cohort_day, outcomes.completed(facts))
