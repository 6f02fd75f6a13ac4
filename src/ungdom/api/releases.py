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

from ungdom.api import inputs as i
from ungdom.api.cases import answer, instant
from ungdom.api.deps import Answer, Call, ReadCall
from ungdom.api.errors import NothingReleased, Unreleased
from ungdom.api.figures import scope_of as figures_scope
from ungdom.api.formats import TableFormat
from ungdom.api.paging import PageQuery, cut, start_of
from ungdom.api.schemas import Output
from ungdom.api.statistic_labels import places, told
from ungdom.api.statistic_shapes import CompletionQuery, LeadTimeQuery, RecidivismQuery
from ungdom.api.tokens import EXTRACTS
from ungdom.casework import NotVisible
from ungdom.statistics import register
from ungdom.statistics.cubes import Cube
from ungdom.statistics.definitions import COMPLETION_BY_CODE, LEAD_TIME_BY_CODE, RECIDIVISM_BY_CODE, Definition
from ungdom.statistics.families import CASES
from ungdom.statistics.jsonstat import csv_text, dataset
from ungdom.statistics.register import Wanted
from ungdom.store import releases
from ungdom.store.releases import Kept
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date
from ungdom.workflow.permissions import may_read_published
from ungdom.workflow.vocabulary import Role

router = APIRouter(tags=["releases"])
DEFINITIONS: dict[str, Definition] = {**LEAD_TIME_BY_CODE, **COMPLETION_BY_CODE, **RECIDIVISM_BY_CODE}
Asking = LeadTimeQuery | CompletionQuery | RecidivismQuery


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


def scope_of(role: Role) -> str:
    """The scope that published figures need of this role."""
    return EXTRACTS if role is Role.ANALYST else figures_scope(role)


@router.get("/v1/releases", response_model=ReleaseList, summary="What has been released")
def list_releases(call: ReadCall, query: Annotated[PageQuery, Query()]) -> Response:
    """The releases, the newest first: as known when, by which rules, with which tables."""

    def use(tx: Connection) -> Answer:
        rows = releases.told(tx, start_of(call, "releases", query), query.limit + 1)
        page, following = cut(call, "releases", query, rows, lambda one: (one.known_at, one.release_id))
        return answer(ReleaseList(items=[_out(one) for one in page], next=following))

    return call.read(use, scope_of, may_read_published)


@router.get("/v1/releases/{release_id}", response_model=ReleaseOut, summary="One release")
def get_release(call: ReadCall, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Its manifest."""
    return _one(call, release_id, lambda kept: answer(_out(kept)))


@router.get("/v1/releases/{release_id}/content", response_model=dict[str, Any], summary="All tables of a release")
def get_release_content(call: ReadCall, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """Every table, byte for byte as it was released: its SHA-256 is that of the manifest."""
    return _one(call, release_id, lambda kept: Answer(200, kept.content.encode(), {}))


@router.get("/v1/releases/{release_id}/proof", response_model=dict[str, Any], summary="The proof of a release")
def get_release_proof(call: ReadCall, release_id: UUID, _query: Annotated[i.NoQuery, Query()]) -> Response:
    """How many counts are hidden, and how many values each might have at the least. None of them is in it."""
    return _one(call, release_id, lambda kept: Answer(200, kept.proof.encode(), {}))


def _one(call: Call, release_id: UUID, tell: Callable[[Kept], Answer]) -> Response:
    def use(tx: Connection) -> Answer:
        kept = releases.find(tx, release_id)
        if kept is None:
            raise NotVisible
        return tell(kept)

    return call.read(use, scope_of, may_read_published)


def _out(one: Kept) -> ReleaseOut:
    return ReleaseOut.model_validate(register.manifest(one))


# --- answers ---------------------------------------------------------------------------------------------------


def published(call: Call, query: Asking, form: TableFormat) -> Response:
    """The answer from the newest release that was known by then. Raises `NothingReleased`."""

    def use(tx: Connection) -> Answer:
        kept = releases.newest(tx, instant(query.known_at))
        if kept is None:
            raise NothingReleased(Unreleased.NO_RELEASE)
        cubes = _chosen(kept, query)
        return _listed(kept, query, cubes) if form is TableFormat.JSON else _table(tx, call, kept, cubes, form)

    return call.read(use, scope_of, may_read_published)


def _chosen(kept: Kept, query: Asking) -> list[Cube]:
    special = isinstance(query, LeadTimeQuery) and (query.curve or query.threshold_days is not None)
    if special or query.valid_at is not None:
        raise NothingReleased(Unreleased.FORM)
    try:
        return [_cube(kept, query, code) for code in dict.fromkeys(query.statistic)]
    except register.NoSuchTable as error:
        why = Unreleased.COMBINATION if error.tables else Unreleased.WITHHELD
        raise NothingReleased(why, [[error.figure, *one] for one in error.tables]) from None


def _cube(kept: Kept, query: Asking, code: str) -> Cube:
    told_apart = tuple(map(str, query.by))
    where = {**query.where}
    span = register.Span(query.since, query.until, oslo_date(kept.known_at))
    if "period" not in told_apart:
        where |= span.where()
    cube = register.table(kept, Wanted(code, told_apart, where))
    return span.within(cube) if "period" in told_apart else cube


def _listed(kept: Kept, query: Asking, cubes: Sequence[Cube]) -> Answer:
    body = ReleasedList(
        release=kept.release_id,
        known_at=kept.known_at,
        published=True,
        where=query.where,
        items=[_figure(cube, query) for cube in cubes],
    )
    return answer(body)


def _figure(cube: Cube, query: Asking) -> ReleasedFigureOut:
    codes = [one.code for one in cube.dimensions]
    cells = [
        ReleasedCellOut(
            dimensions=dict(zip(codes, key, strict=True)),
            cases=None if cell.status.hidden else cell.counts[CASES],
            estimates=dict(cell.estimates),
        )
        for key, cell in cube.cells.items()
    ]
    return ReleasedFigureOut(code=cube.figure, definition=cube.version, by=[*map(str, query.by)], cells=cells)


def _table(tx: Connection, call: Call, kept: Kept, cubes: Sequence[Cube], form: TableFormat) -> Answer:
    cube = cubes[0]
    words = told(cube, DEFINITIONS[cube.figure], call.language, places(tx, call.language), kept.known_at, released=True)
    words = replace(words, more={"release": str(kept.release_id), "published": True})
    body = csv_text(cube, words) if form is TableFormat.CSV else json.dumps(dataset(cube, words), ensure_ascii=False)
    return Answer(200, body.encode(), {"Content-Type": form.media_type})
