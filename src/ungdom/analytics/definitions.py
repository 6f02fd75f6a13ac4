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

from ungdom.analytics import durations, outcomes
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.durations import (
    ENDED,
    ENDED_BY_CLOSING,
    NEVER_AT_RISK,
    WAITING,
    WAYS_BEFORE_START,
    StepDuration,
)
from ungdom.analytics.indicators import INDICATORS, Indicator, IndicatorPeriod, IndicatorUnit
from ungdom.analytics.recidivism import rules
from ungdom.analytics.recidivism.offences import OffenceRecord
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.workflow import law
from ungdom.workflow.calendar import Length, after, days_between
from ungdom.workflow.law import Dated
from ungdom.workflow.vocabulary import CLOSED, Party, State

P, U = IndicatorPeriod, IndicatorUnit


class Family(StrEnum):
    """What a figure is about."""

    LEAD_TIME = "lead_time"
    COMPLETION = "completion"
    RECIDIVISM = "recidivism"
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
class LeadTimeDefinition(Definition):
    """A figure of days. `duration`: what it is of a case; None: nothing.

    `any_end`: the curve is of every ending; otherwise of `ENDED`, and who leaves in another way is censored.
    """

    duration: Callable[[CaseFacts], StepDuration | None] = lambda _row: None
    any_end: bool = False


@dataclass(frozen=True, slots=True)
class CompletionDefinition(Definition):
    """A figure of how cases came out.

    `cohort_day`: the day that puts a case into the cohort; None: it does not belong.
    """

    cohort_day: Callable[[CaseFacts], date | None] = lambda _row: None


@dataclass(frozen=True, slots=True)
class RecidivismDefinition(Definition):
    """A share of persons, not cases. `months`: the length of the window, whose last day belongs to it.

    `index_date`: the day that a case gives, its decision being final on the day told; None: none. `relapse_day`: the
    day on which a matter is a relapse; `pending_day`: the day of one that is not decided yet.
    """

    months: int = 0
    index_date: Callable[[CaseFacts, date | None], date | None] = lambda _row, _final: None
    relapse_day: Callable[[OffenceRecord], date | None] = lambda _matter: None
    pending_day: Callable[[OffenceRecord], date | None] = lambda _matter: None

    @property
    def window(self) -> Length:
        """The length of the window."""
        return Length(months=self.months)


_TO_START = (ENDED, *WAYS_BEFORE_START, WAITING, NEVER_AT_RISK)
_STRETCH = (ENDED, ENDED_BY_CLOSING, WAITING, NEVER_AT_RISK)
_LATE = "a case that was first known by its receipt is at risk from there"
_EXCLUDED = "death and what lapsed for another reason are told apart and stand in neither"
_LONGER = "of these, those that wait longer than the norm or the days asked for, by Kaplan–Meier"
_STRATEGY = "strategy: rapid start; krl § 23; Kaplan and Meier 1958"


def _stage_lead_time(state: State) -> LeadTimeDefinition:
    return LeadTimeDefinition(
        f"stage.{state}", 1, Family.LEAD_TIME, U.DAYS, P.HAPPENED, _LONGER,
        f"cases whose first stay in the stage began in the period, until they left it in whichever way; {_LATE}",
        "office norm: workflow.waits.stages", _STRETCH,
        duration=partial(durations.in_stage, state=state), any_end=True,
    )  # fmt: skip


def _wait_lead_time(party: Party) -> LeadTimeDefinition:
    return LeadTimeDefinition(
        f"wait.{party}", 1, Family.LEAD_TIME, U.DAYS, P.HAPPENED, _LONGER,
        "cases in which this party was waited for before the start, the first time beginning in the period, until it "
        f"was no longer waited for; {_LATE}",
        "office norm: workflow.waits.ledger", _STRETCH,
        duration=partial(durations.waiting_for, party=party), any_end=True,
    )  # fmt: skip


_ONCE = "each person once a calendar year, by the first of the year"
_FELL = "a decision that was set aside gives none"
_ACT = (
    "of these, with a new act inside the window, counted on its day, that has been decided with finality by the day of "
    "observation; acquittals, dropped charges and simplified fines left out"
)

