"""The timeline of a case (tidslinje): what happened, its states, who was waited for and what is due, by day.

All entries are derived by other modules; this module sorts them. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.workflow.calendar import days_between, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import DeadlineStatus, deadlines
from ungdom.workflow.rules.waits import ledger, stages


class Mark(StrEnum):
    """What an entry of the timeline is."""

    STAGE = "stage"  # a stay in one state
    WAIT = "wait"  # a span in which one party was waited for, as recorded
    EVENT = "event"
    DEADLINE = "deadline"  # a clock on its due day
    COMES_OF_AGE = "comes_of_age"
    TERM_ENDS = "term_ends"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of the timeline. `on`: its day, or the first day of a span.

    `until`: the last day of a span; None while it runs, and for a single day. `code`: the state, party, event type
    or clock. `days`: the length of a span, or the days late after a due day. `known_late`: days from the occurrence
    of an event to its recording. `to_come`: later than the given day.
    """

    on: date
    mark: Mark
    code: str
    until: date | None = None
    days: int | None = None
    seq: int | None = None
    status: DeadlineStatus | None = None
    known_late: int | None = None
    law: str | None = None
    to_come: bool = False


_ORDER = {mark: place for place, mark in enumerate(Mark)}


def timeline(case: Case, day: date) -> list[TimelineEntry]:
    """Every entry of the case as of that day, in order of days, future entries last."""
    waits = (
        TimelineEntry(wait.since, Mark.WAIT, wait.party, wait.until, wait.days)
        for wait in ledger(case, day)
        if wait.reason is not None
    )
    entries = [*_stages(case, day), *waits, *_events(case), *_clocks(case, day), *_milestones(case, day)]
    return sorted(entries, key=lambda entry: (entry.on, _ORDER[entry.mark], entry.seq or 0))


def _stages(case: Case, day: date) -> Iterator[TimelineEntry]:
    for stage in stages(case, day):
        yield TimelineEntry(stage.since, Mark.STAGE, stage.state, None if stage.open else stage.until, stage.days)
    if case.is_closed:
        yield TimelineEntry(case.entered_on, Mark.STAGE, case.state)


def _events(case: Case) -> Iterator[TimelineEntry]:
    for event in case.events:
        late = max(0, days_between(event.occurred_on, oslo_date(event.recorded_at)))
        yield TimelineEntry(event.occurred_on, Mark.EVENT, event.type, seq=event.seq, known_late=late)


def _clocks(case: Case, day: date) -> Iterator[TimelineEntry]:
    for clock in deadlines(case, day):
        if clock.code != "turns_18" and clock.status is not DeadlineStatus.ENDED:
            ahead = clock.status is DeadlineStatus.RUNNING and clock.due > day
            yield TimelineEntry(
                clock.due,
                Mark.DEADLINE,
                clock.code,
                days=clock.late_days,
                status=clock.status,
                law=clock.law,
                to_come=ahead,
            )


def _milestones(case: Case, day: date) -> Iterator[TimelineEntry]:
    yield TimelineEntry(case.of_age_on, Mark.COMES_OF_AGE, "turns_18", to_come=case.of_age_on > day)
    end = case.adjusted_end(case.closed_on or day)
    if end is not None:
        yield TimelineEntry(end, Mark.TERM_ENDS, "adjusted_end", to_come=end > day)
