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
from ungdom.workflow.rules.deadlines import FOLLOW_THE_TERM, RULES, Deadline, DeadlineStatus, deadlines
from ungdom.workflow.rules.waits import WaitSpan, ledger, total_days
from ungdom.workflow.vocabulary import EventType, Party, State

K = TypeVar("K")
E = EventType

HEADLINE = "lead_time"
_HEADLINE = tuple(rule for rule in RULES if rule.code == HEADLINE)
NOT_WAITED_FOR = FOLLOW_THE_TERM | {"ec_end", HEADLINE}
"""Clocks that measure the sanction itself, where nobody is waited for; and the headline, which has its own place."""

PASSED = (DeadlineStatus.LATE, DeadlineStatus.OVERDUE)


@dataclass(frozen=True, slots=True)
class WaitCause:
    """What was waited for: a party for a recorded reason; without a record, the party that the state waits for."""

    party: Party
    reason: d.WaitReason | None
    state: State | None


@dataclass(frozen=True, slots=True)
class DelayPart:
    """Calendar days of one party for one reason in one state. `reason` None: the default of the state."""

    party: Party
    reason: d.WaitReason | None
    state: State
    days: int

    @property
    def cause(self) -> WaitCause:
        """What was waited for: a recorded wait is one cause, whatever states it went through."""
        return WaitCause(self.party, self.reason, self.state if self.reason is None else None)


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The days of a span that some waits took, and the day it would have ended on without them; nothing else changed.

    `within`: whether that day is the due day or an earlier one.
    """

    days: int
    on: date
    within: bool


@dataclass(frozen=True, slots=True)
class InvestigationShare:
    """Days of a span in which a person investigation was ordered and not returned; they lie inside the parts.

    `recorded`: as many of them as a recorded wait for it has. strpl § 161 a.
    """

    without: Counterfactual
    recorded: int


@dataclass(frozen=True, slots=True)
class Delay:
    """One clock, explained. All in calendar days; `before` and the days of the parts add up to `days` exactly.

    `until`: the day it stopped, the case was closed, or the day asked. `days`: from its begin until then, 0 when it
    stopped before it began (an act added later). `before`: those that went before the case was registered.
    `over`: days after the due day, 0 when in time, None when the case was closed first.
    `decisive`: the fewest causes without which it would have been in time, the longest ones where there is a choice;
    empty when it was in time, or would have been late without any of them.
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
        """Whether the clock ran out before it was stopped."""
        return self.clock.status in PASSED


@dataclass(frozen=True, slots=True)
class CauseShare:
    """What one cause or party did in many cases: days in all, cases with such days, cases it was decisive in."""

    days: int
    cases: int
    decisive: int


@dataclass(frozen=True, slots=True)
class DelaySummary:
    """Many headlines together. `over`: cases past the norm, started or not; `beyond`: those that no wait explains.

    `before_days`: days that went before registration. Where two causes were decisive together, each is counted.
    """

    cases: int
    started: int
    over: int
    beyond: int
    before_days: int
    causes: dict[WaitCause, CauseShare]
    parties: dict[Party, CauseShare]


def start_delay(case: Case, day: date) -> Delay:
    """The headline, last offence to start of execution, explained as it stands that day. Source: office norm."""
    [clock] = deadlines(case, day, _HEADLINE)
    return _delay_of(case, clock, ledger(case, day), day)


def clock_delays(case: Case, day: date) -> list[Delay]:
    """Every other clock that was passed and measures waiting, explained as it stands that day."""
    waits = ledger(case, day)
    clocks = (clock for clock in deadlines(case, day) if clock.code not in NOT_WAITED_FOR)
    return [_delay_of(case, clock, waits, day) for clock in clocks if clock.status in PASSED]


def summarise(delays: Iterable[Delay]) -> DelaySummary:
    """The headlines of many cases in figures. Shares of a party hold a case once, whatever number of its causes."""
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
    """The longest first until enough: no smaller number of causes has as many days."""
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
    """From each order to the return that follows it; ordered again while one is out, it is still out."""
    since: date | None = None
    for event in case.all(E.PUM_ORDERED, E.PUM_RETURNED):
        if event.type is E.PUM_ORDERED:
            since = since or event.occurred_on
        else:
            yield since or event.occurred_on, event.occurred_on
            since = None
    if since is not None:
        yield since, until
