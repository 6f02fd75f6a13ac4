"""The result of a simulation over many cases: counts of fixed size, and a list with a limit."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from ungdom.simulation.comparing import DeadlinePair, RuleComparison, Turn
from ungdom.simulation.notices import SimulatedNotice, upcoming_notices
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import Deadline, DeadlineStatus
from ungdom.workflow.rules.escalation import AlertStatus, Audience, Level

WEEKS = 12
"""Weeks counted separately, Monday to Sunday; the first contains the day of the simulation."""


class SimulatedCase(NamedTuple):
    """A case as visible to the viewer. `konfliktrad`: None if they may not learn it."""

    case_id: UUID
    reference: str
    konfliktrad: str | None


class SimulatedDueChange(NamedTuple):
    """One clock of one case whose due day changes."""

    case_ref: SimulatedCase
    code: str
    before: date
    after: date
    turn: Turn | None


@dataclass(slots=True)
class BeforeAfter:
    """A count under the rules in force, and under the simulated ones."""

    before: int = 0
    after: int = 0


@dataclass(slots=True)
class SimulatedClock:
    """One changed clock. `live`: how many run; `moved`: how many are due how many days later."""

    live: int = 0
    turned: Counter[Turn] = field(default_factory=Counter)
    moved: Counter[int] = field(default_factory=Counter)

    @property
    def days(self) -> tuple[int, int, int] | None:
        """Least, median and most days that those moved are due later; of two in the middle the lesser."""
        return (min(self.moved), median(self.moved), max(self.moved)) if self.moved else None

    def add(self, pair: DeadlinePair) -> None:
        """One more that runs."""
        self.live += 1
        if pair.turn:
            self.turned[pair.turn] += 1
        if pair.moved_days:
            self.moved[pair.moved_days] += 1


@dataclass(slots=True)
class SimulatedOfficeLoad:
    """What is due in one office, of clocks that are somebody's delay when passed: overdue, week by week, and later."""

    cases: int = 0
    overdue: BeforeAfter = field(default_factory=BeforeAfter)
    weeks: list[BeforeAfter] = field(default_factory=lambda: [BeforeAfter() for _ in range(WEEKS)])
    later: BeforeAfter = field(default_factory=BeforeAfter)

    def add(self, pair: DeadlinePair, day: date) -> None:
        """One more that runs."""
        self._counter_of(pair.before, day).before += 1
        self._counter_of(pair.after, day).after += 1

    def _counter_of(self, due: Deadline, day: date) -> BeforeAfter:
        if due.status is DeadlineStatus.OVERDUE:
            return self.overdue
        week = days_between(monday(day), due.due) // 7
        return self.weeks[week] if week < WEEKS else self.later


@dataclass(slots=True)
class SimulatedNoticeCounts:
    """Notices at one level to one of those who are told: on the night of the day, and in each week from then on."""

    tonight: BeforeAfter = field(default_factory=BeforeAfter)
    weeks: list[BeforeAfter] = field(default_factory=lambda: [BeforeAfter() for _ in range(WEEKS)])


@dataclass(slots=True)
class SimulationResult:
    """The result of a simulation. `limit`: of `lines`, and of `unread_named`, the cases that could not be read."""

    comparison: RuleComparison
    limit: int
    cases: int = 0
    changed: int = 0
    unread: int = 0
    unread_named: list[SimulatedCase] = field(default_factory=list)
    clocks: dict[str, SimulatedClock] = field(default_factory=dict)
    offices: dict[str | None, SimulatedOfficeLoad] = field(default_factory=dict)
    notices: dict[tuple[Level, Audience], SimulatedNoticeCounts] = field(default_factory=dict)
    moved_clocks: int = 0
    turned: list[SimulatedDueChange] = field(default_factory=list)
    moved: list[SimulatedDueChange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clocks = {rule.code: SimulatedClock() for rule in self.comparison.before}

    @property
    def lines(self) -> list[SimulatedDueChange]:
        """The clocks whose due day changes, those that turn overdue or green first, up to the limit."""
        return [*self.turned, *self.moved][: self.limit]

    def add(self, case_ref: SimulatedCase, case: Case, statuses: Sequence[AlertStatus] = ()) -> None:
        """Adds a case with its alerts. If it raises an error, nothing of the case is counted."""
        pairs = [pair for pair in self.comparison.compare(case) if pair.live]
        sets = ([pair.before for pair in pairs], [pair.after for pair in pairs])
        before, after = (list(upcoming_notices(case, clocks, self.comparison.day, statuses)) for clocks in sets)
        self.cases += 1
        office = self.offices.setdefault(case_ref.konfliktrad, SimulatedOfficeLoad())
        office.cases += 1
        for pair in pairs:
            if pair.before.delay:
                office.add(pair, self.comparison.day)
            if clock := self.clocks.get(pair.before.code):
                clock.add(pair)
        self._add_due_changes(case_ref, [pair for pair in pairs if pair.moved_days])
        for both in self._notice_counters(before):
            both.before += 1
        for both in self._notice_counters(after):
            both.after += 1

    def add_unread(self, case_ref: SimulatedCase) -> None:
        """Counts a case that could not be read."""
        self.unread += 1
        if len(self.unread_named) < self.limit:
            self.unread_named.append(case_ref)

    def _notice_counters(self, given: list[SimulatedNotice]) -> Iterator[BeforeAfter]:
        """The counters of these notices."""
        for notice in given:
            week = days_between(monday(self.comparison.day), notice.night) // 7
            if week < WEEKS:
                row = self.notices.setdefault((notice.level, notice.who), SimulatedNoticeCounts())
                yield row.weeks[week]
                if notice.night == self.comparison.day:
                    yield row.tonight

    def _add_due_changes(self, case_ref: SimulatedCase, pairs: list[DeadlinePair]) -> None:
        self.changed += bool(pairs)
        self.moved_clocks += len(pairs)
        for pair in pairs:
            target = self.turned if pair.turn else self.moved
            if len(target) < self.limit:
                target.append(
                    SimulatedDueChange(case_ref, pair.before.code, pair.before.due, pair.after.due, pair.turn)
                )


def monday(day: date) -> date:
    """The first day of the ISO 8601 week of a day: 2026-12-28 for 2027-01-02."""
    return day - timedelta(days=day.weekday())


def mondays(day: date) -> list[date]:
    """The first days of the weeks counted separately."""
    return [monday(day) + timedelta(weeks=week) for week in range(WEEKS)]


def week_name(day: date) -> str:
    """The ISO 8601 week of a day: 2026-W53 for 2027-01-02."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def median(counts: Counter[int]) -> int:
    """The median of the counted values, the lower one of two."""
    left = (counts.total() + 1) // 2
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("nothing was counted")
