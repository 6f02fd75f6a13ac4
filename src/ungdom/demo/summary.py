"""A summary of the load in a few figures, to compare with published ones."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ungdom.demo.case_generator import GeneratedCase
from ungdom.workflow.views.lead_time import measures
from ungdom.workflow.vocabulary import EventType, Regime, Sanction, State

E = EventType


@dataclass(frozen=True, slots=True)
class Days:
    """A lead time over many cases, in days; zeros without cases."""

    cases: int
    mean: float
    median: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the load. `started_and_closed`: closed cases whose execution had begun; `completed`: of these."""

    cases: int
    events: int
    refused: int
    received: tuple[tuple[int, int], ...]
    sanctions_received: int
    p1: Days
    p2: Days
    started_and_closed: int
    completed: int
    open: tuple[tuple[State, int], ...]
    entered: frozenset[State]
    event_types: frozenset[EventType]
    regimes: frozenset[Regime]

    @property
    def completion_share(self) -> float:
        """Completed cases as a share of those started and closed."""
        return self.completed / max(1, self.started_and_closed)

    def rows(self) -> list[tuple[str, str]]:
        """The summary as a table of two columns."""
        return [
            ("cases", f"{self.cases}"),
            ("events", f"{self.events}"),
            ("steps refused by the engine, not written", f"{self.refused}"),
            *((f"received {year}", f"{count}") for year, count in self.received),
            ("youth sanctions among the received", f"{self.sanctions_received / max(1, self.p1.cases):.1%}"),
            ("P1 mean and median", f"{self.p1.mean:.0f} and {self.p1.median} days"),
            ("P2 mean and median", f"{self.p2.mean:.0f} and {self.p2.median} days"),
            ("completed of started and closed", f"{self.completion_share:.1%} of {self.started_and_closed}"),
            *((f"open: {state}", f"{count}") for state, count in self.open),
        ]


class LoadCounter:
    """Counts cases; holds counts only, so that its size does not grow with the load."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._received: Counter[int] = Counter()
        self._p1: Counter[int] = Counter()
        self._p2: Counter[int] = Counter()
        self._open: Counter[State] = Counter()
        self._entered: set[State] = set()
        self._event_types: set[EventType] = set()
        self._regimes: set[Regime] = set()

    @property
    def cases(self) -> int:
        """The number of cases so far."""
        return self._count["cases"]

    def add(self, generated: GeneratedCase) -> None:
        """Count one more case."""
        self._count.update(cases=1, events=len(generated.events), refused=generated.refused)
        self._entered.update(interval.state for interval in generated.case.intervals)
        self._event_types.update(event.type for event in generated.events)
        if generated.case.sanction_in_force:
            self._regimes.add(generated.case.sanction_in_force.regime)
        self._count_lead_times(generated)
        if not generated.case.is_closed:
            self._open[generated.case.state] += 1
        elif generated.case.start:
            self._count.update(started=1, completed=generated.case.state is State.COMPLETED)

    def _count_lead_times(self, generated: GeneratedCase) -> None:
        p1, p2, _ = measures(generated.case)
        received = generated.case.first(E.RECEIVED)
        if p1 is not None and received:
            self._p1[p1] += 1
            self._received[received.occurred_on.year] += 1
            self._count.update(sanctions=generated.sanction is Sanction.YOUTH_SANCTION)
        if p2 is not None:
            self._p2[p2] += 1

    def summary(self) -> Summary:
        """The summary of the cases counted so far."""
        return Summary(
            cases=self._count["cases"],
            events=self._count["events"],
            refused=self._count["refused"],
            received=tuple(sorted(self._received.items())),
            sanctions_received=self._count["sanctions"],
            p1=_days(self._p1),
            p2=_days(self._p2),
            started_and_closed=self._count["started"],
            completed=self._count["completed"],
            open=tuple((state, self._open[state]) for state in State if self._open[state]),
            entered=frozenset(self._entered),
            event_types=frozenset(self._event_types),
            regimes=frozenset(self._regimes),
        )


def summarise(cases: Iterable[GeneratedCase]) -> Summary:
    """The summary of these cases."""
    counter = LoadCounter()
    for generated in cases:
        counter.add(generated)
    return counter.summary()


def _days(counts: Counter[int]) -> Days:
    cases = sum(counts.values())
    if not cases:
        return Days(0, 0.0, 0)
    mean = sum(days * count for days, count in counts.items()) / cases
    left = cases / 2
    for days in sorted(counts):
        left -= counts[days]
        if left <= 0:
            return Days(cases, mean, days)
    return Days(cases, mean, max(counts))
