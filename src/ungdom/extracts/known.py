"""The cases of an extract as they were known at an instant and stood on a day, a batch at a time."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ungdom.store import journal
from ungdom.store.alert_tables import alert, alert_change
from ungdom.store.journal import Stored
from ungdom.store.session import Connection
from ungdom.store.tables import case_file
from ungdom.workflow.alerting import AlertChange
from ungdom.workflow.case import Case
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to the alert on this clock and due day, judged for that day."""

    alert_id: UUID
    code: str
    due: date
    n: int
    change: AlertChange
    on: date
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """One case. `stored`: every event known then; `case`: as it stood at the end of `day`; `changes`: of its alerts.

    `known_at`: the instant that all of it was known at.
    """

    stored: Stored
    case: Case
    day: date
    known_at: datetime
    changes: Sequence[Change] = field(default=())

    @property
    def year(self) -> int:
        """The year in which the case was registered: large extracts are parted by it."""
        return self.case.registered_on.year


def case_ids(tx: Connection, known_at: datetime) -> list[UUID]:
    """Every case that had been opened by then, in no order that means anything."""
    return list(tx.scalars(select(case_file.c.case_id).where(case_file.c.opened_at <= known_at)))


def read(tx: Connection, ids: Sequence[UUID], day: date, known_at: datetime, alerts: bool) -> tuple[list[Known], int]:
    """These cases in this order, and how many of them tell no legal history. Those that had not begun are left out."""
    changes = _changes(tx, ids, day, known_at) if alerts else {}
    found: list[Known] = []
    unread = 0
    for stored in journal.load_many(tx, ids, known_at):
        events = [event for event in effective(stored.events) if event.occurred_on <= day]
        if not events:
            continue
        try:
            case = fold(stored.youth, events)
        except IllegalHistory:
            unread += 1
        else:
            found.append(Known(stored, case, day, known_at, changes.get(stored.case_id, ())))
    return found, unread


def _changes(tx: Connection, ids: Sequence[UUID], day: date, known_at: datetime) -> dict[UUID, list[Change]]:
    query = (
        select(*alert.c["case_id", "code", "due"], alert_change)
        .join(alert_change, alert_change.c.alert_id == alert.c.alert_id)
        .where(alert.c.case_id.in_(ids), alert_change.c.at <= known_at, alert_change.c.for_date <= day)
        .order_by(alert.c.case_id, alert.c.due, alert.c.code, alert_change.c.n)
    )
    found: defaultdict[UUID, list[Change]] = defaultdict(list)
    for row in tx.execute(query):
        said = json.loads(row.details)
        found[row.case_id].append(Change(row.alert_id, row.code, row.due, row.n, row.change, row.for_date, said))
    return found
