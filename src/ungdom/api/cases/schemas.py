"""What goes out: the published shapes, and the problem that stands in their place."""

from datetime import date, datetime
from datetime import date as date_
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from ungdom.api.alerts.schemas import AlertBrief
from ungdom.api.cases.consequences import FollowedOut, UndoingOut
from ungdom.api.http.schemas import AsOfOut, Output, UnmetOut
from ungdom.api.persons.schemas import PersonOut
from ungdom.workflow.vocabulary import Actor, EventType, Party, Phase, Regime, Role, Sanction, State


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
    """One clock: from, due (after and before moving off non-working days), stopped, days late, where it is written."""

    code: str
    label: str
    begun_on: date
    known_on: date
    due: date
    unmoved: date
    stopped_on: date | None
    status: str
    late_days: int | None
    notice_from: date
    binding: bool
    law: str
    who_is_late: list[Party]
    is_delay: bool
    reasoned: bool


class CaseOut(Output):
    """A case as it was on `as_of.on`, as known at `as_of.known_at`.

    Of a youth whose address is protected, `konfliktrad`, `coordinator` and `team` are told to those who may know. What
    a member of the team may not learn, by law or consent, is null to them. `transfer_to`: the konfliktråd that is to
    have it, until that has answered.
    """

    id: UUID
    reference: str
    version: int
    as_of: "AsOfOut"
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
    lead_time_days: LeadTimeDays | None
    completion: CompletionOut | None
    breaches: int | None
    coordinator: str | None
    transfer_to: str | None
    team: list[str]
    open_alerts: list[AlertBrief] | None
    next_deadline: DeadlineOut | None
    table_version: str


class CaseRow(Output):
    """A case in a list. Of a youth whose address is protected, `konfliktrad` and `coordinator` are null for most."""

    case_id: Annotated[UUID, Field(serialization_alias="id")]
    reference: str
    sanction: Sanction | None
    konfliktrad: str | None
    state: State
    phase: Phase
    waiting_for: Party | None
    registered_on: date | None
    last_offence: date | None
    received_on: date | None
    started_on: date | None
    adjusted_end: date | None
    closed_on: date | None
    coordinator: str | None
    next_due_on: date | None
    next_due_code: str | None
    version: int


class CaseList(Output):
    """A page of cases; `next` is the cursor of the following one, null on the last."""

    items: list[CaseRow]
    next: str | None


class OfficialStatusOut(Output):
    """The part of the sector's status message that an event gives, and its reason code."""

    part: str
    code: str | None


class EventOut(Output):
    """One event of the history. `standing`: current, corrected (see `corrected_by`) or annulled."""

    seq: int
    type: EventType
    label: str
    occurred_on: date
    occurred_at: datetime | None
    recorded_at: datetime
    actor: Actor
    role: Role
    subject: str | None
    source: str | None
    details: dict[str, Any]
    standing: str
    corrected_by: int | None
    state_after: State | None
    official_status: list[OfficialStatusOut]


class EventList(Output):
    """The history, corrections included, in the order it was recorded."""

    items: list[EventOut]


class CaseSnapshotOut(Output):
    """Where a case stands, before or after an event."""

    version: int
    state: State
    phase: Phase
    waiting_for: Party | None
    started_on: date | None
    planned_end: date | None
    adjusted_end: date | None
    next_due_on: date | None
    next_due_code: str | None


class RecordedOut(Output):
    """What an event did: which number it has, under which regime and law, and the case before and after.

    `followed_by`: the events it brought with it; `after` is the case after these. `undoing`: of a complaint decided.
    """

    case: UUID
    seq: int
    type: EventType
    dry_run: bool
    regime: Regime
    law: str
    before: CaseSnapshotOut | None
    after: CaseSnapshotOut
    followed_by: list[FollowedOut]
    undoing: UndoingOut | None


class OptionOut(Output):
    """An event type this viewer may record. `enabled` says whether it can be now, given details that fit its schema."""

    type: EventType
    label: str
    enabled: bool
    suggested: bool
    moves_to: State | None
    is_fact: bool
    regime: Regime
    law: str
    actors: list[Actor]
    unmet: list[UnmetOut]
    details_schema: dict[str, Any]


class OptionList(Output):
    """Everything this viewer may record in the case."""

    items: list[OptionOut]


class DeadlineList(Output):
    """Every clock of the case that has begun."""

    as_of: AsOfOut
    items: list[DeadlineOut]


class RuleOut(Output):
    """A deadline rule. `lengths`: the value from each day on."""

    code: str
    label: str
    lengths: list[dict[str, str]]
    sanctions: list[Sanction]
    regimes: list[Regime]
    binding: bool
    moves_off_holidays: bool
    law: str
    who_is_late: list[Party]
    warn_days: int
    is_delay: bool


class RuleList(Output):
    """The deadline rules with their law."""

    items: list[RuleOut]


class GuardOut(Output):
    """A condition of a row."""

    code: str
    law: str


class RowOut(Output):
    """One row of the table. `to` null: a fact."""

    event: EventType
    label: str
    sources: list[State]
    to: str | None
    guards: list[GuardOut]
    actors: list[Actor]
    law: str


class WorkflowOut(Output):
    """One workflow: its states and its rows."""

    sanction: Sanction
    regime: Regime
    table_version: str
    states: list[State]
    moves: list[RowOut]
    facts: list[RowOut]


CaseOut.model_rebuild()
