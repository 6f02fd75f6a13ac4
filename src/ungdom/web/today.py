"""Today: what the signed-in person has to do, the most pressing first. The list and its counts are the interface's."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, model_validator

from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.inputs import Input
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.worklist.routes import list_of_kinds, page_of_worklist
from ungdom.api.worklist.schemas import KindList, WorkList, WorkQuery, WorkSort
from ungdom.message.text import CursorText
from ungdom.store.session import Connection
from ungdom.web.page import FRAGMENT, answer, data_of
from ungdom.workflow.rules.permissions import may_read_worklist
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.vocabulary import Party, Role, Sanction

router = APIRouter(include_in_schema=False)

ROWS = 25
Whose = Literal["mine", "office"]
Late = Literal["yes", "no"]
SORTS: tuple[WorkSort, ...] = ("due", "-registered_on", "registered_on", "turns_18_on", "reference")
"""The orders that the page offers beside the most pressing first."""


class TodayQuery(Input):
    """What the form of the page asks for. A field that is left empty asks for nothing."""

    kind: TaskKind | None = None
    whose: Whose | None = None
    waiting_for: Party | None = None
    sanction: Sanction | None = None
    late: Late | None = None
    sort: WorkSort | None = None
    cursor: CursorText | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given


class TodayAtAGlance(BaseModel):
    """The list, the kinds with their counts, and how it was asked for."""

    work: WorkList
    kinds: KindList
    whose: Whose


@router.get("/today", response_model=TodayAtAGlance)
def today_page(request: Request, context: ReadContext, query: Annotated[TodayQuery, Query()]) -> Response:
    """What there is to do."""
    whose = query.whose or ("mine" if context.principal.viewer.role is Role.COORDINATOR else "office")

    def operation(tx: Connection) -> ApiResponse:
        return json_response(_page(tx, context, query, whose))

    page = data_of(context.read(operation, may=may_read_worklist))
    given = {"whose": whose, **query.model_dump(mode="json", exclude_none=True)}
    values = {
        **page,
        "given": given,
        "kinds_to_do": [kind for kind in page["kinds"]["items"] if kind["cases"] or kind["kind"] == query.kind],
        "address": lambda **changes: _address(given, changes),
        "parties": [str(party) for party in Party],
        "sanctions": [str(sanction) for sanction in Sanction],
        "sorts": SORTS,
    }
    block = "work" if request.headers.get(FRAGMENT) == "work" else None
    return answer(request, "today.html", values, block=block)


def _page(tx: Connection, context: RequestContext, query: TodayQuery, whose: Whose) -> TodayAtAGlance:
    wanted = WorkQuery(
        kind=query.kind,
        mine=whose == "mine",
        waiting_for=query.waiting_for,
        sanction=query.sanction,
        overdue={"yes": True, "no": False, None: None}[query.late],
        sort=query.sort,
        cursor=query.cursor,
        limit=ROWS,
        total=True,
    )
    counted = replace(
        wanted.filters(context.today),
        overdue_on=None,
        not_overdue_on=None,
        held_by=context.recorder.viewer if wanted.mine else None,
    )
    return TodayAtAGlance(
        work=page_of_worklist(tx, context, wanted), kinds=list_of_kinds(tx, context, counted), whose=whose
    )


def _address(given: dict[str, Any], changes: dict[str, Any]) -> str:
    """The address of the list with these changes; a change to None leaves a field out. The first page, unless named."""
    wanted = {name: value for name, value in (given | {"cursor": None} | changes).items() if value is not None}
    return f"/today?{urlencode(wanted)}"
