"""The wait ledger: every day of a case's life belongs to exactly one party, with no gap and no overlap."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from ungdom.workflow import details as d
from ungdom.workflow.case import Case, Stint
from ungdom.workflow.daycount import days_between
from ungdom.workflow.vocabulary import Party, State

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
"""Who a state waits for, unless its reason or a wait says otherwise.

Days in a closed state count only when a case closed in error was reopened: they are the office's own.
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
"""Who a postponed or interrupted case waits for, by the reason given."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stay in one state: from its day of entry to its day of exit; open when `until` is the day asked."""

    state: State
    since: date
    until: date
    open: bool

    @property
    def days(self) -> int:
        """Calendar days, the day of entry not counted."""
        return days_between(self.since, self.until)


@dataclass(frozen=True, slots=True)
class Wait:
    """A span in which one party was waited for. `reason` None: the default of the state it fell in."""

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
class _Explicit:
    since: date
    until: date | None
    order: tuple[date, int]
    said: d.WaitStarted

    def covers(self, since: date, until: date) -> bool:
        return self.since <= since and (self.until is None or until <= self.until)


def stages(case: Case, day: date) -> list[Stage]:
    """The stays of the case until that day, in order; together they are its whole life. A closed stay is not life."""
    ends = [stint.since for stint in case.stints[1:]]
    spans = [(stint, end) for stint, end in zip(case.stints, [*ends, None], strict=True)]
    life = [(stint, end) for stint, end in spans if end is not None or not case.is_closed]
    return [Stage(stint.state, stint.since, end or max(day, stint.since), end is None) for stint, end in life]


def ledger(case: Case, day: date) -> list[Wait]:
    """Who was waited for, day by day, until that day. Source: office norm; explicit waits come before the default.

    Of two waits open on the same day the one started last has it. A day d belongs to the span with since <= d < until.
    """
    explicit = list(_explicit(case))
    found: list[Wait] = []
    for stint, stage in zip(case.stints, stages(case, day), strict=False):
        for since, until in _cut(stage, explicit):
            _add(found, _whose(case, stint, since, until, explicit))
    return found


def default_party(case: Case, stint: Stint) -> Party:
    """Who this stay waits for when no wait says otherwise."""
    event = next((e for e in case.events if e.seq == stint.seq), None)
    said = event.details if event else None
    if isinstance(said, d.Postponed | d.Interrupted):
        return BY_REASON[said.reason]
    if isinstance(said, d.ReferredForBreach):
        return Party(said.to.value)
    before = case.stints.index(stint)
    if stint.state is State.TERM_EXPIRED and before > 0:
        return default_party(case, case.stints[before - 1])
    return DEFAULT_PARTY[stint.state]


def waiting_for(case: Case) -> Party | None:
    """Who the case waits for now; nobody when it is closed."""
    if case.is_closed:
        return None
    running = [wait for wait in _explicit(case) if wait.until is None]
    return max(running, key=lambda wait: wait.order).said.party if running else default_party(case, case.stints[-1])


def explained(case: Case, day: date) -> bool:
    """Whether a recorded wait covers that day."""
    return any(wait.covers(day, day) for wait in _explicit(case))


def _whose(case: Case, stint: Stint, since: date, until: date, explicit: list[_Explicit]) -> Wait:
    here = [wait for wait in explicit if wait.covers(since, until)]
    if not here:
        return Wait(default_party(case, stint), since, until, stint.state, None)
    said = max(here, key=lambda wait: wait.order).said
    return Wait(said.party, since, until, stint.state, said.reason)


def _cut(stage: Stage, explicit: list[_Explicit]) -> Iterator[tuple[date, date]]:
    marks = {day for wait in explicit for day in (wait.since, wait.until) if day and stage.since < day < stage.until}
    return pairwise(sorted({stage.since, stage.until} | marks))


def _add(found: list[Wait], wait: Wait) -> None:
    last = found[-1] if found else None
    if last and (last.party, last.state, last.reason, last.until) == (wait.party, wait.state, wait.reason, wait.since):
        found[-1] = Wait(last.party, last.since, wait.until, last.state, last.reason)
    else:
        found.append(wait)


def _explicit(case: Case) -> Iterator[_Explicit]:
    for started, ended in case.waits():
        until = max(ended.occurred_on, started.occurred_on) if ended else case.closed_on
        if isinstance(started.details, d.WaitStarted):
            yield _Explicit(started.occurred_on, until, (started.occurred_on, started.seq), started.details)
