"""The extract of events: one row per recorded event, corrections included, with what is now in force in its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.columns.shared import CASE, OFFICE_NORM, PLACE
from ungdom.extracts.snapshots import CaseSnapshot
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between, oslo_date
from ungdom.workflow.engine import effective
from ungdom.workflow.events import Corrected, Event
from ungdom.workflow.vocabulary import Actor, EventType, Party, Role

T = ColumnType


class RecordStatus(StrEnum):
    """The status of a recorded event after all corrections."""

    STANDS = "stands"
    REPLACED = "replaced"
    ANNULLED = "annulled"
    CORRECTION = "correction"


REASONS = (
    d.PostponementReason, d.PlanFailure, d.InterruptionReason, d.ResumptionReason, d.EndOfControl, d.SetAside,
    d.LapseReason, d.ReopeningReason, d.PinReason, d.WaitReason, d.MeasureEnd,
)  # fmt: skip
OUTCOMES = (d.AppealOutcome, d.WindowOutcome, d.OtherOutcome, d.ComplaintOutcome, d.MeasureOutcome)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event. `correction`: its last correction; `effective`: the event now in force in its place, if any.

    `snapshot`: its case; None where the columns of the case come from elsewhere (`bulk_events`).
    """

    snapshot: CaseSnapshot | None
    event: Event
    correction: Event | None
    effective: Event | None

    @property
    def status(self) -> RecordStatus:
        """The status after all corrections."""
        if isinstance(self.event.details, Corrected):
            return RecordStatus.CORRECTION
        if self.correction is None:
            return RecordStatus.STANDS
        details = self.correction.details
        replaced = isinstance(details, Corrected) and details.replacement is not None
        return RecordStatus.REPLACED if replaced else RecordStatus.ANNULLED

    def correction_detail(self, name: str) -> Any:
        """A field of a correction; None for any other event."""
        return getattr(self.event.details, name) if isinstance(self.event.details, Corrected) else None

    def word(self, name: str) -> str | None:
        """The value of this field of the effective event where it is an enum member; None for anything else."""
        details = (self.effective or self.event).details
        value = None if isinstance(details, Corrected) else getattr(details, name, None)
        return value if isinstance(value, StrEnum) else None


def rows_of(snapshot: CaseSnapshot) -> Iterator[EventRow]:
    """The events of the case in the order recorded that, or whose replacement, had occurred by the day."""
    return rows_of_events(snapshot.stored.events, snapshot.day, snapshot)


def rows_of_events(events: Sequence[Event], day: date, snapshot: CaseSnapshot | None = None) -> Iterator[EventRow]:
    """The rows of these events of one case. A correction needs the event that it corrects among them."""
    corrections = {e.details.corrects: e for e in events if isinstance(e.details, Corrected)}
    now = {event.corrected_by or event.seq: event for event in effective(events)}
    days = {event.seq: event.occurred_on for event in events}
    for event in events:
        effective_event = now.get(event.seq)
        details = event.details
        happened = (
            days.get(details.corrects, event.occurred_on) if isinstance(details, Corrected) else event.occurred_on
        )
        if effective_event is not None and effective_event.occurred_on > day:
            effective_event = None
        if effective_event is not None or happened <= day:
            yield EventRow(snapshot, event, corrections.get(event.seq), effective_event)


# One line per row keeps the table readable.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    CASE,
    *PLACE,
    Column("seq", T.INTEGER, "number of the event in its case, from 1, in the order recorded", OFFICE_NORM,
           lambda row: row.event.seq),
    Column("type", T.STRING, "what happened, as it was recorded", OFFICE_NORM,
           lambda row: row.event.type, words=(EventType,)),
    Column("occurred_on", T.DATE, "day on which it happened, as it was recorded; of a correction the day it was made",
           OFFICE_NORM, lambda row: row.event.occurred_on),
    Column("recorded_on", T.DATE, "day on which it became known here", OFFICE_NORM,
           lambda row: oslo_date(row.event.recorded_at)),
    Column("recorded_after", T.INTEGER, "days from what happened until it became known here", OFFICE_NORM,
           lambda row: days_between(row.event.occurred_on, oslo_date(row.event.recorded_at)), unit="days"),
    Column("actor", T.STRING, "in whose name it was done", OFFICE_NORM, lambda row: row.event.actor, words=(Actor,)),
    Column("role", T.STRING, "role of whoever recorded it", OFFICE_NORM, lambda row: row.event.role, words=(Role,)),
    Column("status", T.STRING, "how it stands now", "arkivlova § 9", lambda row: row.status, words=(RecordStatus,)),
    Column("corrected_by", T.INTEGER, "number of the event that corrected it last", "arkivlova § 9",
           lambda row: row.correction.seq if row.correction else None, nullable=True),
    Column("corrects", T.INTEGER, "of a correction: number of the event that it corrects", "arkivlova § 9",
           lambda row: row.correction_detail("corrects") or None, nullable=True),
    Column("correction_reason", T.STRING, "of a correction: why", "arkivlova § 9",
           lambda row: row.correction_detail("reason"), nullable=True, words=(d.CorrectionReason,)),
    Column("effective_type", T.STRING, "what happened, as it now reads; rows that have it are the history as it stands",
           OFFICE_NORM, lambda row: row.effective.type if row.effective else None, nullable=True, words=(EventType,)),
    Column("effective_on", T.DATE, "day on which it happened, as it now reads", OFFICE_NORM,
           lambda row: row.effective.occurred_on if row.effective else None, nullable=True),
    Column("party", T.STRING, "of a wait: who is waited for", OFFICE_NORM,
           lambda row: row.word("party"), nullable=True, words=(Party,)),
    Column("reason", T.STRING, "why, where a reason is given", "krl §§ 22–34, strpl § 459",
           lambda row: row.word("reason"), nullable=True, words=REASONS),
    Column("outcome", T.STRING, "what it came to, where an outcome is given", "krl §§ 22–34, strl § 52 c",
           lambda row: row.word("outcome"), nullable=True, words=OUTCOMES),
)
# fmt: on
