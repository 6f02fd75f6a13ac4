"""Builds and stores releases, and reads released tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from ungdom.analytics.cubes import TOTAL, Cube, CubeCell, Dimension, Key
from ungdom.analytics.dimensions import PERIOD
from ungdom.release import build
from ungdom.release.build import ReleaseDocument, Report, cube_of
from ungdom.release.disclosure import Policy
from ungdom.release.plan import ENDING, SINCE
from ungdom.store import releases
from ungdom.store.codec import stored_json
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection, Database
from ungdom.store.settled import COMMIT_LAG, last_settled_day
from ungdom.workflow.calendar import last_moment, oslo_date

NAMESPACE = UUID("5d2c1f0e-6f7b-5a39-9d0c-3c1f4c2b7a10")
"""Namespace of the ids of releases, which are derived from their content."""
DAY = timedelta(days=1)
POLICY = Policy()
FIRST_MONTHS = (1, 4, 7, 10)


class ReleaseInFuture(Exception):
    """A release can only be built for a time in the past whose events no longer change."""


class ReleaseOutOfOrder(Exception):
    """A release must not be of an earlier time than an existing one."""


class NoSuchTable(Exception):
    """No released table has these dimensions. `tables`: those of the figure, by their dimensions."""

    def __init__(self, figure: str, tables: Sequence[tuple[str, ...]]) -> None:
        super().__init__(figure)
        self.figure = figure
        self.tables = tables


def release(
    db: Database,
    keys: EncryptionKeys,
    known_at: datetime,
    now: datetime,
    policy: Policy = POLICY,
    report: Report = lambda _done, _all: None,
) -> StoredRelease:
    """The release of what was known then, built if it does not exist.

    Raises `ReleaseInFuture`, `ReleaseOutOfOrder`.
    """
    if known_at > now - COMMIT_LAG:
        raise ReleaseInFuture("a release is of a day that ended at least ten minutes ago: its events may still change")
    with db.reading() as tx:
        earlier = releases.all_with_exact(tx)
        same = next((existing for existing in earlier if existing.known_at == known_at), None)
        if same:
            return same
        if earlier and earlier[-1].known_at > known_at:
            raise ReleaseOutOfOrder(
                f"there is a release of {oslo_date(earlier[-1].known_at)} already: none is made before it"
            )
        document = build.build_release(
            tx, keys, known_at, now, policy, [_document_of(existing) for existing in earlier], report
        )
    stored = StoredRelease(
        uuid5(NAMESPACE, document.digest),
        document.known_at,
        now,
        document.digest,
        document.content,
        document.proof,
        document.exact,
    )
    with db.writing() as tx:
        releases.add(tx, stored)
    return stored


def release_quarter(db: Database, keys: EncryptionKeys, now: datetime) -> dict[str, int]:
    """On the day after the last day of a quarter is settled, release what was known at its end; else do nothing."""
    last_day = last_settled_day(now)
    first_day = last_day + DAY
    if first_day.day != 1 or first_day.month not in FIRST_MONTHS:
        return {}
    release(db, keys, last_moment(last_day), now)
    return {"made": 1}


def faults(tx: Connection) -> Iterator[str]:
    """Faults of all stored releases."""
    for stored in releases.all_with_exact(tx):
        yield from (f"{stored.release_id}: {fault}" for fault in build.faults(_document_of(stored), stored.sha256))


def _document_of(stored: StoredRelease) -> ReleaseDocument:
    return ReleaseDocument(stored.known_at, stored.content, stored.proof, stored.exact)


def manifest(stored: StoredRelease) -> dict[str, Any]:
    """The manifest of a release: its time, rules, versions, results and tables."""
    content, proof = stored_json(stored.content), stored_json(stored.proof)
    figures = {
        name: {label: value for label, value in part.items() if label != "possible_values"}
        for name, part in proof["figures"].items()
    }
    tables = [
        {"figure": t["figure"], "definition": t["definition"], "by": table_dimensions(t), "stands": part["stands"]}
        for part in content["figures"]
        for t in part["tables"]
    ]
    return {
        "id": str(stored.release_id),
        "known_at": stored.known_at.isoformat(),
        "made_at": stored.made_at.isoformat(),
        "sha256": stored.sha256,
        "code": content["code"],
        "policy": content["policy"],
        "figures": figures,
        "tables": tables,
    }


def table_dimensions(table: Mapping[str, Any]) -> list[str]:
    """The dimensions of a released table, without its endings."""
    return [dimension["code"] for dimension in table["dimensions"] if dimension["code"] != ENDING]


# --- queries -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReleasedTableQuery:
    """A figure grouped by these dimensions, for cases with these values."""

    figure: str
    by: tuple[str, ...]
    where: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReleasePeriod:
    """The requested days; `last`: the last day of the release."""

    since: date
    until: date
    last: date

    @property
    def covers_all(self) -> bool:
        """Whether they cover the whole released period."""
        return self.since <= SINCE and self.until >= self.last

    def where(self) -> dict[str, str]:
        """The released period equal to these days, if not all of them. Raises `NoSuchTable`."""
        if self.covers_all:
            return {}
        named = {days: name for name, days in self._periods()}
        if (self.since, self.until) not in named:
            raise NoSuchTable("period", [(name,) for name, _ in self._periods()])
        return {PERIOD: named[self.since, self.until]}

    def within(self, cube: Cube) -> Cube:
        """The periods within these days, and the total where they cover all."""
        inside = {name for name, (first, last) in self._periods() if self.since <= first and last <= self.until}
        place = [item.code for item in cube.dimensions].index(PERIOD)
        shown = inside | ({TOTAL} if self.covers_all else set())
        cells = {key: cell for key, cell in cube.cells.items() if key[place] in shown or self.covers_all}
        values = tuple(item for item in cube.dimensions[place].values if item in inside or self.covers_all)
        parents = {part: year for part, year in cube.dimensions[place].parents.items() if {part, year} <= {*values}}
        period = Dimension(PERIOD, values, parents)
        return replace(cube, dimensions=(*cube.dimensions[:place], period, *cube.dimensions[place + 1 :]), cells=cells)

    def _periods(self) -> Iterator[tuple[str, tuple[date, date]]]:
        for year in range(SINCE.year, self.last.year + 1):
            middle = date(year, 7, 1)
            yield str(year), (date(year, 1, 1), date(year, 12, 31))
            yield f"{year}H1", (date(year, 1, 1), middle - DAY)
            yield f"{year}H2", (middle, date(year, 12, 31))


def released_table(stored: StoredRelease, query: ReleasedTableQuery) -> Cube:
    """Cells of a released table, selected and never summed. Raises `NoSuchTable`."""
    tables = [
        t for part in stored_json(stored.content)["figures"] for t in part["tables"] if t["figure"] == query.figure
    ]
    needed = {*query.by, *query.where}
    fitting = [t for t in tables if needed <= set(table_dimensions(t))]
    if not fitting:
        raise NoSuchTable(query.figure, [tuple(table_dimensions(t)) for t in tables])
    return select_cells(cube_of(min(fitting, key=lambda t: len(table_dimensions(t)))), query)


def select_cells(cube: Cube, query: ReleasedTableQuery) -> Cube:
    """The cells with these values, and the totals of dimensions not grouped by."""
    positions = [n for n, dimension in enumerate(cube.dimensions) if dimension.code in (*query.by, ENDING)]
    fixed = {
        n: query.where.get(dimension.code, TOTAL) for n, dimension in enumerate(cube.dimensions) if n not in positions
    }
    only = {n: query.where[cube.dimensions[n].code] for n in positions if cube.dimensions[n].code in query.where}
    cells: dict[Key, CubeCell] = {
        tuple(key[n] for n in positions): cell
        for key, cell in cube.cells.items()
        if all(key[n] == value for n, value in (fixed | only).items())
    }
    return replace(cube, dimensions=tuple(cube.dimensions[n] for n in positions), cells=cells)
