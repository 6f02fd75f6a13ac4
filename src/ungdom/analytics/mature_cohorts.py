"""Completion of cohorts that have been followed long enough, with those still running beside every share. Pure.

The share of a young cohort is low because most of its cases run: it says little about how they will end. A cohort is
mature when its last case has been followed for the months asked; of it, and of no other, the share completed within
those months is given. Every cohort since the first case is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from ungdom.analytics.completions import wilson
from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.definition_types import CompletionDefinition
from ungdom.analytics.dimensions import Subject
from ungdom.analytics.outcomes import EXCLUDED_OUTCOMES, OPEN, outcome
from ungdom.workflow.calendar import Length, after
from ungdom.workflow.vocabulary import State


@dataclass(slots=True)
class MatureCohort:
    """The cases of one year and value. `within`: completed within the months; `running`: still open.

    `mature`: every case of the year has been followed for the months. Cases that lapsed are in no count.
    """

    year: int
    value: str
    mature: bool
    cases: int = 0
    completed: int = 0
    running: int = 0
    within: int = 0

    @property
    def otherwise(self) -> int:
        """Cases that ended in another way."""
        return self.cases - self.completed - self.running

    @property
    def share_within(self) -> tuple[float | None, float | None, float | None]:
        """The share completed within the months with Wilson's 95 % limits; None of a cohort that is not mature."""
        return wilson(self.within, self.cases) if self.mature else (None, None, None)


@dataclass(slots=True)
class CohortSeries:
    """The cohorts of one definition by the year of its day, in all and by one further dimension.

    `value_of`: the value of a case in that dimension; None: in all only. `day`: the last day of the count.
    """

    definition: CompletionDefinition
    months: int
    day: date
    value_of: Callable[[Subject], str] | None = None
    cohorts: dict[tuple[int, str], MatureCohort] = field(default_factory=dict)

    def add(self, subject: Subject) -> None:
        """Count one more case, if the definition counts it."""
        facts = subject.facts
        start = self.definition.cohort_day(facts)
        ending = outcome(facts)
        if start is None or start > self.day or ending in EXCLUDED_OUTCOMES:
            return
        within = ending == State.COMPLETED and facts.closed is not None and facts.closed <= after(start, self._window)
        for value in {TOTAL, *((self.value_of(subject),) if self.value_of else ())}:
            cohort = self._cohort(start.year, value)
            cohort.cases += 1
            cohort.completed += ending == State.COMPLETED
            cohort.running += ending == OPEN
            cohort.within += within

    def in_order(self) -> Iterator[MatureCohort]:
        """The cohorts by value, the total first, then by year; years without a case between others are listed."""
        years = [year for year, _ in self.cohorts]
        values = sorted({value for _, value in self.cohorts}, key=lambda value: (value != TOTAL, value))
        for value in values:
            for year in range(min(years), max(years) + 1):
                yield self._cohort(year, value)

    @property
    def _window(self) -> Length:
        return Length(months=self.months)

    def _cohort(self, year: int, value: str) -> MatureCohort:
        mature = after(date(year, 12, 31), self._window) <= self.day
        return self.cohorts.setdefault((year, value), MatureCohort(year, value, mature))


def cohort_series(series: CohortSeries, subjects: Iterable[Subject]) -> list[MatureCohort]:
    """The cohorts of these cases."""
    for subject in subjects:
        series.add(subject)
    return list(series.in_order())


# --- who is waited for ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PartyWait:
    """The days that a party was waited for before the start, in a period, and the cases in which it was."""

    days: int = 0
    cases: int = 0

    @property
    def days_per_case(self) -> float | None:
        """Days per case that waited for it."""
        return self.days / self.cases if self.cases else None


PartyWaits = dict[str, dict[str, PartyWait]]
"""By konfliktråd, `TOTAL` for the country, and party."""


def party_waits(subjects: Iterable[Subject], since: date, until: date) -> PartyWaits:
    """The waits of these cases inside the period, both days included; open waits until the last day known."""
    waits: PartyWaits = defaultdict(lambda: defaultdict(PartyWait))
    for subject in subjects:
        for party, days in _days_of(subject, since, until).items():
            for place in (subject.facts.konfliktrad, TOTAL):
                waits[place][party].days += days
                waits[place][party].cases += 1
    return waits


def _days_of(subject: Subject, since: date, until: date) -> dict[str, int]:
    """Days per party of one case; the last day of a wait is the first of the next and is counted there."""
    facts = subject.facts
    last = min(until.toordinal() + 1, (facts.started or facts.until).toordinal())
    days: defaultdict[str, int] = defaultdict(int)
    for wait in facts.wait_intervals:
        end = min(last, (wait.until or facts.until).toordinal())
        inside = end - max(wait.since, since).toordinal()
        if inside > 0:
            days[str(wait.kind)] += inside
    return days
