"""What the plan and its measures ask for: dates, enums, numbers, booleans and ids. Never a person, never free text."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from ungdom.workflow.payloads.base import CLOSED_SHAPE, Code, Details
from ungdom.workflow.payloads.measure_enums import (
    Attended,
    MeasureAnswer,
    MeasureEnd,
    MeasureOutcome,
    Need,
    PlanLoad,
)

WEEK = 168
"""Hours in a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMeasure:
    """A measure (tiltak) as the plan has it, from one day until and with another. krl § 25.

    `measure`: its number in this case. `code`: from the list of krl § 25. `provider`: an agency by its code, or one of
    the catalogue by its id. `intended_for`: what in the youth's life it is to help with.
    """

    __pydantic_config__ = CLOSED_SHAPE

    measure: Code
    code: Code
    provider: Code | None = None
    hours_a_week: Annotated[int, Field(ge=1, le=WEEK)] | None = None
    since: date | None = None
    until: date | None = None
    intended_for: Need | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("until lies before since")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMeasureList(Details):
    """A step that says the measures of the plan: the whole list, each number once. Empty: not said."""

    measures: Annotated[tuple[PlannedMeasure, ...], Field(max_length=50)] = ()

    def __post_init__(self) -> None:
        numbers = [measure.measure for measure in self.measures]
        if len(set(numbers)) < len(numbers):
            raise ValueError("a measure stands twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApproved(PlannedMeasureList):
    """Ungdomsplan godkjent: a decision that can be complained about, from the day the youth was notified. krl § 25."""

    notified_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(PlannedMeasureList):
    """Plan changed by the coordinator alone: only to an equal or lower load. krl § 25 last paragraph.

    `agreed`: the youth agreed, which a change took before 1 September 2024.
    """

    load: PlanLoad
    agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Details):
    """A measure of the plan (tiltak), by its code in the measure list and its number in this case."""

    measure: Code
    code: Code | None = None
    provider: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureAnswered(Details):
    """A provider's answer; `available_from` when there is a waiting list."""

    measure: Code
    answer: MeasureAnswer
    available_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureAttended(Details):
    """Whether the youth met for a measure on the day of the event."""

    measure: Code
    attended: Attended


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureEnded(Details):
    """A measure came to its end, and how far it got."""

    measure: Code
    reason: MeasureEnd
    outcome: MeasureOutcome | None = None
