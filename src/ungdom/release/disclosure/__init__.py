"""Primary and secondary suppression of counts in releases. Pure; no case, no table.

Counts below the threshold are suppressed (primary). Others are then suppressed at minimal total cost (secondary), until
every suppressed count has other sets of numbers consistent with everything published in this release and the earlier
ones, so that neither a small count nor a small sum of them can be recalculated. HiGHS searches for these sets; their
consistency is proved in integers (`alternatives`, `known_sums`). What an attacker is assumed to know:
`constraint_system`. docs/decisions/0027-disclosure.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ungdom.release.disclosure.alternatives import Alternative, Solver, feasible_multiples, is_feasible
from ungdom.release.disclosure.constraint_system import ConstraintSystem, Id, Release, UnknownCount
from ungdom.release.disclosure.known_sums import unchanged_sums

__all__ = ["Id", "Policy", "ProtectionResult", "Release", "audit", "below_threshold", "dominated_totals", "protect"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as data; the figures are office norms, not law.

    `threshold`: counts from 1 to one below it are suppressed (office norm: 1 to 4). `values`: the minimum number of
    feasible values of a suppressed count. `interval`: those of a suppressed count from 1 to one below the threshold
    include all of these, and no sum of suppressed counts is known that is itself so small. `dominance`: a total is
    suppressed when one of the offices makes up all of it but fewer than the threshold: subtracting its own figures
    would disclose the few of others (the p % rule for counts, with p as a number of people). `rounding`: values shown
    are rounded to the nearest multiple, halves up; 1: not at all. In addition to suppression. `estimates_from`: minimum
    number of cases for which medians and shares are shown. `core_from`: minimum number of persons of which the core
    figures are never suppressed. `small_share`: the maximum share of small counts in a table; above it, its periods are
    merged, or the table is left out.
    """

    threshold: int = 5
    values: int = 2
    interval: bool = True
    dominance: bool = True
    rounding: int = 1
    estimates_from: int = 10
    core_from: int = 10
    small_share: float = 0.1

    def rounded(self, count: int) -> int:
        """A count as shown."""
        return (count + self.rounding // 2) // self.rounding * self.rounding


@dataclass(slots=True)
class ProtectionResult:
    """The result of protection.

    `hidden_below`, `hidden_above`: the suppressed counts; `dominated`: those for dominance. `feasible_count`: the
    number of feasible values of each.

    `unprotected`: suppressed counts of this or an earlier release that could be derived; non-empty blocks publication.
    `bounded_by`: for each of these, the unknowns of the rows that bound it; none where only whole numbers do.
    `known_small_sums`: the number of small sums that no alternative changes. `alternatives`: the proof, as confidential
    as the counts: each is another set of numbers consistent with the published ones.
    """

    system: ConstraintSystem
    alternatives: list[Alternative] = field(default_factory=list)
    feasible_values: dict[int, set[int]] = field(default_factory=dict)
    unprotected: list[int] = field(default_factory=list)
    bounded_by: dict[int, set[int]] = field(default_factory=dict)
    dominated: frozenset[Id] = frozenset()
    known_small_sums: int = 0
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
        return [(i, unknown) for i, unknown in unknowns if self._is_hidden(unknown) and i in unknown.ids]

    def _is_hidden(self, unknown: UnknownCount) -> bool:
        """Whether it is suppressed; one that is no small count and equals a published one need not be."""
        needs_none = unknown.published and not 0 < unknown.value < self.system.threshold
        return unknown.hidden and not needs_none


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
    known_zero = {cell_id for total, parts in now.sums if not now.counts[total] for cell_id in (total, *parts)}
    suppressible = {i: much for i, much in cost.items() if i not in known_zero}
    system = ConstraintSystem(policy.threshold, suppressible, earlier, now)
    protection = _Protection(policy, system, Solver(system), ProtectionResult(system))
    if policy.interval:
        for row in system.rows:
            protection.protect_sum_of_row(row)
    for number in _hidden_counts(system):
        protection.protect_range(number)
    for number in _hidden_counts(system):
        protection.protect_values(number)
    if policy.interval:
        protection.protect_sums()
    result = protection.result
    result.unprotected = audit(policy, system, result.alternatives)
    result.bounded_by = {n: protection.bounding(n) for n in result.unprotected}
    result.solver_calls = protection.solver.solver_calls
    result.known_small_sums = len(unchanged_sums(system, result.alternatives).found) if policy.interval else 0
    return result


def audit(policy: Policy, system: ConstraintSystem, alternatives: Iterable[Alternative]) -> list[int]:
    """The suppressed counts that these alternatives do not protect; empty: all are.

    Values are verified in integers, without trusting a solver. That no small sum is known is a result of the solver
    where integers do not settle it.
    """
    feasible_values: dict[int, set[int]] = {}
    valid = [alternative for alternative in alternatives if is_feasible(system, alternative)]
    valid = [alternative for alternative in valid if len(feasible_multiples(system, alternative)) > 1]
    for alternative in valid:
        _add_feasible_values(system, feasible_values, alternative)
    open_counts = {
        n
        for n in _hidden_counts(system)
        if not _is_protected(policy, system.unknowns[n], feasible_values.get(n, set()), system.threshold)
    }
    if policy.interval:
        sums = unchanged_sums(system, valid)
        open_counts |= {*sums.unsettled, *(n for item in sums.found for n in item)}
    return sorted(open_counts)


def _hidden_counts(system: ConstraintSystem) -> list[int]:
    """The suppressed counts, the smallest first.

    Unknowns that are only a difference between two counts are left out.
    """
    hidden = [
        n for n, unknown in enumerate(system.unknowns) if unknown.hidden and unknown.is_count and system.root(n) == n
    ]
    return sorted(hidden, key=lambda n: system.unknowns[n].value)


def _is_protected(policy: Policy, unknown: UnknownCount, values: set[int], threshold: int) -> bool:
    """Whether so many values are possible as must be, and, of a small count, all small ones."""
    if policy.interval and not unknown.intervals:
        return True
    if policy.interval and 0 < unknown.value < threshold:
        return set(range(1, threshold)) <= values
    return unknown.published or len(values) >= policy.values


@dataclass(slots=True)
class _Protection:
    """Suppresses counts until the alternatives found protect what is suppressed, or no further suppression helps."""

    policy: Policy
    system: ConstraintSystem
    solver: Solver
    result: ProtectionResult

    def protect_sum_of_row(self, row: Mapping[int, int]) -> None:
        """Make the sum of the suppressed counts of this row uncertain, if it is small."""
        members = {n: times for n, times in row.items() if self.system.unknowns[n].hidden}
        unknowns = [self.system.unknowns[n] for n in members]
        if len({*members.values()}) != 1 or not all(unknown.is_count and unknown.intervals for unknown in unknowns):
            return
        if 0 < sum(unknown.value for unknown in unknowns) < self.system.threshold:
            self.protect_sum(dict.fromkeys(members, 1))

    def protect_sum(self, members: Mapping[int, int]) -> bool:
        """Make this sum uncertain by one."""
        self.solver.make_room(range(2))
        options = [option for step in (1, -1) if (option := self.solver.cheapest_for_sum(members, step))]
        if options:
            self._accept(min(options, key=lambda option: option[0])[1])
        return bool(options)

    def protect_sums(self) -> None:
        """Make every small sum uncertain that no alternative changes."""
        tried: set[frozenset[int]] = set()
        while True:
            results = unchanged_sums(self.system, self.result.alternatives).found
            new = [members for members in results if frozenset(members) not in tried]
            if not new:
                return
            for members in new:
                tried.add(frozenset(members))
                self.protect_sum(members)

    def protect_range(self, number: int) -> None:
        """Give this count all the values it must have by one alternative and its multiples, if there is one."""
        if self._protected(number):
            return
        value, small = self.system.unknowns[number].value, self.system.threshold - 1
        needs_all = 0 < value <= small and self.policy.interval
        room = range(1 - value, small - value + 1) if needs_all else range(self.policy.values)
        self.solver.make_room(room)
        fits = self._may_be(number, room[0]) and self._may_be(number, room[-1])
        option = self.solver.cheapest_alternative(number, 1, whole=False) if fits else None
        if option:
            self._accept(option[1])

    def protect_values(self, number: int) -> None:
        """Give this count the values that it still lacks one by one."""
        self.solver.make_room(range(2))
        unknown, values = self.system.unknowns[number], self.result.feasible_values.setdefault(number, set())
        values.add(unknown.value)
        while not self._protected(number):
            options = [
                option
                for value in self._wanted(unknown, values)
                if self._may_be(number, value - unknown.value)
                and (option := self.solver.cheapest_alternative(number, value - unknown.value))
            ]
            if not options:
                return
            self._accept(min(options, key=lambda option: option[0])[1])

    def bounding(self, number: int) -> set[int]:
        """The unknowns of the rows that keep this count from values that it must be able to have."""
        value, small = self.system.unknowns[number].value, range(1, self.system.threshold)
        return self.solver.bounding(number, small if value in small else range(value - 1, value + 2))

    def _wanted(self, unknown: UnknownCount, values: set[int]) -> list[int]:
        """The values to look for next: of a small count the nearest small one that it lacks, else the neighbours."""
        if self.policy.interval and 0 < unknown.value < self.system.threshold:
            lacking = set(range(1, self.system.threshold)) - values
            return [min(lacking, key=lambda value: (abs(value - unknown.value), value))]
        return [min(values) - 1, max(values) + 1]

    def _protected(self, number: int) -> bool:
        values = self.result.feasible_values.get(number, set())
        return _is_protected(self.policy, self.system.unknowns[number], values, self.system.threshold)

    def _may_be(self, number: int, step: int) -> bool:
        unknown = self.system.unknowns[number]
        return unknown.can_vary and unknown.low <= unknown.value + step <= unknown.high

    def _accept(self, alternative: Alternative) -> None:
        for n in alternative:
            if not self.system.unknowns[n].hidden:
                self.system.suppress(n)
                self.solver.mark_suppressed(n)
        self.result.alternatives.append(alternative)
        _add_feasible_values(self.system, self.result.feasible_values, alternative)


def _add_feasible_values(
    system: ConstraintSystem, feasible_values: dict[int, set[int]], alternative: Alternative
) -> None:
    multiples = feasible_multiples(system, alternative)
    for n, step in alternative.items():
        value = system.unknowns[n].value
        feasible_values.setdefault(n, {value}).update(value + step * t for t in multiples)
