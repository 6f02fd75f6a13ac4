"""The konfliktråd responsible for a case, the one it is being transferred to, and the days of each. krl § 13.

A case has one office at a time: the one of its registration, and from the day on which a transfer was accepted the
office that accepted it. A day d belongs to the office with since <= d < until, so no day belongs to two offices.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between, overlap_days
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.rules.waits import Stage, WaitSpan, ledger, stages, total_days
from ungdom.workflow.vocabulary import EventType, Party, State

E = EventType
K = TypeVar("K")
TRANSFER = (E.TRANSFER_DECIDED, E.TRANSFER_ACCEPTED, E.TRANSFER_DECLINED)
"""The steps of a transfer: the decision, and one of the two answers."""
ANSWERS = frozenset(TRANSFER[1:])
"""The possible answers of the receiving office."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """A period in which one konfliktråd had the case: from arrival to departure, or to the given day."""

    konfliktrad: str
    since: date
    until: date
    open: bool

    @property
    def days(self) -> int:
        """Calendar days, the first day not counted, as for stages."""
        return days_between(self.since, self.until)


@dataclass(frozen=True, slots=True)
class TenureShare:
    """The days of one tenure by state and by party. `stage_days` and `wait_days` each add up to its days."""

    tenure: Tenure
    stage_days: dict[State, int]
    wait_days: dict[Party, int]


def pending_transfer(case: Case) -> Event | None:
    """The latest decision to transfer if it is unanswered, otherwise None. It replaces any earlier decision."""
    last = case.last(*TRANSFER)
    return last if last and last.type is E.TRANSFER_DECIDED else None


def transfer_to(case: Case) -> str | None:
    """The konfliktråd of the pending transfer; None without one, and for a closed case."""
    decided = None if case.is_closed else pending_transfer(case)
    return decided.details.to if decided and isinstance(decided.details, d.TransferDecided) else None


def coordinator(case: Case) -> str | None:
    """The coordinator last assigned by the office that has the case; None while it has assigned nobody."""
    assigned = case.last(E.ASSIGNED, E.TRANSFER_ACCEPTED)
    return assigned.details.coordinator if assigned and isinstance(assigned.details, d.Assigned) else None


def tenures(case: Case, day: date) -> list[Tenure]:
    """Every office that has had the case until that day, in order. Together the tenures cover the life of the case.

    For a closed case, until the closing. A tenure of no days is left out, unless it is the last.
    """
    end = case.closed_on or max(day, case.entered_on)
    marks = [(office, min(since, end)) for office, since in _arrivals(case) if since <= end]
    ends = [since for _, since in marks[1:]] + [end]
    last = len(marks) - 1
    return [
        Tenure(office, since, until, place == last and not case.is_closed)
        for place, ((office, since), until) in enumerate(zip(marks, ends, strict=True))
        if since < until or place == last
    ]


def counted_at(case: Case, day: date) -> str | None:
    """The one office whose figures include the case on that day; None before registration.

    National figures thus count each case once. A closed case remains with the office at which it was closed.
    """
    return next((office for office, since in reversed(list(_arrivals(case))) if since <= day), None)


def shares(case: Case, day: date) -> list[TenureShare]:
    """The stage days and wait days of the case per tenure. Their sums over all tenures equal those of `lead_time`."""
    stays, waits = stages(case, day), ledger(case, day)
    by_state, by_party = [(stage.state, stage) for stage in stays], [(wait.party, wait) for wait in waits]
    return [TenureShare(x, _days_within(x, by_state), _days_within(x, by_party)) for x in tenures(case, day)]


def _arrivals(case: Case) -> Iterator[tuple[str, date]]:
    """Each office with the day on which it got the case, never earlier than the registration."""
    registered = case.events[0].details
    office = registered.konfliktrad if isinstance(registered, d.CaseRegistered) else case.konfliktrad
    since = case.registered_on
    yield office, since
    for event in case.all(*TRANSFER):
        if isinstance(event.details, d.TransferDecided):
            office = event.details.to
        elif event.type is E.TRANSFER_ACCEPTED:
            since = max(since, event.occurred_on)
            yield office, since


def _days_within(tenure: Tenure, spans: Iterable[tuple[K, Stage | WaitSpan]]) -> dict[K, int]:
    days = total_days((key, overlap_days(x.since, x.until, tenure.since, tenure.until)) for key, x in spans)
    return {key: count for key, count in days.items() if count}
