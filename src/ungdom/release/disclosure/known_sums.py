"""Sums of suppressed counts that no alternative changes: small sums that somebody could compute exactly. Pure.

A set of suppressed counts, each from 0 to one below the threshold, is known by its sum if every set of numbers that is
consistent with the published ones gives the same. No set is tried out. The alternatives that were found already change
most sums: what they leave unchanged is the kernel of a matrix, which integer arithmetic reduces to few counts (usually
none), and HiGHS looks for a small sum in the rest. If there is none, none is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.release.disclosure.alternatives import Alternative, new_model
from ungdom.release.disclosure.constraint_system import ConstraintSystem

if TYPE_CHECKING:
    import highspy
    import numpy as np
    from numpy.typing import NDArray
else:
    highspy = lazy("highspy")
    np = lazy("numpy")

PRIME = 2**31 - 1
"""Rows are reduced modulo this number: a rank found so is at most the true one, so that no sum is overlooked."""
MAX_NODES = 20_000
"""Of one search: beyond it the counts are unsettled, and no release is made of them."""
SumMembers = Mapping[int, int]
"""By unknown: how often it is in a sum; more than once where several suppressed counts are known to be equal."""
Row = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class UnchangedSums:
    """`found`: small sums that no alternative changes, no count in two of them.

    `unsettled`: counts of which the search did not find out, within its limits, whether they are in such a sum.
    """

    found: list[SumMembers]
    unsettled: frozenset[int]


def small_counts(system: ConstraintSystem) -> dict[int, int]:
    """The suppressed counts below the threshold whose sums must not be known, and the number of cells that each is."""
    return {
        n: len(unknown.cells)
        for n, unknown in enumerate(system.unknowns)
        if system.root(n) == n
        and unknown.is_count
        and unknown.hidden
        and not unknown.published
        and unknown.intervals
        and unknown.value < system.threshold
    }


def unchanged_sums(system: ConstraintSystem, alternatives: Iterable[Alternative]) -> UnchangedSums:
    """The small sums of suppressed counts that none of these alternatives changes. None: no small sum is known."""
    copies = small_counts(system)
    rows = {tuple(sorted((n, step) for n, step in item.items() if n in copies)) for item in alternatives}
    live, rows = _without_single_counts({*copies}, rows)
    live, rows = _without_single_counts(live, _reduced(live, rows)[1])
    results: list[SumMembers] = []
    unsettled: set[int] = set()
    for members, own in _components(live, rows):
        if any(system.unknowns[n].value for n in members):
            sums, settled = _small_sums(system, members, own, copies)
            results += sums
            unsettled |= set() if settled else {n for n in members if system.unknowns[n].value}
    return UnchangedSums(results, frozenset(unsettled))


def _without_single_counts(live: set[int], rows: Iterable[Row]) -> tuple[set[int], set[Row]]:
    """The counts without those that are the only one of these that an alternative changes, again and again."""
    live, current = set(live), {row for row in rows if row}
    while single := {row[0][0] for row in current if len(row) == 1}:
        live -= single
        current = {tuple(term for term in row if term[0] in live) for row in current} - {()}
    return live, current


def _reduced(live: set[int], rows: set[Row]) -> tuple[list[int], set[Row]]:
    """The rows, and those rows of their reduced form that have one count only: it is in no unchanged sum."""
    columns = sorted({n for row in rows for n, _ in row} & live)
    place = {n: k for k, n in enumerate(columns)}
    matrix = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for k, row in enumerate(sorted(rows)):
        for n, step in row:
            matrix[k, place[n]] = step % PRIME
    reduced = _row_echelon(matrix)
    alone = [int(np.flatnonzero(row)[0]) for row in reduced if np.count_nonzero(row) == 1]
    return columns, rows | {((columns[k], 1),) for k in alone}


def _row_echelon(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """The reduced row echelon form modulo the prime."""
    done = 0
    for column in range(matrix.shape[1]):
        pivots = np.flatnonzero(matrix[done:, column])
        if not len(pivots):
            continue
        pivot = done + int(pivots[0])
        matrix[[done, pivot]] = matrix[[pivot, done]]
        matrix[done] = matrix[done] * pow(int(matrix[done, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(matrix[:, column])
        others = others[others != done]
        matrix[others] = (matrix[others] - matrix[others, column][:, None] * matrix[done]) % PRIME
        done += 1
        if done == matrix.shape[0]:
            break
    return matrix[:done]


def _components(live: set[int], rows: set[Row]) -> Iterator[tuple[list[int], list[Row]]]:
    """The counts that are in rows together, directly or not, and these rows."""
    group = {n: n for n in live}

    def root(n: int) -> int:
        while group[n] != n:
            group[n] = group[group[n]]
            n = group[n]
        return n

    for row in sorted(rows):
        for n, _ in row:
            group[root(n)] = root(row[0][0])
    members: dict[int, list[int]] = defaultdict(list)
    for n in sorted(live):
        members[root(n)].append(n)
    own: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(rows):
        own[root(row[0][0])].append(row)
    for first, counts in members.items():
        yield counts, own[first]


def _small_sums(
    system: ConstraintSystem, members: Sequence[int], rows: Sequence[Row], copies: Mapping[int, int]
) -> tuple[list[SumMembers], bool]:
    """Small sums that these rows leave unchanged, no count in two of them; and whether these are all such families."""
    model, place = new_model(), {n: k for k, n in enumerate(members)}
    model.setOptionValue("mip_max_nodes", MAX_NODES)
    small = system.threshold - 1
    size, none = len(members), np.empty(0, dtype=np.int32)
    high = np.array([float(min(copies[n], small)) for n in members])
    model.addCols(size, np.ones(size), np.zeros(size), high, 0, none, none, np.empty(0))
    model.changeColsIntegrality(
        size, np.arange(size, dtype=np.int32), np.full(size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
    )
    values = np.array([float(system.unknowns[n].value) for n in members])
    model.addRow(1.0, float(small), size, np.arange(size, dtype=np.int32), values)
    for row in rows:
        places = np.array([place[n] for n, _ in row], dtype=np.int32)
        model.addRow(0.0, 0.0, len(row), places, np.array([float(step) for _, step in row]))
    results: list[SumMembers] = []
    while True:
        model.run()
        status = model.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return results, True
        solution = np.rint(np.array(model.getSolution().col_value))
        if status != highspy.HighsModelStatus.kOptimal or len(solution) != size:
            return results, False
        chosen = {members[int(k)]: int(solution[k]) for k in np.flatnonzero(solution)}
        results.append(chosen)
        for n in chosen:
            model.changeColBounds(place[n], 0.0, 0.0)