# A table is read across.
# fmt: off
LEAD_TIMES: tuple[LeadTimeDefinition, ...] = (
    LeadTimeDefinition("p1", 1, Family.LEAD_TIME, U.DAYS, P.REGISTERED, _LONGER,
             "cases registered in the period, from the last offence until receipt; one that was first known by its "
             "receipt is counted and left out of the estimate",
             _STRATEGY, _TO_START, duration=durations.offence_to_receipt),
    LeadTimeDefinition("p2", 1, Family.LEAD_TIME, U.DAYS, P.RECEIVED, _LONGER,
             "cases received in the period, without those under interim conditions before, from receipt to the start",
             _STRATEGY, _TO_START, law.PLAN_MEETING, duration=durations.receipt_to_start),
    LeadTimeDefinition("p3", 1, Family.LEAD_TIME, U.DAYS, P.REGISTERED, _LONGER,
             f"cases registered in the period, from the last offence to the start; {_LATE}",
             _STRATEGY, _TO_START, law.LEAD_TIME, duration=durations.offence_to_start),
    *(_stage_lead_time(state) for state in State if state not in CLOSED),
    *(_wait_lead_time(party) for party in Party),
)

COMPLETIONS: tuple[CompletionDefinition, ...] = (
    CompletionDefinition("completion.received", 1, Family.COMPLETION, U.SHARE, P.RECEIVED, "of these, cases completed",
               f"cases received in the period, those still open with them; {_EXCLUDED}",
               "strategy: completion; krl § 22", outcomes.OUTCOMES, cohort_day=outcomes.received),
    CompletionDefinition("completion.started", 1, Family.COMPLETION, U.SHARE, P.STARTED, "of these, cases completed",
               f"cases whose execution began in the period, those still open with them; {_EXCLUDED}",
               "strategy: completion; krl §§ 22, 23", outcomes.OUTCOMES, cohort_day=outcomes.started),
    CompletionDefinition("completion.closed", 1, Family.COMPLETION, U.SHARE, P.CLOSED, "of these, cases closed "
                         "as completed",
               f"cases received or started, and closed in the period: open ones are left out; {_EXCLUDED}",
               "strategy: completion; krl § 22", outcomes.OUTCOMES, cohort_day=outcomes.closed),
)

RECIDIVISMS: tuple[RecidivismDefinition, ...] = (
    RecidivismDefinition("ssb_5y", 1, Family.RECIDIVISM, U.SHARE, P.DECIDED,
               "of these, with a new charge inside the window, counted on its day; not where it was dropped, "
               "acquitted, or settled by a simplified fine alone",
               "persons with a final decision on a youth sanction in the period, from the day of the decision in "
               f"force; {_FELL}; {_ONCE}",
               "Statistics Norway: charged anew within five years of the base year", tuple(Relapse),
               months=60, index_date=rules.decided, relapse_day=rules.charged, pending_day=rules.never),
    RecidivismDefinition("nordic_2y", 1, Family.RECIDIVISM, U.SHARE, P.STARTED, _ACT,
               f"persons whose youth sanction began in the period, from the start of execution; {_FELL}; {_ONCE}",
               "Nordic definition, Graunbøl et al. 2010; krl § 23", tuple(Relapse),
               months=24, index_date=rules.started, relapse_day=rules.offended, pending_day=rules.not_decided),
    RecidivismDefinition("completion_2y", 1, Family.RECIDIVISM, U.SHARE, P.CLOSED, _ACT,
               f"persons who completed a youth sanction in the period, from the day of completion; {_ONCE}",
               "analyses of the konfliktråd: relapse of those who completed; krl § 22", tuple(Relapse),
               months=24, index_date=rules.completed, relapse_day=rules.offended, pending_day=rules.not_decided),
)
# fmt: on

LEAD_TIME_BY_CODE = {definition.code: definition for definition in LEAD_TIMES}
COMPLETION_BY_CODE = {definition.code: definition for definition in COMPLETIONS}
RECIDIVISM_BY_CODE = {definition.code: definition for definition in RECIDIVISMS}


def all_definitions() -> Iterator[Definition]:
    """Every definition of every family, the indicators last."""
    yield from LEAD_TIMES
    yield from COMPLETIONS
    yield from RECIDIVISMS
    yield from (_indicator_definition(indicator) for indicator in INDICATORS)


def _indicator_definition(indicator: Indicator) -> Definition:
    words = (indicator.unit, indicator.period, indicator.numerator, indicator.denominator, indicator.source)
    return Definition(
        indicator.code, indicator.version, Family.INDICATORS, *words, norm=indicator.norm, changed=indicator.changed
    )
