"""Builds a release from cubes: suppresses counts across all tables of a figure and in relation to earlier releases.

A figure whose new numbers cannot be published safely beside the earlier ones keeps its earlier tables. Where there are
none, it is withheld.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import ungdom
from ungdom.analytics import case_reader
from ungdom.analytics.case_cache import CaseSelection
from ungdom.analytics.cubes import TOTAL, CellStatus, Cube, CubeCell, Dimension, Key
from ungdom.analytics.dimensions import StatisticDimension, Subject
from ungdom.analytics.queries.recidivism import person_histories, with_sex
from ungdom.analytics.queries.statistics import values_of
from ungdom.analytics.recidivism.spells import recidivism_spells
from ungdom.release.disclosure import (
    Id,
    Policy,
    ProtectionResult,
    Release,
    below_threshold,
    dominated_totals,
    protect,
)
from ungdom.release.disclosure.alternatives import solver_version
from ungdom.release.plan import CASES, RELEASE_PLAN, FigureGroup, ReleaseInput
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date

D = StatisticDimension
STRUCTURAL_ZERO_DIMENSIONS = frozenset({D.REGIME})
"""Dimensions with combinations known to be empty, such as a regime and a year. Their zeros protect no other count."""

Districts = Mapping[str, str]
Report = Callable[[int, int], object]
"""Called with the number of figures released and the total number."""


@dataclass(frozen=True, slots=True)
class ReleasedFigures:
    """The released figures of one row of the plan. `exact`: exact values stored for later releases."""

    population: str
    tables: list[dict[str, Any]]
    proof: dict[str, Any]
    exact: Release
    status: str | None = None


# --- identity ----------------------------------------------------------------------------------------------


def identity(group: FigureGroup, cube: Cube, key: Key) -> Id:
    """Identifies the same people in every table: figure, version, and the values that are not totals."""
    values = sorted(zip((dimension.code for dimension in cube.dimensions), key, strict=True))
    parts = [f"{code}={value}" for code, value in values if value != TOTAL]
    whole = key[-1] == TOTAL
    return "|".join([group.population if whole else cube.figure, str(cube.version), *map(str, parts)])


def linked_counts(group: FigureGroup, cubes: Sequence[Cube], districts: Districts) -> Release:
    """Every count of these tables once, and every sum among them; police districts are sums of konfliktråd."""
    counts: dict[Id, int] = {}
    sums: dict[tuple[Id, tuple[Id, ...]], None] = {}
    for cube in cubes:
        names = {key: identity(group, cube, key) for key in cube.keys()}  # noqa: SIM118 - a method
        counts |= {name: cube.at(key).total for key, name in names.items()}
        sums |= {(names[whole], tuple(names[part] for part in parts)): None for whole, parts in cube.sums() if parts}
    sums |= dict.fromkeys(_district_sums(counts, districts))
    return Release(counts, list(sums))


def _district_sums(counts: Mapping[Id, int], districts: Districts) -> Iterator[tuple[Id, tuple[Id, ...]]]:
    """Each district with its konfliktråd, the other values being equal."""
    offices: dict[str, list[str]] = {}
    for office, district in districts.items():
        offices.setdefault(district, []).append(office)
    for name in counts:
        parts = str(name).split("|")
        for place, part in enumerate(parts):
            code, _, value = part.partition("=")
            if code == D.POLICE_DISTRICT and value in offices:
                own = tuple(_with_part(parts, place, f"{D.KONFLIKTRAD}={office}") for office in sorted(offices[value]))
                if all(member in counts for member in own):
                    yield name, own


def _with_part(parts: list[str], place: int, value: str) -> str:
    changed = [*parts[:place], value, *parts[place + 1 :]]
    return "|".join([*changed[:2], *sorted(changed[2:])])


def _office_sums(group: FigureGroup, cubes: Sequence[Cube]) -> Iterator[tuple[Id, tuple[Id, ...]]]:
    """The totals over konfliktråd, and their parts: each office knows its own."""
    for cube in cubes:
        place = next((n for n, dimension in enumerate(cube.dimensions) if dimension.code == D.KONFLIKTRAD), None)
        if place is None:
            continue
        for whole, parts in cube.sums():
            if whole[place] == TOTAL and parts and parts[0][place] != TOTAL:
                yield identity(group, cube, whole), tuple(identity(group, cube, part) for part in parts)


def _suppression_cost(name: Id, count: int) -> float | None:
    """Suppression cost of a count: higher for higher levels of the tables. None: it is never suppressed."""
    values = str(name).split("|")[2:]
    if not values or (count == 0 and any(value.partition("=")[0] in STRUCTURAL_ZERO_DIMENSIONS for value in values)):
        return None
    return (1 + math.log2(count or 1)) * 3.0 ** (3 - len(values))


# --- building ----------------------------------------------------------------------------------------------


def read_release_input(
    tx: Connection, keys: EncryptionKeys, known_at: datetime, now: datetime, districts: Districts
) -> ReleaseInput:
    """Every case and every recidivism spell, as known at that instant."""
    selection, day = CaseSelection(known_at=known_at, at_most=None), oslo_date(known_at)
    subjects = [Subject(case.facts, case.sex) for case in case_reader.read(tx, selection, now, keys, districts)]
    return ReleaseInput(
        subjects, list(with_sex(tx, keys, recidivism_spells(person_histories(tx, selection, day, districts), day)))
    )


def release_figures(
    group: FigureGroup, cubes: Sequence[Cube], policy: Policy, districts: Districts, earlier: Sequence[ReleasedFigures]
) -> ReleasedFigures:
    """The protected tables of one row of the plan. `earlier`: its tables in earlier releases, the oldest first."""
    plain = linked_counts(group, cubes, districts)
    dominated = dominated_totals(policy, plain.counts, _office_sums(group, cubes))
    now = Release(plain.counts, plain.sums, below_threshold(policy, plain.counts), dominated)
    cost = {
        name: weight for name, count in plain.counts.items() if (weight := _suppression_cost(name, count)) is not None
    }
    result = protect(policy, now, cost, [past.exact for past in earlier if past.status is None])
    if result.unprotected or (earlier and _newly_hidden_share(result, earlier[-1].exact) > policy.lost):
        return _carried_over(group, earlier, result)
    published = Release(now.counts, now.sums, result.hidden_below, result.hidden_above)
    hidden = published.hidden_below | published.hidden_above
    tables = [_released_table(group, cube, hidden, policy) for cube in cubes]
    return ReleasedFigures(group.population, tables, _proof(result, now, policy), published)


def _newly_hidden_share(result: ProtectionResult, earlier: Release) -> float:
    """The share of counts shown before that would be suppressed now, excluding counts that are small now."""
    shown = [i for i in earlier.counts if i not in earlier.hidden_below and i not in earlier.hidden_above]
    return sum(i in result.hidden_above for i in shown) / max(1, len(shown))


def _carried_over(group: FigureGroup, earlier: Sequence[ReleasedFigures], result: ProtectionResult) -> ReleasedFigures:
    proof = {"audit": "stands" if earlier else "withheld", "open": len(result.unprotected)}
    if not earlier:
        return ReleasedFigures(group.population, [], proof, Release({}, []), "withheld")
    last = earlier[-1]
    return ReleasedFigures(group.population, last.tables, proof, last.exact, "earlier")


def _released_table(group: FigureGroup, cube: Cube, hidden: frozenset[Id], policy: Policy) -> dict[str, Any]:
    """One table as released: every nonzero combination, and every suppressed one."""
    named = ((key, identity(group, cube, key)) for key in cube.keys())  # noqa: SIM118 - a method
    rows = [
        _released_row(group, cube, key, hidden, policy) for key, name in named if name in hidden or cube.at(key).total
    ]
    return {
        "figure": cube.figure,
        "definition": cube.version,
        "dimensions": [{"code": str(o.code), "values": [*o.values], "under": dict(o.parents)} for o in cube.dimensions],
        "estimates": [*cube.estimates],
        "cells": rows,
    }


def _released_row(group: FigureGroup, cube: Cube, key: Key, hidden: frozenset[Id], policy: Policy) -> list[Any]:
    cell = cube.at(key)
    if identity(group, cube, key) in hidden:
        return [*map(str, key), None, {}]
    return [*map(str, key), policy.rounded(cell.total), _released_estimates(group, cube, key, hidden, policy)]


def _released_estimates(
    group: FigureGroup, cube: Cube, key: Key, hidden: frozenset[Id], policy: Policy
) -> dict[str, Any]:
    """Estimates over enough cases from which no suppressed count can be derived; whole days, whole per cent."""
    cell = cube.at(key)
    shown: dict[str, Any] = {}
    for name, value in cell.estimates.items():
        needed = [(*key[:-1], str(ending)) for ending in group.derived_from(name)]
        safe = not any(identity(group, cube, source) in hidden for source in needed)
        if (
            safe
            and cell.total >= policy.estimates_from
            and min(cube.at(needed[0]).total, cell.total) >= policy.threshold
        ):
            shown[name] = None if value is None else round(value) if value > 1 else round(value, 2)
    return shown


def _proof(result: ProtectionResult, now: Release, policy: Policy) -> dict[str, Any]:
    """Proof of protection without the numbers.

    For each suppressed count it has only the minimum number of its feasible values.
    """
    hidden = sorted(map(str, result.hidden_below | result.hidden_above))
    widths = {name: min(result.feasible_count(name), policy.threshold) for name in hidden}
    return {
        "audit": "passed",
        "counts": len(now.counts),
        "sums": len(now.sums),
        "hidden": len(hidden),
        "primary": len(now.hidden_below | now.hidden_above),
        "secondary": len(hidden) - len(now.hidden_below | now.hidden_above),
        "fewest_values": min(widths.values(), default=None),
        "moves": len(result.alternatives),
        "possible_values": widths,
    }


# --- a release ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReleaseDocument:
    """A release as texts; the same input gives the same bytes."""

    known_at: datetime
    content: str
    proof: str
    exact: str

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content.encode()).hexdigest()


def build_release(  # each argument affects the content, except the report
    tx: Connection,
    keys: EncryptionKeys,
    known_at: datetime,
    now: datetime,
    policy: Policy,
    earlier: Sequence[ReleaseDocument],
    report: Report = lambda _done, _all: None,
) -> ReleaseDocument:
    """The release of every row of the plan as known then. `earlier`: the earlier releases, the oldest first."""
    day, districts = oslo_date(known_at), case_reader.police_districts(tx)
    release_input, known = read_release_input(tx, keys, known_at, now, districts), values_of(districts)
    before = [_parse_document(item) for item in earlier]
    released = []
    for place, group in enumerate(RELEASE_PLAN):
        report(place, len(RELEASE_PLAN))
        past = [item[group.population] for item in before if group.population in item]
        usable = [item for item in past if item.status != "withheld"]
        cubes = list(group.released_cubes(release_input, day, known))
        released.append(release_figures(group, cubes, policy, districts, usable))
    report(len(RELEASE_PLAN), len(RELEASE_PLAN))
    return _document(known_at, day, policy, released)


def _document(known_at: datetime, day: date, policy: Policy, released: Iterable[ReleasedFigures]) -> ReleaseDocument:
    known_at = known_at.astimezone(UTC)  # equal instants must serialise identically
    head = {"known_at": known_at.isoformat(), "day": str(day), "code": ungdom.__version__, "policy": asdict(policy)}
    parts = list(released)
    content = {**head, "figures": [{"of": o.population, "stands": o.status, "tables": o.tables} for o in parts]}
    proof = {**head, "solver": solver_version(), "figures": {o.population: o.proof for o in parts}}
    exact = {
        o.population: {
            "counts": o.exact.counts,
            "sums": o.exact.sums,
            "small": sorted(map(str, o.exact.hidden_below)),
            "others": sorted(map(str, o.exact.hidden_above)),
        }
        for o in parts
    }
    text = dump(content)
    return ReleaseDocument(known_at, text, dump({**proof, "content": sha256(text.encode()).hexdigest()}), dump(exact))


def dump(value: Any) -> str:
    """Canonical JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _parse_document(document: ReleaseDocument) -> dict[str, ReleasedFigures]:
    content, proof, exact = json.loads(document.content), json.loads(document.proof), json.loads(document.exact)
    figures = {}
    for part in content["figures"]:
        of = part["of"]
        stored = exact[of]
        sums = [(whole, tuple(parts)) for whole, parts in stored["sums"]]
        release = Release(stored["counts"], sums, frozenset(stored["small"]), frozenset(stored["others"]))
        figures[of] = ReleasedFigures(of, part["tables"], proof["figures"][of], release, part["stands"])
    return figures


