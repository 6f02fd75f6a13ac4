"""Schemas of cases: what a case is opened with, the case, lists of cases, lead time and deadlines."""

from datetime import date
from datetime import date as date_
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom import message
from ungdom.api.alerts.schemas import AlertBrief
from ungdom.api.http.inputs import CivilDay, Day, Input, day_of, in_order
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.api.persons.schemas import PersonOut
from ungdom.intake.opening import CaseOpening
from ungdom.message.text import CodeText, LineText
from ungdom.workflow import patterns
from ungdom.workflow.payloads import Offence
from ungdom.workflow.payloads.base import Provision
from ungdom.workflow.vocabulary import Actor, EventType, OffenceGroup, Party, Phase, Regime, Sanction, State


class StartOut(Output):
    """The start of execution, and the rule that gave it."""

    date: date_
    rule: str


class LeadTimeDays(Output):
    """P1 last offence to receipt, P2 receipt to start, P3 last offence to start; calendar days, null while unknown."""

    P1: int | None
    P2: int | None
    P3: int | None


class RegimesOut(Output):
    """Which rules govern: of the decision (null before one), of execution today, and a pinned one."""

    decision: Regime | None
    execution: Regime
    pinned: Regime | None


class StartDates(Output):
    """Every date that has been called the start; `start` says which one the rule uses."""

    plan_meeting: date | None
    plan_signed: date | None
    interim_conditions: date | None
    first_measure: date | None


class Finality(Output):
    """The day the judgment became final beside the day the appeal deadline gives, and the difference in days."""

    date: date_ | None
    computed: date_ | None
    difference_days: int | None


class CompletionOut(Output):
    """The three denominators of completion, for this case."""

    received: bool
    started: bool
    completed: bool


class DeadlineOut(Output):
    """One clock: from, due (after and before moving off non-working days), stopped, days late, where it is written.

    `length`: how long it runs, as a duration of ISO 8601 (`P6W`: six weeks, not 42 days); null where the due day was
    ordered. The day it began and the length are null to whoever may not learn the stages.
    """

    code: str
    label: str
    begun_on: date | None
    known_on: date | None
    due: date
    unmoved: date
    length: str | None
    stopped_on: date | None
    status: str
    late_days: int | None
    notice_from: date | None
    binding: bool
    law: str
    who_is_late: list[Party]
    is_delay: bool
    reasoned: bool


class SetAsideJudgment(Output):
    """A judgment that fell when a new trial was ordered. It stays in the history."""

    judged_on: date
    set_aside_on: date


class EndedOut(Output):
    """An event by which the closing of the case ended something that still ran."""

    seq: int
    type: EventType
    label: str
    occurred_on: date


class CaseOut(Output):
    """A case as it was on `as_of.on`, as known at `as_of.known_at`.

    Of a youth whose address is protected, `konfliktrad`, `coordinator` and `team` are told to those who may know. What
    a member of the team may not learn, by law or consent, is null to them. `transfer_to`: the konfliktråd that is to
    have it, until that has answered.
    """

    id: UUID
    reference: str
    version: int
    as_of: AsOfOut
    sanction: Sanction | None
    sanction_label: str | None
    konfliktrad: str | None
    state: State
    state_label: str
    phase: Phase
    waiting_for: Party | None
    regimes: RegimesOut | None
    person: PersonOut | None
    registered_on: date | None
    first_offence: date | None
    last_offence: date | None
    received_on: date | None
    closed_on: date | None
    start: StartOut | None
    start_dates: StartDates | None
    length: str | None
    planned_end: date | None
    adjusted_end: date | None
    interrupted_days: int | None
    served_days: int | None
    served_days_before_interruption: int | None
    finality: Finality | None
    set_aside_judgments: list[SetAsideJudgment] | None
    ended_by_closing: list[EndedOut] | None
    lead_time_days: LeadTimeDays | None
    completion: CompletionOut | None
    breaches: int | None
    coordinator: str | None
    transfer_to: str | None
    team: list[str]
    open_alerts: list[AlertBrief] | None
    next_deadline: DeadlineOut | None
    table_version: str


