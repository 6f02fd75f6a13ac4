"""Releases: their manifests, contents and proofs of disclosure control."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.pagination import PageQuery, list_response
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import published_scope
from ungdom.api.releases.present import release_out
from ungdom.api.releases.schemas import ReleaseList, ReleaseOut
from ungdom.cases import NotVisible
from ungdom.store import releases
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import may_read_published

router = APIRouter(tags=["releases"])


@router.get("/v1/releases", response_model=ReleaseList, summary="What has been released")
def list_releases(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """The releases, the newest first: as known when, by which rules, with which tables."""

    def operation(tx: Connection) -> ApiResponse:
        read, place = partial(releases.list_releases, tx), attrgetter("known_at", "release_id")
        return list_response(context, "releases", query, ReleaseList, read, place, release_out)

    return context.read_figures(operation, published_scope, may_read_published)


@router.get("/v1/releases/{release_id}", response_model=ReleaseOut, summary="One release")
def get_release(context: ReadContext, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Its manifest."""
    return _release_response(context, release_id, lambda release: json_response(release_out(release)))


@router.get("/v1/releases/{release_id}/content", response_model=dict[str, Any], summary="All tables of a release")
def get_release_content(context: ReadContext, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every table, byte for byte as it was released: its SHA-256 is that of the manifest."""
    return _release_response(context, release_id, lambda release: ApiResponse(200, release.content.encode(), {}))


@router.get("/v1/releases/{release_id}/proof", response_model=dict[str, Any], summary="The proof of a release")
def get_release_proof(context: ReadContext, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How many counts are hidden, and how many values each might have at the least. None of them is in it."""
    return _release_response(context, release_id, lambda release: ApiResponse(200, release.proof.encode(), {}))


def _release_response(
    context: RequestContext, release_id: UUID, render: Callable[[StoredRelease], ApiResponse]
) -> Response:
    def operation(tx: Connection) -> ApiResponse:
        release = releases.find(tx, release_id)
        if release is None:
            raise NotVisible
        return render(release)

    return context.read_figures(operation, published_scope, may_read_published)
