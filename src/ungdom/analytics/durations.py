"""Durations from one step of a case to the next, derived from its facts: the basis of every figure of days. Pure.

A duration is placed in a period by one day, its days are counted from another, and it is under observation from a
third. A case first known by its receipt (`CaseFacts.late_entry`) would not have been observed if it had left earlier:
it is at risk from there (left truncation). Counting it from the first day would bias the estimate upwards. Every other
case is at risk from the first day: nothing that is counted here can end before registration, and the days from an act
until it is reported are part of the wait. Excluding late-reported cases from the risk set would bias the estimate
downwards.
"""

from datetime import date, timedelta
from typing import NamedTuple

from ungdom.analytics.case_facts import CaseFacts
from ungdom.workflow.calendar import days_between
from ungdom.workflow.vocabulary import CLOSED, Party, State

ENDED = "ended"
"""Ended by what was waited for."""
WAITING = "waiting"
"""Not ended."""
NEVER_AT_RISK = "unseen"
"""First observed on the day it ended or later: counted, and excluded from the estimate."""
ENDED_BY_CLOSING = "closed"
"""Ended by the closing of the case."""
LEFT_OTHERWISE = "left_otherwise"
DIED = "died"

BEFORE_START = {
    State.OTHER_DECISION: State.OTHER_DECISION.value,
    State.CONSENT_WITHDRAWN: State.CONSENT_WITHDRAWN.value,
    State.NO_PLAN: State.NO_PLAN.value,
    State.LAPSED: State.LAPSED.value,
}
"""Endings of a case that leaves without a start; any other is `LEFT_OTHERWISE`, or `DIED` for some of those that
lapsed."""
WAYS_BEFORE_START = (*BEFORE_START.values(), DIED, LEFT_OTHERWISE)
DAY = timedelta(days=1)


class StepDuration(NamedTuple):
    """One duration of one case. `period_day`: places it in a period; `since`: the day its days are counted from.

    `observed_from`: under observation from the morning of that day. `ended_on`: the day it ended, None while it is
    open, when `ending` is `WAITING`; otherwise `ending` is the way it ended.
    """

    period_day: date
    since: date
    observed_from: date
    ended_on: date | None
    ending: str

    @property
    def entry(self) -> int:
        """Days elapsed when it came under observation; -1: from the morning of its first day."""
        return entry(self.since, self.observed_from)


def entry(since: date, observed_from: date) -> int:
    """The days elapsed on the evening before `observed_from`; -1 if observed from the first morning."""
    return max(-1, days_between(since, observed_from) - 1)


def offence_to_receipt(facts: CaseFacts) -> StepDuration:
    """P1, by the day of registration. A case first known by its receipt carries no information on this wait."""
    return _duration_until(
        facts,
        facts.registered,
        facts.last_offence,
        facts.in_view + DAY if facts.late_entry else facts.last_offence,
        facts.received,
    )


def receipt_to_start(facts: CaseFacts) -> StepDuration | None:
    """P2, by the day of receipt; None where interim conditions had already begun the execution."""
    if facts.received is None or (facts.started and facts.p2 is None):
        return None
    return _duration_until(facts, facts.received, facts.received, facts.received, facts.started)


def offence_to_start(facts: CaseFacts) -> StepDuration:
    """P3, by the day of registration."""
    return _duration_until(
        facts,
        facts.registered,
        facts.last_offence,
        facts.in_view if facts.late_entry else facts.last_offence,
        facts.started,
    )


def in_stage(facts: CaseFacts, state: State) -> StepDuration | None:
    """The first stay in that stage, by the day it began: one per case, so that counts are numbers of cases."""
    for place, stay in enumerate(facts.stage_intervals):
        if stay.kind is state:
            after = facts.stage_intervals[place + 1].kind if place + 1 < len(facts.stage_intervals) else facts.state
            return _duration_of_interval(facts, stay.since, stay.until, ENDED_BY_CLOSING if after in CLOSED else ENDED)
    return None


def waiting_for(facts: CaseFacts, party: Party) -> StepDuration | None:
    """The first wait for this party before the start, by the day it began; a start ends it."""
    for wait in facts.wait_intervals:
        if wait.kind is party and (facts.started is None or wait.since < facts.started):
            until = wait.until if facts.started is None else min(wait.until or facts.started, facts.started)
            return _duration_of_interval(facts, wait.since, until, ENDED_BY_CLOSING if until == facts.closed else ENDED)
    return None


def _duration_until(
    facts: CaseFacts, period_day: date, since: date, observed_from: date, end: date | None
) -> StepDuration:
    if end is not None:
        return StepDuration(period_day, since, observed_from, end, ENDED)
    if facts.closed is not None:
        return StepDuration(period_day, since, observed_from, max(facts.closed, since), way_of_leaving(facts))
    return StepDuration(period_day, since, observed_from, None, WAITING)


def _duration_of_interval(facts: CaseFacts, since: date, until: date | None, ending: str) -> StepDuration:
    observed_from = max(since, facts.in_view) if facts.late_entry else since
    return StepDuration(since, since, observed_from, until, WAITING if until is None else ending)


def way_of_leaving(facts: CaseFacts) -> str:
    """How a closed case left before the event waited for; death is separate from other reasons for lapsing."""
    return DIED if facts.died else BEFORE_START.get(facts.state, LEFT_OTHERWISE)
