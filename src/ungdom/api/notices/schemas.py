"""Schemas of notices."""

from datetime import date, datetime
from uuid import UUID

from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.schemas import Output
from ungdom.message.text import CursorText
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.escalation import DelayReason, Level
from ungdom.workflow.vocabulary import Party, Phase, State


class NoticeOut(Output):
    """One notice: which case, where it stands now, which clock, how late. Nothing of who it is about.

    `days`: past the due day today, negative before it; of an alert that has ended, as it was raised. `agency`: as whose
    standing contact the caller is notified; with `reason` and `expected_on`, which agency has answered for its part.
    Of an emergency access (`kind` is `emergency_access.taken`) `alert_id` is the id of the access and `due` the last
    day of its review. An auditor, who reads no case, is not told its state.
    """

    id: UUID
    kind: str
    alert_id: UUID
    case_id: UUID
    reference: str
    state: State | None
    state_label: str | None
    phase: Phase | None
    code: str
    label: str
    level: Level
    due: date
    days: int
    waiting_for: Party | None
    agency: Attendee | None
    reason: DelayReason | None
    expected_on: date | None
    text: str
    link: str
    at: datetime
    read_at: datetime | None
    ended_at: datetime | None


class NoticeList(Output):
    """A page of notices, the newest first."""

    items: list[NoticeOut]
    next: str | None


class NoticeQuery(Input):
    """Which notices. `unread`: only those not read yet."""

    unread: bool = False
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None
