"""Schemas of emergency accesses."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from ungdom.api.http.inputs import Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output
from ungdom.message.text import NOTE, Printable
from ungdom.settings.norms import MOST_EMERGENCY_HOURS
from ungdom.store.emergency_access import EmergencyState
from ungdom.store.schema.access import EmergencyEnd
from ungdom.workflow.rules.access import EmergencyReason
from ungdom.workflow.vocabulary import Role

ReasonText = Annotated[str, Printable(NOTE, multiline=True)]
"""A reason of several lines that must not be empty."""


class EmergencyIn(Input):
    """Why a case has to be read, as a code and in words, and for how many hours, at most those of the office norm."""

    code: EmergencyReason
    reason: ReasonText
    hours: Annotated[int, Field(ge=1, le=MOST_EMERGENCY_HOURS)] = 1


class EmergencyReviewIn(Input):
    """Whether the access was justified, and why."""

    justified: bool
    note: ReasonText


class EmergencyQuery(PageQuery):
    """Which emergency accesses: all, or those that are open, to be reviewed or reviewed."""

    state: EmergencyState | None = None


class EmergencyReviewOut(Output):
    """The review: whether it was justified, with its note; null when erased."""

    justified: bool
    note: str | None
    reviewed_at: datetime
    reviewed_by: str
    role: Role


class EmergencyOut(Output):
    """An emergency access. Whoever took it is not told the review, what ended it, nor when.

    Where the address of the youth has become protected since, the auditor is told neither the words of reason and
    review nor an office: they may say where somebody belongs.
    """

    id: UUID
    case: UUID
    reference: str | None
    state: EmergencyState
    code: EmergencyReason
    label: str
    reason: str | None
    subject: str
    role: Role
    konfliktrad: str | None
    taken_at: datetime
    until: datetime
    ended_at: datetime | None
    ended_by: EmergencyEnd | None
    review_by: date
    review: EmergencyReviewOut | None


class EmergencyList(Output):
    """A page of emergency accesses, the newest first."""

    items: list[EmergencyOut]
    next: str | None
