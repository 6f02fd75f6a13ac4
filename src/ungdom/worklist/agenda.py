"""The agenda of a coordinator or leader: due days of running clocks, and scheduled hearings, in the cases they hold.

They hold the cases assigned to them or to somebody for whom they substitute that day, and those they opened that are
not assigned yet.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ungdom.store import case_lists
from ungdom.store import staff as staff_store
from ungdom.store.case_queries import Filters
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import readable_cases
from ungdom.store.session import Connection
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import FOLLOW_THE_TERM, DeadlineStatus, deadlines
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.waits import waiting_for
from ungdom.workflow.vocabulary import EventType, Party

MAX_CASES = 500
"""Cases per calendar, by next due day. A coordinator has tens."""

ONE_PER_CASE = frozenset({"turns_18", "lead_time"})
"""Clocks that start at birth or at the offence: the key omits that day, and a case has one of each."""

HEARING = "hearing"
"""The code of a hearing; other entries have the code of their clock."""


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One future day of one case: dates, codes and ids, no personal data.

    `key`: stable while the entry moves to another day. `version` and `changed_at`: of the case. `notice_from`: the
    first day of a reminder.
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
    """The viewer with this subject who coordinates or leads on that day; None if there is none."""
    member = staff_store.in_office(tx, subject, on)
    return member.viewer if member else None


def upcoming(tx: Connection, viewer: Viewer, now: datetime) -> list[AgendaEntry]:
    """The entries of the open cases that the viewer holds and may see now, by day."""
    filters = Filters(held_by=viewer, closed=False)
    page = case_lists.page(tx, viewer, filters, case_lists.sorted_by("next_due_on"), limit=MAX_CASES)
    cases = readable_cases(tx, [row.case_id for row in page.rows])
    entries = (entry for stored, case in cases for entry in _entries_of(stored, case, oslo_date(now)))
    return sorted(entries, key=lambda entry: (entry.on, entry.reference, entry.code, entry.key))


def _entries_of(stored: StoredCase, case: Case, day: date) -> Iterator[AgendaEntry]:
    seen: Counter[str] = Counter()
    moving = FOLLOW_THE_TERM if case.stands_still else frozenset()  # their due day moves every day
    running = (DeadlineStatus.RUNNING, DeadlineStatus.OVERDUE)
    for clock in (x for x in deadlines(case, day) if x.status in running and x.code not in moving):
        key = clock.code if clock.code in ONE_PER_CASE else f"{clock.code}-{clock.begun_on}"
        seen[key] += 1
        suffix = f"-{seen[key]}" if seen[key] > 1 else ""
        yield _entry(stored, case, key + suffix, clock.code, clock.due, clock.notice_from)
    if hearing := _next_hearing(case, day):
        yield _entry(stored, case, HEARING, HEARING, hearing, hearing)


def _next_hearing(case: Case, day: date) -> date | None:
    """The last scheduled day of the hearing; None if it is past or not scheduled."""
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
