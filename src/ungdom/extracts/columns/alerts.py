"""The extract of alerts: one row per case, clock and due day for which an alert was raised, and its outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.columns.shared import CASE, CLOCKS, OFFICE_NORM, PLACE
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.extracts.snapshots import AlertChangeRecord, CaseSnapshot
from ungdom.workflow.calendar import days_between
from ungdom.workflow.rules.escalation import AlertChange, AlertState, ClearedBecause, DelayReason, Level

T = ColumnType
LEFT_OPEN = (AlertChange.RAISED, AlertChange.ESCALATED, AlertChange.WOKEN)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert: its changes in order; the first is that it was raised."""

    snapshot: CaseSnapshot
    changes: tuple[AlertChangeRecord, ...]

    @property
    def state(self) -> AlertState:
        """Its state at the end of the day asked for."""
        last = self.changes[-1].change
        return AlertState.OPEN if last in LEFT_OPEN else AlertState(last.value)

    @property
    def cleared_on(self) -> date | None:
        """The day on which it was cleared; None while it is open or raised again."""
        return self.changes[-1].on if self.state is AlertState.CLEARED else None

    def first(self, change: AlertChange) -> date | None:
        """The first day with this change."""
        return next((record.on for record in self.changes if record.change is change), None)

    def times(self, change: AlertChange) -> int:
        """The number of such changes."""
        return sum(record.change is change for record in self.changes)

    def last_detail(self, name: str) -> Any:
        """The latest value of this detail over all changes."""
        return next((record.details[name] for record in reversed(self.changes) if name in record.details), None)


def rows_of(snapshot: CaseSnapshot) -> Iterator[AlertRow]:
    """The alerts of the case, by due day. What a party answers for its own part changes no alert, and is left out."""
    of_alerts = (record for record in snapshot.changes if record.change is not AlertChange.PART_ANSWERED)
    for _, changes in groupby(of_alerts, key=lambda record: record.alert_id):
        yield AlertRow(snapshot, tuple(changes))


# One line per row keeps the table readable.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("alert", T.STRING, "the alert", OFFICE_NORM, lambda row: row.changes[0].alert_id, named=PseudonymKind.ALERT),
    CASE,
    *PLACE,
    Column("clock", T.STRING, "the clock that ran out or was about to", "the law of the clock, docs/workflow.md",
           lambda row: row.changes[0].code, vocabulary=CLOCKS),
    Column("due_on", T.DATE, "last day of the clock", "the law of the clock, docs/workflow.md",
           lambda row: row.changes[0].due),
    Column("raised_on", T.DATE, "day for which somebody was first told", OFFICE_NORM, lambda row: row.changes[0].on),
    Column("times_raised", T.INTEGER, "how often it was raised: again when it was cleared and the clock ran again",
           OFFICE_NORM, lambda row: row.times(AlertChange.RAISED), unit="times"),
    Column("state", T.STRING, "how it stood", OFFICE_NORM, lambda row: row.state, words=(AlertState,)),
    Column("level", T.STRING, "how far the clock had run when somebody was told last", OFFICE_NORM,
           lambda row: row.last_detail("level"), words=(Level,)),
    Column("rung", T.INTEGER, "step of the ladder that it reached, from 0", OFFICE_NORM,
           lambda row: row.last_detail("rung")),
    Column("acknowledged_on", T.DATE, "day on which somebody first said that they see to it", OFFICE_NORM,
           lambda row: row.first(AlertChange.ACKNOWLEDGED), nullable=True),
    Column("answered_on", T.DATE, "day on which it was first said why it is late", OFFICE_NORM,
           lambda row: row.first(AlertChange.ANSWERED), nullable=True),
    Column("delay_reason", T.STRING, "why it is late, as answered last", OFFICE_NORM,
           lambda row: row.last_detail("reason"), nullable=True, words=(DelayReason,)),
    Column("times_snoozed", T.INTEGER, "how often it was put off", OFFICE_NORM,
           lambda row: row.times(AlertChange.SNOOZED), unit="times"),
    Column("cleared_on", T.DATE, "day on which it ended", OFFICE_NORM, lambda row: row.cleared_on, nullable=True),
    Column("cleared_because", T.STRING, "why it ended", OFFICE_NORM,
           lambda row: row.last_detail("because") if row.cleared_on else None, nullable=True, words=(ClearedBecause,)),
    Column("days_told", T.INTEGER, "from the day it was first told of to its end, or to the day asked", OFFICE_NORM,
           lambda row: days_between(row.changes[0].on, row.cleared_on or row.snapshot.day), unit="days"),
)
# fmt: on
