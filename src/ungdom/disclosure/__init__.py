"""Small counts are kept back, and others beside them, so that nobody can work them out. Pure; no case, no table.

Counts below the threshold are hidden for themselves. Then others are, as few and as little missed as can be, until for
every hidden count there is another set of numbers that fits all that is told in this release and in the earlier ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ungdom.disclosure.moves import Move, Solver, carried, fits
from ungdom.disclosure.system import Id, Release, System


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as data.

    `threshold`: counts from 1 to one below are hidden. `values`: as many values a hidden count must at least be
    possible to have.
    """

    threshold: int = 5
    values: int = 3


@dataclass(slots=True)
class Protection:
    system: System
    moves: list[Move] = field(default_factory=list)
    reached: dict[int, set[int]] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)
    solved: int = 0


def protect(policy: Policy, now: Release, cost, before: Sequence[Release] = ()) -> Protection:
    system = System(policy.threshold, cost, before, now)
    solver = Solver(system)
    done = Protection(system)
    for number in [n for n in range(len(system.unknowns)) if needs(system, n)]:
        one = system.unknowns[number]
        while len(done.reached.setdefault(number, {one.value})) < wanted(policy, one):
            found = best(solver, number, wanted(policy, one) - len(done.reached[number]), done.reached[number])
            if found is None or len(carried(system, found)) < 2:
                done.failed.append(number)
                break
            accept(done, solver, found)
    done.solved = solver.solved
    return done

def wanted(policy, one):
    return min(policy.values, one.high - one.low + 1)

def needs(system, n):
    one = system.unknowns[n]
    return system.root(n) == n and one.hidden and not one.told and (one.ids or True) and one.low < one.high

def best(solver, number, missing, reached):
    one = solver.system.unknowns[number]
    ways = []
    up = min(one.high - one.value, max(reached) - one.value + missing)
    down = min(one.value - one.low, one.value - min(reached) + missing)
    for step in (up, -down):
        if step:
            found = solver.move(number, step)
            if found:
                ways.append(found)
    return min(ways, key=lambda way: way[0])[1] if ways else None

def accept(done, solver, move):
    system = done.system
    for n in move:
        if not system.unknowns[n].hidden:
            system.hide(n)
            solver.hidden(n)
    assert fits(system, move)
    times = carried(system, move)
    done.moves.append(move)
    for n, step in move.items():
        value = system.unknowns[n].value
        done.reached.setdefault(n, {value}).update(value + step * t for t in times)
