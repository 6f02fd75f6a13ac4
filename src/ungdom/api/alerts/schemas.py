"""Schemas of alerts and of what users do with them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from ungdom.api.http import inputs as i
from ungdom.message.text import CodeText, CursorText, ReferenceText
from ungdom.workflow.rules.escalation import AlertChange, AlertState, DelayReason, Level
from ungdom.workflow.vocabulary import Party, Phase, Role, State


class AlertQuery(i.Input):
    """Filters of the list of alerts. `live`: not cleared; true when not given."""

    live: bool | None = True
    state: AlertState | None = None
    level: Level | None = None
    code: CodeText | None = None
    case: UUID | None = None
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


class AlertBrief(BaseModel):
    """An alert as it stands. `days`: after the due day, below zero before it."""

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


class AlertList(BaseModel):
    """One page of alerts, the first due first."""

    items: list[AlertOut]
    next: str | None