# --- verifying ---------------------------------------------------------------------------------------------


def faults(document: ReleaseDocument, digest: str) -> list[str]:
    """Faults of a stored release, in its content or its proof. Empty: none."""
    content, proof = json.loads(document.content), json.loads(document.proof)
    problems = [] if document.digest == digest == proof.get("content") else ["content is not what was released"]
    policy = Policy(**content["policy"])
    for part, figures in zip(content["figures"], _parse_document(document).values(), strict=True):
        problems += _figure_faults(part, figures, policy)
    return problems


def _figure_faults(part: Mapping[str, Any], figures: ReleasedFigures, policy: Policy) -> Iterator[str]:
    of = part["of"]
    if part["stands"] is not None:
        return
    hidden = figures.exact.hidden_below | figures.exact.hidden_above
    free = dict.fromkeys(hidden, 0.0)
    result = protect(policy, figures.exact, free)
    if result.unprotected or below_threshold(policy, figures.exact.counts) - hidden:
        yield f"{of}: a hidden count can be worked out"
    if set(figures.proof.get("possible_values", ())) != set(map(str, hidden)):
        yield f"{of}: the proof is of other counts"
    if figures.proof.get("audit") != "passed" or figures.proof.get("hidden") != len(hidden):
        yield f"{of}: the proof does not say what was found"
    if not _matches_counts(part, figures, hidden, policy):
        yield f"{of}: a number shown is not the one that was counted"


