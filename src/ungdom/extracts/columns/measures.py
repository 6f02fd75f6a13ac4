"""The extract of measures: one row per measure that was put on a plan or requested. krl §§ 22 a, 25."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.columns.shared import CASE, OFFICE_NORM, PLACE
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.extracts.snapshots import CaseSnapshot
from ungdom.workflow.derived.plan import MeasureState, MeasureStatus, measures
from ungdom.workflow.measure_list import AGENCY, KIND, MEASURES
from ungdom.workflow.payloads import (
    Attended,
    Attendee,
    MeasureAnswer,
    MeasureEnd,
    MeasureOutcome,
    Need,
    PlannedMeasure,
)
from ungdom.workflow.vocabulary import MeasureKind

T = ColumnType
UNLISTED = "unlisted"
"""A measure outside the list: under R0 the office names it freely, and the name is not exported."""

CODES = tuple(dict.fromkeys([*(measure.code for measure in MEASURES), UNLISTED]))


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure as it stood on the day."""

    snapshot: CaseSnapshot
    state: MeasureState

    @property
    def id(self) -> bytes:
        """Unique over all measures: the id of the case and the number of the measure in it."""
        return self.snapshot.stored.case_id.bytes + self.state.measure.encode()

    def times(self, how: Attended) -> int:
        """The number of recorded attendances of this kind."""
        return self.state.attendance.get(how, 0)

    @property
    def planned(self) -> PlannedMeasure | None:
        """The measure in the plan in force; None when it is not on it."""
        return self.state.planned


def rows_of(snapshot: CaseSnapshot) -> Iterator[MeasureRow]:
    """The measures of the case, in the order they became known."""
    return (MeasureRow(snapshot, state) for state in measures(snapshot.case, snapshot.day))


def _planned(name: str) -> Callable[[MeasureRow], Any]:
    return lambda row: getattr(row.planned, name) if row.planned else None


# One line per row keeps the table readable.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("measure", T.STRING, "the measure", OFFICE_NORM, lambda row: row.id, named=PseudonymKind.MEASURE),
    CASE,
    *PLACE,
    Column("code", T.STRING, "which measure of the list; unlisted: one beside the open list until 31 August 2024",
           "krl § 25", lambda row: row.state.code if row.state.code in KIND else UNLISTED, vocabulary=CODES),
    Column("kind", T.STRING, "how much it takes from the youth; not said of one that is not listed", "office norm",
           lambda row: KIND.get(row.state.code), nullable=True, words=(MeasureKind,)),
    Column("agency", T.STRING, "agency that carries it out, where it is told by its code", "krl § 22 a",
           lambda row: AGENCY.get(row.state.provider), nullable=True, words=(Attendee,)),
    Column("intended_for", T.STRING, "what in the life of the youth it is to help with", "krl § 25",
           _planned("intended_for"), nullable=True, words=(Need,)),
    Column("on_plan", T.BOOLEAN, "whether the plan in force has it", "krl § 25", lambda row: row.planned is not None),
    Column("hours_a_week", T.INTEGER, "hours a week, as planned", "krl § 25",
           _planned("hours_a_week"), nullable=True, unit="hours"),
    Column("planned_from", T.DATE, "first day, as planned", "krl § 25", _planned("since"), nullable=True),
    Column("planned_until", T.DATE, "last day, as planned", "krl § 25", _planned("until"), nullable=True),
    Column("asked_on", T.DATE, "day on which it was first asked for", "krl § 22 a",
           lambda row: row.state.asked_on, nullable=True),
    Column("requested_on", T.DATE, "day on which it was asked for last; the answer is to this", "krl § 22 a",
           lambda row: row.state.requested_on, nullable=True),
    Column("answered_on", T.DATE, "day on which the provider answered", "krl § 22 a",
           lambda row: row.state.answered_on, nullable=True),
    Column("answer", T.STRING, "what the provider answered", "krl § 22 a",
           lambda row: row.state.answer, nullable=True, words=(MeasureAnswer,)),
    Column("available_from", T.DATE, "first day on which there is room, as answered", "krl § 22 a",
           lambda row: row.state.available_from, nullable=True),
    Column("started_on", T.DATE, "day on which it first began", "krl § 25",
           lambda row: row.state.started_on, nullable=True),
    Column("ended_on", T.DATE, "day on which it ended", "krl § 25", lambda row: row.state.ended_on, nullable=True),
    Column("end_reason", T.STRING, "how it ended", "krl § 25",
           lambda row: row.state.reason, nullable=True, words=(MeasureEnd,)),
    Column("outcome", T.STRING, "what it came to, as office and provider see it", "krl § 25",
           lambda row: row.state.outcome, nullable=True, words=(MeasureOutcome,)),
    Column("status", T.STRING, "where it stood", OFFICE_NORM, lambda row: row.state.status, words=(MeasureStatus,)),
    Column("days_to_answer", T.INTEGER, "from the last request to its answer", OFFICE_NORM,
           lambda row: row.state.days_to_answer, nullable=True, unit="days"),
    Column("days_to_start", T.INTEGER, "from the first request to the start", OFFICE_NORM,
           lambda row: row.state.days_to_start, nullable=True, unit="days"),
    Column("days_waited", T.INTEGER, "from the first request to the start, or to the day asked while it has not begun",
           OFFICE_NORM, lambda row: row.state.days_waited(row.snapshot.day), nullable=True, unit="days"),
    *(Column(f"times_{how}", T.INTEGER, f"how often the youth was recorded as {how.replace('_', ' ')}", "krl § 25",
             partial(MeasureRow.times, how=how), unit="times") for how in Attended),
)
# fmt: on
