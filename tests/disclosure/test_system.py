"""What an attacker is granted to know of one hidden count before any sum is looked at."""

import pytest

from ungdom.release.disclosure import Policy, protect
from ungdom.release.disclosure.alternatives import MAX_MULTIPLE, Solver, feasible_multiples
from ungdom.release.disclosure.constraint_system import UPPER_BOUND, ConstraintSystem, Release, UnknownCount

BEFORE = Release({"a": 7, "b": 9, "t": 16}, [("t", ("a", "b"))])


def unknown(
    count: int, *, small: bool = False, other: bool = False, before: tuple[Release, ...] = (BEFORE,)
) -> UnknownCount:
    """The count `a` of a release with a threshold of five: shown, hidden for itself, or hidden beside others."""
    hidden = [frozenset({"a"} if yes else ()) for yes in (small, other)]
    now = Release({"a": count, "b": 9, "t": count + 9}, BEFORE.sums, *hidden)
    system = ConstraintSystem(5, {"a": 1.0, "b": 1.0, "t": 1.0}, before, now)
    return system.unknowns[system.of["a"]]


@pytest.mark.parametrize("count", [1, 4])
def test_a_newly_small_count_lies_below_the_threshold(count: int) -> None:
    one = unknown(count, small=True)

    assert (one.low, one.high) == (0, 4)
    assert one.hidden


@pytest.mark.parametrize("count", [5, 8])
def test_a_count_hidden_beside_others_lies_at_the_threshold_or_above(count: int) -> None:
    one = unknown(count, other=True)

    assert (one.low, one.high) == (5, UPPER_BOUND)
    assert one.hidden


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 4), (4, 0, 4), (5, 5, UPPER_BOUND), (8, 5, UPPER_BOUND)])
def test_a_count_that_is_not_hidden_yet_lies_on_its_side_of_the_threshold(count: int, low: int, high: int) -> None:
    one = unknown(count)

    assert (one.low, one.high) == (low, high)
    assert not one.hidden


def test_a_count_that_was_small_before_may_be_of_any_size_now() -> None:
    small = Release({"a": 3, "b": 9, "t": 12}, BEFORE.sums, frozenset({"a"}))

    one = unknown(4, small=True, before=(small,))

    assert (one.low, one.high) == (0, UPPER_BOUND)


def test_a_count_that_was_small_before_and_is_hidden_beside_others_now_lies_at_the_threshold_or_above() -> None:
    small = Release({"a": 3, "b": 9, "t": 12}, BEFORE.sums, frozenset({"a"}))

    one = unknown(8, other=True, before=(small,))

    assert (one.low, one.high) == (5, UPPER_BOUND)


@pytest.mark.parametrize(
    ("steps", "lowest", "highest"),
    [
        ({"a": 1}, -3, 1),  # from 3 down to 0, and up to 4
        ({"a": -1}, -1, 3),
        ({"a": 2}, -1, 0),
        ({"a": 1, "b": -1}, -2, 1),  # b, which is 2, may rise by 2 and fall by 2
        ({"a": -1, "b": 1}, -1, 2),
        ({}, -MAX_MULTIPLE, MAX_MULTIPLE),
    ],
)
def test_an_alternative_goes_as_far_as_each_count_may_go_in_its_direction(
    steps: dict[str, int], lowest: int, highest: int
) -> None:
    now = Release({"a": 3, "b": 2, "t": 5}, [("t", ("a", "b"))], frozenset({"a", "b"}))
    system = ConstraintSystem(5, {"a": 1.0, "b": 1.0, "t": 1.0}, (), now)

    multiples = feasible_multiples(system, {system.of[name]: step for name, step in steps.items()})

    assert (multiples[0], multiples[-1]) == (lowest, highest)


def test_a_count_that_was_small_before_and_may_be_hidden_beside_others_lies_there_before_it_is() -> None:
    """What is found to protect it must hold of the release that is published then."""
    small = Release({"a": 3, "b": 9, "t": 12}, BEFORE.sums, frozenset({"a"}))

    one = unknown(8, before=(small,))

    assert (one.low, one.high, one.hidden) == (5, UPPER_BOUND, False)


@pytest.mark.parametrize(("total", "bounded"), [(7, {"a", "b"}), (8, {"a", "b"}), (9, set()), (30, set())])
def test_what_bounds_a_count_is_the_row_that_keeps_it_from_a_small_value(total: int, bounded: set[str]) -> None:
    """The total is shown, and the other part is known to be five or more: beside nine both may be what they have to."""
    parts = {"a": 2, "b": total - 2}
    now = Release({**parts, "t": total}, [("t", ("a", "b"))], frozenset({"a"}), frozenset({"b"}))
    system = ConstraintSystem(5, {"a": 1.0, "b": 1.0}, [], now)
    solver = Solver(system)

    bounding = solver.bounding(system.of["a"], range(1, 5))

    assert {name for number in bounding for name in system.unknowns[number].cells} == bounded
    again = solver.cheapest_alternative(system.of["a"], 1)
    assert (again is None) is (total == 7)  # the model is as it was


def test_of_a_count_that_nothing_protects_the_result_says_what_bounds_it() -> None:
    now = Release({"a": 2, "b": 5, "t": 7}, [("t", ("a", "b"))], frozenset({"a"}), frozenset({"b"}))
    result = protect(Policy(), now, {"a": 1.0, "b": 1.0})
    number = result.system.of["a"]
    assert number in result.unprotected
    assert result.bounded_by[number] == {result.system.of[name] for name in ("a", "b")}
