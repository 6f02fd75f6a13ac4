"""What somebody has ahead in the cases they hold: every running clock, and the hearings whose day is set.

They hold what is assigned to them, and what they opened until it is assigned: hearings come before that.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ungdom.store import case_queries, journal, reference
from ungdom.store.case_queries import Filters
from ungdom.store.journal import StoredCase
from ungdom.store.session import Connection
from ungdom.workflow import engine
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import FOLLOW_THE_TERM, Deadline, DeadlineStatus, deadlines
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.waits import waiting_for
from ungdom.workflow.vocabulary import EventType, Party

MAX_CASES = 500
"""Cases told for one calendar, those due first; somebody has tens."""

ONE_PER_CASE = frozenset({"turns_18", "lead_time"})
"""Clocks that count from the birth or the act of the youth: that day stands in no key, and there is one of each."""

HEARING = "hearing"
"""The code of a hearing; every other entry has that of its clock."""


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One day ahead in one case: dates, codes and ids, nothing of a person.

    `key`: the same as long as it is about the same thing, whatever day that moves to. `version` and `changed_at`: of
    the case. `notice_from`: the day from which it is worth a reminder.
    """

    key: str
    case_id: UUID
    reference: str
    version: int
    changed_at: datetime
    code: str
    on: date
    notice_from: date
    waiting_for: Party | None


def owner(tx: Connection, subject: str, on: date) -> Viewer | None:
    """Whoever coordinates or leads under this name that day, as they may see cases then; None when nobody does."""
    staff = reference.in_office(tx, subject, on)
    return Viewer(staff.role, staff.subject, staff.konfliktrad) if staff else None


def upcoming(tx: Connection, viewer: Viewer, now: datetime) -> list[AgendaEntry]:
    """What lies ahead in the open cases that they hold and may see now, by day."""
    filters = Filters(held_by=viewer, closed=False)
    rows, _ = case_queries.list_cases(tx, viewer, filters, "next_due_on", limit=MAX_CASES)
    cases = journal.load_many(tx, [row.case_id for row in rows])
    entries = (entry for stored in cases for entry in _entries_of(stored, oslo_date(now)))
    return sorted(entries, key=lambda entry: (entry.on, entry.reference, entry.code, entry.key))


def _entries_of(stored: StoredCase, day: date) -> Iterator[AgendaEntry]:
    case = engine.fold(stored.youth, stored.events)
    seen: Counter[str] = Counter()
    for clock in _running_deadlines(case, day):
        key = clock.code if clock.code in ONE_PER_CASE else f"{clock.code}-{clock.begun_on}"
        seen[key] += 1
        suffix = f"-{seen[key]}" if seen[key] > 1 else ""
        yield _entry(stored, case, key + suffix, clock.code, clock.due, clock.notice_from)
    if hearing := _next_hearing(case, day):
        yield _entry(stored, case, HEARING, HEARING, hearing, hearing)


def _running_deadlines(case: Case, day: date) -> Iterator[Deadline]:
    """While the term stands still, its end moves every day and stands in no calendar."""
    moving = FOLLOW_THE_TERM if case.stands_still else frozenset()
    running = (DeadlineStatus.RUNNING, DeadlineStatus.OVERDUE)
    return (x for x in deadlines(case, day) if x.status in running and x.code not in moving)


def _next_hearing(case: Case, day: date) -> date | None:
    """The day set last for the hearing, unless it lies behind."""
    event = case.last(EventType.HEARING_SCHEDULED)
    details = event.details if event else None
    on = details.hearing_on if isinstance(details, d.HearingScheduled) else None
    return on if on and on >= day else None


def _entry(stored: StoredCase, case: Case, key: str, code: str, on: date, notice_from: date) -> AgendaEntry:
    return AgendaEntry(
        key=f"{stored.case_id}-{key}",
        case_id=stored.case_id,
        reference=stored.reference,
        version=stored.version,
        changed_at=stored.events[-1].recorded_at,
        code=code,
        on=on,
        notice_from=notice_from,
        waiting_for=waiting_for(case),
    )
