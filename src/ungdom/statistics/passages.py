"""From one step of a case to the next, told by its row: what every figure of days is counted from. Pure.

A passage is placed in a period by one day, its days are counted from another, and it is under observation from a
third. A case that was first known by its receipt (`CaseRow.late`) would never have been seen, had it left before: it is
at risk from there, for taking it from the first day on would make everything look slower than it is. Every other case
is at risk from the first day: nothing that is counted here can end before registration, and the days from an act until
it is reported are part of the wait. Left out of the risk set, those reported late would make it look quicker.
"""

from datetime import date, timedelta
from typing import NamedTuple

from ungdom.statistics.case_rows import CaseRow
from ungdom.workflow.daycount import days_between
from ungdom.workflow.vocabulary import CLOSED, Party, State

ENDED = "ended"
"""Ended by what was waited for."""
WAITING = "waiting"
"""Has not ended."""
UNSEEN = "unseen"
"""Came into view on the day it ended or later: counted, and left out of the estimate."""
CLOSED_IN_IT = "closed"
"""Ended by the closing of the case."""
OTHERWISE = "left_otherwise"
DIED = "died"

BEFORE_START = {
    State.OTHER_DECISION: State.OTHER_DECISION.value,
    State.CONSENT_WITHDRAWN: State.CONSENT_WITHDRAWN.value,
    State.NO_PLAN: State.NO_PLAN.value,
    State.LAPSED: State.LAPSED.value,
}
"""The ways in which a case leaves without a start; any other is `OTHERWISE`, and of those that lapsed some `DIED`."""
WAYS_BEFORE_START = (*BEFORE_START.values(), DIED, OTHERWISE)
DAY = timedelta(days=1)


class Passage(NamedTuple):
    """One passage of one case. `on`: places it in a period; `since`: its days are counted from there.

    `seen`: under observation from the morning of that day. `over`: the day it ended, None while it lasts, then
    `ending` is `WAITING`; otherwise the way it ended.
    """

    on: date
    since: date
    seen: date
    over: date | None
    ending: str

    @property
    def entry(self) -> int:
        """Days gone when it came under observation; -1: from the morning of its first day."""
        return entry(self.since, self.seen)


def entry(since: date, seen: date) -> int:
    """The days gone on the evening before `seen`; what was seen from the first morning enters at -1."""
    return max(-1, days_between(since, seen) - 1)


def offence_to_receipt(row: CaseRow) -> Passage:
    """P1, of cases by the day of registration. A case that was first known by its receipt cannot tell of the wait."""
    return _to(row, row.registered, row.last_offence, row.in_view + DAY if row.late else row.last_offence, row.received)


def receipt_to_start(row: CaseRow) -> Passage | None:
    """P2, of cases by the day of receipt; none where interim conditions had begun the execution before."""
    if row.received is None or (row.started and row.p2 is None):
        return None
    return _to(row, row.received, row.received, row.received, row.started)


def offence_to_start(row: CaseRow) -> Passage:
    """P3, of cases by the day of registration."""
    return _to(row, row.registered, row.last_offence, row.in_view if row.late else row.last_offence, row.started)


def in_stage(row: CaseRow, state: State) -> Passage | None:
    """The first stay in that stage, of cases by the day it began: one a case, so that counts are of cases."""
    for place, stay in enumerate(row.stays):
        if stay.kind is state:
            after = row.stays[place + 1].kind if place + 1 < len(row.stays) else row.state
            return _stretch(row, stay.since, stay.until, CLOSED_IN_IT if after in CLOSED else ENDED)
    return None


def waiting_for(row: CaseRow, party: Party) -> Passage | None:
    """The first time this party was waited for before the start, of cases by the day it began; a start ends it."""
    for wait in row.waits:
        if wait.kind is party and (row.started is None or wait.since < row.started):
            until = wait.until if row.started is None else min(wait.until or row.started, row.started)
            return _stretch(row, wait.since, until, CLOSED_IN_IT if until == row.closed else ENDED)
    return None


def _to(row: CaseRow, on: date, since: date, seen: date, end: date | None) -> Passage:
    if end is not None:
        return Passage(on, since, seen, end, ENDED)
    if row.closed is not None:
        return Passage(on, since, seen, max(row.closed, since), left(row))
    return Passage(on, since, seen, None, WAITING)


def _stretch(row: CaseRow, since: date, until: date | None, ending: str) -> Passage:
    seen = max(since, row.in_view) if row.late else since
    return Passage(since, since, seen, until, WAITING if until is None else ending)


def left(row: CaseRow) -> str:
    """How a case that is closed left before what was waited for; death apart from what lapsed for another reason."""
    return DIED if row.died else BEFORE_START.get(row.state, OTHERWISE)
