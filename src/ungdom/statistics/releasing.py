"""From cubes to a release: counts hidden over all tables of a figure together, and beside what was released before.

A figure whose new numbers cannot be told safely beside the earlier ones is told as it was: its earlier tables stand.
Where there are none, it is withheld.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import ungdom
from ungdom.disclosure import Id, Policy, Protected, Release, dominated, protect, small_ones
from ungdom.disclosure.moves import solver_version
from ungdom.statistics import cases
from ungdom.statistics.cubes import TOTAL, Cell, CellStatus, Cube, Dimension, Key
from ungdom.statistics.digests import Asked
from ungdom.statistics.exact import known_values
from ungdom.statistics.families import CASES, LIST, Figures, Material
from ungdom.statistics.frames import StatisticDimension, Subject
from ungdom.statistics.recidivism.answering import lives, with_sex
from ungdom.statistics.recidivism.spells import spells
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.workflow.daycount import oslo_date

D = StatisticDimension
UNCERTAIN = frozenset({D.REGIME})
"""Dimensions with combinations that anybody knows to be empty: a regime and a year. Their zeros hide nothing."""

Districts = Mapping[str, str]
Report = Callable[[int, int], object]
"""Called with how many figures are released, and how many there are."""


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of one row of the list as they are released. `exact`: what the register keeps for later releases."""

    population: str
    tables: list[dict[str, Any]]
    proof: dict[str, Any]
    exact: Release
    stands: str | None = None


# --- identity ----------------------------------------------------------------------------------------------


def identity(figures: Figures, cube: Cube, key: Key) -> Id:
    """The same for the same people in every table: figure, version, and the values that are not totals."""
    values = sorted(zip((one.code for one in cube.dimensions), key, strict=True))
    told = [f"{code}={value}" for code, value in values if value != TOTAL]
    whole = key[-1] == TOTAL
    return "|".join([figures.population if whole else cube.figure, str(cube.version), *map(str, told)])


def linked(figures: Figures, cubes: Sequence[Cube], districts: Districts) -> Release:
    """Every count of these tables once, and every sum among them; police districts are sums of konfliktråd."""
    counts: dict[Id, int] = {}
    sums: dict[tuple[Id, tuple[Id, ...]], None] = {}
    for cube in cubes:
        names = {key: identity(figures, cube, key) for key in cube.keys()}  # noqa: SIM118 - a method
        counts |= {name: cube.at(key).all for key, name in names.items()}
        sums |= {(names[whole], tuple(names[part] for part in parts)): None for whole, parts in cube.sums() if parts}
    sums |= dict.fromkeys(_districts(counts, districts))
    return Release(counts, list(sums))


def _districts(counts: Mapping[Id, int], districts: Districts) -> Iterator[tuple[Id, tuple[Id, ...]]]:
    """A district, and its konfliktråd, with the same other values."""
    offices: dict[str, list[str]] = {}
    for office, district in districts.items():
        offices.setdefault(district, []).append(office)
    for name in counts:
        parts = str(name).split("|")
        for place, part in enumerate(parts):
            code, _, value = part.partition("=")
            if code == D.POLICE_DISTRICT and value in offices:
                own = tuple(_swapped(parts, place, f"{D.KONFLIKTRAD}={office}") for office in sorted(offices[value]))
                if all(one in counts for one in own):
                    yield name, own


def _swapped(parts: list[str], place: int, value: str) -> str:
    changed = [*parts[:place], value, *parts[place + 1 :]]
    return "|".join([*changed[:2], *sorted(changed[2:])])


def _over_offices(figures: Figures, cubes: Sequence[Cube]) -> Iterator[tuple[Id, tuple[Id, ...]]]:
    """The totals over konfliktråd, and their parts: each office knows its own."""
    for cube in cubes:
        place = next((n for n, one in enumerate(cube.dimensions) if one.code == D.KONFLIKTRAD), None)
        if place is None:
            continue
        for whole, parts in cube.sums():
            if whole[place] == TOTAL and parts and parts[0][place] != TOTAL:
                yield identity(figures, cube, whole), tuple(identity(figures, cube, part) for part in parts)


def _cost(name: Id, count: int) -> float | None:
    """What hiding a count is missed: more the higher it stands in the tables. None: it is never hidden."""
    values = str(name).split("|")[2:]
    if not values or (count == 0 and any(value.partition("=")[0] in UNCERTAIN for value in values)):
        return None
    return (1 + math.log2(count or 1)) * 3.0 ** (3 - len(values))


# --- making ------------------------------------------------------------------------------------------------


def material(tx: Connection, keys: Keys, known_at: datetime, now: datetime) -> Material:
    """Every case, and every spell of recidivism, as they were known then."""
    asked, day = Asked(known_at=known_at, at_most=None), oslo_date(known_at)
    subjects = [Subject(one.row, one.sex) for one in cases.read(tx, asked, now, keys)]
    return Material(subjects, list(with_sex(tx, keys, spells(lives(tx, asked, day), day))))


