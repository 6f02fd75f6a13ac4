"""Extracts: the catalogue, rows for analysts, and the log of who took them out."""

import json
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Annotated, Any, BinaryIO
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from ungdom.api.extracts import schemas as e
from ungdom.api.extracts.present import extracts_out, pull_out, purpose_out
from ungdom.api.extracts.stream import ExtractResponse, check_cancelled
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.pagination import PageQuery, list_response
from ungdom.api.http.problems import PROBLEM_CONTENT
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.time_travel import instant
from ungdom.api.http.tokens import ADMIN, EXTRACTS, READ, STATUS
from ungdom.cases import NotVisible
from ungdom.extracts import build, catalogue, download_log, released
from ungdom.extracts.order import Downloader, Order, OrderRequest, OrderService
from ungdom.extracts.writers import FORM_OF_MEDIA_TYPE, Form
from ungdom.message.text import ReferenceText
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import (
    may_download_extracts,
    may_list_extracts,
    may_read_downloads,
    may_read_published,
)
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["extracts"])

_SCOPES = {Role.ANALYST: EXTRACTS, Role.ADMIN: ADMIN, Role.AUDITOR: STATUS}
_ROWS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The rows", "content": {kind: {} for kind in FORM_OF_MEDIA_TYPE}},
    406: {"description": "None of the forms of the rows is wanted.", "content": PROBLEM_CONTENT},
}

ExtractName = Annotated[ReferenceText, Path(json_schema_extra={"enum": list(e.ROW_EXTRACTS)})]


def scope_of(role: Role) -> str:
    """The scope that extracts need of this role."""
    return _SCOPES.get(role, READ)


@router.get("/v1/extracts", response_model=e.ExtractList, summary="The extracts and their dictionary")
def list_extracts(context: ReadContext, request: Request, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every extract with what each column is, and the purposes that the caller may take out rows for."""
    context.require(scope_of, may_list_extracts)
    order_service: OrderService = request.app.state.extracts
    viewer = context.principal.viewer
    available = [
        purpose
        for purpose in order_service.purposes
        if viewer.role is not Role.ANALYST or purpose.is_for(viewer.subject)
    ]
    purposes = [purpose_out(purpose) for purpose in available]
    return context.respond(
        json_response(e.ExtractList(items=extracts_out(context.language), purposes=purposes, formats=list(Form)))
    )


@router.get("/v1/extracts/pulls", response_model=e.PullList, summary="Who took out what")
def list_extract_pulls(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """Every pull, the newest first: who, when, for which purpose, what came of it. For auditors."""

    def operation(tx: Connection) -> ApiResponse:
        read, place = partial(download_log.recent_downloads, tx), attrgetter("at", "pull_id")
        return list_response(context, "pulls", query, e.PullList, read, place, pull_out)

    return context.read(operation, scope_of, may_read_downloads)


@router.get("/v1/extracts/pulls/{pull_id}/manifest", summary="The manifest of a pull", response_model=dict[str, object])
def get_extract_manifest(context: ReadContext, pull_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """What the rows were made of and what they are, to build the same again: of one's own pull, or for auditors."""

    def operation(tx: Connection) -> ApiResponse:
        viewer, pull = context.principal.viewer, download_log.find(tx, pull_id)
        may_read = pull is not None and (pull.subject == viewer.subject or may_read_downloads(viewer.role))
        if pull is None or not may_read or pull.manifest is None:
            raise NotVisible
        return ApiResponse(200, json.dumps(pull.manifest, ensure_ascii=False).encode(), {})

    return context.read(operation, scope_of, lambda role: may_read_published(role) or may_read_downloads(role))


@router.get(
    "/v1/extracts/aggregates", response_class=StreamingResponse, responses=_ROWS, summary="Take out published figures"
)
def get_extract_aggregates(
    context: ReadContext, request: Request, query: Annotated[e.AggregatesQuery, Query()]
) -> Response:
    """A row for each number of the newest release known by then, hidden ones without a value.

    For whoever reads published figures; no purpose is needed. Logged like every pull.
    """
    context.require(scope_of, may_read_published)
    with context.db.reading() as tx:
        order = released.order(tx, catalogue.extract("aggregates"), instant(query.known_at))
    order = replace(order, labels=tuple(dict.fromkeys(query.labels)))
    return _extract_response(context, request, order, query.format)


@router.get("/v1/extracts/{name}", response_class=StreamingResponse, responses=_ROWS, summary="Take out rows")
def get_extract(
    context: ReadContext, request: Request, name: ExtractName, query: Annotated[e.ExtractQuery, Query()]
) -> Response:
    """The rows of an extract for a purpose, pseudonymous, streamed. Who takes out what is logged.

    A whole answer is a whole extract: what fails on the way breaks the connection. The header `Link` leads to the
    manifest.
    """
    context.require(EXTRACTS, may_download_extracts)
    order_service: OrderService = request.app.state.extracts
    subject, labels = context.principal.viewer.subject, tuple(dict.fromkeys(query.labels))
    order_request = OrderRequest(name, query.purpose, instant(query.known_at), query.valid_at, subject, labels)
    return _extract_response(context, request, order_service.order(order_request, context.now), query.format)


def _extract_response(context: RequestContext, request: Request, order: Order, requested: Form | None) -> Response:
    form = requested or _accepted_form(request.headers.get("accept"))
    viewer, now = context.principal.viewer, request.app.state.clock
    downloader, pull_id = Downloader(viewer.subject, viewer.role), uuid4()

    def fill(out: BinaryIO) -> None:
        with download_log.log_download(context.db, order, form, downloader, now, pull_id) as log:
            log.result = build.stream(context.figures.current(), order, form, out, lambda *_: check_cancelled())

    link = {"Link": f'</v1/extracts/pulls/{pull_id}/manifest>; rel="describedby"'}
    return ExtractResponse(fill, form, order.extract.name, request.app.state.extract_threads, link)


def _accepted_form(accept: str | None) -> Form:
    """The form that the header wants first. Raises 406 when it wants none of ours."""
    kinds = [part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    forms = FORM_OF_MEDIA_TYPE | {"*/*": Form.CSV, "text/*": Form.CSV}
    accepted = next((forms[kind] for kind in kinds if kind in forms), None)
    if accepted is None:
        raise HTTPException(406)
    return accepted
