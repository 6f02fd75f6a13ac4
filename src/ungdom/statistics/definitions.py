"""What each figure counts: one row each, with its question, unit, numerator, denominator, period rule and source.

A row is the only home of its definition: answers, released tables, manifests of extracts, the command line and
docs/statistics.md are made of it. Whoever changes what is counted raises the version and says in `changed` what is
different from the one before; figures name the version they were made by, and one of another version is another
figure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

from ungdom.statistics import outcomes, passages
from ungdom.statistics.case_rows import CaseRow
from ungdom.statistics.indicators import INDICATORS, Indicator, IndicatorPeriod, IndicatorUnit
from ungdom.statistics.passages import CLOSED_IN_IT, ENDED, UNSEEN, WAITING, WAYS_BEFORE_START, Passage
from ungdom.workflow import law
from ungdom.workflow.daycount import Length, after, days_between
from ungdom.workflow.law import Dated
from ungdom.workflow.vocabulary import CLOSED, Party, State

P, U = IndicatorPeriod, IndicatorUnit


class Family(StrEnum):
    """What a figure is about."""

    LEAD_TIME = "lead_time"
    COMPLETION = "completion"
    INDICATORS = "indicators"


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure. `code`: of a stage or a wait the state or party after a dot.

    `outcomes`: the ways of ending, counted apart; they add up to all cases. `changed`: what each version after the
    first changed.
    """

    code: str
    version: int
    family: Family
    unit: IndicatorUnit
    period: IndicatorPeriod
    numerator: str
    denominator: str
    source: str
    outcomes: tuple[str, ...] = ()
    norm: Dated[Length] | None = None
    changed: tuple[str, ...] = ()

    def norm_days(self, day: date) -> int | None:
        """The norm of that day in days; None where there is none."""
        return days_between(day, after(day, self.norm.on(day))) if self.norm else None


@dataclass(frozen=True, slots=True)
class LeadTime(Definition):
    """A figure of days. `passage`: what it is of a case; None: nothing.

    `any_end`: the curve is of every ending; otherwise of `ENDED`, and who leaves in another way is censored.
    """

    passage: Callable[[CaseRow], Passage | None] = lambda _row: None
    any_end: bool = False


@dataclass(frozen=True, slots=True)
class Completion(Definition):
    """A figure of how cases came out. `on`: the day that puts a case into the cohort; None: it does not belong."""

    on: Callable[[CaseRow], date | None] = lambda _row: None


_TO_START = (ENDED, *WAYS_BEFORE_START, WAITING, UNSEEN)
_STRETCH = (ENDED, CLOSED_IN_IT, WAITING, UNSEEN)
_LATE = "a case that was first known by its receipt is at risk from there"
_APART = "death and what lapsed for another reason are told apart and stand in neither"
_LONGER = "of these, those that wait longer than the norm or the days asked for, by Kaplan–Meier"
_STRATEGY = "strategy: rapid start; krl § 23; Kaplan and Meier 1958"


def _stage(state: State) -> LeadTime:
    return LeadTime(
        f"stage.{state}", 1, Family.LEAD_TIME, U.DAYS, P.HAPPENED, _LONGER,
        f"cases whose first stay in the stage began in the period, until they left it in whichever way; {_LATE}",
        "office norm: workflow.waits.stages", _STRETCH,
        passage=partial(passages.in_stage, state=state), any_end=True,
    )  # fmt: skip


def _wait(party: Party) -> LeadTime:
    return LeadTime(
        f"wait.{party}", 1, Family.LEAD_TIME, U.DAYS, P.HAPPENED, _LONGER,
        "cases in which this party was waited for before the start, the first time beginning in the period, until it "
        f"was no longer waited for; {_LATE}",
        "office norm: workflow.waits.ledger", _STRETCH,
        passage=partial(passages.waiting_for, party=party), any_end=True,
    )  # fmt: skip


# A table is read across.
# fmt: off
LEAD_TIMES: tuple[LeadTime, ...] = (
    LeadTime("p1", 1, Family.LEAD_TIME, U.DAYS, P.REGISTERED, _LONGER,
             "cases registered in the period, from the last offence until receipt; one that was first known by its "
             "receipt is counted and left out of the estimate",
             _STRATEGY, _TO_START, passage=passages.offence_to_receipt),
    LeadTime("p2", 1, Family.LEAD_TIME, U.DAYS, P.RECEIVED, _LONGER,
             "cases received in the period, without those under interim conditions before, from receipt to the start",
             _STRATEGY, _TO_START, law.PLAN_MEETING, passage=passages.receipt_to_start),
    LeadTime("p3", 1, Family.LEAD_TIME, U.DAYS, P.REGISTERED, _LONGER,
             f"cases registered in the period, from the last offence to the start; {_LATE}",
             _STRATEGY, _TO_START, law.LEAD_TIME, passage=passages.offence_to_start),
    *(_stage(state) for state in State if state not in CLOSED),
    *(_wait(party) for party in Party),
)

COMPLETIONS: tuple[Completion, ...] = (
    Completion("completion.received", 1, Family.COMPLETION, U.SHARE, P.RECEIVED, "of these, cases completed",
               f"cases received in the period, those still open with them; {_APART}",
               "strategy: completion; krl § 22", outcomes.OUTCOMES, on=outcomes.received),
    Completion("completion.started", 1, Family.COMPLETION, U.SHARE, P.STARTED, "of these, cases completed",
               f"cases whose execution began in the period, those still open with them; {_APART}",
               "strategy: completion; krl §§ 22, 23", outcomes.OUTCOMES, on=outcomes.started),
    Completion("completion.closed", 1, Family.COMPLETION, U.SHARE, P.CLOSED, "of these, cases closed as completed",
               f"cases received or started, and closed in the period: open ones are left out; {_APART}",
               "strategy: completion; krl § 22", outcomes.OUTCOMES, on=outcomes.closed),
)
# fmt: on

LEAD_TIME_BY_CODE = {one.code: one for one in LEAD_TIMES}
COMPLETION_BY_CODE = {one.code: one for one in COMPLETIONS}


def every() -> Iterator[Definition]:
    """Every definition of every family, the indicators last."""
    yield from LEAD_TIMES
    yield from COMPLETIONS
    yield from (_of_indicator(one) for one in INDICATORS)


def _of_indicator(one: Indicator) -> Definition:
    words = (one.unit, one.period, one.numerator, one.denominator, one.source)
    return Definition(one.code, one.version, Family.INDICATORS, *words, norm=one.norm, changed=one.changed)
