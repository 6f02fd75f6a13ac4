"""Schemas of explanations of delay."""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.message.text import CodeText, CursorText
from ungdom.workflow.payloads import WaitReason
from ungdom.workflow.rules.deadlines import DeadlineStatus
from ungdom.workflow.vocabulary import Party, Sanction, State


class DelaysQuery(i.AsOf):
    """Which cases: `from` and `to` are days, both included, one of which the case started or was received on."""

    konfliktrad: CodeText | None = None
    sanction: Sanction | None = None
    since: Annotated[i.CivilDay | None, Field(alias="from")] = None
    until: Annotated[i.CivilDay | None, Field(alias="to")] = None
    cursor: CursorText | None = None

    _ends_after_it_began = model_validator(mode="after")(i.in_order("since", "until"))


class PartOut(Output):
    """Days of one party for one reason in one state; `reason` null: no wait recorded, the default of the state."""

    party: Party
    reason: WaitReason | None
    state: State
    days: int


class CounterfactualOut(Output):
    """The day the clock would have stopped (or its age would be counted to) without these days, nothing else changed.

    `within`: whether that day is the due day or earlier.
    """

    days: int
    on: date
    within: bool


class CauseOut(CounterfactualOut):
    """One thing waited for: a recorded wait (`reason`), or the default of a `state`."""

    party: Party
    reason: WaitReason | None
    state: State | None
    label: str
    made_difference: bool


class PartyOut(CounterfactualOut):
    """Everything that one party was waited for."""

    party: Party
    label: str


class InvestigationOut(CounterfactualOut):
    """Days that a person investigation was out; they lie inside the parts and are not added.

    `recorded_days`: as many of them as a recorded wait for it has.
    """

    recorded_days: int


class ClockDelayOut(Output):
    """One clock, explained. `before_registration_days` and the days of the parts add up to `days` exactly.

    Those causes made the difference without which it would have been in time: the fewest that suffice, the longest
    ones where there is a choice. None did where it was in time, or where it would have been late without any wait.
    """

    code: str
    label: str
    binding: bool
    law: str
    begun_on: date
    due: date
    until: date
    status: DeadlineStatus
    days: int
    allowed_days: int
    over_days: int | None
    before_registration_days: int
    parts: list[PartOut]
    causes: list[CauseOut]
    parties: list[PartyOut]
    person_investigation: InvestigationOut | None
    sentences: list[str]


class DelayOut(Output):
    """Why it took as long as it did. An arithmetic counterfactual: days are taken away and nothing else changes."""

    as_of: AsOfOut
    start: ClockDelayOut
    clocks: list[ClockDelayOut]


class DelayShareOut(Output):
    """What one cause or party did in these cases.

    `days`: in all of them. `cases`: how many have such days. `made_difference_in`: in how many of the delayed ones it
    is among the fewest waits that made the difference; `share`: of all delayed ones.
    """

    party: Party
    label: str
    days: int
    cases: int
    made_difference_in: int
    share: float | None


class CauseShareOut(DelayShareOut):
    """The same for one cause: a recorded wait (`reason`), or the default of a `state`."""

    reason: WaitReason | None
    state: State | None


class GroupOut(Output):
    """Delay of the cases that started or were received in the period, as far as this viewer may see them.

    `over_norm`: past the norm, started or still waiting. `beyond_waits`: of these, late without any wait. With `next`
    there are more cases than one answer looks at: the figures of the pages add up, the shares do not.
    """

    as_of: AsOfOut
    since: date | None
    until: date | None
    cases: int
    started: int
    over_norm: int
    beyond_waits: int
    before_registration_days: int
    causes: list[CauseShareOut]
    parties: list[DelayShareOut]
    next: str | None
