"""T13 on small tables: an attacker who tries every table there could be."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ungdom.release.disclosure import (
    Policy,
    ProtectionResult,
    Release,
    audit,
    below_threshold,
    dominated_totals,
    protect,
)

POLICY = Policy()
ROWS, COLUMNS, MOST = 2, 3, 11
Table = tuple[int, ...]
CELLS = [f"{r}{c}" for r in range(ROWS) for c in range(COLUMNS)]
tables = st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 7]), min_size=6, max_size=6).map(tuple)


def counts_of(atoms: Table) -> dict[str, int]:
    """The atoms, and every total: `0_`, `_1`, `__`."""
    told = dict(zip(CELLS, atoms, strict=True))
    for whole, parts in sums():
        told[whole] = sum(told[part] for part in parts)
    return told


def sums() -> list[tuple[str, tuple[str, ...]]]:
    return [
        *((f"{r}_", tuple(f"{r}{c}" for c in range(COLUMNS))) for r in range(ROWS)),
        *((f"_{c}", tuple(f"{r}{c}" for r in range(ROWS))) for c in range(COLUMNS)),
        ("__", tuple(f"{r}_" for r in range(ROWS))),
        ("__", tuple(f"_{c}" for c in range(COLUMNS))),
    ]


def release(atoms: Table) -> Release:
    counts = counts_of(atoms)
    return Release(counts, sums(), below_threshold(POLICY, counts))


def protected(atoms: Table, *before: Release) -> ProtectionResult:
    now = release(atoms)
    return protect(POLICY, now, {i: 1.0 + count for i, count in now.counts.items()}, before)


GRID = np.array([*product(range(MOST + 1), repeat=6)], dtype=np.int16)
"""Every table of six counts."""


def everything() -> dict[str, np.ndarray]:
    """Every table that an attacker thinks of, by count."""
    told = {name: GRID[:, n] for n, name in enumerate(CELLS)}
    for whole, parts in sums():
        told[whole] = sum(told[part] for part in parts)  # type: ignore[assignment]
    return told


ALL = everything()


def possible(attacker: dict[str, int], small: frozenset[str], others: frozenset[str]) -> dict[str, set[int]]:
    """The values that each hidden count might have for somebody who knows which of them are small."""
    fits = np.ones(len(GRID), dtype=bool)
    for name, values in ALL.items():
        if name in small:
            fits &= values < POLICY.threshold
        elif name in others:
            fits &= values >= POLICY.threshold
        else:
            fits &= values == attacker[name]
    return {name: set(np.unique(ALL[name][fits]).tolist()) for name in small | others}


def left_to(attacker: dict[str, int], small: frozenset[str], others: frozenset[str]) -> dict[str, int]:
    """How many values each hidden count might have."""
    return {name: len(values) for name, values in possible(attacker, small, others).items()}


def known_sums(attacker: dict[str, int], small: frozenset[str], others: frozenset[str]) -> list[tuple[str, ...]]:
    """Every set of hidden small counts whose sum is from 1 to 4 and the same in all tables that fit."""
    fits = np.ones(len(GRID), dtype=bool)
    for name, values in ALL.items():
        inside = values < POLICY.threshold if name in small else values >= POLICY.threshold
        fits &= inside if name in small | others else values == attacker[name]
    told = {name: ALL[name][fits].astype(int) for name in sorted(small)}
    found = []
    for size in range(1, len(told) + 1):
        for members in combinations(told, size):
            total = sum(told[name] for name in members)
            if 0 < total[0] < POLICY.threshold and (total == total[0]).all():
                found.append(members)
    return found


def assert_protected(atoms: Table, done: ProtectionResult) -> None:
    """What a brute-force attacker finds of one table."""
    counts = counts_of(atoms)
    assert below_threshold(POLICY, counts) <= done.hidden_below
    assert all(counts[name] >= POLICY.threshold for name in done.hidden_above)
    fitting = possible(counts, done.hidden_below, done.hidden_above)
    assert all(len(values) >= POLICY.values for values in fitting.values()), (atoms, fitting)
    small = [name for name in fitting if 0 < counts[name] < POLICY.threshold]
    assert all({1, 2, 3, 4} <= fitting[name] for name in small), (atoms, fitting)
    assert known_sums(counts, done.hidden_below, done.hidden_above) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(tables)
def test_a_small_table_that_is_released_gives_neither_a_small_count_nor_a_small_sum_away(atoms: Table) -> None:
    done = protected(atoms)
    assume(not done.unprotected)  # otherwise there is no such table
    assert_protected(atoms, done)


@pytest.mark.parametrize(
    "atoms",
    [(3, 6, 7, 6, 7, 8), (1, 8, 8, 8, 8, 8), (4, 7, 7, 7, 7, 7), (2, 2, 8, 8, 8, 8), (1, 8, 8, 8, 1, 8)],
)
def test_small_counts_beside_larger_ones_can_be_released(atoms: Table) -> None:
    done = protected(atoms)
    assert done.unprotected == []
    assert len(done.hidden_below | done.hidden_above) < len(counts_of(atoms))
    assert_protected(atoms, done)


def test_a_table_that_nothing_protects_is_not_released() -> None:
    """The 4 cannot be 1: its column is five or more, and its neighbour's row four or less."""
    assert protected((0, 1, 1, 0, 0, 4)).unprotected != []


