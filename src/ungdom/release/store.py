"""Builds and stores releases, and reads released tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ungdom.analytics.cubes import TOTAL, Cube, CubeCell, Dimension, Key
from ungdom.analytics.dimensions import PERIOD, periods
from ungdom.release import build, verify
from ungdom.release.build import ReleaseDocument, Report
from ungdom.release.cells import cube_of
from ungdom.release.disclosure import Policy
from ungdom.release.plan import ENDING, SINCE, YEARS_TOGETHER, days_of
from ungdom.store import releases
from ungdom.store.codec import stored_json
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.releases import StoredRelease
from ungdom.store.session import Connection, Database
from ungdom.store.settled import COMMIT_LAG, last_settled_day
from ungdom.workflow.calendar import last_moment, oslo_date

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
        document.release_id,
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
    """Faults of all stored releases, each with those before it."""
    earlier: list[ReleaseDocument] = []
    for stored in releases.all_with_exact(tx):
        document = _document_of(stored)
        yield from (f"{stored.release_id}: {fault}" for fault in verify.faults(document, stored.sha256, earlier))
        earlier.append(document)


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
        {
            "figure": table["figure"],
            "definition": table["definition"],
            "by": table_dimensions(table),
            "stands": shown_days.stands,
            "known_at": shown_days.known_at.isoformat() if shown_days.known_at else None,
        }
        for table, shown_days in tables_of(stored, content)
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


@dataclass(frozen=True, slots=True)
class TableDates:
    """Of which release the numbers of a table are. `stands`: `earlier` if of an earlier one, otherwise None.

    `known_at`: the instant whose knowledge they use; None where a release of an older form does not say it.
    """

    release: UUID | None
    known_at: datetime | None
    stands: str | None


def tables_of(
    stored: StoredRelease, content: Mapping[str, Any] | None = None
) -> Iterator[tuple[Mapping[str, Any], TableDates]]:
    """Every table of a release, in its order, and of which release its numbers are."""
    for part in (content or stored_json(stored.content))["figures"]:
        for table in part["tables"]:
            stands = table.get("stands", part["stands"] if "release" not in table else None)
            if stands is None:
                yield table, TableDates(stored.release_id, stored.known_at, None)
            elif "release" in table:
                known_at = datetime.fromisoformat(table["known_at"])
                yield table, TableDates(UUID(table["release"]), known_at, stands)
            else:
                yield table, TableDates(None, None, stands)


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
class ReleasedTable:
    """Cells of a released table, and of which release its numbers are."""

    cube: Cube
    dates: TableDates


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

    @property
    def given(self) -> tuple[date, date]:
        """The first and the last of the requested days that lie within what is released."""
        return max(self.since, SINCE), min(self.until, self.last)

    def where(self) -> dict[str, str]:
        """The released period equal to these days, if not all of them. Raises `NoSuchTable`."""
        if self.covers_all:
            return {}
        named = {days: name for name, days in self._periods()}
        if (self.since, self.until) not in named:
            raise NoSuchTable("period", [(name,) for name, _ in self._periods()])
        return {PERIOD: named[self.since, self.until]}

    def within(self, cube: Cube) -> Cube:
        """The periods within these days, and the total where they cover all. Raises `NoSuchTable`."""
        inside = {name for name, (first, last) in self._periods() if self.since <= first and last <= self.until}
        place = [item.code for item in cube.dimensions].index(PERIOD)
        shown = inside | ({TOTAL} if self.covers_all else set())
        cells = {key: cell for key, cell in cube.cells.items() if key[place] in shown or self.covers_all}
        values = tuple(item for item in cube.dimensions[place].values if item in inside or self.covers_all)
        if not values and not self.covers_all:
            raise NoSuchTable("period", [(name,) for name in cube.dimensions[place].values])
        parents = {part: year for part, year in cube.dimensions[place].parents.items() if {part, year} <= {*values}}
        period = Dimension(PERIOD, values, parents)
        return replace(cube, dimensions=(*cube.dimensions[:place], period, *cube.dimensions[place + 1 :]), cells=cells)

    def _periods(self) -> Iterator[tuple[str, tuple[date, date]]]:
        last = date(self.last.year, 12, 31)
        yield from ((name, days_of(name)) for name in periods(SINCE, last, YEARS_TOGETHER).values)


def released_table(stored: StoredRelease, query: ReleasedTableQuery) -> ReleasedTable:
    """Cells of a released table, selected and never summed. Raises `NoSuchTable`."""
    tables = [(t, dates) for t, dates in tables_of(stored) if t["figure"] == query.figure]
    needed = {*query.by, *query.where}
    fitting = [(t, dates) for t, dates in tables if needed <= set(table_dimensions(t))]
    if not fitting:
        raise NoSuchTable(query.figure, [tuple(table_dimensions(t)) for t, _ in tables])
    period = query.where.get(PERIOD)
    having = [(t, dates) for t, dates in fitting if period is None or period in _released_periods(t)]
    if not having:
        raise NoSuchTable(PERIOD, [(name,) for t, _ in fitting for name in _released_periods(t)])
    table, dates = min(having, key=lambda item: len(table_dimensions(item[0])))
    return ReleasedTable(select_cells(cube_of(table), query), dates)


def _released_periods(table: Mapping[str, Any]) -> list[str]:
    return [name for dimension in table["dimensions"] if dimension["code"] == PERIOD for name in dimension["values"]]


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
