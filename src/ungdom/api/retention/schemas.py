"""Schemas of the rules of retention."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import Input
from ungdom.api.http.schemas import Output
from ungdom.message.text import LineText
from ungdom.retention.rules import MOST, CountedFrom, RetentionCode
from ungdom.retention.run import RetentionFault
from ungdom.workflow.calendar import Length


class KeepIn(Input):
    """A length of time; at least one part is above 0."""

    years: Annotated[int, Field(ge=0, le=MOST.years)] = 0
    months: Annotated[int, Field(ge=0, le=MOST.months)] = 0
    days: Annotated[int, Field(ge=0, le=MOST.days)] = 0

    @model_validator(mode="after")
    def _is_a_length(self) -> Self:
        if not any((self.years, self.months, self.days)):
            raise PydanticCustomError("length_is_zero", "names no length")
        return self

    @property
    def as_length(self) -> Length:
        """As terms are counted."""
        return Length(years=self.years, months=self.months, days=self.days)


class RetentionBasisIn(Input):
    """The basis of a rule. `source`: act and paragraph, or the decision. `name`: who confirms it.

    `keep`: the length that the basis sets; null for that of the rule.
    """

    basis: LineText
    source: LineText
    name: LineText
    keep: KeepIn | None = None


class KeepOut(Output):
    """A length of time."""

    years: int
    months: int
    days: int


class RetentionBasisOut(Output):
    """A basis that was entered. `keep`: null for the length of the rule."""

    basis: str
    source: str
    name: str
    keep: KeepOut | None
    entered_at: datetime
    entered_by: str


class RetentionRuleOut(Output):
    """A rule of retention. `keep`: the length that applies. `basis` and `source`: of the rule as published.

    `verified`: the source itself holds for the data, or nothing requires it to be kept. `applies`: it is verified or
    confirmed; otherwise it is a dry run only. `duty`: before the term has passed nothing is erased, not on request
    either. `confirmed`: everything that was entered, the newest first.
    """

    code: RetentionCode
    what: str
    keep: KeepOut
    keep_label: str
    counted_from: CountedFrom
    counted_from_label: str
    basis: str
    source: str
    verified: bool
    applies: bool
    duty: bool
    confirmed: list[RetentionBasisOut]


class RetentionRuleList(Output):
    """Every rule of retention."""

    items: list[RetentionRuleOut]


class RetentionRunIn(Input):
    """`dry_run`: count what is due, and erase nothing."""

    dry_run: bool = True


class RuleReportOut(Output):
    """What a rule found and did. `due`: how many its term has passed for; `erased`: how many were erased.

    `fault`: why the rule has not erased everything that is due, with `message` in words; null if nothing stopped it.
    """

    rule: RetentionCode
    what: str
    applies: bool
    dry_run: bool
    due: int
    erased: int
    fault: RetentionFault | None
    message: str | None


class RetentionRunOut(Output):
    """The report of a run, by rule. Numbers only."""

    items: list[RuleReportOut]
