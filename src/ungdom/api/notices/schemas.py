"""Schemas of notices."""

from datetime import date, datetime
from uuid import UUID

from ungdom.api.http.inputs import DEFAULT_LIMIT, Input, Limit
from ungdom.api.http.schemas import Output
from ungdom.message.text import CursorText
from ungdom.workflow.rules.escalation import Level
from ungdom.workflow.vocabulary import Party, Phase, State


class NoticeOut(Output):
    """One notice: which case, where it stands now, which clock, how late. Nothing of who it is about.

    `days`: past the due day today, negative before it; of an alert that has ended, as it was raised.
    """

    id: UUID
    kind: str
    alert_id: UUID
    case_id: UUID
    reference: str
    state: State
    state_label: str
    phase: Phase
    code: str
    label: str
    level: Level
    due: date
    days: int
    waiting_for: Party | None
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
