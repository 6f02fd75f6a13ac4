"""Caseload and capacity: open cases of each coordinator and konfliktråd, weekly flow, and expected arrivals.

Counted from case summaries in one pass, as of now or of a day in the past. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import fsum

from ungdom.analytics import norms
from ungdom.analytics.case_summaries import CaseSummary
from ungdom.analytics.caseload.arrivals import ArrivalForecaster, ArrivalWeek
from ungdom.analytics.caseload.pressure import PressureWarning, ReceivedCase, warnings
from ungdom.workflow.calendar import days_between
from ungdom.workflow.vocabulary import PHASE, Phase, Sanction

WEEKS_BACK = 13
"""Number of weeks listed: seven days each, the last ending on the requested day."""

PhaseAndSanction = tuple[Phase, Sanction]


@dataclass(slots=True)
class OpenCaseCounts:
    """Open cases of a coordinator or an office, by phase and sanction."""

    open: Counter[PhaseAndSanction] = field(default_factory=Counter)

    def weight(self, day: date) -> float:
        """Workload of these cases to one decimal: cases times the norms of that day (office norm)."""
        parts = (count * weight_of(phase, sanction, day) for (phase, sanction), count in self.open.items())
        return round(fsum(parts), 1)


@dataclass(frozen=True, slots=True)
class WeeklyFlow:
    """Flow of one week. `since`: its first day.

    `received`: cases received by the konfliktråd; `closed`: of those it had.
    """

    since: date
    received: int
    closed: int


@dataclass(slots=True)
class OfficeCaseload:
    """Caseload of one konfliktråd, or of the country, on a day."""

    day: date
    load: OpenCaseCounts = field(default_factory=OpenCaseCounts)
    coordinators: dict[str | None, OpenCaseCounts] = field(default_factory=dict)
    received: Counter[int] = field(default_factory=Counter)
    closed: Counter[int] = field(default_factory=Counter)
    received_cases: list[ReceivedCase] = field(default_factory=list)
    waiting: list[CaseSummary] = field(default_factory=list)

    def add(self, summary: CaseSummary) -> None:
        """Count one more case."""
        if summary.received:
            self.received[self._weeks_back(summary.received)] += 1
            self.received_cases.append(
                ReceivedCase(summary.sanction, summary.received, summary.plan_meeting, summary.closed)
            )
        if summary.closed and summary.received:
            self.closed[self._weeks_back(summary.closed)] += 1
        if summary.closed is None:
            kind = (PHASE[summary.state], summary.sanction)
            self.load.open[kind] += 1
            if summary.received:
                self.coordinators.setdefault(summary.coordinator, OpenCaseCounts()).open[kind] += 1
            else:
                self.waiting.append(summary)

    def _weeks_back(self, day: date) -> int:
        """How many weeks back the day is: 0 for the seven days that end on the requested day."""
        return days_between(day, self.day) // 7

    def flow(self) -> list[WeeklyFlow]:
        """Each week back, oldest first."""
        weeks = range(WEEKS_BACK - 1, -1, -1)
        return [WeeklyFlow(self.day - timedelta(days=7 * n + 6), self.received[n], self.closed[n]) for n in weeks]


@dataclass(slots=True)
class Caseload:
    """Caseload of every requested konfliktråd, of the country under None, and the history used to forecast arrivals."""

    day: date
    only: str | None = None
    offices: dict[str | None, OfficeCaseload] = field(default_factory=dict)
    forecaster: ArrivalForecaster = field(default_factory=lambda: ArrivalForecaster(date.min))

    def __post_init__(self) -> None:
        self.forecaster = ArrivalForecaster(self.day)
        self.offices = {self.only: OfficeCaseload(self.day)}

    def add(self, summary: CaseSummary) -> None:
        """Count one more case: for its konfliktråd, once for the country, and in the history of all."""
        self.forecaster.add(summary)
        if self.only is None:
            self.offices[None].add(summary)
        if self.only in (None, summary.konfliktrad):
            self.offices.setdefault(summary.konfliktrad, OfficeCaseload(self.day)).add(summary)

    def arrivals(self, konfliktrad: str | None) -> tuple[list[ArrivalWeek], int]:
        """Expected arrivals per week at that konfliktråd, and the number of cases in the chain without a forecast."""
        return self.forecaster.predict(self.offices[konfliktrad].waiting)

    def warnings(self, konfliktrad: str | None) -> Iterator[PressureWarning]:
        """Warnings where growth of one sanction coincides with longer waits of the other."""
        return warnings(self.offices[konfliktrad].received_cases, self.day)


def weight_of(phase: Phase, sanction: Sanction, day: date) -> float:
    """Workload of one case relative to preparing the plan of a youth follow-up (office norm of that day)."""
    return norms.PHASE_WEIGHT.on(day)[phase] * norms.SANCTION_WEIGHT.on(day)[sanction]


def count_caseload(summaries: Iterable[CaseSummary], day: date, only: str | None = None) -> Caseload:
    """The caseload of these cases on that day. `only`: of that konfliktråd, without the country."""
    caseload = Caseload(day, only)
    for summary in summaries:
        caseload.add(summary)
    return caseload
