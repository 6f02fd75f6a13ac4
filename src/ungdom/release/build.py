"""Builds a release from cubes: suppresses counts across all its tables and in relation to earlier releases.

All figures of a release are one system. A table whose new numbers cannot be published safely beside the others and the
earlier ones stands as in an earlier release; where there is none, it is withheld.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import ungdom
from ungdom.analytics import case_cache, case_reader
from ungdom.analytics.case_cache import CaseSelection
from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.dimensions import StatisticDimension, Subject
from ungdom.analytics.indicators import cohorts
from ungdom.analytics.queries.recidivism import person_histories, with_sex
from ungdom.analytics.queries.statistics import values_of
from ungdom.analytics.recidivism.spells import recidivism_spells
from ungdom.release.cells import identity, released_table_of
from ungdom.release.coarsening import NamedTables, coarser_tables, core_counts
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
from ungdom.release.plan import RELEASE_PLAN, SINCE, YEARS_TOGETHER, ReleaseInput, codes_of
from ungdom.release.relations import impossible_counts, related
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.calendar import oslo_date

D = StatisticDimension
STRUCTURAL_ZERO_DIMENSIONS = frozenset({D.REGIME})
"""Dimensions with combinations known to be empty, such as a regime and a year. Their zeros protect no other count."""

NAMESPACE = UUID("5d2c1f0e-6f7b-5a39-9d0c-3c1f4c2b7a10")
"""Namespace of the ids of releases, which are derived from their content."""
Districts = Mapping[str, str]
Report = Callable[[int, int], object]
"""Called with the number of figures released and the total number."""

TableKind = tuple[str, int, tuple[str, ...]]
"""Figure, version of its definition, and dimensions of a table."""


# --- identity ----------------------------------------------------------------------------------------------


def linked_counts(tables: NamedTables, districts: Districts) -> Release:
    """Every count of these tables once, and all that is known to hold among them.

    Sums within a table, police districts as sums of konfliktråd, and what follows from the definitions.
    """
    counts: dict[Id, int] = {}
    sums: dict[tuple[Id, tuple[Id, ...]], None] = {}
    for group, cube in tables:
        names = {key: identity(group, cube, key) for key in cube.keys()}  # noqa: SIM118 - a method
        counts |= {name: cube.at(key).total for key, name in names.items()}
        sums |= {(names[whole], tuple(names[part] for part in parts)): None for whole, parts in cube.sums() if parts}
    sums |= dict.fromkeys(_district_sums(counts, districts))
    equal, at_most = related(list({id(group): group for group, _ in tables}.values()), counts)
    return Release(counts, [*sums, *(item for item in equal if item not in sums)], at_most=at_most)


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


def _office_sums(tables: NamedTables) -> Iterator[tuple[Id, tuple[Id, ...]]]:
    """The totals over konfliktråd, and their parts: each office knows its own."""
    for group, cube in tables:
        place = next((n for n, dimension in enumerate(cube.dimensions) if dimension.code == D.KONFLIKTRAD), None)
        if place is None:
            continue
        for whole, parts in cube.sums():
            if whole[place] == TOTAL and parts and parts[0][place] != TOTAL:
                yield identity(group, cube, whole), tuple(identity(group, cube, part) for part in parts)


def _suppression_costs(counts: Mapping[Id, int], never: frozenset[Id]) -> dict[Id, float]:
    """Suppression cost of each count: higher for higher levels of the tables. Without one it is never suppressed."""
    costs = {}
    for name, count in counts.items():
        values = str(name).split("|")[2:]
        structural = any(value.partition("=")[0] in STRUCTURAL_ZERO_DIMENSIONS for value in values)
        if values and name not in never and not (count == 0 and structural):
            costs[name] = (1 + math.log2(count or 1)) * 3.0 ** (3 - len(values))
    return costs


# --- building ----------------------------------------------------------------------------------------------


def read_release_input(
    tx: Connection, keys: EncryptionKeys, known_at: datetime, now: datetime, districts: Districts
) -> ReleaseInput:
    """Every case, every recidivism spell and every contribution to an indicator, as known at that instant."""
    selection, day = CaseSelection(known_at=known_at, at_most=None), oslo_date(known_at)
    subjects = [Subject(case.facts, case.sex) for case in case_reader.read(tx, selection, now, keys, districts)]
    spells = list(with_sex(tx, keys, recidivism_spells(person_histories(tx, selection, day, districts), day)))
    summaries = case_cache.read(tx, CaseSelection(known_at=known_at))
    indicators = cohorts.collect(summaries, day, SINCE, values_of(districts), YEARS_TOGETHER)
    return ReleaseInput(subjects, spells, indicators)


@dataclass(frozen=True, slots=True)
class ProtectedTables:
    """The tables that can be released, and what is suppressed in them. `left_out`: those that cannot be protected."""

    tables: NamedTables
    release: Release
    result: ProtectionResult
    left_out: NamedTables


def protect_tables(
    tables: NamedTables, policy: Policy, districts: Districts, earlier: Sequence[Release], day: date
) -> ProtectedTables:
    """Protect the tables as one system.

    Where no suppression protects a count, the tables that have it are made coarser, and in the end left out.
    """
    left_out: NamedTables = []
    while True:
        plain = linked_counts(tables, districts)
        dominated = dominated_totals(policy, plain.counts, _office_sums(tables))
        now = replace(plain, hidden_below=below_threshold(policy, plain.counts), hidden_above=dominated)
        never = (core_counts(tables, policy) - dominated) | impossible_counts(plain.counts, day)
        result = protect(policy, now, _suppression_costs(plain.counts, never), earlier)
        result.dominated = dominated
        if not result.unprotected:
            published = replace(now, hidden_below=result.hidden_below, hidden_above=result.hidden_above)
            return ProtectedTables(tables, published, result, left_out)
        tables, out = coarser_tables(tables, result, policy)
        left_out += out


def _figure_proof(
    of: str, protected: ProtectedTables, status: str | None, left_out: int, policy: Policy
) -> dict[str, Any]:
    """Proof of the counts of one row of the plan, without the numbers. `status`: why it has no table of its own.

    For each suppressed count it has only the minimum number of its feasible values.
    """
    release, result, codes = protected.release, protected.result, codes_of(of)
    counts = {i: count for i, count in release.counts.items() if str(i).partition("|")[0] in codes}
    hidden = sorted(str(i) for i in release.hidden if i in counts)
    widths = {name: min(result.feasible_count(name), policy.threshold) for name in hidden}
    primary = sum(0 < count < policy.threshold for count in counts.values())
    dominated = sum(name in release.hidden_above and name in result.dominated for name in hidden)
    return {
        "audit": {None: "passed", "earlier": "stands"}.get(status, status),
        "counts": len(counts),
        "nonzero": sum(count > 0 for count in counts.values()),
        "hidden": len(hidden),
        "primary": primary + dominated,
        "secondary": len(hidden) - primary - dominated,
        "fewest_values": min(widths.values(), default=None),
        "left_out": left_out,
        "possible_values": widths,
    }


def _system_proof(protected: ProtectedTables, policy: Policy) -> dict[str, Any]:
    """Proof of all counts together."""
    release, core = protected.release, core_counts(protected.tables, policy)
    nonzero = [i for i, count in release.counts.items() if count]
    return {
        "counts": len(release.counts),
        "sums": len(release.sums),
        "at_most": len(release.at_most),
        "hidden": len(release.hidden),
        "nonzero": len(nonzero),
        "nonzero_hidden": sum(i in release.hidden for i in nonzero),
        "core": len(core),
        "core_hidden": len(core & release.hidden),
        "left_out": len(protected.left_out),
        "known_small_sums": protected.result.known_small_sums,
        "moves": len(protected.result.alternatives),
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

    @property
    def release_id(self) -> UUID:
        """The id of a release is derived from its content."""
        return uuid5(NAMESPACE, self.digest)


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
    tables: NamedTables = []
    for place, group in enumerate(RELEASE_PLAN):
        report(place, len(RELEASE_PLAN) + 1)
        cubes = group.released_cubes(release_input, day, known, policy.threshold, policy.small_share)
        tables += [(group, cube) for cube in cubes]
    report(len(RELEASE_PLAN), len(RELEASE_PLAN) + 1)
    protected = protect_tables(tables, policy, districts, [exact_counts(item) for item in earlier], day)
    report(len(RELEASE_PLAN) + 1, len(RELEASE_PLAN) + 1)
    return _document(known_at, day, policy, protected, earlier)


def _document(
    known_at: datetime, day: date, policy: Policy, protected: ProtectedTables, earlier: Sequence[ReleaseDocument]
) -> ReleaseDocument:
    known_at = known_at.astimezone(UTC)  # equal instants must serialise identically
    head = {"known_at": known_at.isoformat(), "day": str(day), "code": ungdom.__version__, "policy": asdict(policy)}
    hidden = protected.release.hidden
    figures, proofs, before = [], {}, _earlier_tables(earlier)
    for group in RELEASE_PLAN:
        own = [released_table_of(group, cube, hidden, policy) for of, cube in protected.tables if of is group]
        out = [cube for of, cube in protected.left_out if of is group]
        kinds = [
            (cube.figure, cube.version, tuple(str(dimension.code) for dimension in cube.dimensions)) for cube in out
        ]
        standing = [before[kind] for kind in kinds if kind in before]
        status = None if own or not out else "earlier" if standing else "withheld"
        figures.append({"of": group.population, "stands": status, "tables": [*own, *standing]})
        proofs[group.population] = _figure_proof(group.population, protected, status, len(out), policy)
    content, exact = {**head, "figures": figures}, dump(_dumped_exact(protected.release))
    proof = {**head, "solver": solver_version(), "system": _system_proof(protected, policy), "figures": proofs}
    text = dump(content)
    return ReleaseDocument(known_at, text, dump({**proof, "content": sha256(text.encode()).hexdigest()}), exact)


def _table_kind(table: Mapping[str, Any]) -> TableKind:
    return table["figure"], table["definition"], tuple(dimension["code"] for dimension in table["dimensions"])


def _earlier_tables(earlier: Sequence[ReleaseDocument]) -> dict[TableKind, dict[str, Any]]:
    """The newest earlier table of each kind, with the release that its numbers are of."""
    newest: dict[TableKind, dict[str, Any]] = {}
    for document in earlier:
        made_in = {"release": str(document.release_id), "known_at": document.known_at.isoformat()}
        for part in json.loads(document.content)["figures"]:
            newest |= {_table_kind(table): {**made_in, **table, "stands": "earlier"} for table in part["tables"]}
    return newest


def _dumped_exact(release: Release) -> dict[str, Any]:
    """The counts, and what holds among them, each count by its place."""
    names = [*release.counts]
    place = {name: n for n, name in enumerate(names)}
    return {
        "names": names,
        "counts": [*release.counts.values()],
        "sums": [[place[whole], [place[part] for part in parts]] for whole, parts in release.sums],
        "at_most": [[[place[name] for name in side] for side in sides] for sides in release.at_most],
        "small": sorted(place[name] for name in release.hidden_below),
        "others": sorted(place[name] for name in release.hidden_above),
    }


def dump(value: Any) -> str:
    """Canonical JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def exact_counts(document: ReleaseDocument) -> Release:
    """The counts of a release, suppressed ones as well, and what is known to hold among them."""
    exact = json.loads(document.exact)
    if "names" not in exact:
        return _exact_by_figure(exact, json.loads(document.content))
    names = exact["names"]
    return Release(
        dict(zip(names, exact["counts"], strict=True)),
        [(names[whole], tuple(names[part] for part in parts)) for whole, parts in exact["sums"]],
        frozenset(names[n] for n in exact["small"]),
        frozenset(names[n] for n in exact["others"]),
        [(tuple(names[n] for n in fewer), tuple(names[n] for n in more)) for fewer, more in exact["at_most"]],
    )


def _exact_by_figure(exact: Mapping[str, Any], content: Mapping[str, Any]) -> Release:
    """The counts of a release that was made before all figures were one system, each figure having its own."""
    own = [exact[part["of"]] for part in content["figures"] if part["stands"] is None]
    return Release(
        {name: count for stored in own for name, count in stored["counts"].items()},
        [(whole, tuple(parts)) for stored in own for whole, parts in stored["sums"]],
        frozenset(name for stored in own for name in stored["small"]),
        frozenset(name for stored in own for name in stored["others"]),
        intervals=False,
    )
