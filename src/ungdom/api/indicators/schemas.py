"""Schemas of indicators, survey results and caseload."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, model_validator

from ungdom.analytics.definition_types import IndicatorPeriod, IndicatorUnit
from ungdom.analytics.indicators import IndicatorGroup
from ungdom.analytics.surveys import SurveyKind, SurveyQuestion
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.vocabulary import Phase, Sanction


class PeriodQuery(i.Input):
    """A period: `from` and `to` are days, both in it."""

    since: Annotated[i.CivilDay, Field(alias="from")]
    until: Annotated[i.CivilDay, Field(alias="to")]

    _ends_after_it_began = model_validator(mode="after")(i.in_order("since", "until"))


class FiguresQuery(i.AsOf, PeriodQuery):
    """Which indicators."""

    sanction: Sanction | None = None


class WithinOut(Output):
    """Of those for which the last day of the norm has come, not having left before it: how many ended within it."""

    norm: str
    numerator: int
    denominator: int
    value: float | None


class MedianDetailOut(Output):
    """What belongs to a median of days. `low`, `high`: its 95 % limits, null where the curve does not reach them.

    `waiting`: have not ended, `left`: ended in another way; both are censored (Kaplan–Meier). `mean_of_ended`: the
    naive mean, without those: it is lower than what a new case has to expect.
    """

    low: float | None
    high: float | None
    waiting: int
    left: int
    mean_of_ended: float | None
    within: WithinOut | None


class FigureOut(Output):
    """One figure. `konfliktrad` null: the country. `part` null: the whole.

    `value` null: nothing counted, or a median that is not reached yet. `hidden`: not shown, because few cases of other
    konfliktråd could be told from it.
    """

    konfliktrad: str | None
    part: str | None
    part_label: str | None
    numerator: int | None
    denominator: int | None
    apart: int | None
    value: float | None
    wait: MedianDetailOut | None
    hidden: bool


class IndicatorOut(Output):
    """One indicator with its figures. `definition`: the version of its definition."""

    code: str
    definition: int
    label: str
    group: IndicatorGroup
    group_label: str
    unit: IndicatorUnit
    figures: list[FigureOut]


class IndicatorList(Output):
    """The indicators of a period. `read`: cases looked at; `unread`: cases whose history could not be read."""

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    as_of: AsOfOut
    sanction: Sanction | None
    read: int
    unread: int
    items: list[IndicatorOut]


class DefinitionOut(Output):
    """What an indicator counts. `numerator`, `denominator` and `source` are in English, as in the code."""

    code: str
    definition: int
    label: str
    group: IndicatorGroup
    group_label: str
    unit: IndicatorUnit
    unit_label: str
    period: IndicatorPeriod
    period_label: str
    numerator: str
    denominator: str
    norm: str | None
    source: str


class DefinitionList(Output):
    """Every indicator, in the order of the strategy."""

    items: list[DefinitionOut]


# --- surveys ------------------------------------------------------------------------------------------------


class GradedOut(Output):
    """One question. `mean`: of grades 1 to 5; `agree`: the share that gave 4 or 5."""

    question: SurveyQuestion
    label: str
    answers: int
    mean: float
    agree: float


class CellOut(Output):
    """A konfliktråd (null: the country), an occasion, and a quarter by its first day.

    `answered` and `rate` are null where fewer than five were invited, `questions` empty where fewer than five answered,
    or where that could be told of others.
    """

    konfliktrad: str | None
    kind: SurveyKind
    kind_label: str
    quarter: date
    invited: int | None
    answered: int | None
    rate: float | None
    questions: list[GradedOut]


class CellList(Output):
    """Response and results of the quarters whose invitations have all expired."""

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    read_at: datetime
    items: list[CellOut]


class PhaseLoadOut(Output):
    """Open cases of one phase and sanction. `weight`: their work, one is preparing the plan of a youth follow-up."""

    phase: Phase
    phase_label: str
    sanction: Sanction
    sanction_label: str
    cases: int
    weight: float


class OpenCasesOut(Output):
    """What somebody has of open cases."""

    cases: int
    weight: float
    kinds: list[PhaseLoadOut]


class CoordinatorOut(OpenCasesOut):
    """What one coordinator has; `coordinator` null: received, and assigned to nobody."""

    coordinator: str | None


class FlowOut(Output):
    """Seven days, `since` the first: how many were received, and how many of those received earlier were closed."""

    since: date
    received: int
    closed: int


class ArrivalOut(Output):
    """Seven days ahead: how many of those in the chain are expected, and between which numbers in 95 of 100."""

    since: date
    expected: float
    low: int
    high: int


class WarningOut(Output):
    """Growth of one sanction that goes with longer waits of the other. `growth`, `longer`: the rule, as shares."""

    code: str
    message: str
    growing: Sanction
    received_before: int
    received: int
    waiting: Sanction
    days_before: float
    days: float
    weeks: int
    growth: float
    longer: float
    source: str


class OfficeLoadOut(Output):
    """One konfliktråd; null: the country. `in_chain`: not received yet; of `not_foretold` of them nothing is said."""

    konfliktrad: str | None
    load: OpenCasesOut
    coordinators: list[CoordinatorOut]
    weeks: list[FlowOut]
    in_chain: int
    not_foretold: int
    arrivals: list[ArrivalOut]
    warnings: list[WarningOut]


class CaseloadOut(Output):
    """The caseload as it stands, or stood. `unread`: cases whose history could not be read."""

    as_of: AsOfOut
    unread: int
    items: list[OfficeLoadOut]
