"""Schemas of lists of cases: filters, order and rows."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import DEFAULT_LIMIT, AsOf, CivilDay, Limit
from ungdom.api.http.schemas import Output
from ungdom.message.text import CodeText, CursorText, ReferenceText, SearchText
from ungdom.store.case_queries import Filters
from ungdom.workflow.vocabulary import Party, Phase, Sanction, State


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
    """A page of cases.

    `next`, `prev`: the cursors of the neighbouring pages, null where there is none. `total`: the number of cases in the
    whole list; null unless the query asks for it.
    """

    items: list[CaseRow]
    next: str | None
    prev: str | None
    total: int | None


Sort = Literal[
    "registered_on",
    "-registered_on",
    "received_on",
    "-received_on",
    "next_due_on",
    "-next_due_on",
    "adjusted_end",
    "-adjusted_end",
    "closed_on",
    "-closed_on",
    "turns_18_on",
    "-turns_18_on",
    "reference",
    "-reference",
]


class CaseFilterQuery(AsOf):
    """Which cases, by where they stand and with whom."""

    state: State | None = None
    phase: Phase | None = None
    sanction: Sanction | None = None
    konfliktrad: CodeText | None = None
    coordinator: ReferenceText | None = None
    waiting_for: Party | None = None
    overdue: bool | None = None

    def filters(self, today: date) -> Filters:
        """The filters of the query; `overdue` counts on its day, or today."""
        day = self.valid_at or today
        same = ("state", "phase", "sanction", "konfliktrad", "coordinator", "waiting_for")
        return Filters(
            **{name: getattr(self, name) for name in same},
            overdue_on=day if self.overdue is True else None,
            not_overdue_on=day if self.overdue is False else None,
        )


def refuse_order_of_the_past(query: AsOf, sort: str | None) -> None:
    """Raises the error of a query that names an order for a list of the past."""
    if sort and (query.valid_at or query.known_at):
        order = "a list of the past comes in the order the cases were opened"
        raise PydanticCustomError("sort_of_the_past", order, {"field": "sort"})


class ListQuery(CaseFilterQuery):
    """Filters and order of the list of cases. `due_before`: open, and the next clock is due before that day.

    `mine`: assigned to me, or opened by me. `total`: also count the cases of all pages; a list of the past is not
    counted.
    """

    q: SearchText | None = None
    due_before: CivilDay | None = None
    mine: bool = False
    total: bool = False
    sort: Sort | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = None

    @model_validator(mode="after")
    def _past_in_order_of_opening(self) -> Self:
        refuse_order_of_the_past(self, self.sort)
        return self
