"""Caseload and capacity: what each coordinator and konfliktråd has, what comes in and goes out, and what will come.

Counted from the digests of cases (`statistics.digests`), in one reading, of now or of a day in the past. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from ungdom.statistics import norms
from ungdom.statistics.caseload.arrivals import Chain, Week
from ungdom.statistics.caseload.pressure import Waited, Warned, warnings
from ungdom.statistics.digests import Digest
from ungdom.workflow.daycount import days_between
from ungdom.workflow.vocabulary import PHASE, Phase, Sanction

WEEKS_BACK = 13
"""Weeks told one by one: seven days each, the last ending on the day asked."""

Kind = tuple[Phase, Sanction]


@dataclass(slots=True)
class Load:
    """Open cases of somebody, or of an office, by phase and sanction."""

    open: Counter[Kind] = field(default_factory=Counter)

    def weight(self, day: date) -> float:
        """The work that they are: cases times the norms of that day, office norm."""
        return sum(count * weight_of(phase, sanction, day) for (phase, sanction), count in self.open.items())


@dataclass(frozen=True, slots=True)
class Flow:
    """One week: `since` its first day. `received`: into the konfliktråd; `closed`: of those it had."""

    since: date
    received: int
    closed: int


@dataclass(slots=True)
class Office:
    """One konfliktråd, or the country, as it stands on a day."""

    day: date
    load: Load = field(default_factory=Load)
    coordinators: dict[str | None, Load] = field(default_factory=dict)
    received: Counter[int] = field(default_factory=Counter)
    closed: Counter[int] = field(default_factory=Counter)
    waited: list[Waited] = field(default_factory=list)
    waiting: list[Digest] = field(default_factory=list)

    def add(self, one: Digest) -> None:
        """Count one more case."""
        if one.received:
            self.received[self._week(one.received)] += 1
            self.waited.append(Waited(one.sanction, one.received, one.met, one.closed))
        if one.closed and one.received:
            self.closed[self._week(one.closed)] += 1
        if one.closed is None:
            self._open(one)

    def _open(self, one: Digest) -> None:
        kind = (PHASE[one.state], one.sanction)
        self.load.open[kind] += 1
        if one.received:
            self.coordinators.setdefault(one.coordinator, Load()).open[kind] += 1
        else:
            self.waiting.append(one)

    def _week(self, day: date) -> int:
        """Which week back it lies in: 0 for the seven days that end on the day asked."""
        return days_between(day, self.day) // 7

    def flow(self) -> list[Flow]:
        """Each week back, oldest first."""
        weeks = range(WEEKS_BACK - 1, -1, -1)
        return [Flow(self.day - timedelta(days=7 * n + 6), self.received[n], self.closed[n]) for n in weeks]


@dataclass(slots=True)
class Caseload:
    """Every konfliktråd asked for, the country under None, and the history that arrivals are foretold from."""

    day: date
    only: str | None = None
    offices: dict[str | None, Office] = field(default_factory=dict)
    chain: Chain = field(default_factory=lambda: Chain(date.min))

    def __post_init__(self) -> None:
        self.chain = Chain(self.day)
        self.offices = {self.only: Office(self.day)}

    def add(self, one: Digest) -> None:
        """Count one more case: for its konfliktråd, once for the country, and for the history of all."""
        self.chain.add(one)
        if self.only is None:
            self.offices[None].add(one)
        if self.only in (None, one.konfliktrad):
            self.offices.setdefault(one.konfliktrad, Office(self.day)).add(one)

    def arrivals(self, konfliktrad: str | None) -> tuple[list[Week], int]:
        """What is expected there in the next weeks of those in the chain, and of how many nothing can be said."""
        return self.chain.foretell(self.offices[konfliktrad].waiting)

    def warnings(self, konfliktrad: str | None) -> Iterator[Warned]:
        """Where growth of one sanction goes with longer waits of the other."""
        return warnings(self.offices[konfliktrad].waited, self.day)


def weight_of(phase: Phase, sanction: Sanction, day: date) -> float:
    """The work of one case, as against preparing the plan of a youth follow-up. Office norm of that day."""
    return norms.PHASE_WEIGHT.on(day)[phase] * norms.SANCTION_WEIGHT.on(day)[sanction]


def counted(digests: Iterable[Digest], day: date, only: str | None = None) -> Caseload:
    """The load of these cases on that day. `only`: of that konfliktråd, without the country."""
    found = Caseload(day, only)
    for one in digests:
        found.add(one)
    return found
