"""Small counts are kept back, and others beside them, so that nobody can work them out. Pure; no case, no table.

Counts below the threshold are hidden for themselves. Then others are, as little missed as can be, until for every
hidden count there is another set of numbers that fits all that is told, in this release and in the earlier ones. HiGHS
looks for those; that they fit is proved in whole numbers (`moves`). What an attacker is granted: `system`.
docs/decisions/0027-disclosure.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ungdom.disclosure.moves import Move, Solver, carried, fits
from ungdom.disclosure.system import Id, Release, System, Unknown

__all__ = ["Id", "Policy", "Protected", "Release", "audit", "dominated", "protect", "small_ones"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as data; the figures are office norms, not law.

    `threshold`: counts from 1 to one below it are hidden (office norm: 1 to 4).
    `values`: as many values as a hidden count must at least be possible to have.
    `dominance`: a total is hidden when one of the offices makes up all of it but fewer than the threshold: with its own
    figures at hand it would count the few of others (the p % rule for counts, with p as a number of people).
    `rounding`: what is shown is rounded to the nearest multiple, halves up; 1: not at all. On top of hiding.
    `estimates_from`: medians and shares are shown of as many cases and more.
    `lost`: the share of what was shown before that may be hidden anew; where more would be, the earlier figures stand.
    """

    threshold: int = 5
    values: int = 2
    dominance: bool = True
    rounding: int = 1
    estimates_from: int = 10
    lost: float = 0.1

    def rounded(self, count: int) -> int:
        """A count as it is shown."""
        return (count + self.rounding // 2) // self.rounding * self.rounding


@dataclass(slots=True)
class Protected:
    """What came of it. `small`, `others`: what is hidden. `possible`: how many values each hidden count might have.

    `open_`: hidden counts of this or an earlier release that could be worked out: nothing may be published then.
    `moves`: the proof, to be kept as closely as the counts: each is another set of numbers that fits.
    """

    system: System
    moves: list[Move] = field(default_factory=list)
    reached: dict[int, set[int]] = field(default_factory=dict)
    open_: list[int] = field(default_factory=list)
    solved: int = 0

    @property
    def small(self) -> frozenset[Id]:
        """Hidden, and below the threshold; nothing tells them from the others."""
        return frozenset(i for i, one in self._hidden() if one.value < self.system.threshold)

    @property
    def others(self) -> frozenset[Id]:
        """Hidden, and not below the threshold."""
        return frozenset(i for i, one in self._hidden() if one.value >= self.system.threshold)

    def possible(self, i: Id) -> int:
        """How many values this hidden count is proved to be possible to have."""
        return len(self.reached.get(self.system.of[i], ()))

    def _hidden(self) -> list[tuple[Id, Unknown]]:
        ones = ((i, self.system.unknowns[n]) for i, n in self.system.of.items())
        return [(i, one) for i, one in ones if one.hidden and i in one.ids]


def small_ones(policy: Policy, counts: Mapping[Id, int]) -> frozenset[Id]:
    """The counts that are hidden for themselves."""
    return frozenset(i for i, count in counts.items() if 0 < count < policy.threshold)


def dominated(policy: Policy, counts: Mapping[Id, int], among: Iterable[tuple[Id, tuple[Id, ...]]]) -> frozenset[Id]:
    """The totals of which one part makes up all but a few; `among`: totals over offices, and their parts."""
    if not policy.dominance:
        return frozenset()
    rest = {total: counts[total] - max(counts[part] for part in parts) for total, parts in among if parts}
    return frozenset(i for i, few in rest.items() if 0 < few < policy.threshold <= counts[i])


def protect(policy: Policy, now: Release, cost: Mapping[Id, float], before: Sequence[Release] = ()) -> Protected:
    """Hide beside what `now` hides for itself. `cost`: what hiding an id is missed; those without may not be hidden."""
    system = System(policy.threshold, _alive(now, cost), before, now)
    solver, done = Solver(system), Protected(system)
    for number in _watched(system):
        _secure(policy, solver, done, number)
    done.solved = solver.solved
    done.open_ = audit(policy, system, done.moves)
    return done


def audit(policy: Policy, system: System, moves: Iterable[Move]) -> list[int]:
    """The hidden counts that these moves do not protect; empty: all are. No solver is believed: whole numbers only."""
    reached: dict[int, set[int]] = {}
    for move in moves:
        if not fits(system, move):
            continue
        _reach(system, reached, move)
    return [n for n in _watched(system) if len(reached.get(n, ())) < _wanted(policy, system.unknowns[n])]


def _alive(now: Release, cost: Mapping[Id, float]) -> dict[Id, float]:
    """Without totals of zero and what is under them: of those anybody knows that they are zero."""
    dead = {one for total, parts in now.sums if not now.counts[total] for one in (total, *parts)}
    return {i: much for i, much in cost.items() if i not in dead}


def _watched(system: System) -> list[int]:
    """The hidden counts, the smallest first; without what is only a difference between two of them."""
    found = [n for n, one in enumerate(system.unknowns) if one.hidden and one.counted and system.root(n) == n]
    return sorted(found, key=lambda n: system.unknowns[n].value)


def _wanted(policy: Policy, one: Unknown) -> int:
    return policy.values if not one.told else 0


def _secure(policy: Policy, solver: Solver, done: Protected, number: int) -> None:
    """Hide what it takes, until this count might have as many values as are wanted, or nothing more helps."""
    one = done.system.unknowns[number]
    reached = done.reached.setdefault(number, {one.value})
    while len(reached) < _wanted(policy, one):
        move = _cheapest(solver, number, min(reached) - one.value - 1, max(reached) - one.value + 1)
        if move is None:
            return
        for n in move:
            if not done.system.unknowns[n].hidden:
                done.system.hide(n)
                solver.hidden(n)
        done.moves.append(move)
        _reach(done.system, done.reached, move)


def _cheapest(solver: Solver, number: int, down: int, up: int) -> Move | None:
    """The move that hides least, one value down or up from those reached."""
    one = solver.system.unknowns[number]
    steps = [step for step in (up, down) if one.low <= one.value + step <= one.high]
    ways = [way for step in steps if (way := solver.move(number, step))]
    return min(ways, key=lambda way: way[0])[1] if ways else None


def _reach(system: System, reached: dict[int, set[int]], move: Move) -> None:
    times = carried(system, move)
    for n, step in move.items():
        value = system.unknowns[n].value
        reached.setdefault(n, {value}).update(value + step * t for t in times)
