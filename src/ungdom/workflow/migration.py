"""What becomes of a case when it is read by another version of the table: pure, and nothing is recorded.

docs/migrate-cases.md
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from itertools import zip_longest

from ungdom.workflow import engine, legality
from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.case import Case, StateInterval, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.rules.deadlines import deadlines


class MigrationVerdict(StrEnum):
    """What the other version does to a case."""

    UNCHANGED = "unchanged"  # the same stays, dates and due days
    SHIFTS = "shifts"  # the same stays and dates; some deadline begins, goes, or is due on another day
    MOVES = "moves"  # a stay, the start or an end is another
    BLOCKED = "blocked"  # something in its history is not allowed there


@dataclass(frozen=True, slots=True)
class MigrationSnapshot:
    """Where a case stands and has stood, when it began and when it ends, by one version of the table."""

    stints: tuple[StateInterval, ...]
    started_on: date | None
    planned_end: date | None
    adjusted_end: date | None


@dataclass(frozen=True, slots=True)
class DeadlineShift:
    """A deadline that is due on another day. `before` None: there was none; `after` None: there is none any more."""

    code: str
    begun_on: date
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class MigrationOutcome:
    """What becomes of one case. `after` None: it is blocked, and `broken` has every step that is not allowed.

    `shifts`: the deadlines that are due on another day, whether it moves or not.
    """

    verdict: MigrationVerdict
    before: MigrationSnapshot
    after: MigrationSnapshot | None
    broken: tuple[IllegalStep, ...] = ()
    shifts: tuple[DeadlineShift, ...] = ()

    @property
    def text(self) -> str:
        """What it comes to, the same words whenever it comes to the same: a case that does not move says no dates."""
        moved = (self.before, self.after) if self.verdict is MigrationVerdict.MOVES else ()
        parts = [asdict(part) for part in (*moved, *self.broken, *self.shifts) if part is not None]
        return json.dumps([self.verdict, *parts], default=str, sort_keys=True)


def preview(youth: Youth, events: Sequence[Event], version: str, day: date) -> MigrationOutcome:
    """What becomes of the case of this history when that version of the table reads it, as it stands on that day.

    Raises `IllegalHistory` when the history cannot be read by the version it runs under now, `UnknownMachine` for a
    version that there is not.
    """
    before = engine.fold(youth, events)
    broken = tuple(legality.illegal_steps(youth, events, version=version))
    if broken:
        return MigrationOutcome(MigrationVerdict.BLOCKED, snapshot_of(before, day), None, broken)
    after = engine.fold(youth, events, version)
    shifts = _shifts(before, after, day)
    snapshot_before, snapshot_after = snapshot_of(before, day), snapshot_of(after, day)
    same = MigrationVerdict.SHIFTS if shifts else MigrationVerdict.UNCHANGED
    return MigrationOutcome(
        same if snapshot_before == snapshot_after else MigrationVerdict.MOVES,
        snapshot_before,
        snapshot_after,
        (),
        shifts,
    )


def snapshot_of(case: Case, day: date) -> MigrationSnapshot:
    """Where this case stands on that day."""
    start = case.start.on if case.start else None
    return MigrationSnapshot(case.intervals, start, case.planned_end, case.adjusted_end(day))


def _shifts(before: Case, after: Case, day: date) -> tuple[DeadlineShift, ...]:
    """Clocks of one name that began on one day are told apart by their order."""
    old, new = _due_days(before, day), _due_days(after, day)
    return tuple(
        DeadlineShift(code, begun_on, was, will)
        for code, begun_on in sorted({*old, *new})
        for was, will in zip_longest(old.get((code, begun_on), ()), new.get((code, begun_on), ()))
        if was != will
    )


def _due_days(case: Case, day: date) -> dict[tuple[str, date], list[date]]:
    due: defaultdict[tuple[str, date], list[date]] = defaultdict(list)
    for clock in deadlines(case, day):
        due[clock.code, clock.begun_on].append(clock.due)
    return dict(due)
