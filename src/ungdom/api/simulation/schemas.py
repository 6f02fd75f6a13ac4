"""Changed deadline rules as they come in, and what they would do as it goes out."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom import simulation, texts
from ungdom.api.cases.present import rule_out
from ungdom.api.cases.schemas import RuleOut
from ungdom.api.http.inputs import CivilDay, Input
from ungdom.api.http.schemas import Output
from ungdom.message.text import ReferenceText
from ungdom.simulation import (
    BeforeAfter,
    RuleOverride,
    SimulatedClock,
    SimulatedDueChange,
    SimulatedNoticeCounts,
    SimulatedOfficeLoad,
    SimulationResult,
    Turn,
)
from ungdom.workflow.calendar import Length
from ungdom.workflow.rules.escalation import Audience, Level
from ungdom.workflow.vocabulary import Regime, Sanction

DEFAULT_LINES = 200
"""As many lines as are listed when no limit is given."""


class RuleBasis(StrEnum):
    """Whose a length is: `STATUTE`, the law's, which no office can change; `NORM`, one that does not bind."""

    STATUTE = "statute"
    NORM = "norm"


# --- in -----------------------------------------------------------------------------------------------------------


class LengthIn(Input):
    """A length of time: years and months by the calendar, then weeks and days."""

    years: Annotated[int, Field(ge=0, le=20)] = 0
    months: Annotated[int, Field(ge=0, le=240)] = 0
    weeks: Annotated[int, Field(ge=0, le=1040)] = 0
    days: Annotated[int, Field(ge=0, le=7300)] = 0

    @model_validator(mode="after")
    def _names_a_unit(self) -> "LengthIn":
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "a length needs a unit")
        return self


class ChangeIn(Input):
    """One clock as it might be; what is left out stays as it is.

    `length`: for clocks that begin on `since` or later, for all of them without it. `warn_days`: days before the due
    date. `sanctions` and `regimes`: only in these.
    """

    code: ReferenceText
    length: LengthIn | None = None
    since: CivilDay | None = None
    warn_days: Annotated[int, Field(ge=0, le=365)] | None = None
    sanctions: Annotated[list[Sanction], Field(min_length=1, max_length=9)] | None = None
    regimes: Annotated[list[Regime], Field(min_length=1, max_length=9)] | None = None

    @property
    def as_change(self) -> RuleOverride:
        """The change as the rules know it."""
        return RuleOverride(
            code=self.code,
            length=Length(**self.length.model_dump()) if self.length else None,
            since=self.since,
            warn_days=self.warn_days,
            sanctions=tuple(self.sanctions or Sanction),
            regimes=tuple(self.regimes or Regime),
        )


class SimulationIn(Input):
    """Rules to try. `on`: the day to look at the cases on, today or later; `limit`: as many lines as are listed."""

    changes: Annotated[list[ChangeIn], Field(min_length=1, max_length=50)]
    on: CivilDay | None = None
    limit: Annotated[int, Field(ge=0, le=1000)] = DEFAULT_LINES

    @property
    def as_changes(self) -> list[RuleOverride]:
        """The changes as the rules know them."""
        return [change.as_change for change in self.changes]


# --- out ----------------------------------------------------------------------------------------------------------


class BothOut(Output):
    """A count under the rules in force, and under those tried."""

    before: int
    after: int


class WeekOut(BothOut):
    """One week, ISO 8601, and its Monday."""

    week: str
    monday: date


class LookedAtOut(Output):
    """How many open cases were looked at, had a clock due on another day, and could not be read; the last by name."""

    looked_at: int
    changed: int
    unread: int
    unread_references: list[str]


class MovedOut(Output):
    """How many clocks are due on another day, and how many days later at least, in the middle and at most."""

    count: int
    least_days: int
    median_days: int
    most_days: int


class ClockChangeOut(Output):
    """What becomes of one changed clock: how many run, turn overdue, turn green, and are due on another day."""

    code: str
    label: str
    running: int
    turn_overdue: int
    turn_green: int
    moved: MovedOut | None


class OfficeDeadlinesOut(Output):
    """What is due in one konfliktråd: overdue, week by week, and later than that.

    `konfliktrad` null: cases of which the reader is not told where they are. Clocks that are nobody's delay are not
    counted.
    """

    konfliktrad: str | None
    cases: int
    overdue: BothOut
    weeks: list[WeekOut]
    later: BothOut


class NoticesOut(Output):
    """Notices at one level to one of those who are told: on the night of the day asked, and in each week from then on.

    If nothing happens in the cases. Alerts that stand are told of only when they climb; a moved due day is a new alert.
    """

    level: Level
    told: Audience
    tonight: BothOut
    weeks: list[WeekOut]


