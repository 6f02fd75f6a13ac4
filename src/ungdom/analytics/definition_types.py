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
    """`SHARE`: numerator over denominator, from 0 to 1. `DAYS`: median days. `GRADE`: mean of answers from 1 to 5.

    `CASES`: a number of cases.
    """

    SHARE = "share"
    DAYS = "days"
    GRADE = "grade"
    CASES = "cases"


class IndicatorPeriod(StrEnum):
    """Which day puts a case, or what happened in it, into a period. Both ends of the period belong to it.

    `ON_DAY`: none; it is a number of one day.
    """

    REGISTERED = "registered"
    RECEIVED = "received"
    STARTED = "started"
    DECIDED = "decided"
    CLOSED = "closed"
    HAPPENED = "happened"
    INVITED = "invited"
    ON_DAY = "on_day"


class Family(StrEnum):
    """What a figure is about."""

    LEAD_TIME = "lead_time"
    COMPLETION = "completion"
    RECIDIVISM = "recidivism"
    INDICATORS = "indicators"
    CASELOAD = "caseload"


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure. `code`: for a stage or a wait, followed by a dot and the state or party.

    `outcomes`: the endings, counted separately; they add up to all cases. `changed`: the change made by each version
    after the first.
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
    """A figure in days. `duration`: the duration it takes of a case; None: none.

    `any_end`: the curve counts every ending; otherwise only `ENDED`, and cases that leave in another way are censored.
    """

    duration: Callable[[CaseFacts], StepDuration | None] = lambda _row: None
    any_end: bool = False


@dataclass(frozen=True, slots=True)
class CompletionDefinition(Definition):
    """A figure of the outcomes of cases.

    `cohort_day`: the day that places a case in the cohort; None: it does not belong to it.
    """

    cohort_day: Callable[[CaseFacts], date | None] = lambda _row: None