def figures_of(
    figures: Figures, cubes: Sequence[Cube], policy: Policy, districts: Districts, before: Sequence[Told]
) -> Told:
    """The tables of one row of the list, protected. `before`: as it stands in earlier releases, the oldest first."""
    plain = linked(figures, cubes, districts)
    own = dominated(policy, plain.counts, _over_offices(figures, cubes))
    now = Release(plain.counts, plain.sums, small_ones(policy, plain.counts), own)
    cost = {name: much for name, count in plain.counts.items() if (much := _cost(name, count)) is not None}
    found = protect(policy, now, cost, [one.exact for one in before if one.stands is None])
    if found.open_ or (before and _lost(found, before[-1].exact) > policy.lost):
        return _earlier(figures, before, found)
    kept = Release(now.counts, now.sums, found.small, found.others)
    hidden = kept.small | kept.others
    tables = [_table(figures, cube, hidden, policy) for cube in cubes]
    return Told(figures.population, tables, _proof(found, now, policy), kept)


def _lost(found: Protected, before: Release) -> float:
    """The share of what was shown before that would be hidden now, without what is small now."""
    shown = [i for i in before.counts if i not in before.small and i not in before.others]
    return sum(i in found.others for i in shown) / max(1, len(shown))


def _earlier(figures: Figures, before: Sequence[Told], found: Protected) -> Told:
    proof = {"audit": "stands" if before else "withheld", "open": len(found.open_)}
    if not before:
        return Told(figures.population, [], proof, Release({}, []), "withheld")
    last = before[-1]
    return Told(figures.population, last.tables, proof, last.exact, "earlier")


def _table(figures: Figures, cube: Cube, hidden: frozenset[Id], policy: Policy) -> dict[str, Any]:
    """One table as it is told: every combination that is not zero, and every hidden one."""
    named = ((key, identity(figures, cube, key)) for key in cube.keys())  # noqa: SIM118 - a method
    rows = [_row(figures, cube, key, hidden, policy) for key, name in named if name in hidden or cube.at(key).all]
    return {
        "figure": cube.figure,
        "definition": cube.version,
        "dimensions": [{"code": str(o.code), "values": [*o.values], "under": dict(o.under)} for o in cube.dimensions],
        "estimates": [*cube.estimates],
        "cells": rows,
    }


def _row(figures: Figures, cube: Cube, key: Key, hidden: frozenset[Id], policy: Policy) -> list[Any]:
    cell = cube.at(key)
    if identity(figures, cube, key) in hidden:
        return [*map(str, key), None, {}]
    return [*map(str, key), policy.rounded(cell.all), _estimates(figures, cube, key, hidden, policy)]


def _estimates(figures: Figures, cube: Cube, key: Key, hidden: frozenset[Id], policy: Policy) -> dict[str, Any]:
    """Those that many cases stand behind, and that lead back to no hidden count; whole days, whole per cent."""
    cell = cube.at(key)
    shown: dict[str, Any] = {}
    for name, value in cell.estimates.items():
        needed = [(*key[:-1], str(ending)) for ending in figures.rests_on(name)]
        safe = not any(identity(figures, cube, one) in hidden for one in needed)
        if safe and cell.all >= policy.estimates_from and min(cube.at(needed[0]).all, cell.all) >= policy.threshold:
            shown[name] = None if value is None else round(value) if value > 1 else round(value, 2)
    return shown


def _proof(found: Protected, now: Release, policy: Policy) -> dict[str, Any]:
    """That it holds, without the numbers: for each hidden count only how many values it might have, at the least."""
    hidden = sorted(map(str, found.small | found.others))
    widths = {name: min(found.possible(name), policy.threshold) for name in hidden}
    return {
        "audit": "passed",
        "counts": len(now.counts),
        "sums": len(now.sums),
        "hidden": len(hidden),
        "primary": len(now.small | now.others),
        "secondary": len(hidden) - len(now.small | now.others),
        "fewest_values": min(widths.values(), default=None),
        "moves": len(found.moves),
        "possible_values": widths,
    }


# --- a release ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """A release as texts, the same bytes whenever it is made of the same."""

    known_at: datetime
    content: str
    proof: str
    exact: str

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content.encode()).hexdigest()


def make(  # each decides what comes of it, but the report
    tx: Connection,
    keys: Keys,
    known_at: datetime,
    now: datetime,
    policy: Policy,
    earlier: Sequence[Made],
    report: Report = lambda _done, _all: None,
) -> Made:
    """The release of everything on the list as it was known then. `earlier`: the others, the oldest first."""
    day, districts = oslo_date(known_at), cases.police_districts(tx)
    counted, known = material(tx, keys, known_at, now), known_values(tx)
    before = [_told(one) for one in earlier]
    told = []
    for place, figures in enumerate(LIST):
        report(place, len(LIST))
        past = [one[figures.population] for one in before if figures.population in one]
        usable = [one for one in past if one.stands != "withheld"]
        cubes = list(figures.released(counted, day, known))
        told.append(figures_of(figures, cubes, policy, districts, usable))
    report(len(LIST), len(LIST))
    return _made(known_at, day, policy, told)


