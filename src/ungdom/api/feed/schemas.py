"""Schemas of the change feed: the same events as webhooks are sent."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.schemas import Output
from ungdom.message.text import CursorText
from ungdom.workflow.rules.escalation import ClearedBecause, Level
from ungdom.workflow.vocabulary import EventType, Party


class RecordedEventData(Output):
    """Which event was recorded in which case. What it says is read from the case."""

    case_id: UUID
    reference: str
    link: str
    seq: int
    type: EventType
    occurred_on: date
    recorded_at: datetime


class AlertChangeData(Output):
    """What changed of an alert: number `n` of its changes. `days`: past the due day, before it negative."""

    case_id: UUID
    reference: str
    link: str
    alert_id: UUID
    n: int
    code: str
    level: Level
    due: date
    days: int
    waiting_for: Party | None
    for_date: date
    because: ClearedBecause | None


class ChangeOut(Output):
    """One CloudEvent 1.0, the same that webhooks are sent: what happened, in which case, when."""

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"]
    data: RecordedEventData | AlertChangeData


class ChangeFeedOut(Output):
    """A part of the feed. `after`: where the next part begins. `more`: whether there is one already."""

    items: list[ChangeOut]
    after: str
    more: bool


class ChangeFeedQuery(Input):
    """Which part of the feed. Without `after` from the first entry on; with `newest` only what comes from now on."""

    after: CursorText | None = None
    newest: bool = False
    limit: Limit = DEFAULT_LIMIT
