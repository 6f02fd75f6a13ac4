"""The outcomes of cases, derived from their facts: the three cohorts of completion, and how their cases end. Pure.

Each of the three has been published as "the share that completes"; they measure different things. A case is counted
once in each, at its one konfliktråd.
"""

from datetime import date

from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.durations import DIED
from ungdom.workflow.vocabulary import State

OPEN = "open"
"""Not closed: in the denominator and not in the numerator of those received and of those started."""

CLOSINGS = (
    State.COMPLETED,
    State.CONVERTED,
    State.BREACH_CLOSED,
    State.CONSENT_WITHDRAWN,
    State.NO_PLAN,
    State.OTHER_DECISION,
    State.LAPSED,
)
"""Every way of closing, in the order of the vocabulary."""

EXCLUDED_OUTCOMES = (DIED, State.LAPSED.value)
"""Death, and lapsing for another reason: counted separately, in neither numerator nor denominator."""
OUTCOMES = (*(state.value for state in CLOSINGS if state is not State.LAPSED), OPEN, *EXCLUDED_OUTCOMES)


def received(facts: CaseFacts) -> date | None:
    """The day that places it among cases received."""
    return facts.received


def started(facts: CaseFacts) -> date | None:
    """The day that places it among cases whose execution began."""
    return facts.started


def closed(facts: CaseFacts) -> date | None:
    """The day that places it among cases closed, of those the konfliktråd has had: police count the others."""
    return facts.closed if facts.received or facts.started else None


def completed(facts: CaseFacts) -> bool | None:
    """Whether it has been completed; None: it lapsed (death, limitation, pardon), and is counted separately."""
    return None if facts.state is State.LAPSED else facts.state is State.COMPLETED


def outcome(facts: CaseFacts) -> str:
    """The outcome of the case, one of `OUTCOMES`."""
    if facts.closed is None:
        return OPEN
    return DIED if facts.died else facts.state.value
