"""The cases of an extract as they were known at an instant and stood on a day, a batch at a time."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ungdom.extracts.offices import DISTRICT_OF
from ungdom.statistics import case_rows
from ungdom.statistics.recidivism import matters
from ungdom.statistics.recidivism.spells import Life, SeenCase
from ungdom.store import journal, observations
from ungdom.store.alert_tables import alert, alert_change
from ungdom.store.journal import Stored
from ungdom.store.records import records_of, these
from ungdom.store.session import Connection
from ungdom.store.tables import case_file
from ungdom.workflow.alerting import AlertChange
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory

Folded = tuple[Stored, Case]


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

    `known_at`: the instant that all of it was known at. `life`: every case of the person, and what was observed beside.
    """

    stored: Stored
    case: Case
    day: date
    known_at: datetime
    changes: Sequence[Change] = field(default=())
    life: Life | None = None

    @property
    def year(self) -> int:
        """The year in which the case was registered: large extracts are parted by it."""
        return self.case.registered_on.year


def case_ids(tx: Connection, known_at: datetime) -> list[UUID]:
    """Every case that had been opened by then, in no order that means anything."""
    return list(tx.scalars(select(case_file.c.case_id).where(case_file.c.opened_at <= known_at)))


def read(
    tx: Connection, ids: Sequence[UUID], day: date, known_at: datetime, alerts: bool = False, lives: bool = False
) -> tuple[list[Known], int]:
    """These cases in this order, and how many of them tell no legal history. Those that had not begun are left out.

    `alerts`, `lives`: with what happened to their alerts, with what is known of the person beside the case.
    """
    folded, unread = _folded(tx, ids, day, known_at)
    changes = _changes(tx, ids, day, known_at) if alerts else {}
    known = [Known(*one, day, known_at, changes.get(one[0].case_id, ())) for one in folded]
    return _with_lives(tx, known, day, known_at) if lives else known, unread


def _folded(
    tx: Connection, ids: Sequence[UUID], day: date, known_at: datetime
) -> tuple[list[tuple[Stored, Case]], int]:
    found: list[tuple[Stored, Case]] = []
    unread = 0
    for stored in journal.load_many(tx, ids, known_at):
        events = [event for event in effective(stored.events) if event.occurred_on <= day]
        if not events:
            continue
        try:
            found.append((stored, fold(stored.youth, events)))
        except IllegalHistory:
            unread += 1
    return found, unread


def _with_lives(tx: Connection, known: Sequence[Known], day: date, known_at: datetime) -> list[Known]:
    persons = sorted({one.stored.person_id for one in known})
    mine = {one.stored.case_id for one in known}
    theirs = case_file.c.person_id.in_(records_of(these(persons)))
    query = select(case_file.c.case_id).where(theirs, case_file.c.opened_at <= known_at)
    others, _ = _folded(tx, sorted(set(tx.scalars(query)) - mine), day, known_at)
    seen: defaultdict[UUID, list[SeenCase]] = defaultdict(list)
    for stored, case in [*((one.stored, one.case) for one in known), *others]:
        row = case_rows.row(case, day, DISTRICT_OF, oslo_date(stored.opened_at))
        seen[stored.person_id].append(SeenCase(stored.case_id, row, matters.trace(case)))
    beside = observations.of_people(tx, persons, known_at)
    lives = {
        who: Life(who, tuple(sorted(seen[who], key=lambda one: one.case_id)), tuple(beside.get(who, ())))
        for who in persons
    }
    return [replace(one, life=lives[one.stored.person_id]) for one in known]


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
