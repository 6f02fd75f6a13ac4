"""Real and informed consents: what was recorded about how they were given, and whether they were withdrawn."""

from collections.abc import Iterator
from enum import StrEnum

from ungdom.analytics.contributions import CountContribution, contributions_by_part
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import EventType, State

E = EventType


class ConsentPart(StrEnum):
    """What a consent says of how it came about. krl § 11: real and informed."""

    WHO = "who"
    WHEN = "when"
    FORM = "form"
    LANGUAGE = "language"


def recorded(case: Case) -> Iterator[CountContribution]:
    """A consent given in the period, by youth or guardian: what is recorded of who explained, when, form and language.

    The whole requires all four. An explanation on a day after the consent does not count.
    """
    for event in case.all(E.CONSENT_GIVEN):
        details = event.details
        if isinstance(details, d.ConsentGiven):
            before = details.explained_on is not None and details.explained_on <= event.occurred_on
            parts: dict[str, bool] = {
                ConsentPart.WHO: details.explained_by is not None,
                ConsentPart.WHEN: before,
                ConsentPart.FORM: details.form_version is not None,
                ConsentPart.LANGUAGE: details.language is not None,
            }
            yield from contributions_by_part(event.occurred_on, parts)


def withdrawn_before_start(case: Case) -> Iterator[CountContribution]:
    """A case received in the period; in the numerator when consent was withdrawn before the execution began."""
    received = case.first(E.RECEIVED)
    if received:
        yield CountContribution(received.occurred_on, _withdrawn(case) and case.start is None)


def withdrawn_after_start(case: Case) -> Iterator[CountContribution]:
    """A case whose execution began in the period; in the numerator when consent was withdrawn afterwards."""
    if case.start:
        yield CountContribution(case.start.on, _withdrawn(case))


def _withdrawn(case: Case) -> bool:
    return case.state is State.CONSENT_WITHDRAWN
