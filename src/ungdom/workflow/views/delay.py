"""Causes of delay: for a clock that was passed, when it would have stopped without the days of each wait.

An arithmetic counterfactual only: the days of a wait are subtracted and nothing else changes, although another party
might have been waited for instead. If waits overlap, the wait ledger assigns each day to the party whose wait started
last, so the day is in that party's share only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between, overlap_days
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import FOLLOW_THE_TERM, HEADLINE, RULES, Deadline, DeadlineStatus, deadlines
from ungdom.workflow.rules.waits import WaitSpan, ledger, total_days
from ungdom.workflow.vocabulary import EventType, Party, State

K = TypeVar("K")
E = EventType

_HEADLINE = tuple(rule for rule in RULES if rule.code == HEADLINE)
NOT_WAITED_FOR = FOLLOW_THE_TERM | {"ec_end", HEADLINE}
"""The clocks that are not explained one by one: those that measure the sanction itself, and the lead time.

During the former nobody is waited for; the latter is explained by `start_delay`.
"""

PASSED = (DeadlineStatus.LATE, DeadlineStatus.OVERDUE)


@dataclass(frozen=True, slots=True)
class WaitCause:
    """The cause of a wait: a party and a recorded reason; without a record, the default party of the state."""

    party: Party
    reason: d.WaitReason | None
    state: State | None


@dataclass(frozen=True, slots=True)
class DelayPart:
    """Calendar days assigned to one party for one reason in one state. `reason` None: the default of the state."""

    party: Party
    reason: d.WaitReason | None
    state: State
    days: int

    @property
    def cause(self) -> WaitCause:
        """The cause of the wait. A recorded wait is one cause, regardless of the states that it spans."""
        return WaitCause(self.party, self.reason, self.state if self.reason is None else None)


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The days that certain waits took of a span, and the day on which it would have ended without them.

    Nothing else is changed. `within`: whether that day is on or before the due day.
    """

    days: int
    on: date
    within: bool


@dataclass(frozen=True, slots=True)
class InvestigationShare:
    """Days of a span on which a person investigation was ordered and not returned. strpl § 161 a.

    The days are part of the `parts` of the delay. `recorded`: how many of them a recorded wait for it covers.
    """

    without: Counterfactual
    recorded: int


@dataclass(frozen=True, slots=True)
class Delay:
    """The causes of the duration of one clock. All in calendar days; `before` and the parts add up to `days` exactly.

    `until`: the day it stopped, the closing of the case, or the given day. `days`: from its start until then, 0 if it
    stopped before it started (an act added later). `before`: the days before the case was registered.
    `over`: days after the due day, 0 if in time, None if the case was closed first.
    `decisive`: the fewest causes without which it would have been in time, the longest ones if there is a choice;
    empty if it was in time, or would have been late even without all of them.
    """

    clock: Deadline
    until: date
    days: int
    over: int | None
    before: int
    parts: tuple[DelayPart, ...]
    causes: dict[WaitCause, Counterfactual]
    parties: dict[Party, Counterfactual]
    decisive: tuple[WaitCause, ...]
    investigation: InvestigationShare | None

    @property
    def passed(self) -> bool:
        """Whether the clock ran past its due day before it was stopped."""
        return self.clock.status in PASSED


@dataclass(frozen=True, slots=True)
class CauseShare:
    """The effect of one cause or party in many cases.

    `days`: total. `cases`: the cases with such days. `decisive`: the cases in which it was decisive.
    """

    days: int
    cases: int
    decisive: int


@dataclass(frozen=True, slots=True)
class DelaySummary:
    """Summary of the lead-time delays of many cases.

    `over`: cases past the norm, started or not. `beyond`: those of them that no wait explains. `before_days`: days
    before registration. If two causes were decisive together, each is counted.
    """

    cases: int
    started: int
    over: int
    beyond: int
    before_days: int
    causes: dict[WaitCause, CauseShare]
    parties: dict[Party, CauseShare]


def start_delay(case: Case, day: date) -> Delay:
    """The delay from the last offence to the start of execution, explained as of that day. Source: office norm."""
    [clock] = deadlines(case, day, _HEADLINE)
    return _delay_of(case, clock, ledger(case, day), day)


