"""The rules of the definitions of recidivism: the index date of a case, and the relapse day of an offence. Pure."""

from datetime import date
from enum import StrEnum

from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.recidivism.offences import OffenceRecord
from ungdom.workflow.vocabulary import State


class Relapse(StrEnum):
    """How a person came out, as known on the day of observation. Together they are all persons.

    The window of `RELAPSED`, `NOT_RELAPSED` and `PENDING` was over; those of `RELAPSED_EARLY` and `WINDOW_OPEN` were
    not. `PENDING`: charged with an act in the window, not decided yet. `DIED`, `EMIGRATED`: before any relapse.
    """

    RELAPSED = "relapsed"
    NOT_RELAPSED = "not_relapsed"
    PENDING = "pending"
    RELAPSED_EARLY = "relapsed_early"
    WINDOW_OPEN = "window_open"
    DIED = "died"
    EMIGRATED = "emigrated"


def decided(facts: CaseFacts, final: date | None) -> date | None:
    """The day of the decision in force, once it is final."""
    return facts.decided if final and facts.state is not State.OTHER_DECISION else None


def started(facts: CaseFacts, _final: date | None) -> date | None:
    """The start of execution, unless the decision was set aside."""
    return facts.started if facts.state is not State.OTHER_DECISION else None


def completed(facts: CaseFacts, _final: date | None) -> date | None:
    """The day of completion."""
    return facts.closed if facts.state is State.COMPLETED else None


def closed_after_start(facts: CaseFacts, _final: date | None) -> date | None:
    """The day of closing, in whichever way, once the execution had begun; None if it lapsed or was set aside."""
    without = facts.started is None or facts.state in (State.LAPSED, State.OTHER_DECISION)
    return None if without else facts.closed


def charged(offence: OffenceRecord) -> date | None:
    """The day of a charge that is still valid; where only a decision is known, its day is used."""
    return (offence.charged or offence.decided) if offence.stands else None


def offended(offence: OffenceRecord) -> date | None:
    """The day of an act that is decided with finality; where it is not reported, the day of the decision."""
    return (offence.offence or offence.decided) if offence.decided else None


def not_decided(offence: OffenceRecord) -> date | None:
    """The day of an act that is charged and not decided yet."""
    open_ = offence.decided is None and offence.stands
    return (offence.offence or offence.charged) if open_ else None


def never(_matter: OffenceRecord) -> date | None:
    """None: a charge is never pending, as it is known when it is made."""
    return None
