"""What a trial comes to over many cases: counts that stay small however many there are, and a list with an end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from ungdom.simulation.comparing import Pair, Trial, Turn
from ungdom.simulation.notices import Notice, notices
from ungdom.workflow.alerting import Audience, Level, Standing
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import days_between
from ungdom.workflow.deadlines import Deadline, DeadlineStatus

WEEKS = 12
"""Weeks that are told one by one, Monday to Sunday; the first is the one of the day asked."""


class Place(NamedTuple):
    """A case as the viewer may know it. `konfliktrad`: None where they may not learn it."""

    case_id: UUID
    reference: str
    konfliktrad: str | None


class Line(NamedTuple):
    """One clock of one case that is due on another day."""

    place: Place
    code: str
    before: date
    after: date
    turn: Turn | None


@dataclass(slots=True)
class Both:
    """A count under the rules in force, and under those tried."""

    before: int = 0
    after: int = 0


@dataclass(slots=True)
class Clock:
    """One changed clock. `live`: how many run; `moved`: how many are due how many days later."""

    live: int = 0
    turned: Counter[Turn] = field(default_factory=Counter)
    moved: Counter[int] = field(default_factory=Counter)

    @property
    def days(self) -> tuple[int, int, int] | None:
        """Least, median and most days that those moved are due later; of two in the middle the lesser."""
        return (min(self.moved), median(self.moved), max(self.moved)) if self.moved else None

    def add(self, pair: Pair) -> None:
        """One more that runs."""
        self.live += 1
        if pair.turn:
            self.turned[pair.turn] += 1
        if pair.moved_days:
            self.moved[pair.moved_days] += 1


@dataclass(slots=True)
class Load:
    """What is due in one office, of clocks that are somebody's delay when passed: overdue, week by week, and later."""

    cases: int = 0
    overdue: Both = field(default_factory=Both)
    weeks: list[Both] = field(default_factory=lambda: [Both() for _ in range(WEEKS)])
    later: Both = field(default_factory=Both)

    def add(self, pair: Pair, day: date) -> None:
        """One more that runs."""
        self._of(pair.before, day).before += 1
        self._of(pair.after, day).after += 1

    def _of(self, due: Deadline, day: date) -> Both:
        if due.status is DeadlineStatus.OVERDUE:
            return self.overdue
        week = days_between(monday(day), due.due) // 7
        return self.weeks[week] if week < WEEKS else self.later


@dataclass(slots=True)
class Notices:
    """Notices at one level to one of those who are told: on the night of the day, and in each week from then on."""

    tonight: Both = field(default_factory=Both)
    weeks: list[Both] = field(default_factory=lambda: [Both() for _ in range(WEEKS)])


@dataclass(slots=True)
class Tally:
    """The counts of a trial. `limit`: how many lines are kept, and how many cases that could not be read are named."""

    trial: Trial
    limit: int
    cases: int = 0
    changed: int = 0
    unread: int = 0
    unread_named: list[Place] = field(default_factory=list)
    clocks: dict[str, Clock] = field(default_factory=dict)
    offices: dict[str | None, Load] = field(default_factory=dict)
    notices: dict[tuple[Level, Audience], Notices] = field(default_factory=dict)
    moved_clocks: int = 0
    turned: list[Line] = field(default_factory=list)
    moved: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clocks = {rule.code: Clock() for rule in self.trial.before}

    @property
    def lines(self) -> list[Line]:
        """The clocks that are due on another day, those that turn overdue or green first, up to the limit."""
        return [*self.turned, *self.moved][: self.limit]

    def add(self, place: Place, case: Case, standing: Sequence[Standing] = ()) -> None:
        """One more case, with the alerts that stand. When it cannot be read to its end, nothing of it is counted."""
        pairs = [pair for pair in self.trial.compare(case) if pair.live]
        sets = ([pair.before for pair in pairs], [pair.after for pair in pairs])
        before, after = (list(notices(case, clocks, self.trial.day, standing)) for clocks in sets)
        self.cases += 1
        office = self.offices.setdefault(place.konfliktrad, Load())
        office.cases += 1
        for pair in pairs:
            if pair.before.delay:
                office.add(pair, self.trial.day)
            if clock := self.clocks.get(pair.before.code):
                clock.add(pair)
        self._list(place, [pair for pair in pairs if pair.moved_days])
        for both in self._told(before):
            both.before += 1
        for both in self._told(after):
            both.after += 1

    def add_unread(self, place: Place) -> None:
        """One more case that could not be read."""
        self.unread += 1
        if len(self.unread_named) < self.limit:
            self.unread_named.append(place)

    def _told(self, given: list[Notice]) -> Iterator[Both]:
        """The counts that these notices belong to."""
        for notice in given:
            week = days_between(monday(self.trial.day), notice.night) // 7
            if week < WEEKS:
                row = self.notices.setdefault((notice.level, notice.who), Notices())
                yield row.weeks[week]
                if notice.night == self.trial.day:
                    yield row.tonight

    def _list(self, place: Place, pairs: list[Pair]) -> None:
        self.changed += bool(pairs)
        self.moved_clocks += len(pairs)
        for pair in pairs:
            kept = self.turned if pair.turn else self.moved
            if len(kept) < self.limit:
                kept.append(Line(place, pair.before.code, pair.before.due, pair.after.due, pair.turn))


def monday(day: date) -> date:
    """The first day of its week, ISO 8601: of 2027-01-02 it is 2026-12-28."""
    return day - timedelta(days=day.weekday())


def mondays(day: date) -> list[date]:
    """The first days of the weeks that are told one by one."""
    return [monday(day) + timedelta(weeks=week) for week in range(WEEKS)]


def week_name(day: date) -> str:
    """Its week, ISO 8601: 2027-01-02 is in 2026-W53."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def median(counts: Counter[int]) -> int:
    """The value in the middle, of two the lesser."""
    left = (counts.total() + 1) // 2
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("nothing was counted")
