"""Where the days of a case went, as it goes out."""

from datetime import date

from ungdom.api.cases.schemas import LeadTimeDays, StartOut
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.workflow.vocabulary import Party, State


class StageOut(Output):
    """One stay in one state."""

    state: State
    since: date
    until: date
    days: int
    open: bool


class WaitIntervalOut(Output):
    """A span in which one party was waited for; `reason` null: the default of the state."""

    party: Party
    since: date
    until: date
    days: int
    state: State
    reason: str | None


class OfficeDays(Output):
    """The days of one konfliktråd: of all of them together they are those of the case, with none counted twice."""

    konfliktrad: str
    since: date
    until: date
    days: int
    open: bool
    stage_days: dict[State, int]
    wait_days: dict[Party, int]


class LeadTimeOut(Output):
    """Where the days went. `stage_days` and `wait_days` each add up to `total_days`, and so do the days of `offices`.

    `offices` null: the reader may not learn where the case is or was.
    """

    as_of: AsOfOut
    first_offence: date
    last_offence: date
    lead_time_days: LeadTimeDays
    start: StartOut | None
    planned_end: date | None
    adjusted_end: date | None
    interrupted_days: int
    total_days: int
    unreported_days: int
    stages: list[StageOut]
    waits: list[WaitIntervalOut]
    stage_days: dict[State, int]
    wait_days: dict[Party, int]
    p3_by_party: dict[Party, int] | None
    offices: list[OfficeDays] | None