def _matches_counts(part: Mapping[str, Any], figures: ReleasedFigures, hidden: frozenset[Id], policy: Policy) -> bool:
    """Whether the values shown equal those counted, and no suppressed value is shown."""
    shown = {i: policy.rounded(count) for i, count in figures.exact.counts.items() if i not in hidden}
    rows = ((_row_identity(part["of"], table, row), row[-2]) for table in part["tables"] for row in table["cells"])
    return all(count is None or shown.get(name) == count for name, count in rows)


def _row_identity(of: str, table: Mapping[str, Any], row: Sequence[Any]) -> str:
    cube = cube_of(table)
    return str(
        identity(
            next(group for group in RELEASE_PLAN if group.population == of), cube, tuple(row[: len(cube.dimensions)])
        )
    )


def cube_of(table: Mapping[str, Any]) -> Cube:
    """A released table as a cube: a suppressed count has no number, and the reason for suppression is not disclosed."""
    dimensions = tuple(Dimension(o["code"], tuple(o["values"]), o["under"]) for o in table["dimensions"])
    size, cells = len(dimensions), {}
    for row in table["cells"]:
        cells[tuple(row[:size])] = _cell_of(row[size], row[size + 1], row[size - 1], table["estimates"])
    return Cube(table["figure"], table["definition"], dimensions, (CASES,), tuple(table["estimates"]), cells)


def _cell_of(count: int | None, estimates: Mapping[str, Any], ending: str, names: Sequence[str]) -> CubeCell:
    """Estimates belong to the total of the endings; one that is absent was withheld."""
    if count is None:
        return CubeCell(status=CellStatus.PRIMARY)
    withheld = frozenset(names) - set(estimates) if ending == TOTAL else frozenset()
    return CubeCell({CASES: count}, estimates, withheld=withheld)
