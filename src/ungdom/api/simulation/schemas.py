"""Schemas of simulations: changed deadline rules, and what they would change in open cases."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import CivilDay, Input
from ungdom.api.http.schemas import Output
from ungdom.api.rules.schemas import RuleOut
from ungdom.message.text import ReferenceText
from ungdom.simulation import (
    RuleOverride,
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
