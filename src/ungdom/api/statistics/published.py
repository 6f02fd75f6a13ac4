"""Statistics from the newest release.

Cells are looked up in the release and never added up, so that two answers cannot be subtracted from one another to
disclose a suppressed cell.
"""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import Response

from ungdom.analytics.definitions import CASELOAD_BY_CODE
from ungdom.analytics.dimensions import PERIOD
from ungdom.api.http.context import RequestContext
from ungdom.api.http.errors import NothingReleased, Unreleased
from ungdom.api.http.formats import TableFormat
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.scopes import published_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.statistics.labels import labels_for, places, table_response
from ungdom.api.statistics.schemas import (
    DaysOut,
    LeadTimeQuery,
    ReleasedCellOut,
    ReleasedFigureOut,
    ReleasedList,
    ReleasedQuery,
)
from ungdom.release import store
from ungdom.release.plan import CASES
from ungdom.release.store import ReleasedTable, ReleasedTableQuery, ReleasePeriod
from ungdom.store import releases
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import may_read_published


def published_response(context: RequestContext, query: ReleasedQuery, form: TableFormat) -> Response:
    """The answer from the newest release that was known by then. Raises `NothingReleased`."""

    def operation(tx: Connection) -> ApiResponse:
        release = releases.newest(tx, instant(query.known_at))
        if release is None:
            raise NothingReleased(Unreleased.NO_RELEASE)
        tables = _released_tables(release, query)
        if form is TableFormat.JSON:
            return _released_list(release, query, tables)
        cube, dates, given = tables[0].cube, tables[0].dates, _period(release, query).given
        labels = labels_for(
            cube, context.language, places(tx, context.language), dates.known_at or release.known_at, released=True
        )
        shown_days = {
            "of_release": str(dates.release) if dates.release else None,
            "known_at": dates.known_at.isoformat() if dates.known_at else None,
            "stands": dates.stands,
            "given_from": given[0].isoformat(),
            "given_to": given[1].isoformat(),
        }
        question_days = {"asked_from": query.since.isoformat(), "asked_to": query.until.isoformat()}
        more = {"release": str(release.release_id), "published": True, **shown_days, **question_days}
        return table_response(cube, replace(labels, more=more, columns=shown_days), form)

    return context.read_figures(operation, published_scope, may_read_published)


def _released_tables(release: StoredRelease, query: ReleasedQuery) -> list[ReleasedTable]:
    special = isinstance(query, LeadTimeQuery) and (query.curve or query.threshold_days is not None)
    if special or query.valid_at is not None:
        raise NothingReleased(Unreleased.FORM)
    try:
        return [_table_of_figure(release, query, code) for code in dict.fromkeys(query.statistic)]
    except store.NoSuchTable as error:
        why = Unreleased.COMBINATION if error.tables else Unreleased.WITHHELD
        raise NothingReleased(why, [[error.figure, *dimensions] for dimensions in error.tables]) from None


def _table_of_figure(release: StoredRelease, query: ReleasedQuery, code: str) -> ReleasedTable:
    dimensions = tuple(map(str, query.by))
    where = {**query.where}
    span = _period(release, query)
    if PERIOD not in dimensions and code not in CASELOAD_BY_CODE:  # the caseload is of the day of the release
        where |= span.where()
    table = store.released_table(release, ReleasedTableQuery(code, dimensions, where))
    return replace(table, cube=span.within(table.cube)) if PERIOD in dimensions else table


def _period(release: StoredRelease, query: ReleasedQuery) -> ReleasePeriod:
    return ReleasePeriod(query.since, query.until, oslo_date(release.known_at))


def _released_list(release: StoredRelease, query: ReleasedQuery, tables: Sequence[ReleasedTable]) -> ApiResponse:
    given = _period(release, query).given
    body = ReleasedList(
        release=release.release_id,
        known_at=release.known_at,
        published=True,
        asked=DaysOut(since=query.since, until=query.until),
        given=DaysOut(since=given[0], until=given[1]),
        where=query.where,
        items=[_released_figure(table, query) for table in tables],
    )
    return json_response(body)


def _released_figure(table: ReleasedTable, query: ReleasedQuery) -> ReleasedFigureOut:
    cube, dates = table.cube, table.dates
    codes = [dimension.code for dimension in cube.dimensions]
    cells = [
        ReleasedCellOut(
            dimensions=dict(zip(codes, key, strict=True)),
            cases=None if cell.status.hidden else cell.counts[CASES],
            estimates=dict(cell.estimates),
        )
        for key, cell in cube.cells.items()
    ]
    return ReleasedFigureOut(
        code=cube.figure,
        definition=cube.version,
        by=[*map(str, query.by)],
        release=dates.release,
        known_at=dates.known_at,
        stands=dates.stands,
        cells=cells,
    )
