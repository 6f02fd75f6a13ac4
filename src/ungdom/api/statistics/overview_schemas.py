"""Schemas of the overview: the numbers of a board in one answer."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from ungdom.analytics.definition_types import IndicatorUnit
from ungdom.analytics.definitions import Family
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.indicators.schemas import PeriodQuery
from ungdom.api.statistics.schemas import DaysOut


class OverviewQuery(i.AsOf, PeriodQuery):
    """The period."""


class OverviewNumberOut(Output):
    """A median of days or a share, with its 95 % limits, of so many cases or persons. `running`: not ended yet.

    Null: hidden, or not reached.
    """

    cases: int | None
    running: int | None
    value: float | None
    low: float | None
    high: float | None


class OverviewReleasedOut(OverviewNumberOut):
    """A released number. `release`, `known_at`: of the number itself.

    `stands` is `earlier` where it is that of an earlier release than the answer.
    """

    release: UUID | None
    known_at: datetime | None
    stands: str | None


class OverviewFigureOut(Output):
    """One figure. `exact`: of the caller's konfliktråd, or of the country; null for those who read released ones only.

    `released`: of the country, in the newest release; null where the period is none of it.
    """

    code: str
    definition: int
    family: Family
    family_label: str
    label: str
    unit: IndicatorUnit
    exact: OverviewNumberOut | None
    released: OverviewReleasedOut | None


class OverviewLoadOut(Output):
    """Open cases now, and those received and closed in the period."""

    open: int
    weight: float
    received: int
    closed: int


class OverviewOut(Output):
    """The numbers of a board. `konfliktrad`: whose exact figures they are; null: of the country.

    `release`: what `released` is taken from; null before the first one. `given`: the days of the period that are
    released.
    """

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    konfliktrad: str | None
    note: str
    release: UUID | None
    released_known_at: datetime | None
    given: DaysOut | None
    load: OverviewLoadOut | None
    items: list[OverviewFigureOut]
    unread: int
