"""The knowledge of an attacker: every count of every release, its known bounds, and what holds among them. Pure.

What holds is a sum, or that a sum is at most another: the difference of the two is an unknown that is not negative.

A count that stays the same from one release to the next is one unknown, not two: the attacker is assumed to know of
every count whether it grew, fell or stayed. Counts that must be equal (a total with one nonzero part) are one unknown
as well. Nothing is assumed that the true values would contradict.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Id = Hashable
UPPER_BOUND = 10**6
"""No count reaches this value."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    `counts`: exact, by id. `hidden_below`, `hidden_above`: suppressed counts below the threshold, and those not below
    it. `at_most`: sums of counts that are at most other sums. `intervals`: False for a release that was made before
    intervals were protected; what it discloses of its own counts is not held against a later one.
    """

    counts: Mapping[Id, int]
    sums: Sequence[tuple[Id, tuple[Id, ...]]]
    hidden_below: frozenset[Id] = frozenset()
    hidden_above: frozenset[Id] = frozenset()
    at_most: Sequence[tuple[tuple[Id, ...], tuple[Id, ...]]] = ()
    intervals: bool = True

    @property
    def hidden(self) -> frozenset[Id]:
        """Every suppressed count."""
        return self.hidden_below | self.hidden_above


@dataclass(slots=True)
class UnknownCount:
    """A count as the attacker knows it. `low`, `high`: its known bounds while it is suppressed.

    `published`: it is in an earlier release. `ids`: its ids in the release being built, each with its suppression cost.
    `hidden`: it is suppressed. `is_count`: False for a difference between counts. `cells`: every id under which it is
    suppressed or may be. `intervals`: False if it is of a release that was made before intervals were protected.
    """

    value: int
    low: int
    high: int
    published: bool = False
    hidden: bool = False
    ids: list[Id] = field(default_factory=list)
    cost: float = 0.0
    is_count: bool = True
    cells: set[Id] = field(default_factory=set)
    intervals: bool = True

    @property
    def can_vary(self) -> bool:
        """Whether it may take another value, now or once it is suppressed as well."""
        return not self.published and self.low < self.high and (self.hidden or bool(self.ids))


Row = dict[int, int]
"""By unknown: its coefficient; the sum is a known number."""


class ConstraintSystem:
    """All unknowns, and the rows that constrain them. `of`: the unknown of each id of the release being built."""

    def __init__(self, threshold: int, cost: Mapping[Id, float], earlier: Sequence[Release], now: Release) -> None:
        self.threshold = threshold
        self.unknowns: list[UnknownCount] = []
        self._same: list[int] = []
        self._rows: list[list[tuple[int, int]]] = []
        last: dict[Id, int] = {}
        hidden_below: set[Id] = set()
        for release in earlier:
            self._add_release(release, last, hidden_below)
        self._add_release(now, last, hidden_below, cost)
        self.of = {i: self.root(number) for i, number in last.items()}
        self.rows = list(self._distinct_rows())
        self.touching: dict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(self.rows):
            for number in row:
                self.touching[number].append(place)

    def root(self, number: int) -> int:
        """The representative of the unknowns equal to this one."""
        while self._same[number] != number:
            number = self._same[number]
        return number

    def suppress(self, number: int) -> None:
        """Suppress this unknown."""
        self.unknowns[number].hidden = True

    def beside(self, numbers: set[int]) -> set[int]:
        """The unknowns that something constrains together with one of these, known ones too; and these."""
        rows = ({self.root(number) for number, _ in row} for row in self._rows)
        return numbers.union(*(row for row in rows if row & numbers))

    # --- releases in order ------------------------------------------------------------------------------------

    def _add_release(
        self, release: Release, last: dict[Id, int], hidden_below: set[Id], cost: Mapping[Id, float] | None = None
    ) -> None:
        here = {}
        for i, count in release.counts.items():
            before = self.root(last[i]) if i in last else None
            here[i] = self._unknown_for(count, before, i in hidden_below)
            self._narrow(self.unknowns[here[i]], i, release, hidden_below, cost)
        last |= here
        hidden_below |= release.hidden_below
        for number in here.values():
            self.unknowns[number].intervals = release.intervals and self.unknowns[number].intervals
        for total, parts in release.sums:
            self._add_sum(here[total], [here[part] for part in parts])
        for fewer, more in release.at_most:  # the difference between two sums, which is not negative
            difference = sum(release.counts[name] for name in more) - sum(release.counts[name] for name in fewer)
            slack = self._add_unknown(UnknownCount(difference, 0, UPPER_BOUND, hidden=True, is_count=False))
            terms = [(here[name], 1) for name in more] + [(here[name], -1) for name in fewer]
            self._rows.append([*terms, (slack, -1)])

    def _unknown_for(self, count: int, before: int | None, was_below: bool) -> int:
        if before is not None and self.unknowns[before].value == count:
            return before
        low = 0 if count < self.threshold else self.threshold  # suppressed all the same, it is no small one
        high = UPPER_BOUND if was_below or count >= self.threshold else self.threshold - 1
        number = self._add_unknown(UnknownCount(count, low, high))
        if before is not None:  # it grew or fell, by at least one
            step = count - self.unknowns[before].value
            grown = self._add_unknown(UnknownCount(abs(step), 1, UPPER_BOUND, hidden=True, is_count=False))
            self._rows.append([(number, 1), (before, -1), (grown, -1 if step > 0 else 1)])
        return number

    def _add_unknown(self, unknown: UnknownCount) -> int:
        self.unknowns.append(unknown)
        self._same.append(len(self._same))
        return len(self._same) - 1

    def _narrow(
        self, unknown: UnknownCount, i: Id, release: Release, hidden_below: set[Id], cost: Mapping[Id, float] | None
    ) -> None:
        """Tighten the bounds of a count by what this release, or its rule of primary suppression, discloses."""
        hidden = i in release.hidden_below or i in release.hidden_above
        if i in release.hidden_below and i not in hidden_below:
            unknown.high = min(unknown.high, self.threshold - 1)
        if i in release.hidden_above:
            unknown.low = max(unknown.low, self.threshold)
        unknown.hidden = unknown.hidden or hidden
        unknown.cells.add(i)
        if cost is None or not (hidden or i in cost):
            unknown.published = unknown.published or not hidden
            return
        unknown.ids.append(i)
        unknown.cost += cost.get(i, 1.0)

    def _add_sum(self, total: int, parts: list[int]) -> None:
        nonzero = [part for part in parts if not self._is_known_zero(part)]
        if len(nonzero) == 1 and not self._is_known_zero(total):
            self._merge(total, nonzero[0])
        elif nonzero:
            self._rows.append([(total, -1), *((part, 1) for part in nonzero)])

    def _is_known_zero(self, number: int) -> bool:
        unknown = self.unknowns[self.root(number)]
        return unknown.published and unknown.value == 0

    def _merge(self, first: int, second: int) -> None:
        a, b = self.root(first), self.root(second)
        if a == b:
            return
        remaining, absorbed = self.unknowns[a], self.unknowns[b]
        self._same[b] = a
        remaining.low, remaining.high = max(remaining.low, absorbed.low), min(remaining.high, absorbed.high)
        remaining.published, remaining.hidden = (
            remaining.published or absorbed.published,
            remaining.hidden or absorbed.hidden,
        )
        remaining.ids += absorbed.ids
        remaining.cells |= absorbed.cells
        remaining.intervals = remaining.intervals and absorbed.intervals
        remaining.cost += absorbed.cost

    def _distinct_rows(self) -> Iterator[Row]:
        """Each distinct row, restricted to unknowns that may take another value."""
        seen = set()
        for row in self._rows:
            counted: Row = defaultdict(int)
            for number, times in row:
                counted[self.root(number)] += times
            terms = {n: times for n, times in counted.items() if times and self.unknowns[n].can_vary}
            if len(terms) == 1 and not self.unknowns[next(iter(terms))].is_count:
                continue  # a difference of known numbers
            signature = frozenset(terms.items())
            if terms and signature not in seen and frozenset((n, -times) for n, times in terms.items()) not in seen:
                seen.add(signature)
                yield terms