class LineOut(Output):
    """One clock of one case that is due on another day; `turns` null: it is in time, or overdue, under both."""

    case: UUID
    reference: str
    konfliktrad: str | None
    code: str
    label: str
    due_before: date
    due_after: date
    turns: Turn | None
    turns_label: str | None


class TriedOut(RuleOut):
    """A changed rule as it would stand. `standing` statute: the length is the law's, and no office can change it."""

    standing: RuleBasis
    standing_label: str


class SimulationOut(Output):
    """What changed rules would do to the open cases on a day. Nothing has been written.

    `items`: clocks due on another day, those that turn overdue or green first; `left_out`: how many more there are.
    """

    on: date
    rules_before: list[RuleOut]
    rules_after: list[TriedOut]
    cases: LookedAtOut
    clocks: list[ClockChangeOut]
    konfliktrad: list[OfficeDeadlinesOut]
    notices: list[NoticesOut]
    items: list[LineOut]
    left_out: int


def simulation_out(tally: SimulationResult, language: texts.Language) -> SimulationOut:
    """The report of a trial."""
    trial = tally.comparison
    offices = sorted(tally.offices.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return SimulationOut(
        on=trial.day,
        rules_before=[rule_out(rule, language) for rule in trial.before],
        rules_after=[_tried_rule_out(rule_out(rule, language), language) for rule in trial.after],
        cases=_looked_at_out(tally),
        clocks=[_clock_change_out(code, clock, language) for code, clock in tally.clocks.items()],
        konfliktrad=[_office_deadlines_out(office, load, trial.day) for office, load in offices],
        notices=[_notices_out(*row, trial.day) for row in sorted(tally.notices.items(), key=_by_urgency)],
        items=[_line_out(line, language) for line in tally.lines],
        left_out=tally.moved_clocks - len(tally.lines),
    )


def _tried_rule_out(rule: RuleOut, language: texts.Language) -> TriedOut:
    standing = RuleBasis.STATUTE if rule.binding else RuleBasis.NORM
    return TriedOut(**rule.model_dump(), standing=standing, standing_label=texts.label(language, standing))


def _looked_at_out(tally: SimulationResult) -> LookedAtOut:
    named = [place.reference for place in tally.unread_named]
    return LookedAtOut(looked_at=tally.cases, changed=tally.changed, unread=tally.unread, unread_references=named)


def _clock_change_out(code: str, clock: SimulatedClock, language: texts.Language) -> ClockChangeOut:
    return ClockChangeOut(
        code=code,
        label=texts.text(language, "deadline", code),
        running=clock.live,
        turn_overdue=clock.turned[Turn.OVERDUE],
        turn_green=clock.turned[Turn.GREEN],
        moved=_moved_out(clock),
    )


def _moved_out(clock: SimulatedClock) -> MovedOut | None:
    if clock.days is None:
        return None
    least, median, most = clock.days
    return MovedOut(count=clock.moved.total(), least_days=least, median_days=median, most_days=most)


def _office_deadlines_out(office: str | None, load: SimulatedOfficeLoad, day: date) -> OfficeDeadlinesOut:
    return OfficeDeadlinesOut(
        konfliktrad=office,
        cases=load.cases,
        overdue=_both_out(load.overdue),
        weeks=_weeks_out(load.weeks, day),
        later=_both_out(load.later),
    )


def _by_urgency(row: tuple[tuple[Level, Audience], SimulatedNoticeCounts]) -> tuple[int, int]:
    level, who = row[0]
    return list(Level).index(level), list(Audience).index(who)


def _notices_out(key: tuple[Level, Audience], notices: SimulatedNoticeCounts, day: date) -> NoticesOut:
    weeks = _weeks_out(notices.weeks, day)
    return NoticesOut(level=key[0], told=key[1], tonight=_both_out(notices.tonight), weeks=weeks)


def _weeks_out(weeks: list[BeforeAfter], day: date) -> list[WeekOut]:
    """Counts of consecutive weeks, the first being that of the day."""
    mondays = simulation.mondays(day)
    return [
        WeekOut(week=simulation.week_name(monday), monday=monday, before=both.before, after=both.after)
        for monday, both in zip(mondays, weeks, strict=True)
    ]


def _both_out(both: BeforeAfter) -> BothOut:
    return BothOut(before=both.before, after=both.after)


def _line_out(line: SimulatedDueChange, language: texts.Language) -> LineOut:
    return LineOut(
        case=line.case_ref.case_id,
        reference=line.case_ref.reference,
        konfliktrad=line.case_ref.konfliktrad,
        code=line.code,
        label=texts.text(language, "deadline", line.code),
        due_before=line.before,
        due_after=line.after,
        turns=line.turn,
        turns_label=texts.text(language, "turn", line.turn) if line.turn else None,
    )
