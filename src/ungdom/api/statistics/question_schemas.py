"""Schemas of completion by mature cohort, days waited by party, and relapse by outcome."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.indicators.schemas import PeriodQuery

LONGEST_WINDOW = 60
"""Months that a cohort can be followed for at most."""


class CohortQuery(i.AsOf):
    """Which cohorts: of cases received or started, followed for so many months, in all and `by` one dimension."""

    statistic: Literal["completion.received", "completion.started"] = "completion.started"
    months: Annotated[int, Field(ge=1, le=LONGEST_WINDOW)] = 24
    by: Literal["sanction", "age", "offence_group", "konfliktrad"] | None = None


class QuestionPeriodQuery(i.AsOf, PeriodQuery):
    """The period."""


class MatureCohortOut(Output):
    """The cases of one year. `running` beside every share: those still open. `completed`, `otherwise`: of the others.

    `share_within`: completed within the months; null while the cohort is not `mature`.
    """

    year: int
    value: str
    mature: bool
    cases: int
    completed: int
    otherwise: int
    running: int
    share_within: float | None
    low: float | None
    high: float | None


class MatureCohortList(Output):
    """Every cohort since the first case, by value, `_T` first, then by year."""

    code: str
    definition: int
    label: str
    months: int
    by: str | None
    konfliktrad: str | None
    as_of: AsOfOut
    published: bool
    notes: list[str]
    unread: int
    items: list[MatureCohortOut]


class PartyWaitOut(Output):
    """One party before the start of the execution. `share`: of all days waited for anybody at this place."""

    party: str
    label: str
    days: int
    cases: int
    days_per_case: float | None
    share: float | None


class OfficeWaitsOut(Output):
    """One konfliktråd; null: the country. `longest`: the party waited for most days."""

    konfliktrad: str | None
    longest: str | None
    waited_for: list[PartyWaitOut]


class PartyWaitList(Output):
    """Who is waited for before the start, inside a period."""

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    published: bool
    notes: list[str]
    unread: int
    items: list[OfficeWaitsOut]


class OutcomeRelapseOut(Output):
    """Persons whose case was closed in this way; `_T`: all. `counts` add up to `persons`.

    `running`: those whose two years are not over and who have not relapsed.
    """

    outcome: str
    label: str
    persons: int
    running: int
    counts: dict[str, int]
    estimates: dict[str, float | None]


class OutcomeRelapseList(Output):
    """Relapse within two years of the closing. `notes`: what it does not say."""

    code: str
    definition: int
    label: str
    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    published: bool
    notes: list[str]
    unread: int
    items: list[OutcomeRelapseOut]
