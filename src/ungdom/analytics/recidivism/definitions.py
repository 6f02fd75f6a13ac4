"""The definitions of recidivism: one row each. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.definition_types import Definition, Family, IndicatorPeriod, IndicatorUnit
from ungdom.analytics.recidivism import rules
from ungdom.analytics.recidivism.offences import OffenceRecord
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.workflow.calendar import Length

P, U = IndicatorPeriod, IndicatorUnit


@dataclass(frozen=True, slots=True)
class RecidivismDefinition(Definition):
    """A share of persons, not cases. `months`: the length of the window, including its last day.

    `index_date`: the index date of a case, given the day its decision became final; None: none. `relapse_day`: the day
    on which an offence record is a relapse; `pending_day`: the day of one that is not decided yet.
    """

    months: int = 0
    index_date: Callable[[CaseFacts, date | None], date | None] = lambda _row, _final: None
    relapse_day: Callable[[OffenceRecord], date | None] = lambda _matter: None
    pending_day: Callable[[OffenceRecord], date | None] = lambda _matter: None

    @property
    def window(self) -> Length:
        """The length of the window."""
        return Length(months=self.months)


_ONCE = "each person once a calendar year, by the first of the year"
_FELL = "a decision that was set aside gives none"
_ACT = (
    "of these, with a new act inside the window, counted on its day, that has been decided with finality by the day of "
    "observation; acquittals, dropped charges and simplified fines left out"
)

# One line per row keeps the table readable.
# fmt: off
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

BY_OUTCOME = RecidivismDefinition(
    "closing_2y", 1, Family.RECIDIVISM, U.SHARE, P.CLOSED, _ACT,
    "persons whose case was closed in the period after the execution had begun, by how it was closed, from the day of "
    f"closing (landmark); acts before it are not counted, death and lapse give none; {_ONCE}. The groups differ from "
    "the start: a difference between them is no effect of completing",
    "Anderson, Cain and Gelber 1983; krl §§ 22, 31-34", tuple(Relapse),
    months=24, index_date=rules.closed_after_start, relapse_day=rules.offended, pending_day=rules.not_decided,
)  # fmt: skip
"""Relapse by outcome. Not released: its groups are small."""

RECIDIVISM_BY_CODE = {definition.code: definition for definition in RECIDIVISMS}