def test_without_counts_hidden_beside_them_the_attacker_finds_small_ones(figure: Callable[[str], None]) -> None:
    atoms = (3, 6, 7, 6, 7, 8)
    counts = counts_of(atoms)
    alone = left_to(counts, below_threshold(POLICY, counts), frozenset())
    assert alone == {"00": 1}
    done = protected(atoms)
    beside = left_to(counts, done.hidden_below, done.hidden_above)
    assert min(beside.values()) >= POLICY.values
    figure(f"T13: a count found alone, none of {len(beside)} with others hidden beside it")


@pytest.mark.parametrize("atoms", [(0,) * 6, (5, 6, 7, 5, 6, 7), (0, 0, 9, 0, 0, 8)])
def test_where_nothing_is_small_nothing_is_hidden(atoms: Table) -> None:
    done = protected(atoms)
    assert (done.hidden_below, done.hidden_above, done.unprotected) == (frozenset(), frozenset(), [])


def test_a_proof_that_lacks_a_move_does_not_hold() -> None:
    done = protected((3, 6, 7, 6, 7, 8))
    assert audit(POLICY, done.system, done.alternatives) == []
    assert audit(POLICY, done.system, []) != []


def test_a_move_that_changes_a_total_proves_nothing() -> None:
    done = protected((3, 6, 7, 6, 7, 8))
    (move,) = done.alternatives[:1]
    bent = {**move, next(iter(move)): 2}
    assert audit(POLICY, done.system, [bent]) != []


def kept(done: ProtectionResult, now: Release) -> Release:
    return replace(now, hidden_below=done.hidden_below, hidden_above=done.hidden_above)


BEFORE: Table = (3, 6, 7, 6, 7, 7)


def with_a_late_case(place: int) -> tuple[Table, ProtectionResult, ProtectionResult]:
    """The table with one case more in this cell, and what is protected before and after it."""
    first = protected(BEFORE)
    atoms = tuple(count + (n == place) for n, count in enumerate(BEFORE))
    return atoms, first, protected(atoms, kept(first, release(BEFORE)))


def test_a_late_case_whose_count_nothing_protects_is_not_released() -> None:
    """From 3 to 4: the earlier figures stand."""
    assert with_a_late_case(0)[2].unprotected != []


@pytest.mark.parametrize("place", range(1, 6))
def test_a_case_registered_late_gives_no_count_of_either_release_away(place: int) -> None:
    atoms, first, second = with_a_late_case(place)
    assert second.unprotected == []
    then, now = counts_of(BEFORE), counts_of(atoms)
    same = {name for name in then if then[name] == now[name]}
    assert both(then, now, same, first, second) >= 2


def both(
    then: dict[str, int], now: dict[str, int], same: set[str], first: ProtectionResult, second: ProtectionResult
) -> int:
    """The fewest values that a hidden count of two releases might have for who knows which counts changed."""
    told = {name: then[name] for name in then if name not in first.hidden_below | first.hidden_above}
    later = {name: now[name] for name in now if name not in second.hidden_below | second.hidden_above}
    told |= {name: later[name] for name in same if name in later}
    later |= {name: told[name] for name in same if name in told}
    fewest = 99
    for counts, hidden, known in ((then, first, told), (now, second, later)):
        unknown = (hidden.hidden_below | hidden.hidden_above) - known.keys()
        assert not (hidden.hidden_below & known.keys())
        left = left_to(counts, hidden.hidden_below & unknown, hidden.hidden_above & unknown)
        fewest = min([fewest, *left.values()])
    return fewest


def test_the_earlier_release_is_not_opened_by_a_later_one_that_shows_more() -> None:
    first = protected(BEFORE)
    again = protected(BEFORE, kept(first, release(BEFORE)))
    assert again.hidden_below | again.hidden_above == first.hidden_below | first.hidden_above


def test_five_that_was_four_is_not_shown_where_the_total_tells_of_one_more() -> None:
    before, after = (4, 6, 7, 6, 7, 8), (5, 6, 7, 6, 7, 8)
    first = protected(before)
    second = protected(after, kept(first, release(before)))
    assert second.unprotected == []
    assert {"00", "0_"} & (second.hidden_below | second.hidden_above)
    then, now = counts_of(before), counts_of(after)
    assert both(then, now, {name for name in then if then[name] == now[name]}, first, second) >= 2


def test_a_total_of_which_an_office_has_all_but_a_few_is_hidden() -> None:
    counts = {"all": 40, "oslo": 38, "troms": 2}
    assert dominated_totals(POLICY, counts, [("all", ("oslo", "troms"))]) == {"all"}
    assert dominated_totals(POLICY, counts | {"all": 48, "troms": 10}, [("all", ("oslo", "troms"))]) == frozenset()
    assert dominated_totals(replace(POLICY, dominance=False), counts, [("all", ("oslo", "troms"))]) == frozenset()


def test_rounding_is_to_the_nearest_multiple() -> None:
    five = Policy(rounding=5)
    assert [five.rounded(count) for count in (5, 7, 8, 12, 13)] == [5, 5, 10, 10, 15]
    assert Policy().rounded(7) == 7
