"""Snapshots: the cases of an extract as known at an instant and valid on a day, read in batches."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ungdom.analytics import case_facts
from ungdom.analytics.recidivism import offences
from ungdom.analytics.recidivism.spells import PersonHistory, SeenCase
from ungdom.extracts.offices import DISTRICT_OF, WITHHELD
from ungdom.store import journal, observations
from ungdom.store.journal import StoredCase
from ungdom.store.records import people_by_id, records_of
from ungdom.store.schema.alerts import alert, alert_change
from ungdom.store.schema.cases import case_file
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory, UnreadableHistory
from ungdom.workflow.rules.escalation import AlertChange
from ungdom.workflow.vocabulary import Protection


@dataclass(frozen=True, slots=True)
class AlertChangeRecord:
    """One change of the alert on this clock and due day. `on`: the day that it was assessed for."""

    alert_id: UUID
    code: str
    due: date
    n: int
    change: AlertChange
    on: date
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CaseSnapshot:
    """One case. `stored`: every event known at `known_at`; `case`: its state at the end of `day`.

    `changes`: those of its alerts. `person_history`: every case of the person, and the observations beside them.
    """

    stored: StoredCase
    case: Case
    day: date
    known_at: datetime
    changes: Sequence[AlertChangeRecord] = field(default=())
    person_history: PersonHistory | None = None

    @property
    def year(self) -> int:
        """The year in which the case was registered: large extracts are partitioned by it."""
        return self.case.registered_on.year

    @property
    def konfliktrad(self) -> str:
        """The konfliktråd that has the case; `WITHHELD` while the address of the youth is protected."""
        return WITHHELD if self.is_protected else self.case.konfliktrad

    @property
    def is_protected(self) -> bool:
        """Whether the address of the youth is protected now, whatever was known then. frl § 10-4."""
        return self.stored.protection is not Protection.NONE


def case_ids(tx: Connection, known_at: datetime) -> list[UUID]:
    """Every case opened by then, in no particular order."""
    return list(tx.scalars(select(case_file.c.case_id).where(case_file.c.opened_at <= known_at)))


def read(
    tx: Connection,
    ids: Sequence[UUID],
    day: date,
    known_at: datetime,
    alerts: bool = False,
    person_histories: bool = False,
) -> tuple[list[CaseSnapshot], int]:
    """Snapshots of these cases in this order, and how many were left out because their history is not legal.

    Cases without an event by `day` are left out. `alerts`, `person_histories`: whether to read these as well.
    """
    folded, unread = _folded_cases(tx, ids, day, known_at)
    changes = _changes(tx, ids, day, known_at) if alerts else {}
    snapshots = [
        CaseSnapshot(*folded_case, day, known_at, changes.get(folded_case[0].case_id, ())) for folded_case in folded
    ]
    return _with_person_histories(tx, snapshots, day, known_at) if person_histories else snapshots, unread


def _folded_cases(
    tx: Connection, ids: Sequence[UUID], day: date, known_at: datetime
) -> tuple[list[tuple[StoredCase, Case]], int]:
    folded: list[tuple[StoredCase, Case]] = []
    unread = 0
    unreadable: list[UnreadableHistory] = []
    for stored in journal.load_many(tx, ids, known_at, unreadable):
        events = [event for event in effective(stored.events) if event.occurred_on <= day]
        if not events:
            continue
        try:
            folded.append((stored, fold(stored.youth, events)))
        except IllegalHistory:
            unread += 1
    return folded, unread + len(unreadable)


def _with_person_histories(
    tx: Connection, snapshots: Sequence[CaseSnapshot], day: date, known_at: datetime
) -> list[CaseSnapshot]:
    persons = sorted({entry.stored.person_id for entry in snapshots})
    own_case_ids = {entry.stored.case_id for entry in snapshots}
    theirs = case_file.c.person_id.in_(records_of(people_by_id(persons)))
    query = select(case_file.c.case_id).where(theirs, case_file.c.opened_at <= known_at)
    others, _ = _folded_cases(tx, sorted(set(tx.scalars(query)) - own_case_ids), day, known_at)
    seen: defaultdict[UUID, list[SeenCase]] = defaultdict(list)
    for stored, case in [*((entry.stored, entry.case) for entry in snapshots), *others]:
        row = case_facts.facts_of(case, day, DISTRICT_OF, oslo_date(stored.opened_at))
        seen[stored.person_id].append(SeenCase(stored.case_id, row, offences.case_offences(case)))
    observed = observations.of_people(tx, persons, known_at)
    histories = {
        who: PersonHistory(who, tuple(sorted(seen[who], key=lambda entry: entry.case_id)), tuple(observed.get(who, ())))
        for who in persons
    }
    return [replace(entry, person_history=histories[entry.stored.person_id]) for entry in snapshots]


def _changes(tx: Connection, ids: Sequence[UUID], day: date, known_at: datetime) -> dict[UUID, list[AlertChangeRecord]]:
    query = (
        select(*alert.c["case_id", "code", "due"], alert_change)
        .join(alert_change, alert_change.c.alert_id == alert.c.alert_id)
        .where(alert.c.case_id.in_(ids), alert_change.c.at <= known_at, alert_change.c.for_date <= day)
        .order_by(alert.c.case_id, alert.c.due, alert.c.code, alert_change.c.n)
    )
    changes_by_case: defaultdict[UUID, list[AlertChangeRecord]] = defaultdict(list)
    for row in tx.execute(query):
        details = json.loads(row.details)
        changes_by_case[row.case_id].append(
            AlertChangeRecord(row.alert_id, row.code, row.due, row.n, row.change, row.for_date, details)
        )
    return changes_by_case
