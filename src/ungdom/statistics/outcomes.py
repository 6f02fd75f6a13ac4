"""How cases came out, told by their rows: the three cohorts of completion, and the ways a case of them ends. Pure.

Each of the three has been published as "the share that completes"; they answer different questions, and a case stands
once in each, at the one konfliktråd it counts for.
"""

from datetime import date

from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.passages import DIED
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

APART = (DIED, State.LAPSED.value)
"""Death, and what lapsed for another reason: told, and in neither numerator nor denominator."""
OUTCOMES = (*(state.value for state in CLOSINGS if state is not State.LAPSED), OPEN, *APART)


def received(row: CaseRow) -> date | None:
    """The day that places it among cases received."""
    return row.received


def started(row: CaseRow) -> date | None:
    """The day that places it among cases whose execution began."""
    return row.started


def closed(row: CaseRow) -> date | None:
    """The day that places it among cases closed, of those that the konfliktråd has had: police count the others."""
    return row.closed if row.received or row.started else None


def completed(row: CaseRow) -> bool | None:
    """Whether it has been completed; None: it lapsed (death, limitation, pardon), and is kept apart."""
    return None if row.state is State.LAPSED else row.state is State.COMPLETED


def outcome(row: CaseRow) -> str:
    """How it came out, one of `OUTCOMES`."""
    if row.closed is None:
        return OPEN
    return DIED if row.died else row.state.value
