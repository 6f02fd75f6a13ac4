"""Today: what the signed-in person has to do, the most pressing first. The list and its counts are the interface's."""

from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.worklist.routes import worklist_and_kinds
from ungdom.api.worklist.schemas import KindList, WorkList, WorkQuery, WorkSort
from ungdom.message.text import CursorText
from ungdom.store import web_views
from ungdom.store.session import Connection
from ungdom.web.page import FRAGMENT, answer, data_of
from ungdom.web.places import TODAY
from ungdom.web.queries import PageForm, address_of
from ungdom.web.submitting import SentForm
from ungdom.workflow.rules.permissions import may_read_worklist, may_reassign_cases
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.vocabulary import Party, Role, Sanction

router = APIRouter(include_in_schema=False)

ROWS = 25
Whose = Literal["mine", "office"]
Late = Literal["yes", "no"]
SORTS: tuple[WorkSort, ...] = ("due", "-registered_on", "registered_on", "turns_18_on", "reference")
"""The orders that the page offers beside the most pressing first."""


class TodayQuery(PageForm):
    """What the form of the page asks for. A field that is left empty asks for nothing."""

    kind: TaskKind | None = None
    whose: Whose | None = None
    waiting_for: Party | None = None
    sanction: Sanction | None = None
    late: Late | None = None
    sort: WorkSort | None = None
    cursor: CursorText | None = None


class ViewOut(BaseModel):
    """A saved view. `may_delete`: whoever looks may delete it; `is_shared`: for the whole konfliktråd."""

    id: UUID
    name: str
    query: str
    may_delete: bool
    is_shared: bool


class TodayAtAGlance(BaseModel):
    """The list, the kinds with their counts, the saved views, and how it was asked for."""

    work: WorkList
    kinds: KindList
    views: list[ViewOut]
    whose: Whose


@router.get("/today", response_model=TodayAtAGlance)
def today_page(request: Request, context: ReadContext, query: Annotated[TodayQuery, Query()]) -> Response:
    """What there is to do."""
    return today_answer(request, context, query, SentForm())


def today_answer(
    request: Request, context: RequestContext, query: TodayQuery, sent: SentForm, status: int = 200
) -> Response:
    """The page. `sent`: the form of a view, as it was refused or for the first time."""
    whose = query.whose or ("mine" if context.principal.viewer.role is Role.COORDINATOR else "office")

    def operation(tx: Connection) -> ApiResponse:
        return json_response(_page(tx, context, query, whose))

    page = data_of(context.read(operation, may=may_read_worklist))
    given = {"whose": whose, **query.model_dump(mode="json", exclude_none=True)}
    values = {
        **page,
        "given": given,
        "given_query": urlencode(given),
        "work_views": page["views"],
        "may_reassign": may_reassign_cases(context.principal.viewer.role),
        "kinds_to_do": [kind for kind in page["kinds"]["items"] if kind["cases"] or kind["kind"] == query.kind],
        "address": lambda **changes: address_of(TODAY.path, given, changes),
        "parties": [str(party) for party in Party],
        "sanctions": [str(sanction) for sanction in Sanction],
        "sorts": SORTS,
        "problem": sent.problem,
        "entered": {name: sent.first(name) or "" for name in ("name", "shared")},
        "path": TODAY.path,
        "query_string": urlencode(given) if sent.problem else request.url.query,
    }
    block = "work" if request.headers.get(FRAGMENT) == "work" else None
    return answer(request, "today.html", values, status, block)


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
    )
    work, kinds = worklist_and_kinds(tx, context, wanted)
    return TodayAtAGlance(work=work, kinds=kinds, views=_views(tx, context), whose=whose)


def _views(tx: Connection, context: RequestContext) -> list[ViewOut]:
    viewer = context.principal.viewer
    return [
        ViewOut(
            id=view.view_id,
            name=view.name,
            query=view.query,
            may_delete=web_views.may_remove(viewer, view),
            is_shared=view.konfliktrad is not None,
        )
        for view in web_views.visible_to(tx, viewer)
    ]
