"""Schemas of members of staff, absences and reassignments."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.contacts.schemas import NoticeContactIn, NoticeContactOut
from ungdom.api.http.inputs import CivilDay, Input
from ungdom.api.http.pagination import PageQuery
from ungdom.api.http.schemas import Output, UnmetOut
from ungdom.message.text import CodeText, LineText
from ungdom.staff.hand_over import MOST_CASES, Obstacle
from ungdom.store.schema.staff import StaffAction
from ungdom.workflow import patterns
from ungdom.workflow.payloads import ReassignmentReason
from ungdom.workflow.payloads.base import ends_before_it_begins
from ungdom.workflow.rules.permissions import OF_THE_OFFICE
from ungdom.workflow.vocabulary import Party, Phase, Role, Sanction, State

Subject = Annotated[str, Field(pattern=patterns.SUBJECT)]
StaffRole = Literal[Role.COORDINATOR, Role.LEADER, Role.SECRETARIAT]
Roles = Annotated[list[StaffRole], Field(min_length=1, max_length=3)]


def may_be_without_office(roles: Sequence[Role]) -> bool:
    """Whether somebody with these roles needs no konfliktråd: the secretariat is national."""
    return OF_THE_OFFICE.isdisjoint(roles)


class StaffIn(Input):
    """A new member of staff. `cleared`: may be given the cases of people whose address is protected."""

    subject: Subject
    name: LineText
    roles: Roles
    konfliktrad: CodeText | None = None
    active_from: CivilDay
    active_to: CivilDay | None = None
    telephone: LineText | None = None
    cleared: bool = False
    contact: NoticeContactIn | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.konfliktrad is None and not may_be_without_office(self.roles):
            raise PydanticCustomError("office_for_role", "a coordinator or leader has an office")
        if self.active_to is not None and self.active_to < self.active_from:
            raise ends_before_it_begins("active_from", "active_to")
        return self


class StaffChangeIn(Input):
    """The fields to change; what is left out stays as it is. `active_to`: the last day of service."""

    name: LineText | None = None
    roles: Roles | None = None
    konfliktrad: CodeText | None = None
    active_from: CivilDay | None = None
    active_to: CivilDay | None = None
    telephone: LineText | None = None
    cleared: bool | None = None
    contact: NoticeContactIn | None = None


class AbsenceIn(Input):
    """Days of absence, both included. `hand_over`: the open cases go to the substitute and come back afterwards."""

    first_day: CivilDay
    last_day: CivilDay
    substitute: Subject | None = None
    hand_over: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.last_day < self.first_day:
            raise ends_before_it_begins("first_day", "last_day")
        if self.hand_over and self.substitute is None:
            raise PydanticCustomError("hand_over_without_substitute", "nobody takes the cases")
        return self


class AbsenceOut(Output):
    """An absence. `handed_over_on`, `taken_back_on`: when cases went to the substitute, and came back."""

    id: UUID
    first_day: date
    last_day: date
    substitute: str | None
    hand_over: bool
    handed_over_on: date | None
    taken_back_on: date | None


class StaffOut(Output):
    """A member of staff. `open_cases`: assigned to them and not closed."""

    subject: str
    name: str
    roles: list[Role]
    konfliktrad: str | None
    active_from: date
    active_to: date | None
    in_service: bool
    absent: bool
    substitute: str | None
    telephone: str | None
    cleared: bool
    contact: NoticeContactOut
    absences: list[AbsenceOut]
    open_cases: int
    version: int


class StaffQuery(PageQuery):
    """Which members. `on`: only those in service on that day."""

    konfliktrad: CodeText | None = None
    role: StaffRole | None = None
    on: CivilDay | None = None


class StaffList(Output):
    """A page of members of staff, by subject."""

    items: list[StaffOut]
    next: str | None


class StaffChangeOut(Output):
    """A change of the list of staff. `details`: old and new values; of names and numbers only that they changed."""

    action: StaffAction
    changed_at: datetime
    changed_by: str
    role: Role
    details: dict[str, Any]


class StaffChangeList(Output):
    """A page of changes, newest first."""

    items: list[StaffChangeOut]
    next: str | None


# --- reassignment -----------------------------------------------------------------------------------------------


class ReassignmentFilter(Input):
    """Which of the open cases of the coordinator; a field that is left out is no condition."""

    state: State | None = None
    phase: Phase | None = None
    sanction: Sanction | None = None
    waiting_for: Party | None = None
    overdue: bool | None = None


class ReassignmentIn(Input):
    """Cases that go from one coordinator to another: those named, those that `filter` selects, or all open ones.

    `on`: the day of the event; today when it is not given.
    """

    sender: Subject = Field(alias="from")
    receiver: Subject = Field(alias="to")
    reason: ReassignmentReason
    on: CivilDay | None = None
    case_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CASES)] | None = None
    filter: ReassignmentFilter | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.case_ids is not None and self.filter is not None:
            raise PydanticCustomError("ids_or_filter", "both are given")
        if self.sender == self.receiver:
            raise PydanticCustomError("same_person", "nothing would change")
        return self


class CaseOutcomeOut(Output):
    """The outcome for one case. `obstacle`: null if it was reassigned, or would be."""

    case_id: UUID
    reference: str | None
    version: int | None
    obstacle: Obstacle | None
    message: str | None
    unmet: list[UnmetOut]


class ReassignmentOut(Output):
    """The outcome case by case. `remaining`: selected cases beyond the most of one request, untouched."""

    dry_run: bool
    selected: int
    reassigned: int
    refused: int
    remaining: int
    items: list[CaseOutcomeOut]


class AbsenceChangeOut(Output):
    """An absence as entered or ended, and the cases handed over or taken back at once."""

    absence: AbsenceOut
    cases: list[CaseOutcomeOut]
