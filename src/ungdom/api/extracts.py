"""Extracts: the catalogue, rows for analysts, and the log of who took them out."""

import json
from typing import Annotated, Any, BinaryIO
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from ungdom.api import extract_shapes as e
from ungdom.api import inputs as i
from ungdom.api.cases import answer, instant
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.api.extract_stream import Rows, still_wanted
from ungdom.api.openapi import PROBLEM_CONTENT
from ungdom.api.paging import PageQuery, cut, start_of
from ungdom.api.tokens import ADMIN, EXTRACTS, READ, STATUS
from ungdom.casework import NotVisible
from ungdom.extracts import catalogue, making, pulling, released
from ungdom.extracts.orders import Asked, Desk, Order, Puller
from ungdom.extracts.writers import Form
from ungdom.store.session import Connection
from ungdom.workflow.permissions import may_know_extracts, may_read_published, may_read_pulls, may_take_out
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["extracts"])

_SCOPES = {Role.ANALYST: EXTRACTS, Role.ADMIN: ADMIN, Role.AUDITOR: STATUS}
_ROWS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The rows", "content": {one.media_type.partition(";")[0]: {} for one in Form}},
    406: {"description": "None of the forms of the rows is wanted.", "content": PROBLEM_CONTENT},
}

ExtractName = Annotated[str, Path(json_schema_extra={"enum": list(e.ROWS)})]


def scope_of(role: Role) -> str:
    """The scope that extracts need of this role."""
    return _SCOPES.get(role, READ)


@router.get("/v1/extracts", response_model=e.ExtractList, summary="The extracts and their dictionary")
def list_extracts(call: ReadCall, request: Request, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every extract with what each column is, and the purposes that the caller may take out rows for."""
    call.needs(scope_of, may_know_extracts)
    desk: Desk = request.app.state.extracts
    viewer = call.principal.viewer
    mine = [one for one in desk.purposes if viewer.role is not Role.ANALYST or one.is_for(viewer.subject)]
    purposes = [e.purpose_out(one) for one in mine]
    return call.respond(
        answer(e.ExtractList(items=e.extracts_out(call.language), purposes=purposes, formats=list(Form)))
    )


@router.get("/v1/extracts/pulls", response_model=e.PullList, summary="Who took out what")
def list_extract_pulls(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """Every pull, the newest first: who, when, for which purpose, what came of it. For auditors."""
    return call.read(lambda tx: _pulls(tx, call, query), scope_of, may_read_pulls)


@router.get("/v1/extracts/pulls/{pull_id}/manifest", summary="The manifest of a pull", response_model=dict[str, object])
def get_extract_manifest(call: ReadCall, pull_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """What the rows were made of and what they are, to build the same again: of one's own pull, or for auditors."""
    return call.read(lambda tx: _manifest(tx, call, pull_id), scope_of, _may_read_some_pulls)


@router.get(
    "/v1/extracts/aggregates", response_class=StreamingResponse, responses=_ROWS, summary="Take out published figures"
)
def get_extract_aggregates(call: ReadCall, request: Request, query: Annotated[e.AggregatesQuery, Query()]) -> Response:
    """A row for each number of the newest release known by then, hidden ones without a value.

    For whoever reads published figures; no purpose is needed. Logged like every pull.
    """
    call.needs(scope_of, may_read_published)
    with call.db.reading() as tx:
        order = released.order(tx, catalogue.extract("aggregates"), instant(query.known_at))
    return _rows(call, request, order, query.format)


@router.get("/v1/extracts/{name}", response_class=StreamingResponse, responses=_ROWS, summary="Take out rows")
def get_extract(
    call: ReadCall, request: Request, name: ExtractName, query: Annotated[e.ExtractQuery, Query()]
) -> Response:
    """The rows of an extract for a purpose, pseudonymous, streamed. Who takes out what is logged.

    A whole answer is a whole extract: what fails on the way breaks the connection. The header `Link` leads to the
    manifest.
    """
    call.needs(EXTRACTS, may_take_out)
    desk: Desk = request.app.state.extracts
    asked = Asked(name, query.purpose, instant(query.known_at), query.valid_at, call.principal.viewer.subject)
    return _rows(call, request, desk.order(asked, call.now), query.format)


def _rows(call: Call, request: Request, order: Order, wanted: Form | None) -> Response:
    form = wanted or _accepted(request.headers.get("accept"))
    viewer, now = call.principal.viewer, request.app.state.clock
    who, pull_id = Puller(viewer.subject, viewer.role), uuid4()

    def fill(out: BinaryIO) -> None:
        with pulling.logged(call.db, order, form, who, now, pull_id) as log:
            log.made = making.stream(call.db, order, form, out, lambda *_: still_wanted())

    link = {"Link": f'</v1/extracts/pulls/{pull_id}/manifest>; rel="describedby"'}
    return Rows(fill, form, order.extract.name, request.app.state.extract_threads, link)


def _may_read_some_pulls(role: Role) -> bool:
    return may_read_published(role) or may_read_pulls(role)


def _accepted(accept: str | None) -> Form:
    """The form that the header wants first. Raises 406 when it wants none of ours."""
    kinds = [one.partition(";")[0].strip().lower() for one in (accept or "*/*").split(",")]
    ours = {form.media_type.partition(";")[0]: form for form in Form} | {"*/*": Form.CSV, "text/*": Form.CSV}
    found = next((ours[kind] for kind in kinds if kind in ours), None)
    if found is None:
        raise HTTPException(406)
    return found


def _pulls(tx: Connection, call: Call, query: PageQuery) -> Answer:
    rows = pulling.pulls(tx, start_of(call, "pulls", query), query.limit + 1)
    page, following = cut(call, "pulls", query, rows, lambda one: (one.at, one.pull_id))
    return answer(e.PullList(items=[e.pull_out(one) for one in page], next=following))


def _manifest(tx: Connection, call: Call, pull_id: UUID) -> Answer:
    viewer, found = call.principal.viewer, pulling.find(tx, pull_id)
    mine = found is not None and (found.subject == viewer.subject or may_read_pulls(viewer.role))
    if found is None or not mine or found.manifest is None:
        raise NotVisible
    return Answer(200, json.dumps(found.manifest, ensure_ascii=False).encode(), {})
