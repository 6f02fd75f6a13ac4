"""The term of the sanction: when it ends, and completion."""

from datetime import date, timedelta

from ungdom.demo import shape
from ungdom.demo.chance import working
from ungdom.demo.teller import Teller
from ungdom.workflow.vocabulary import EventType

E = EventType


def end_of(teller: Teller) -> date:
    """The end of the term, moved by the interruptions there have been."""
    return teller.case.adjusted_end(teller.since) or teller.since


def complete(teller: Teller) -> None:
    """The term has run: completed on a working day soon after."""
    on = max(teller.since, end_of(teller))
    teller.move(E.COMPLETED, working(on + timedelta(days=teller.chance.days(shape.COMPLETED_AFTER))))
