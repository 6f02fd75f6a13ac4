"""Schemas of pages of cases, each with one of its views."""

from uuid import UUID

from ungdom.api.breaches.schemas import BreachesOut
from ungdom.api.complaints.schemas import ComplaintsOut
from ungdom.api.consents.schemas import ConsentsOut
from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import Output
from ungdom.api.plans import schemas as shapes
from ungdom.message.text import CodeText, CursorText
from ungdom.workflow.vocabulary import Phase, Sanction, State


class AcrossQuery(i.AsOf):
    """Which cases: those that have something of the kind, narrowed by where they stand."""

    konfliktrad: CodeText | None = None
    sanction: Sanction | None = None
    phase: Phase | None = None
    state: State | None = None
    limit: i.Limit = i.DEFAULT_LIMIT
    cursor: CursorText | None = None


class CaseLine(Output):
    """One case of a list: what it is called, where it stands, and `view`, what the list is about.

    Of a youth whose address is protected, `konfliktrad` is null for most.
    """

    id: UUID
    reference: str
    sanction: Sanction
    state: State
    state_label: str
    konfliktrad: str | None


class PlanLine(CaseLine):
    """One case with its plan."""

    view: shapes.PlanOut


class PlanList(Output):
    """A page of plans, in the order the cases were opened; it may be short."""

    items: list[PlanLine]
    next: str | None
    prev: str | None


class MeetingsLine(CaseLine):
    """One case with its meetings."""

    view: shapes.MeetingsOut


class MeetingsList(Output):
    """A page of meetings by case, in the order the cases were opened; it may be short."""

    items: list[MeetingsLine]
    next: str | None
    prev: str | None


class ConsentsLine(CaseLine):
    """One case with its consents."""

    view: ConsentsOut


class ConsentsList(Output):
    """A page of consents by case, in the order the cases were opened; it may be short."""

    items: list[ConsentsLine]
    next: str | None
    prev: str | None


class BreachesLine(CaseLine):
    """One case with its breaches."""

    view: BreachesOut


class BreachesList(Output):
    """A page of breaches by case, in the order the cases were opened; it may be short."""

    items: list[BreachesLine]
    next: str | None
    prev: str | None


class ComplaintsLine(CaseLine):
    """One case with its complaints."""

    view: ComplaintsOut


class ComplaintsList(Output):
    """A page of complaints by case, in the order the cases were opened; it may be short."""

    items: list[ComplaintsLine]
    next: str | None
    prev: str | None
