"""The stays that forecasts are computed from: one clock running while a case was on one stage. Pure.

A spell holds days, the stage, the sanction and the office, and no data about the youth.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from ungdom.workflow.calendar import days_between, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.rules.deadlines import (
    FOLLOW_THE_TERM,
    RULES,
    DeadlineRule,
    DeadlineStatus,
    deadlines,
)
from ungdom.workflow.rules.offices import counted_at
from ungdom.workflow.vocabulary import CLOSED, Sanction, State

FORECAST_CLOCKS: tuple[DeadlineRule, ...] = tuple(
    r for r in RULES if r.length and r.delay and r.code not in FOLLOW_THE_TERM
)
"""The clocks that can be forecast: they have a length of their own, and passing them is a delay on somebody's part."""

_MOOT = {rule.code: rule.moot for rule in FORECAST_CLOCKS}
RUNNING = frozenset({DeadlineStatus.RUNNING, DeadlineStatus.OVERDUE})


@dataclass(frozen=True, slots=True)
class ClockSpell:
    """One clock of one case while it was on one stage.

    `konfliktrad`: the one office it counts for: that which had the case on its last day. `since`: the later of entering
    the stage and the start of the clock; `known`: the first day on which that was known. `left`: the stage was left;
    `stopped`: the clock stopped, on whichever stage; `ended`: the case closed, or moved past the step, without it.
    None: not yet.
    """

    clock: str
    stage: State
    sanction: Sanction
    konfliktrad: str
    begun: date
    due: date
    since: date
    known: date
    left: date | None
    stopped: date | None
    ended: date | None

    @property
    def over(self) -> date | None:
        """The day on which the wait ended, for the clock or for the case."""
        return self.stopped or self.ended

    @property
    def waits(self) -> bool:
        """Whether the clock runs and the case is on this stage."""
        return self.left is None and self.over is None


def clock_spells(case: Case) -> list[ClockSpell]:
    """Every spell of the case, derived from its history alone: independent of the current day."""
    spells: list[ClockSpell] = []
    for deadline in deadlines(case, date.max, FORECAST_CLOCKS):
        ended = None if deadline.stopped_on or deadline.status in RUNNING else _over_since(case, _MOOT[deadline.code])
        over = deadline.stopped_on or ended or date.max
        ends = [stint.since for stint in case.intervals[1:]] + [None]
        for stint, left in zip(case.intervals, ends, strict=True):
            since = max(stint.since, deadline.begun_on)
            last = max(since, min(left or date.max, over) - timedelta(days=1))
            if stint.state not in CLOSED and since < min(left or date.max, over):
                on_stage = next(oslo_date(event.recorded_at) for event in case.events if event.seq == stint.seq)
                spells.append(
                    ClockSpell(
                        clock=deadline.code,
                        stage=stint.state,
                        sanction=case.sanction,
                        konfliktrad=counted_at(case, last) or case.konfliktrad,
                        begun=deadline.begun_on,
                        due=deadline.due,
                        since=since,
                        known=max(deadline.known_on, on_stage, since),
                        left=left,
                        stopped=deadline.stopped_on,
                        ended=ended,
                    )
                )
    return spells


def _over_since(case: Case, moot: frozenset[State]) -> date:
    """The day since which the case has been closed, or past the step."""
    since = case.entered_on
    for stint in reversed(case.intervals):
        if stint.state not in moot | CLOSED:
            break
        since = stint.since
    return since


@dataclass(frozen=True, slots=True)
class ForecastQuery:
    """A forecast query on the morning of `day`: how likely this clock is to pass its limit.

    `konfliktrad` None: the office must not be disclosed, and its own history is not used.
    """

    clock: str
    stage: State
    sanction: Sanction
    konfliktrad: str | None
    begun: date
    since: date
    due: date
    day: date

    @property
    def stage_days(self) -> int:
        """Days waited on this stage while the clock ran."""
        return max(0, days_between(self.since, self.day))

    @property
    def days_left(self) -> int:
        """Days until the limit; negative when it has passed."""
        return days_between(self.day, self.due)


def forecast_query(spell: ClockSpell, day: date, konfliktrad: str | None) -> ForecastQuery:
    """The query for a running spell."""
    return ForecastQuery(
        spell.clock, spell.stage, spell.sanction, konfliktrad, spell.begun, spell.since, spell.due, day
    )


def morning_after(day: date) -> date:
    """The day of the queries that use what was known at the end of `day`."""
    return day + timedelta(days=1)