def _made(known_at: datetime, day: date, policy: Policy, told: Iterable[Told]) -> Made:
    known_at = known_at.astimezone(UTC)  # one instant is one text, whoever names it
    head = {"known_at": known_at.isoformat(), "day": str(day), "code": ungdom.__version__, "policy": asdict(policy)}
    parts = list(told)
    content = {**head, "figures": [{"of": o.population, "stands": o.stands, "tables": o.tables} for o in parts]}
    proof = {**head, "solver": solver_version(), "figures": {o.population: o.proof for o in parts}}
    exact = {
        o.population: {
            "counts": o.exact.counts,
            "sums": o.exact.sums,
            "small": sorted(map(str, o.exact.small)),
            "others": sorted(map(str, o.exact.others)),
        }
        for o in parts
    }
    text = dump(content)
    return Made(known_at, text, dump({**proof, "content": sha256(text.encode()).hexdigest()}), dump(exact))


def dump(value: Any) -> str:
    """JSON, one way only."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _told(one: Made) -> dict[str, Told]:
    content, proof, exact = json.loads(one.content), json.loads(one.proof), json.loads(one.exact)
    found = {}
    for part in content["figures"]:
        of = part["of"]
        kept = exact[of]
        sums = [(whole, tuple(parts)) for whole, parts in kept["sums"]]
        release = Release(kept["counts"], sums, frozenset(kept["small"]), frozenset(kept["others"]))
        found[of] = Told(of, part["tables"], proof["figures"][of], release, part["stands"])
    return found


# --- verifying ---------------------------------------------------------------------------------------------


def faults(one: Made, digest: str) -> list[str]:
    """What is wrong with a kept release: its content, or its proof. Empty: nothing."""
    content, proof = json.loads(one.content), json.loads(one.proof)
    found = [] if one.digest == digest == proof.get("content") else ["content is not what was released"]
    policy = Policy(**content["policy"])
    for part, told in zip(content["figures"], _told(one).values(), strict=True):
        found += _faults(part, told, policy)
    return found


def _faults(part: Mapping[str, Any], told: Told, policy: Policy) -> Iterator[str]:
    of = part["of"]
    if part["stands"] is not None:
        return
    hidden = told.exact.small | told.exact.others
    free = dict.fromkeys(hidden, 0.0)
    again = protect(policy, told.exact, free)
    if again.open_ or small_ones(policy, told.exact.counts) - hidden:
        yield f"{of}: a hidden count can be worked out"
    if set(told.proof.get("possible_values", ())) != set(map(str, hidden)):
        yield f"{of}: the proof is of other counts"
    if told.proof.get("audit") != "passed" or told.proof.get("hidden") != len(hidden):
        yield f"{of}: the proof does not say what was found"
    if not _as_counted(part, told, hidden, policy):
        yield f"{of}: a number shown is not the one that was counted"


def _as_counted(part: Mapping[str, Any], told: Told, hidden: frozenset[Id], policy: Policy) -> bool:
    """Whether what is shown is what was counted, and nothing hidden is shown."""
    shown = {i: policy.rounded(count) for i, count in told.exact.counts.items() if i not in hidden}
    rows = ((_id(part["of"], table, row), row[-2]) for table in part["tables"] for row in table["cells"])
    return all(count is None or shown.get(name) == count for name, count in rows)


def _id(of: str, table: Mapping[str, Any], row: Sequence[Any]) -> str:
    cube = cube_of(table)
    return str(identity(next(one for one in LIST if one.population == of), cube, tuple(row[: len(cube.dimensions)])))


def cube_of(table: Mapping[str, Any]) -> Cube:
    """A released table as a cube: a hidden count has no number, and nothing tells why it is hidden."""
    dimensions = tuple(Dimension(o["code"], tuple(o["values"]), o["under"]) for o in table["dimensions"])
    size, cells = len(dimensions), {}
    for row in table["cells"]:
        cells[tuple(row[:size])] = _cell_of(row[size], row[size + 1], row[size - 1], table["estimates"])
    return Cube(table["figure"], table["definition"], dimensions, (CASES,), tuple(table["estimates"]), cells)


def _cell_of(count: int | None, estimates: Mapping[str, Any], ending: str, names: Sequence[str]) -> Cell:
    """Estimates stand at the total of the endings; one that is not there was kept back."""
    if count is None:
        return Cell(status=CellStatus.PRIMARY)
    withheld = frozenset(names) - set(estimates) if ending == TOTAL else frozenset()
    return Cell({CASES: count}, estimates, withheld=withheld)
