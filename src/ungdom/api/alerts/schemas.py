"""Schemas of alerts and of what users do with them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from ungdom.api.http import inputs as i
from ungdom.message.text import CodeText, CursorText, ReferenceText
from ungdom.notices.group_notices import NotReached
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.deadlines import HEADLINE
from ungdom.workflow.rules.escalation import AlertChange, AlertState, DelayReason, Level
from ungdom.workflow.vocabulary import Party, Phase, Role, State


class AlertQuery(i.Input):
    """Filters of the list of alerts. `live`: not cleared; true when not given. `waiting_for`: by the case."""

    live: bool | None = True
    state: AlertState | None = None
    level: Level | None = None
    code: CodeText | None = None
    case: UUID | None = None
    waiting_for: Party | None = None
    konfliktrad: CodeText | None = None
    coordinator: ReferenceText | None = None
    limit: i.Limit = i.DEFAULT_LIMIT
    cursor: CursorText | None = None


class AnswerIn(i.Input):
    """Why it is late, and the day on which it is now expected."""

    reason: DelayReason
    expected_on: i.CivilDay


class SnoozeIn(i.Input):
    """The last day on which nobody is told."""

    until: i.CivilDay


class PartAnswerOut(BaseModel):
    """What a party outside the office answered for its own part. It changes nothing about the alert."""

    agency: Attendee
    agency_label: str
    reason: DelayReason
    reason_label: str
    expected_on: date
    at: datetime


class AlertBrief(BaseModel):
    """An alert as it stands. `days`: after the due day, below zero before it.

    `parts`: the last answer of each party outside the office.
    """

    id: UUID
    code: str
    label: str
    due: date
    days: int
    level: Level
    level_label: str
    state: AlertState
    state_label: str
    quiet_until: date | None
    reason: DelayReason | None
    reason_label: str | None
    parts: list[PartAnswerOut]
    raised_at: datetime
    cleared_at: datetime | None


class AlertOut(AlertBrief):
    """An alert with the case it is on: where that stands, and who is waited for."""

    case: UUID
    reference: str
    case_state: State
    case_state_label: str
    phase: Phase
    waiting_for: Party | None


class HappenedOut(BaseModel):
    """One thing that happened to an alert. `subject`: who did it, for those who may know. `for_date`: judged for."""

    n: int
    change: AlertChange
    label: str
    for_date: date
    at: datetime
    role: Role
    subject: str | None
    details: dict[str, Any]


class AlertDetail(AlertOut):
    """An alert and everything that happened to it."""

    history: list[HappenedOut]


class UnreachedQuery(i.Input):
    """Which alerts. `code`: the clock; the lead time from offence to start when not given."""

    konfliktrad: CodeText | None = None
    code: CodeText = HEADLINE
    reason: NotReached | None = None
    limit: i.Limit = i.DEFAULT_LIMIT
    cursor: CursorText | None = None


class UnreachedAlertOut(BaseModel):
    """An alert before the start of which nobody outside the office has a notice.

    `agencies`: those that have no standing contact, or none with an address. `konfliktrad`: null for a viewer who may
    not learn it in lists.
    """

    id: UUID
    case: UUID
    reference: str
    konfliktrad: str | None
    code: str
    label: str
    due: date
    days: int
    level: Level
    level_label: str
    waiting_for: list[Party]
    reason: NotReached
    reason_label: str
    agencies: list[Attendee]


class UnreachedAlertList(BaseModel):
    """One page of alerts that reached nobody outside the office, by reason. `counts`: all of them, by reason."""

    counts: dict[NotReached, int]
    items: list[UnreachedAlertOut]
    next: str | None


class AlertList(BaseModel):
    """One page of alerts, the first due first."""

    items: list[AlertOut]
    next: str | None
