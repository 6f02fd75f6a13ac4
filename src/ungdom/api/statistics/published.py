"""Statistics from the newest release.

Cells are looked up in the release and never added up, so that two answers cannot be subtracted from one another to
disclose a suppressed cell.
"""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import Response

from ungdom.analytics.cubes import Cube
from ungdom.api.http.context import RequestContext
from ungdom.api.http.errors import NothingReleased, Unreleased
from ungdom.api.http.formats import TableFormat
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import published_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.statistics.labels import labels_for, places, table_response
from ungdom.api.statistics.schemas import (
    AnyStatisticQuery,
    LeadTimeQuery,
    ReleasedCellOut,
    ReleasedFigureOut,
    ReleasedList,
)
from ungdom.release import store
from ungdom.release.plan import CASES
from ungdom.release.store import ReleasedTableQuery
from ungdom.store import releases
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import may_read_published


def published_response(context: RequestContext, query: AnyStatisticQuery, form: TableFormat) -> Response:
    """The answer from the newest release that was known by then. Raises `NothingReleased`."""

    def operation(tx: Connection) -> ApiResponse:
        release = releases.newest(tx, instant(query.known_at))
        if release is None:
            raise NothingReleased(Unreleased.NO_RELEASE)
        cubes = _released_cubes(release, query)
        if form is TableFormat.JSON:
            return _released_list(release, query, cubes)
        labels = labels_for(cubes[0], context.language, places(tx, context.language), release.known_at, released=True)
        more = {"release": str(release.release_id), "published": True}
        return table_response(cubes[0], replace(labels, more=more), form)

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
