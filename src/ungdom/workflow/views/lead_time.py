"""Lead time: the time from the last offence to receipt and to the start, and how its days are distributed."""

from dataclasses import dataclass
from datetime import date

from ungdom.workflow.calendar import days_between, overlap_days
from ungdom.workflow.case import Case, ExecutionStart
from ungdom.workflow.rules.waits import Stage, WaitSpan, ledger, stages, total_days
from ungdom.workflow.vocabulary import EventType, Party, State


@dataclass(frozen=True, slots=True)
class CaseLeadTime:
    """The durations of one case until a given day, in calendar days between Oslo dates.

    `p1`: last offence to receipt; `p2`: receipt to start, None if the start came first; `p3`: last offence to
    start. `total_days`: the life of the case, equal to the sum of the stage days and to the sum of the wait days.
    `unreported_days`: from the last offence to registration, before that life. `p3_by_party`: the days of `p3` per
    party; together with the unreported days they add up to `p3` exactly.
    """

    until: date
    p1: int | None
    p2: int | None
    p3: int | None
    start: ExecutionStart | None
    stages: tuple[Stage, ...]
    waits: tuple[WaitSpan, ...]
    total_days: int
    unreported_days: int
    stage_days: dict[State, int]
    wait_days: dict[Party, int]
    p3_by_party: dict[Party, int] | None


def lead_time(case: Case, day: date) -> CaseLeadTime:
    """The lead time of a case as of that day. Source: office norm; start: krl § 23 (`start_given_by`)."""
    stays, waits = stages(case, day), ledger(case, day)
    p1, p2, p3 = measures(case)
    until = case.closed_on or max(day, case.entered_on)
    return CaseLeadTime(
        until=until,
        p1=p1,
        p2=p2,
        p3=p3,
        start=case.start,
        stages=tuple(stays),
        waits=tuple(waits),
        total_days=days_between(case.registered_on, until),
        unreported_days=max(0, days_between(case.last_offence, case.registered_on)),
        stage_days=dict(total_days((stage.state, stage.days) for stage in stays)),
        wait_days=dict(total_days((wait.party, wait.days) for wait in waits)),
        p3_by_party=_before_start(case, waits),
    )


def measures(case: Case) -> tuple[int | None, int | None, int | None]:
    """P1, P2 and P3 in calendar days. P2 is None if interim conditions started the execution before receipt."""
    received = case.first(EventType.RECEIVED)
    start = case.start
    p1 = days_between(case.last_offence, received.occurred_on) if received else None
    p3 = days_between(case.last_offence, start.on) if start else None
    after_receipt = received and start and received.order < case.order_of(start.seq)
    p2 = days_between(received.occurred_on, start.on) if received and start and after_receipt else None
    return p1, p2, p3


def _before_start(case: Case, waits: list[WaitSpan]) -> dict[Party, int] | None:
    if case.start is None:
        return None
    low, high = case.last_offence, case.start.on
    inside = ((wait.party, overlap_days(wait.since, wait.until, low, high)) for wait in waits)
    return dict(total_days((party, days) for party, days in inside if days))
