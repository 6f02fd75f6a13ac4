"""The wait ledger: each day in the life of a case is assigned to exactly one party, without gaps or overlaps."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeVar

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case, StateInterval, derived_once
from ungdom.workflow.vocabulary import Party, State

K = TypeVar("K")

DEFAULT_PARTY: dict[State, Party] = {
    State.REGISTERED: Party.POLICE,
    State.INVESTIGATION: Party.POLICE,
    State.ASSESSMENT: Party.KONFLIKTRAD,
    State.AWAITING_DECISION: Party.PROSECUTION,
    State.IN_COURT: Party.COURT,
    State.JUDGED: Party.PARTIES,
    State.APPEALED: Party.COURT,
    State.FINAL: Party.PROSECUTION,
    State.DISPATCHED: Party.PROSECUTION,
    State.RECEIVED: Party.KONFLIKTRAD,
    State.PREPARING: Party.KONFLIKTRAD,
    State.INTERIM_CONDITIONS: Party.KONFLIKTRAD,
    State.POSTPONED: Party.OTHER,
    State.EXECUTING: Party.KONFLIKTRAD,
    State.ELECTRONIC_CONTROL: Party.KONFLIKTRAD,
    State.BREACH_TALK: Party.KONFLIKTRAD,
    State.TIGHTENED: Party.KONFLIKTRAD,
    State.INTERRUPTED: Party.KONFLIKTRAD,
    State.REFERRED: Party.CORRECTIONAL_SERVICE,
    State.BREACH_IN_COURT: Party.COURT,
    State.RESUMPTION_REVIEW: Party.PROSECUTION,
    State.TERM_EXPIRED: Party.KONFLIKTRAD,
    State.COMPLETED: Party.KONFLIKTRAD,
    State.CONVERTED: Party.KONFLIKTRAD,
    State.BREACH_CLOSED: Party.KONFLIKTRAD,
    State.CONSENT_WITHDRAWN: Party.KONFLIKTRAD,
    State.NO_PLAN: Party.KONFLIKTRAD,
    State.OTHER_DECISION: Party.KONFLIKTRAD,
    State.LAPSED: Party.KONFLIKTRAD,
}
"""The party that each state waits for, unless its reason or a recorded wait gives another.

Days in a closed state count only if a case closed in error was reopened; they are assigned to the office.
"""

BY_REASON: dict[d.InterruptionReason | d.PostponementReason, Party] = {
    d.PostponementReason.HEALTH: Party.YOUTH,
    d.PostponementReason.WEIGHTY_GROUNDS: Party.OTHER,
    d.InterruptionReason.MISSED_TALK: Party.YOUTH,
    d.InterruptionReason.NEW_BREACH_AFTER_TALK: Party.KONFLIKTRAD,
    d.InterruptionReason.CHARGED_WITH_NEW_OFFENCE: Party.PROSECUTION,
    d.InterruptionReason.HEALTH: Party.YOUTH,
    d.InterruptionReason.WEIGHTY_GROUNDS: Party.OTHER,
    d.InterruptionReason.COMPLAINT: Party.KONFLIKTRAD,
}
"""The party that a postponed or interrupted case waits for, by the recorded reason."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stay in one state, from the day of entry to the day of exit. `open`: `until` is the given day."""

    state: State
    since: date
    until: date
    open: bool

    @property
    def days(self) -> int:
        """Calendar days, the day of entry not counted."""
        return days_between(self.since, self.until)


@dataclass(frozen=True, slots=True)
class WaitSpan:
    """A span in which one party was waited for. `reason` None: the default of its state."""

    party: Party
    since: date
    until: date
    state: State
    reason: d.WaitReason | None

    @property
    def days(self) -> int:
        """Calendar days, the first day not counted."""
        return days_between(self.since, self.until)


@dataclass(frozen=True, slots=True)
class _RecordedWait:
    since: date
    until: date | None
    order: tuple[date, int]
    details: d.WaitStarted

    def covers(self, since: date, until: date) -> bool:
        return self.since <= since and (self.until is None or until <= self.until)


def stages(case: Case, day: date) -> list[Stage]:
    """The stays of the case until that day, in order; together they cover its life.

    The closed state of a closed case is left out.
    """
    ends = [interval.since for interval in case.intervals[1:]]
    spans = [(interval, end) for interval, end in zip(case.intervals, [*ends, None], strict=True)]
    life = [(interval, end) for interval, end in spans if end is not None or not case.is_closed]
    return [
        Stage(interval.state, interval.since, end or max(day, interval.since), end is None) for interval, end in life
    ]


