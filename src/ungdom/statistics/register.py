"""Making a release and keeping it, and answering from what has been released."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from ungdom.disclosure import Policy
from ungdom.statistics import releasing
from ungdom.statistics.cubes import TOTAL, Cell, Cube, Dimension, Key
from ungdom.statistics.families import ENDING, SINCE
from ungdom.statistics.frames import PERIOD
from ungdom.statistics.releasing import Made, Report, cube_of
from ungdom.store import releases
from ungdom.store.releases import Kept
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection, Database
from ungdom.workflow.daycount import last_moment, oslo_date

NAMESPACE = UUID("5d2c1f0e-6f7b-5a39-9d0c-3c1f4c2b7a10")
"""Ids of releases are made of what they hold."""
DAY = timedelta(days=1)
POLICY = Policy()
FIRST_MONTHS = (1, 4, 7, 10)


class NotYet(Exception):
    """A release is of a time that has passed."""


class TooOld(Exception):
    """A release of an earlier time than one that is there."""


class NoSuchTable(Exception):
    """No released table is told apart like this. `tables`: those there are of the figure, by their dimensions."""

    def __init__(self, figure: str, tables: Sequence[tuple[str, ...]]) -> None:
        super().__init__(figure)
        self.figure = figure
        self.tables = tables


def yesterday(now: datetime) -> datetime:
    """The last moment of the day before."""
    return last_moment(oslo_date(now) - DAY)


def release(  # as `releasing.make`
    db: Database,
    keys: Keys,
    known_at: datetime,
    now: datetime,
    policy: Policy = POLICY,
    report: Report = lambda _done, _all: None,
) -> Kept:
    """The release of what was known then: the one that is there, or a new one. Raises `NotYet`, `TooOld`."""
    if known_at > now:
        raise NotYet("a release is of a day that has passed")
    with db.reading() as tx:
        earlier = releases.every(tx)
        same = next((one for one in earlier if one.known_at == known_at), None)
        if same:
            return same
        if earlier and earlier[-1].known_at > known_at:
            raise TooOld(f"there is a release of {oslo_date(earlier[-1].known_at)} already: none is made before it")
        made = releasing.make(tx, keys, known_at, now, policy, [_made(one) for one in earlier], report)
    kept = Kept(uuid5(NAMESPACE, made.digest), made.known_at, now, made.digest, made.content, made.proof, made.exact)
    with db.writing() as tx:
        releases.add(tx, kept)
    return kept


def of_quarter(db: Database, keys: Keys, now: datetime) -> dict[str, int]:
    """On the first day of a quarter the release of all that was known before it; otherwise nothing."""
    day = oslo_date(now)
    if day.day != 1 or day.month not in FIRST_MONTHS:
        return {}
    release(db, keys, yesterday(now), now)
    return {"made": 1}


def faults(tx: Connection) -> Iterator[str]:
    """What is wrong with any release that is kept."""
    for one in releases.every(tx):
        yield from (f"{one.release_id}: {fault}" for fault in releasing.faults(_made(one), one.sha256))


def _made(one: Kept) -> Made:
    return Made(one.known_at, one.content, one.proof, one.exact)


def manifest(one: Kept) -> dict[str, Any]:
    """What is told of a release: when, by which rules and versions, what came of it, and which tables it has."""
    content, proof = json.loads(one.content), json.loads(one.proof)
    figures = {
        name: {label: value for label, value in part.items() if label != "possible_values"}
        for name, part in proof["figures"].items()
    }
    tables = [
        {"figure": t["figure"], "definition": t["definition"], "by": by(t), "stands": part["stands"]}
        for part in content["figures"]
        for t in part["tables"]
    ]
    return {
        "id": str(one.release_id),
        "known_at": one.known_at.isoformat(),
        "made_at": one.made_at.isoformat(),
        "sha256": one.sha256,
        "code": content["code"],
        "policy": content["policy"],
        "figures": figures,
        "tables": tables,
    }


def by(table: Mapping[str, Any]) -> list[str]:
    """What a released table is told apart by, without its endings."""
    return [one["code"] for one in table["dimensions"] if one["code"] != ENDING]


# --- answering ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure told apart by these, of cases with these values."""

    figure: str
    by: tuple[str, ...]
    where: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Span:
    """The days asked for; `last`: the last of the release."""

    since: date
    until: date
    last: date

    @property
    def whole(self) -> bool:
        """Whether they are all that has been released."""
        return self.since <= SINCE and self.until >= self.last

    def where(self) -> dict[str, str]:
        """The released period that these days are, if not all of them. Raises `NoSuchTable`."""
        if self.whole:
            return {}
        named = {days: name for name, days in self._periods()}
        if (self.since, self.until) not in named:
            raise NoSuchTable("period", [(name,) for name, _ in self._periods()])
        return {PERIOD: named[self.since, self.until]}

    def within(self, cube: Cube) -> Cube:
        """The periods that lie in these days, and the total where they are all."""
        inside = {name for name, (first, last) in self._periods() if self.since <= first and last <= self.until}
        place = [one.code for one in cube.dimensions].index(PERIOD)
        kept = inside | ({TOTAL} if self.whole else set())
        cells = {key: cell for key, cell in cube.cells.items() if key[place] in kept or self.whole}
        values = tuple(one for one in cube.dimensions[place].values if one in inside or self.whole)
        under = {part: year for part, year in cube.dimensions[place].under.items() if {part, year} <= {*values}}
        period = Dimension(PERIOD, values, under)
        return replace(cube, dimensions=(*cube.dimensions[:place], period, *cube.dimensions[place + 1 :]), cells=cells)

    def _periods(self) -> Iterator[tuple[str, tuple[date, date]]]:
        for year in range(SINCE.year, self.last.year + 1):
            middle = date(year, 7, 1)
            yield str(year), (date(year, 1, 1), date(year, 12, 31))
            yield f"{year}H1", (date(year, 1, 1), middle - DAY)
            yield f"{year}H2", (middle, date(year, 12, 31))


def table(one: Kept, wanted: Wanted) -> Cube:
    """Cells of a released table, chosen and never added up. Raises `NoSuchTable`."""
    tables = [t for part in json.loads(one.content)["figures"] for t in part["tables"] if t["figure"] == wanted.figure]
    needed = {*wanted.by, *wanted.where}
    fitting = [t for t in tables if needed <= set(by(t))]
    if not fitting:
        raise NoSuchTable(wanted.figure, [tuple(by(t)) for t in tables])
    return chosen(cube_of(min(fitting, key=lambda t: len(by(t)))), wanted)


def chosen(cube: Cube, wanted: Wanted) -> Cube:
    """The cells with these values, and the totals of what it is not told apart by."""
    kept = [n for n, one in enumerate(cube.dimensions) if one.code in (*wanted.by, ENDING)]
    fixed = {n: wanted.where.get(one.code, TOTAL) for n, one in enumerate(cube.dimensions) if n not in kept}
    only = {n: wanted.where[cube.dimensions[n].code] for n in kept if cube.dimensions[n].code in wanted.where}
    cells: dict[Key, Cell] = {
        tuple(key[n] for n in kept): cell
        for key, cell in cube.cells.items()
        if all(key[n] == value for n, value in (fixed | only).items())
    }
    return replace(cube, dimensions=tuple(cube.dimensions[n] for n in kept), cells=cells)
