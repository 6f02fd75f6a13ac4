"""Alternative tables that are consistent with the published values: HiGHS finds them, integers prove them. Pure.

An alternative assigns to some suppressed counts how much larger or smaller they might be, so that every row keeps its
sum. Where one changes a count, the count cannot be determined by any calculation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ungdom.lazy import lazy
from ungdom.release.disclosure.constraint_system import ConstraintSystem, UnknownCount

if TYPE_CHECKING:
    import highspy
    import numpy as np
    from highspy import _core as highs_core
else:
    highspy = lazy("highspy")
    np = lazy("numpy")
    highs_core = lazy("highspy._core")

Alternative = Mapping[int, int]
"""By unknown: the difference, positive or negative."""

MAX_MULTIPLE = 8
"""Maximum multiple of an alternative that is tried, in each direction."""
MAX_SHIFT = 50
"""Maximum change of a count in one alternative."""
TOLERANCE = 1e-6
SOLVER_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 1,
    "presolve": "on",
    "mip_rel_gap": 0.5,
    "mip_max_nodes": 500,
}
"""One thread and one seed, for reproducible results. For the integer model any feasible solution is accepted."""


def new_model() -> highs_core._Highs:
    """An empty model of the solver."""
    model = highs_core._Highs()  # its subclass prints a banner when it is constructed
    for name, value in SOLVER_OPTIONS.items():
        model.setOptionValue(name, value)
    return model


def solver_version() -> str:
    """Name and version of the solver, as a proof of a release records it."""
    return f"HiGHS {new_model().version()}"


def is_feasible(system: ConstraintSystem, alternative: Alternative, *, suppressing: bool = False) -> bool:
    """Whether it changes suppressed counts only, and keeps every row. `suppressing`: also others that may be.

    `feasible_multiples` returns how far it can be applied.
    """
    rows = {place for n in alternative for place in system.touching.get(n, ())}
    balanced = all(
        sum(times * alternative.get(k, 0) for k, times in system.rows[place].items()) == 0 for place in sorted(rows)
    )
    unknowns = [system.unknowns[n] for n in alternative]
    return balanced and all(unknown.can_vary and (unknown.hidden or suppressing) for unknown in unknowns)


def feasible_multiples(system: ConstraintSystem, alternative: Alternative) -> range:
    """The multiples of the alternative, 0 included, that keep every count within its known bounds."""
    up = down = MAX_MULTIPLE
    for number, step in alternative.items():
        unknown = system.unknowns[number]
        rise, fall = (unknown.high - unknown.value) // abs(step), (unknown.value - unknown.low) // abs(step)
        up, down = min(up, rise if step > 0 else fall), min(down, fall if step > 0 else rise)
    return range(-down, up + 1)


@dataclass(slots=True)
class Solver:
    """One model for all alternatives of a system.

    It has a column per direction for every unknown that can vary, and a row for each sum. `room`: the multiples of an
    alternative, 0 included, that must keep every count within its bounds.
    """

    system: ConstraintSystem
    room: range = range(2)
    numbers: list[int] = field(init=False)
    column: dict[int, int] = field(init=False)
    model: highs_core._Highs = field(init=False)
    solver_calls: int = 0

    def __post_init__(self) -> None:
        self.numbers = sorted({n for row in self.system.rows for n in row})
        self.column = {n: place for place, n in enumerate(self.numbers)}
        self.model = new_model()
        self._add_columns()
        self._add_rows()

    def _add_columns(self) -> None:
        size = 2 * len(self.numbers)
        unknowns = [self.system.unknowns[n] for n in self.numbers]
        up = [self._max_increase(unknown) for unknown in unknowns]
        down = [self._max_decrease(unknown) for unknown in unknowns]
        cost = [self._cost(n) for n in self.numbers]
        none = np.empty(0, dtype=np.int32)
        self.model.addCols(size, np.array(cost * 2), np.zeros(size), np.array(up + down), 0, none, none, np.empty(0))

    def _cost(self, number: int) -> float:
        unknown = self.system.unknowns[number]
        return 1e-3 if unknown.hidden else unknown.cost

    def _add_rows(self) -> None:
        starts: list[int] = []
        places: list[int] = []
        values: list[float] = []
        for row in self.system.rows:
            starts.append(len(places))
            for n, times in row.items():
                places += [self.column[n], self.column[n] + len(self.numbers)]
                values += [float(times), -float(times)]
        zeros = np.zeros(len(starts))
        self.model.addRows(
            len(starts),
            zeros,
            zeros,
            len(places),
            np.array(starts, dtype=np.int32),
            np.array(places, dtype=np.int32),
            np.array(values),
        )

    def mark_suppressed(self, number: int) -> None:
        """From now on, changing this unknown has no cost."""
        place = self.column[number]
        for column in (place, place + len(self.numbers)):
            self.model.changeColCost(column, self._cost(number))

    def make_room(self, room: range) -> None:
        """From now on, look for alternatives of which these multiples keep every count within its bounds."""
        if room == self.room:
            return
        self.room = room
        unknowns = [self.system.unknowns[n] for n in self.numbers]
        high = [self._max_increase(unknown) for unknown in unknowns] + [self._max_decrease(item) for item in unknowns]
        places = np.arange(len(high), dtype=np.int32)
        self.model.changeColsBounds(len(high), places, np.zeros(len(high)), np.array(high))

    def cheapest_alternative(self, number: int, step: int, *, whole: bool = True) -> tuple[float, Alternative] | None:
        """The alternative of lowest cost that changes this count by `step`, and its cost; None: there is none.

        `whole`: search among whole numbers where the first solution has fractions.
        """
        if number not in self.column:
            return 0.0, {number: step}
        up, down = self.column[number], self.column[number] + len(self.numbers)
        fixed, other = (up, down) if step > 0 else (down, up)
        self.model.changeColBounds(fixed, float(abs(step)), float(abs(step)))
        self.model.changeColBounds(other, 0.0, 0.0)
        solution = self._solve() or (self._solve_as_integer() if whole else None)
        unknown = self.system.unknowns[number]
        self.model.changeColBounds(up, 0.0, self._max_increase(unknown))
        self.model.changeColBounds(down, 0.0, self._max_decrease(unknown))
        return solution

    def cheapest_for_sum(self, members: Mapping[int, int], step: int) -> tuple[float, Alternative] | None:
        """The alternative of lowest cost that changes this sum by `step`, or by a few times as much.

        `members`: the counts, and how often each is in it.
        """
        for n in members:
            if n not in self.column:
                return 0.0, {n: step}
        size = len(self.numbers)
        places = [self.column[n] + side for n in members for side in (0, size)]
        values = [sign * float(times) for times in members.values() for sign in (1, -1)]
        self.model.addRow(
            float(step), float(step), len(places), np.array(places, dtype=np.int32), np.array(values, dtype=np.float64)
        )
        solution = self._solve(multiples=(1, 2, 3, 4)) or self._solve_as_integer()
        self.model.deleteRows(1, np.array([self.model.getNumRow() - 1], dtype=np.int32))
        return solution

    def bounding(self, number: int, values: range) -> set[int]:
        """The unknowns in the rows that keep this count from some of these values, fractions allowed; none: no row."""
        if number not in self.column:
            return set()
        self.make_room(range(2))
        unknown, rows = self.system.unknowns[number], set[int]()
        for step in (values[0] - unknown.value, values[-1] - unknown.value):
            farthest, tight = self._extreme(number, step)
            if abs(farthest) < abs(step):
                rows |= tight
        return {n for place in rows for n in self.system.rows[place]}

    def _extreme(self, number: int, direction: int) -> tuple[float, set[int]]:
        """How far this count can move in this direction, fractions allowed, and the rows that stop it."""
        size = 2 * len(self.numbers)
        places, costs = np.arange(size, dtype=np.int32), np.zeros(size)
        sign = 1.0 if direction > 0 else -1.0
        costs[self.column[number]], costs[self.column[number] + len(self.numbers)] = -sign, sign
        self.model.changeColsCost(size, places, costs)
        self.model.run()
        self.solver_calls += 1
        duals = np.array(self.model.getSolution().row_dual)
        farthest = -float(self.model.getObjectiveValue())
        self.model.changeColsCost(size, places, np.array([self._cost(n) for n in self.numbers] * 2))
        return farthest, {int(place) for place in np.flatnonzero(np.abs(duals) > TOLERANCE)}

    def _solve_as_integer(self) -> tuple[float, Alternative] | None:
        """The same as an integer model, for a first solution with fractional values: slower, and seldom needed."""
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        self._set_variable_type(highspy.HighsVarType.kInteger)
        solution = self._solve()
        self._set_variable_type(highspy.HighsVarType.kContinuous)
        return solution

    def _set_variable_type(self, kind: highspy.HighsVarType) -> None:
        size = 2 * len(self.numbers)
        places = np.arange(size, dtype=np.int32)
        self.model.changeColsIntegrality(size, places, np.full(size, int(kind), dtype=np.uint8))

    def _solve(self, multiples: Sequence[int] = (1,)) -> tuple[float, Alternative] | None:
        self.model.run()
        self.solver_calls += 1
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.array(self.model.getSolution().col_value)
        steps = values[: len(self.numbers)] - values[len(self.numbers) :]
        for times in multiples:
            whole = np.rint(steps * times)
            if np.abs(steps * times - whole).max() <= TOLERANCE:
                alternative = {self.numbers[place]: int(whole[place]) for place in np.flatnonzero(whole)}
                if 1 in feasible_multiples(self.system, alternative) and is_feasible(
                    self.system, alternative, suppressing=True
                ):
                    return float(self.model.getObjectiveValue()), alternative
        return None

    def _max_increase(self, unknown: UnknownCount) -> float:
        return float(min(_multiples(unknown.high - unknown.value, unknown.value - unknown.low, self.room), MAX_SHIFT))

    def _max_decrease(self, unknown: UnknownCount) -> float:
        return float(min(_multiples(unknown.value - unknown.low, unknown.high - unknown.value, self.room), MAX_SHIFT))


def _multiples(ahead: int, behind: int, room: range) -> int:
    """How large a step may be of which the multiples from the first to the last of `room` find room on both sides."""
    steps = [ahead // room[-1]] if room[-1] > 0 else []
    steps += [behind // -room[0]] if room[0] < 0 else []
    return min(steps)
