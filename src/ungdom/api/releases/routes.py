"""Released tables: what has been published, the proof that nothing hidden can be worked out, and answers from them.

Cells are chosen, never added up: whatever is asked for is in the release already, so that no two answers can be taken
from one another to find what neither tells.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ungdom.analytics.cubes import Cube
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    RECIDIVISM_BY_CODE,
    Definition,
)
from ungdom.analytics.jsonstat import csv_text, dataset
from ungdom.api.http import inputs as i
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.errors import NothingReleased, Unreleased
from ungdom.api.http.formats import TableFormat
from ungdom.api.http.pagination import PageQuery, page_and_cursor, start_after
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import Output
from ungdom.api.http.scopes import published_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.statistics.labels import labels_for, places
from ungdom.api.statistics.schemas import CompletionQuery, LeadTimeQuery, RecidivismQuery
from ungdom.cases import NotVisible
from ungdom.release import store
from ungdom.release.plan import CASES
from ungdom.release.store import ReleasedTableQuery
from ungdom.store import releases
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import may_read_published

router = APIRouter(tags=["releases"])
DEFINITIONS: dict[str, Definition] = {**LEAD_TIME_BY_CODE, **COMPLETION_BY_CODE, **RECIDIVISM_BY_CODE}
AnyStatisticQuery = LeadTimeQuery | CompletionQuery | RecidivismQuery


class ReleasedTableOut(Output):
    """One released table. `stands`: `earlier` where the numbers are those of the release before."""

    figure: str
    definition: int
    by: list[str]
    stands: str | None


class ReleaseOut(Output):
    """A release: by which rules and code, as known when, what came of it by figure, and its tables."""

    id: UUID
    known_at: datetime
    made_at: datetime
    sha256: str
    code: str
    policy: dict[str, float]
    figures: dict[str, dict[str, Any]]
    tables: list[ReleasedTableOut]


class ReleaseList(Output):
    """A page of releases, the newest first."""

    items: list[ReleaseOut]
    next: str | None


class ReleasedCellOut(Output):
    """One combination of values; `_T` is all of a dimension. `cases` null: hidden."""

    dimensions: dict[str, str]
    cases: int | None
    estimates: dict[str, float | None]


class ReleasedFigureOut(Output):
    """One figure, by these dimensions and its endings. A combination that is not here has no cases."""

    code: str
    definition: int
    by: list[str]
    cells: list[ReleasedCellOut]


class ReleasedList(Output):
    """Released figures, to be published as they are. `known_at`: of the release."""

    release: UUID
    known_at: datetime
    published: bool
    where: dict[str, str]
    items: list[ReleasedFigureOut]


@router.get("/v1/releases", response_model=ReleaseList, summary="What has been released")
def list_releases(context: ReadContext, query: Annotated[PageQuery, Query()]) -> Response:
    """The releases, the newest first: as known when, by which rules, with which tables."""

    def operation(tx: Connection) -> ApiResponse:
        rows = releases.list_releases(tx, start_after(context, "releases", query), query.limit + 1)
        page, following = page_and_cursor(
            context, "releases", query, rows, lambda release: (release.known_at, release.release_id)
        )
        return json_response(ReleaseList(items=[_release_out(release) for release in page], next=following))

    return context.read(operation, published_scope, may_read_published)


@router.get("/v1/releases/{release_id}", response_model=ReleaseOut, summary="One release")
def get_release(context: ReadContext, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Its manifest."""
    return _release_response(context, release_id, lambda release: json_response(_release_out(release)))


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

    return context.read(operation, published_scope, may_read_published)


def _release_out(release: StoredRelease) -> ReleaseOut:
    return ReleaseOut.model_validate(store.manifest(release))


# --- answers ---------------------------------------------------------------------------------------------------


def published_response(context: RequestContext, query: AnyStatisticQuery, form: TableFormat) -> Response:
    """The answer from the newest release that was known by then. Raises `NothingReleased`."""

    def operation(tx: Connection) -> ApiResponse:
        release = releases.newest(tx, instant(query.known_at))
        if release is None:
            raise NothingReleased(Unreleased.NO_RELEASE)
        cubes = _released_cubes(release, query)
        return (
            _released_list(release, query, cubes)
            if form is TableFormat.JSON
            else _table_response(tx, context, release, cubes, form)
        )

    return context.read(operation, published_scope, may_read_published)


def _released_cubes(release: StoredRelease, query: AnyStatisticQuery) -> list[Cube]:
    special = isinstance(query, LeadTimeQuery) and (query.curve or query.threshold_days is not None)
    if special or query.valid_at is not None:
        raise NothingReleased(Unreleased.FORM)
    try:
        return [_released_cube(release, query, code) for code in dict.fromkeys(query.statistic)]
    except store.NoSuchTable as error:
        why = Unreleased.COMBINATION if error.tables else Unreleased.WITHHELD
        raise NothingReleased(why, [[error.figure, *dimensions] for dimensions in error.tables]) from None


def _released_cube(release: StoredRelease, query: AnyStatisticQuery, code: str) -> Cube:
    dimensions = tuple(map(str, query.by))
    where = {**query.where}
    span = store.ReleasePeriod(query.since, query.until, oslo_date(release.known_at))
    if "period" not in dimensions:
        where |= span.where()
    cube = store.released_table(release, ReleasedTableQuery(code, dimensions, where))
    return span.within(cube) if "period" in dimensions else cube


def _released_list(release: StoredRelease, query: AnyStatisticQuery, cubes: Sequence[Cube]) -> ApiResponse:
    body = ReleasedList(
        release=release.release_id,
        known_at=release.known_at,
        published=True,
        where=query.where,
        items=[_released_figure(cube, query) for cube in cubes],
    )
    return json_response(body)


def _released_figure(cube: Cube, query: AnyStatisticQuery) -> ReleasedFigureOut:
    codes = [dimension.code for dimension in cube.dimensions]
    cells = [
        ReleasedCellOut(
            dimensions=dict(zip(codes, key, strict=True)),
            cases=None if cell.status.hidden else cell.counts[CASES],
            estimates=dict(cell.estimates),
        )
        for key, cell in cube.cells.items()
    ]
    return ReleasedFigureOut(code=cube.figure, definition=cube.version, by=[*map(str, query.by)], cells=cells)


def _table_response(
    tx: Connection, context: RequestContext, release: StoredRelease, cubes: Sequence[Cube], form: TableFormat
) -> ApiResponse:
    cube = cubes[0]
    labels = labels_for(
        cube, DEFINITIONS[cube.figure], context.language, places(tx, context.language), release.known_at, released=True
    )
    labels = replace(labels, more={"release": str(release.release_id), "published": True})
    body = csv_text(cube, labels) if form is TableFormat.CSV else json.dumps(dataset(cube, labels), ensure_ascii=False)
    return ApiResponse(200, body.encode(), {"Content-Type": form.media_type})