def clock_delays(case: Case, day: date) -> list[Delay]:
    """The delay of every other passed clock that measures waiting, explained as of that day."""
    waits = ledger(case, day)
    clocks = (clock for clock in deadlines(case, day) if clock.code not in NOT_WAITED_FOR)
    return [_delay_of(case, clock, waits, day) for clock in clocks if clock.status in PASSED]


def summarise(delays: Iterable[Delay]) -> DelaySummary:
    """Summary of the lead-time delays of many cases. Per party a case counts once, whatever number of causes."""
    all_delays = list(delays)
    over = [delay for delay in all_delays if delay.passed]
    return DelaySummary(
        cases=len(all_delays),
        started=sum(delay.clock.stopped_on is not None for delay in all_delays),
        over=len(over),
        beyond=sum(not delay.decisive for delay in over),
        before_days=sum(delay.before for delay in all_delays),
        causes=_shares(all_delays, lambda delay: delay.causes, lambda delay: delay.decisive),
        parties=_shares(
            all_delays, lambda delay: delay.parties, lambda delay: {cause.party for cause in delay.decisive}
        ),
    )


def _shares(
    delays: list[Delay], days_of: Callable[[Delay], dict[K, Counterfactual]], decisive: Callable[[Delay], Iterable[K]]
) -> dict[K, CauseShare]:
    days = total_days((key, without.days) for delay in delays for key, without in days_of(delay).items())
    cases = Counter(key for delay in delays for key in days_of(delay))
    decisive_cases = Counter(key for delay in delays for key in decisive(delay))
    ranked = sorted(days, key=lambda key: (-decisive_cases[key], -days[key]))
    return {key: CauseShare(days[key], cases[key], decisive_cases[key]) for key in ranked}


def _delay_of(case: Case, clock: Deadline, waits: list[WaitSpan], day: date) -> Delay:
    until = clock.stopped_on or case.closed_on or day
    days = max(0, days_between(clock.begun_on, until))
    days_waited = total_days(
        ((x.party, x.reason, x.state), overlap_days(x.since, x.until, clock.begun_on, until)) for x in waits
    )
    parts = tuple(DelayPart(*key, count) for key, count in days_waited.items() if count)
    causes = total_days((part.cause, part.days) for part in parts).most_common()
    parties = total_days((part.party, part.days) for part in parts).most_common()
    return Delay(
        clock=clock,
        until=until,
        days=days,
        over=clock.late_days,
        before=overlap_days(clock.begun_on, case.registered_on, clock.begun_on, until),
        parts=parts,
        causes={cause: _counterfactual(clock, until, wait_days) for cause, wait_days in causes},
        parties={party: _counterfactual(clock, until, wait_days) for party, wait_days in parties},
        decisive=_decisive(causes, clock.late_days or 0),
        investigation=_investigation(case, clock, until, waits),
    )


def _counterfactual(clock: Deadline, until: date, days: int) -> Counterfactual:
    on = until - timedelta(days=days)
    return Counterfactual(days, on, on <= clock.due)


def _decisive(causes: list[tuple[WaitCause, int]], over: int) -> tuple[WaitCause, ...]:
    """The fewest causes that cover the days over, longest first; empty if all of them together do not suffice."""
    chosen: list[WaitCause] = []
    for cause, days in causes:
        if over <= 0:
            break
        chosen.append(cause)
        over -= days
    return tuple(chosen) if over <= 0 else ()


def _investigation(case: Case, clock: Deadline, until: date, waits: list[WaitSpan]) -> InvestigationShare | None:
    recorded_waits = [wait for wait in waits if wait.reason is d.WaitReason.PERSON_INVESTIGATION]
    spans = [
        (max(since, clock.begun_on), min(returned, until)) for since, returned in _investigation_spans(case, until)
    ]
    days = sum(max(0, days_between(since, returned)) for since, returned in spans)
    recorded = sum(
        overlap_days(wait.since, wait.until, since, returned) for wait in recorded_waits for since, returned in spans
    )
    return InvestigationShare(_counterfactual(clock, until, days), recorded) if days else None


def _investigation_spans(case: Case, until: date) -> Iterator[tuple[date, date]]:
    """The spans from each order to the following return. A repeated order before the return does not end the span."""
    since: date | None = None
    for event in case.all(E.PUM_ORDERED, E.PUM_RETURNED):
        if event.type is E.PUM_ORDERED:
            since = since or event.occurred_on
        else:
            yield since or event.occurred_on, event.occurred_on
            since = None
    if since is not None:
        yield since, until
