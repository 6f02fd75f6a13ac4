"""What a definition of a figure consists of: its question, unit, numerator, denominator, period rule and source.

The rows are beside the figures: `lead_times`, `completions`, `recidivism.definitions` and `indicators`; the module
`definitions` collects them. A row is the only home of its definition: API responses, released tables, manifests of
extracts, the command line and docs/statistics.md are built from it. A change of what is counted raises `version` and
adds the difference to `changed`; figures name the version of their definition, and figures of two versions are not
comparable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.durations import StepDuration
from ungdom.workflow.calendar import Length, after, days_between
from ungdom.workflow.law import Dated


class IndicatorUnit(StrEnum):
    """`SHARE`: numerator over denominator, from 0 to 1. `DAYS`: median days. `GRADE`: mean of answers from 1 to 5."""

    SHARE = "share"
    DAYS = "days"
    GRADE = "grade"


class IndicatorPeriod(StrEnum):
    """Which day puts a case, or what happened in it, into a period. Both ends of the period belong to it."""

    REGISTERED = "registered"
    RECEIVED = "received"
    STARTED = "started"
    DECIDED = "decided"
    CLOSED = "closed"
    HAPPENED = "happened"
    INVITED = "invited"


class Family(StrEnum):
    """What a figure is about."""

    LEAD_TIME = "lead_time"
    COMPLETION = "completion"
    RECIDIVISM = "recidivism"
    INDICATORS = "indicators"


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure. `code`: of a stage or a wait the state or party after a dot.

    `outcomes`: the ways of ending, counted apart; they add up to all cases. `changed`: what each version after the
    first changed.
    """

    code: str
    version: int
    family: Family
    unit: IndicatorUnit
    period: IndicatorPeriod
    numerator: str
    denominator: str
    source: str
    outcomes: tuple[str, ...] = ()
    norm: Dated[Length] | None = None
    changed: tuple[str, ...] = ()

    def norm_days(self, day: date) -> int | None:
        """The norm of that day in days; None where there is none."""
        return days_between(day, after(day, self.norm.on(day))) if self.norm else None


@dataclass(frozen=True, slots=True)
class LeadTimeDefinition(Definition):
    """A figure of days. `duration`: what it is of a case; None: nothing.

    `any_end`: the curve is of every ending; otherwise of `ENDED`, and who leaves in another way is censored.
    """

    duration: Callable[[CaseFacts], StepDuration | None] = lambda _row: None
    any_end: bool = False


@dataclass(frozen=True, slots=True)
class CompletionDefinition(Definition):
    """A figure of how cases came out.

    `cohort_day`: the day that puts a case into the cohort; None: it does not belong.
    """

    cohort_day: Callable[[CaseFacts], date | None] = lambda _row: None
