"""Rapid start: P1 last offence to receipt, P2 receipt to start, P3 last offence to start, from `durations`."""

from collections.abc import Iterator

from ungdom.analytics import durations
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.contributions import DurationContribution
from ungdom.analytics.durations import ENDED, StepDuration


def offence_to_receipt(facts: CaseFacts) -> Iterator[DurationContribution]:
    """P1 of a case registered in the period. Its cohort is that of registration, the first day known of it."""
    yield _contribution(durations.offence_to_receipt(facts))


def receipt_to_start(facts: CaseFacts) -> Iterator[DurationContribution]:
    """P2 of a case received in the period; none where interim conditions had already begun the execution."""
    duration = durations.receipt_to_start(facts)
    if duration:
        yield _contribution(duration)


def offence_to_start(facts: CaseFacts) -> Iterator[DurationContribution]:
    """P3 of a case registered in the period."""
    yield _contribution(durations.offence_to_start(facts))


def _contribution(duration: StepDuration) -> DurationContribution:
    return DurationContribution(
        duration.period_day, duration.since, duration.ended_on, duration.ending == ENDED, duration.observed_from
    )
