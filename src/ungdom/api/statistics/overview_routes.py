"""The overview: the headline figures of a period in one answer, exact for the caller's cases and as released."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from ungdom import texts
from ungdom.analytics.cubes import Cube, CubeCell
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    RECIDIVISM_BY_CODE,
    Definition,
    Family,
)
from ungdom.analytics.durations import WAITING
from ungdom.analytics.outcomes import OPEN
from ungdom.analytics.queries import caseload, statistics
from ungdom.analytics.queries.recidivism import recidivism
from ungdom.analytics.queries.statistics import CubeQuery, CubeResult
from ungdom.api.http.context import ReadContext, RequestContext
from ungdom.api.http.errors import NothingReleased, Unreleased
from ungdom.api.http.offices import own_office
from ungdom.api.http.responses import ApiResponse, json_response
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.scopes import published_scope
from ungdom.api.http.time_travel import instant
from ungdom.api.indicators.present import rounded
from ungdom.api.statistics.overview_schemas import (
    OverviewFigureOut,
    OverviewLoadOut,
    OverviewNumberOut,
    OverviewOut,
    OverviewQuery,
    OverviewReleasedOut,
)
from ungdom.api.statistics.present import question_of
from ungdom.api.statistics.schemas import PARTS, DaysOut
from ungdom.release import store
from ungdom.release.plan import CASES
from ungdom.store import releases
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import may_read_figures, may_read_published, may_read_recidivism

router = APIRouter(tags=["statistics"])

VALUE = {Family.LEAD_TIME: "median", Family.COMPLETION: "share", Family.RECIDIVISM: "km_24"}
"""The estimate that stands for a figure of each family."""
RUNNING = {Family.LEAD_TIME: WAITING, Family.COMPLETION: OPEN, Family.RECIDIVISM: "window_open"}
"""The ending of those that have not ended yet, told beside every value."""
RELEASED_RUNNING = {Family.LEAD_TIME: WAITING, Family.COMPLETION: OPEN}
"""The same of a released table: relapses have no such ending in it."""
HEADLINES: tuple[Definition, ...] = (
    *(LEAD_TIME_BY_CODE[code] for code in PARTS),
    *COMPLETION_BY_CODE.values(),
    *RECIDIVISM_BY_CODE.values(),
)


@router.get("/v1/statistics/overview", response_model=OverviewOut, summary="The numbers of a board in one answer")
def get_statistics_overview(context: ReadContext, query: Annotated[OverviewQuery, Query()]) -> Response:
    """P1 to P3, completion, recidivism and caseload: exact of one's own konfliktråd or of the country, and released.

    Offices read the country as released; analysts read released figures only, and are refused before the first
    release. What is exact is not to be published.
    """
    return context.read_figures(lambda tx: _overview(tx, context, query), published_scope, may_read_published)


def _overview(tx: Connection, context: RequestContext, query: OverviewQuery) -> ApiResponse:
    role, own = context.principal.viewer.role, own_office(context)
    exact: dict[str, CubeResult] = {}
    load: OverviewLoadOut | None = None
    if may_read_figures(role):
        exact = dict(_exact(tx, context, query, own))
        load = _load(tx, context, query, own, exact)
    known_at = instant(query.known_at)
    release = releases.newest(tx, known_at)
    if release is None and not exact:
        raise NothingReleased(Unreleased.NO_RELEASE)
    body = OverviewOut(
        since=query.since,
        until=query.until,
        as_of=AsOfOut(on=query.valid_at or oslo_date(known_at or context.now), known_at=known_at),
        konfliktrad=own,
        note=texts.text(context.language, "statistic", "note"),
        release=release.release_id if release else None,
        released_known_at=release.known_at if release else None,
        given=_given(query, release) if release else None,
        load=load,
        items=[_figure(definition, query, exact, release, context.language) for definition in HEADLINES],
        unread=max((result.unread for result in exact.values()), default=0),
    )
    return json_response(body)


def _exact(
    tx: Connection, context: RequestContext, query: OverviewQuery, own: str | None
) -> Iterator[tuple[str, CubeResult]]:
    """The result that has the cube of each figure that the caller reads exactly."""
    where = {"konfliktrad": own} if own else {}
    base = CubeQuery(
        (), query.since, query.until, where=where, valid_at=query.valid_at, known_at=instant(query.known_at)
    )
    finders = [(PARTS, statistics.lead_time), (tuple(COMPLETION_BY_CODE), statistics.completion)]
    if may_read_recidivism(context.principal.viewer.role):
        finders.append((tuple(RECIDIVISM_BY_CODE), recidivism))
    for codes, find in finders:
        result = find(tx, context.keys, replace(base, codes=codes), context.now)
        yield from ((code, result) for code in codes)


def _load(
    tx: Connection, context: RequestContext, query: OverviewQuery, own: str | None, exact: dict[str, CubeResult]
) -> OverviewLoadOut:
    result = caseload.read_caseload(tx, context.now, own, (query.valid_at, instant(query.known_at)))
    office = result.load.offices[own]
    received, closed = (_cell(exact[code], code).total for code in ("completion.received", "completion.closed"))
    weight = office.load.weight(result.load.day)
    return OverviewLoadOut(open=office.load.open.total(), weight=weight, received=received, closed=closed)


def _figure(
    definition: Definition,
    query: OverviewQuery,
    exact: dict[str, CubeResult],
    release: StoredRelease | None,
    language: texts.Language,
) -> OverviewFigureOut:
    own = _cell(exact[definition.code], definition.code) if definition.code in exact else None
    return OverviewFigureOut(
        code=definition.code,
        definition=definition.version,
        family=definition.family,
        family_label=texts.label(language, definition.family),
        label=question_of(definition, language),
        unit=definition.unit,
        exact=_number(definition, own, own.total, own.counts.get(RUNNING[definition.family], 0)) if own else None,
        released=_released(definition, query, release) if release else None,
    )


def _given(query: OverviewQuery, release: StoredRelease) -> DaysOut | None:
    """The days of the period that lie within what is released; None where none does."""
    since, until = _period(query, release).given
    return DaysOut(since=since, until=until) if since <= until else None


def _period(query: OverviewQuery, release: StoredRelease) -> store.ReleasePeriod:
    return store.ReleasePeriod(query.since, query.until, oslo_date(release.known_at))


def _released(definition: Definition, query: OverviewQuery, release: StoredRelease) -> OverviewReleasedOut | None:
    """The figure of the country in the release; None where it has no table of that period, or nothing to count."""
    try:
        where = _period(query, release).where()
        table = store.released_table(release, store.ReleasedTableQuery(definition.code, (), where))
    except store.NoSuchTable:
        return None
    cells = {key[-1]: cell for key, cell in table.cube.cells.items()}
    whole = cells.get("_T")
    if whole is None:
        return None
    number = _number(definition, whole, _count(whole), _released_running(definition, table.cube, cells))
    dates = table.dates
    return OverviewReleasedOut(
        **number.model_dump(), release=dates.release, known_at=dates.known_at, stands=dates.stands
    )


def _released_running(definition: Definition, cube: Cube, cells: Mapping[str, CubeCell]) -> int | None:
    """Those that have not ended yet; None where they are hidden, or the table does not tell them apart."""
    ending = RELEASED_RUNNING.get(definition.family)
    if ending not in cube.dimensions[-1].values:
        return None
    running = cells.get(str(ending))
    return 0 if running is None else _count(running)


def _count(cell: CubeCell) -> int | None:
    return None if cell.status.hidden else cell.counts[CASES]


def _number(definition: Definition, cell: CubeCell, cases: int | None, running: int | None) -> OverviewNumberOut:
    name = VALUE[definition.family]
    value, low, high = (rounded(cell.estimates.get(f"{name}{limit}")) for limit in ("", "_low", "_high"))
    return OverviewNumberOut(cases=cases, running=running, value=value, low=low, high=high)


def _cell(result: CubeResult, code: str) -> CubeCell:
    cube: Cube = next(cube for cube in result.cubes if cube.figure == code)
    return cube.at(())