class DeadlineList(Output):
    """Every clock of the case that has begun."""

    as_of: AsOfOut
    items: list[DeadlineOut]


Number = Annotated[str, Field(pattern=patterns.CASE_NUMBER)]


class GuardianIn(Input):
    """A guardian (verge)."""

    name: LineText
    contact: LineText | None = None


class PersonIn(Input):
    """The youth. Names may be missing. The identity number is optional; one that fails the check is flagged."""

    given_name: LineText | None = None
    family_name: LineText | None = None
    born: CivilDay
    national_id: Annotated[str, Field(pattern=patterns.IDENTITY_NUMBER)] | None = None
    sex: Literal["female", "male", "unknown"] = "unknown"
    contact: LineText | None = None
    protection: Literal["none", "confidential", "strictly_confidential"] = "none"
    guardians: Annotated[list[GuardianIn], Field(max_length=8)] = Field(default=[])

    @property
    def as_person(self) -> message.Person:
        """The youth in the form that pushed messages have."""
        named = tuple(message.Guardian(name=guardian.name, contact=guardian.contact) for guardian in self.guardians)
        return message.Person(**{**dict(self), "guardians": named})


class OffenceIn(Input):
    """One act (handling): when, which group, which provision. `until` when it lasted."""

    on: CivilDay
    until: CivilDay | None = None
    group: OffenceGroup | None = None
    statute: Provision | None = None

    _ends_after_it_began = model_validator(mode="after")(in_order("on", "until"))

    @property
    def as_offence(self) -> Offence:
        """The act as events hold it."""
        return Offence(on=self.on, until=self.until, group=self.group, statute=self.statute)


MAX_AGE_AT_OFFENCE = 40
"""Years. A youth is under 18 at the act; whoever was older than this is taken for a slip of the pen."""


class NewCaseIn(Input):
    """A case to open by hand. The municipality of residence decides the konfliktråd.

    It may be left out, with a graded address for one, and then the konfliktråd is named.
    """

    sanction: Sanction
    occurred_on: Day
    municipality: Annotated[str, Field(pattern=patterns.MUNICIPALITY)] | None = None
    konfliktrad: CodeText | None = None
    person: PersonIn
    police_case_numbers: Annotated[list[Number], Field(max_length=50)] = Field(default=[])
    court_case_number: Number | None = None
    offences: Annotated[list[OffenceIn], Field(min_length=1, max_length=200)]
    repeated_or_serious: bool = False
    on_behalf_of: Actor | None = None

    @model_validator(mode="after")
    def _born_before_the_first_act(self) -> Self:
        first = min(offence.on for offence in self.offences)
        if self.person.born >= min(first, day_of(self.occurred_on)[0]):
            raise PydanticCustomError("born_after_offence", "is born too late", {"field": ("person", "born")})
        if first.year - self.person.born.year > MAX_AGE_AT_OFFENCE:
            named = {"field": ("person", "born"), "le": MAX_AGE_AT_OFFENCE}
            raise PydanticCustomError("born_too_early", "is born too early", named)
        return self

    @property
    def as_opening(self) -> CaseOpening:
        """The case as it is opened."""
        day, moment = day_of(self.occurred_on)
        return CaseOpening(
            sanction=self.sanction,
            occurred_on=day,
            occurred_at=moment,
            person=self.person.as_person,
            offences=tuple(offence.as_offence for offence in self.offences),
            municipality=self.municipality,
            konfliktrad=self.konfliktrad,
            repeated_or_serious=self.repeated_or_serious,
            police_case_numbers=tuple(self.police_case_numbers),
            court_case_number=self.court_case_number,
            on_behalf_of=self.on_behalf_of,
        )


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