def ledger(case: Case, day: date) -> list[WaitSpan]:
    """The party waited for on each day until that day. Source: office norm; recorded waits precede defaults.

    If several waits are open on a day, it belongs to the one that started last. A day d belongs to the span with
    since <= d < until.
    """
    spans: list[WaitSpan] = []
    for interval, stage in zip(case.intervals, stages(case, day), strict=False):
        for span in _spans_of_stage(case, interval, stage):
            _append_or_extend(spans, span)
    return spans


def default_party(case: Case, interval: StateInterval) -> Party:
    """The party that this stay waits for if no wait is recorded."""
    event = next((e for e in case.events if e.seq == interval.seq), None)
    details = event.details if event else None
    if isinstance(details, d.Postponed | d.Interrupted):
        return BY_REASON[details.reason]
    if isinstance(details, d.ReferredForBreach):
        return Party(details.to.value)
    before = case.intervals.index(interval)
    if interval.state is State.TERM_EXPIRED and before > 0:
        return default_party(case, case.intervals[before - 1])
    return DEFAULT_PARTY[interval.state]


def recorded_party(case: Case) -> Party | None:
    """The party of the recorded wait that started last and has not ended; None without one, and for a closed case."""
    running = [] if case.is_closed else [wait for wait in _recorded_waits(case) if wait.until is None]
    return max(running, key=lambda wait: wait.order).details.party if running else None


@derived_once
def waiting_for(case: Case) -> Party | None:
    """The party that the case waits for now; None for a closed case."""
    return None if case.is_closed else recorded_party(case) or default_party(case, case.intervals[-1])


def waiting_since(case: Case) -> date | None:
    """The day since which the party that the case waits for now has been waited for without a break; None for none."""
    party, since = waiting_for(case), None
    stays = list(zip(case.intervals, stages(case, date.max), strict=False)) if party else []
    for interval, stage in reversed(stays):
        for span in reversed(_spans_of_stage(case, interval, stage)):
            if span.party is not party:
                return since
            since = span.since
    return since


def covered_by_wait(case: Case, day: date) -> bool:
    """Whether a recorded wait covers that day."""
    return any(wait.covers(day, day) for wait in _recorded_waits(case))


def total_days(pairs: Iterable[tuple[K, int]]) -> Counter[K]:
    """The sum of the days per key, in the order of first occurrence."""
    total: Counter[K] = Counter()
    for key, days in pairs:
        total[key] += days
    return total


def _spans_of_stage(case: Case, interval: StateInterval, stage: Stage) -> list[WaitSpan]:
    """The spans of one stay, in order. A recorded wait that does not touch it is left out."""
    recorded = [
        wait
        for wait in _recorded_waits(case)
        if wait.since < stage.until and (wait.until is None or wait.until > stage.since)
    ]
    days = {when for wait in recorded for when in (wait.since, wait.until) if when}
    cuts = {when for when in days if stage.since < when < stage.until}
    within = pairwise(sorted({stage.since, stage.until} | cuts))
    return [_wait_span(case, interval, since, until, recorded) for since, until in within]


def _wait_span(
    case: Case, interval: StateInterval, since: date, until: date, recorded: list[_RecordedWait]
) -> WaitSpan:
    covering = [wait for wait in recorded if wait.covers(since, until)]
    if not covering:
        return WaitSpan(default_party(case, interval), since, until, interval.state, None)
    details = max(covering, key=lambda wait: wait.order).details
    return WaitSpan(details.party, since, until, interval.state, details.reason)


def _append_or_extend(spans: list[WaitSpan], wait: WaitSpan) -> None:
    last = spans[-1] if spans else None
    if last and (last.party, last.state, last.reason, last.until) == (wait.party, wait.state, wait.reason, wait.since):
        spans[-1] = WaitSpan(last.party, last.since, wait.until, last.state, last.reason)
    else:
        spans.append(wait)


@derived_once
def _recorded_waits(case: Case) -> tuple[_RecordedWait, ...]:
    return tuple(
        _RecordedWait(
            started.occurred_on,
            max(ended.occurred_on, started.occurred_on) if ended else case.closed_on,
            (started.occurred_on, started.order),
            started.details,
        )
        for started, ended in case.waits()
        if isinstance(started.details, d.WaitStarted)
    )
