"""Primary and secondary suppression of counts in releases. Pure; no case, no table.

Counts below the threshold are suppressed (primary). Others are then suppressed at minimal total cost (secondary), until
every suppressed count has another set of numbers consistent with everything published in this release and the earlier
ones, so that none can be recalculated. HiGHS searches for these sets; their consistency is proved in integers
(`alternatives`). What an attacker is assumed to know: `constraint_system`. docs/decisions/0027-disclosure.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ungdom.release.disclosure.alternatives import Alternative, Solver, feasible_multiples, is_feasible
from ungdom.release.disclosure.constraint_system import ConstraintSystem, Id, Release, UnknownCount

__all__ = ["Id", "Policy", "ProtectionResult", "Release", "audit", "below_threshold", "dominated_totals", "protect"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as data; the figures are office norms, not law.

    `threshold`: counts from 1 to one below it are suppressed (office norm: 1 to 4). `values`: the minimum number of
    feasible values of a suppressed count. `dominance`: a total is suppressed when one of the offices makes up all of it
    but fewer than the threshold: subtracting its own figures would disclose the few of others (the p % rule for counts,
    with p as a number of people). `rounding`: values shown are rounded to the nearest multiple, halves up; 1: not at
    all. In addition to suppression. `estimates_from`: minimum number of cases for which medians and shares are shown.
    `lost`: the maximum share of counts shown before that may be newly suppressed; above it, the earlier figures are
    kept.
    """

    threshold: int = 5
    values: int = 2
    dominance: bool = True
    rounding: int = 1
    estimates_from: int = 10
    lost: float = 0.1

    def rounded(self, count: int) -> int:
        """A count as shown."""
        return (count + self.rounding // 2) // self.rounding * self.rounding


@dataclass(slots=True)
class ProtectionResult:
    """The result of protection.

    `hidden_below`, `hidden_above`: the suppressed counts. `feasible_count`: the number of feasible values of each.

    `unprotected`: suppressed counts of this or an earlier release that could be derived; non-empty blocks publication.
    `alternatives`: the proof, as confidential as the counts: each is another set of numbers consistent with the
    published ones.
    """

    system: ConstraintSystem
    alternatives: list[Alternative] = field(default_factory=list)
    feasible_values: dict[int, set[int]] = field(default_factory=dict)
    unprotected: list[int] = field(default_factory=list)
    solver_calls: int = 0

    @property
    def hidden_below(self) -> frozenset[Id]:
        """Suppressed, and below the threshold; not distinguishable from the others when published."""
        return frozenset(i for i, unknown in self._hidden_unknowns() if unknown.value < self.system.threshold)

    @property
    def hidden_above(self) -> frozenset[Id]:
        """Suppressed, and not below the threshold."""
        return frozenset(i for i, unknown in self._hidden_unknowns() if unknown.value >= self.system.threshold)

    def feasible_count(self, i: Id) -> int:
        """The number of values that this suppressed count is proved to be able to have."""
        return len(self.feasible_values.get(self.system.of[i], ()))

    def _hidden_unknowns(self) -> list[tuple[Id, UnknownCount]]:
        unknowns = ((i, self.system.unknowns[n]) for i, n in self.system.of.items())
        return [(i, unknown) for i, unknown in unknowns if unknown.hidden and i in unknown.ids]


def below_threshold(policy: Policy, counts: Mapping[Id, int]) -> frozenset[Id]:
    """The counts from 1 to one below the threshold: under primary suppression."""
    return frozenset(i for i, count in counts.items() if 0 < count < policy.threshold)


def dominated_totals(
    policy: Policy, counts: Mapping[Id, int], office_sums: Iterable[tuple[Id, tuple[Id, ...]]]
) -> frozenset[Id]:
    """The totals of which one part makes up all but a few; `office_sums`: totals over offices, and their parts."""
    if not policy.dominance:
        return frozenset()
    rest = {total: counts[total] - max(counts[part] for part in parts) for total, parts in office_sums if parts}
    return frozenset(i for i, few in rest.items() if 0 < few < policy.threshold <= counts[i])


def protect(
    policy: Policy, now: Release, cost: Mapping[Id, float], earlier: Sequence[Release] = ()
) -> ProtectionResult:
    """Add secondary suppression to `now`. `cost`: suppression cost per id; ids without a cost are never suppressed."""
    system = ConstraintSystem(policy.threshold, _suppressible_costs(now, cost), earlier, now)
    solver, result = Solver(system), ProtectionResult(system)
    for number in _hidden_counts(system):
        _protect_count(policy, solver, result, number)
    result.solver_calls = solver.solver_calls
    result.unprotected = audit(policy, system, result.alternatives)
    return result


def audit(policy: Policy, system: ConstraintSystem, alternatives: Iterable[Alternative]) -> list[int]:
    """The suppressed counts that these alternatives do not protect; empty: all are.

    Verified in integers, without trusting a solver.
    """
    feasible_values: dict[int, set[int]] = {}
    for alternative in alternatives:
        if not is_feasible(system, alternative):
            continue
        _add_feasible_values(system, feasible_values, alternative)
    return [
        n
        for n in _hidden_counts(system)
        if len(feasible_values.get(n, ())) < _required_values(policy, system.unknowns[n])
    ]


def _suppressible_costs(now: Release, cost: Mapping[Id, float]) -> dict[Id, float]:
    """The costs without totals of zero and their parts, which are known to be zero."""
    known_zero = {cell_id for total, parts in now.sums if not now.counts[total] for cell_id in (total, *parts)}
    return {i: much for i, much in cost.items() if i not in known_zero}


def _hidden_counts(system: ConstraintSystem) -> list[int]:
    """The suppressed counts, the smallest first.

    Unknowns that are only a difference between two counts are left out.
    """
    hidden = [
        n for n, unknown in enumerate(system.unknowns) if unknown.hidden and unknown.is_count and system.root(n) == n
    ]
    return sorted(hidden, key=lambda n: system.unknowns[n].value)


def _required_values(policy: Policy, unknown: UnknownCount) -> int:
    return policy.values if not unknown.published else 0


def _protect_count(policy: Policy, solver: Solver, result: ProtectionResult, number: int) -> None:
    """Suppress counts until this one has enough feasible values, or until no further suppression helps."""
    unknown = result.system.unknowns[number]
    values = result.feasible_values.setdefault(number, {unknown.value})
    while len(values) < _required_values(policy, unknown):
        alternative = _cheapest_alternative(
            solver, number, min(values) - unknown.value - 1, max(values) - unknown.value + 1
        )
        if alternative is None:
            return
        for n in alternative:
            if not result.system.unknowns[n].hidden:
                result.system.suppress(n)
                solver.mark_suppressed(n)
        result.alternatives.append(alternative)
        _add_feasible_values(result.system, result.feasible_values, alternative)


def _cheapest_alternative(solver: Solver, number: int, down: int, up: int) -> Alternative | None:
    """The alternative with the least suppression, one value below or above those reached."""
    unknown = solver.system.unknowns[number]
    steps = [step for step in (up, down) if unknown.low <= unknown.value + step <= unknown.high]
    options = [option for step in steps if (option := solver.cheapest_alternative(number, step))]
    return min(options, key=lambda option: option[0])[1] if options else None


def _add_feasible_values(
    system: ConstraintSystem, feasible_values: dict[int, set[int]], alternative: Alternative
) -> None:
    multiples = feasible_multiples(system, alternative)
    for n, step in alternative.items():
        value = system.unknowns[n].value
        feasible_values.setdefault(n, {value}).update(value + step * t for t in multiples)
